"""The object store on local files: temp file, fsync, link under the digest, fsync of the folder."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from packets.errors import Problem, StoreError
from packets.store.objects import checked, damaged, digest_bytes, digest_file, missing

READ_ONLY = 0o444


class FileObjects:
    """Objects under `root/ab/abcdef…`, read-only once written."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)

    def put(self, content: bytes) -> str:
        """Store the bytes durably and read them back; answer their digest.

        Raises:
            StoreError: the disk refused, or gave back something else.
        """
        digest = digest_bytes(content)
        path = self._path(digest)
        with _refusals(path):
            if not path.exists():
                self._write_once(path, io.BytesIO(content))
            checked(path.read_bytes(), digest)
        return digest

    def put_file(self, path: Path) -> str:
        """Store the bytes of a file of any size durably and read them back, piece by piece; answer their digest.

        Raises:
            StoreError: the disk refused, or gave back something else.
        """
        digest = digest_file(path)
        kept = self._path(digest)
        with _refusals(kept):
            if not kept.exists():
                with path.open("rb") as content:
                    self._write_once(kept, content)
            if digest_file(kept) != digest:
                raise damaged(digest)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes with that digest; their digest is checked on every read."""
        try:
            return checked(self._path(digest).read_bytes(), digest)
        except FileNotFoundError:
            raise missing(digest) from None

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest

    def _write_once(self, path: Path, content: IO[bytes]) -> None:
        path.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(handle, "wb") as file:
                shutil.copyfileobj(content, file)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(READ_ONLY)
            _link(Path(name), path)
        finally:
            Path(name).unlink()
        _sync_folder(path.parent)
        _sync_folder(self._root)


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """What the disk refuses, in our words."""
    try:
        yield
    except OSError as error:
        problem = Problem(
            "object-not-stored",
            f"The file store refused: {error.strerror}.",
            "Free space or mend the disk, then try again.",
            str(path),
        )
        raise StoreError(problem) from error


def _link(source: Path, path: Path) -> None:
    """Give the file its name, unless another writer of the same bytes was faster."""
    try:
        path.hardlink_to(source)
    except FileExistsError:
        return


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
