"""The object store on local files: temp file, fsync, link under the digest, fsync of the folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from packets.errors import Problem, StoreError
from packets.store.objects import checked, digest_bytes, missing

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
        try:
            if not path.exists():
                self._write_once(path, content)
            checked(path.read_bytes(), digest)
        except OSError as error:
            problem = Problem(
                "object-not-stored",
                f"The file store refused: {error.strerror}.",
                "Free space or mend the disk, then try again.",
                str(path),
            )
            raise StoreError(problem) from error
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes with that digest; their digest is checked on every read."""
        try:
            return checked(self._path(digest).read_bytes(), digest)
        except FileNotFoundError:
            raise missing(digest) from None

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest

    def _write_once(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(READ_ONLY)
            _link(Path(name), path)
        finally:
            Path(name).unlink()
        _sync_folder(path.parent)
        _sync_folder(self._root)


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
