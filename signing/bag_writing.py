"""Writing a bag file by file, into a folder or a zip, so that no more than one file of it is ever in memory (RFC 8493).

The manifests grow while files are written: a digest and a name for each. A bag gets its name when all of it is on the disk, so
that whoever looks sees a whole bag or none.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import IO, Protocol, Self

from packets.errors import ConflictError, Problem, StoreError
from packets.store.objects_files import sync_folder

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAG_MANIFEST, SEAL = "manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-seal.p7s"
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a zip, so that equal bags have equal bytes."""
PIECE = 1 << 20

Seal = Callable[[bytes], bytes]
"""Signs bytes and time-stamps the signature; answers the container."""


class Sink(Protocol):
    """Where the files of a bag go."""

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """A new file; it is closed before the next one is opened."""

    def finish(self) -> None:
        """Bring everything onto the disk."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """Let go of it, finished or not."""


class FolderSink:
    """A folder; each file is on the disk when it is closed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A new file below the folder."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    def finish(self) -> None:
        """The names are on the disk."""
        for folder in (self._folder, *(one for one in self._folder.rglob("*") if one.is_dir())):
            sync_folder(folder)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""


class ZipSink:
    """A zip file in which everything lies below one folder; the same files in the same order are the same bytes."""

    def __init__(self, path: Path, folder: str, opener: Callable[[str, int], int] | None = None) -> None:
        """`opener` opens the file, as with Python's `open`, where its mode matters."""
        self._folder = folder
        self._file = open(path, "xb", opener=opener)  # noqa: SIM115  Path has no opener; closed with the sink
        self._archive = zipfile.ZipFile(self._file, "w")

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """A new file in the archive. PDFs are compressed inside, and kept as they are."""
        named = zipfile.ZipInfo(f"{self._folder}/{name}", FIRST_DAY)
        named.create_system, named.external_attr = 3, 0o644 << 16
        named.compress_type = zipfile.ZIP_STORED if name.endswith(".pdf") else zipfile.ZIP_DEFLATED
        return self._archive.open(named, "w", force_zip64=True)

    def finish(self) -> None:
        """The archive is whole, and on the disk."""
        self._archive.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; one that is not finished is good for nothing."""
        with suppress(OSError, ValueError):
            self._archive.close()
        with suppress(OSError):
            self._file.close()


class BagWriter:
    """A bag that is being written."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._payload: dict[str, str] = {}
        self._size = 0

    def __contains__(self, name: str) -> bool:
        """Whether a file of that name was written."""
        return name in self._payload

    def add(self, name: str, content: bytes | Iterable[bytes]) -> None:
        """Write a file of the payload, at once or piece by piece; a name is used once."""
        if name in self._payload:
            raise ValueError(f"{name} stands in the bag")
        self._payload[name], size = self._write(name, content)
        self._size += size

    def finish(self, day: date, seal: Seal) -> None:
        """Write what stands around the payload: declaration, manifests, and the seal over the last of them.

        Raises:
            TimeStampError: no authority gave a time-stamp for the seal.
        """
        told = f"Bagging-Date: {day:%Y-%m-%d}\nPayload-Oxum: {self._size}.{len(self._payload)}\n"
        tags: Mapping[str, bytes | Iterable[bytes]] = {
            "bagit.txt": DECLARATION,
            "bag-info.txt": told.encode(),
            MANIFEST: write_manifest(self._payload),
        }
        written = b"".join(write_manifest({name: self._write(name, content)[0] for name, content in tags.items()}))
        self._write(TAG_MANIFEST, written)
        self._write(SEAL, seal(written))
        self._sink.finish()

    def _write(self, name: str, content: bytes | Iterable[bytes]) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        with self._sink.open(name) as file:
            for piece in (content,) if isinstance(content, bytes) else content:
                digest.update(piece)
                size += len(piece)
                file.write(piece)
        return digest.hexdigest(), size


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A name beside the target, on the same disk, for what is to get the target's name once all of it is there.

    Raises:
        ConflictError: there is something already.
        StoreError: the disk refused.
    """
    if (target.is_dir() and any(target.iterdir())) or target.is_file():
        problem = Problem("folder-not-empty", "There is something in that place.", "Name a new one.", str(target))
        raise ConflictError(problem)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        yield part
        part.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise refused(error, target) from error
    finally:
        if part.is_dir():
            shutil.rmtree(part)
        part.unlink(missing_ok=True)


def refused(error: OSError, path: Path) -> StoreError:
    """What the disk refuses, in our words."""
    sentence = f"The disk refused: {error.strerror or type(error).__name__}."
    return StoreError(Problem("bag-not-written", sentence, "Free space or mend the disk, then try again.", str(path)))


def write_zip(folder: Path, target: Path) -> None:
    """A bag that lies in a folder as one file, with the same bytes for the same bag."""
    with replacing(target) as part, ZipSink(part, folder.name) as sink:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            with path.open("rb") as source, sink.open(path.relative_to(folder).as_posix()) as file:
                shutil.copyfileobj(source, file, PIECE)
        sink.finish()


def write_manifest(digests: Mapping[str, str]) -> Iterator[bytes]:
    """The lines of a manifest, by name."""
    return (f"{digests[name]}  {name}\n".encode() for name in sorted(digests))
