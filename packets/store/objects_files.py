"""The object store on local files: temp file, fsync, link under the digest, fsync of the folder."""

from __future__ import annotations

import errno
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from packets.errors import Problem, StoreError
from packets.store.modes import FOLDER_MODE, KEPT_MODE
from packets.store.objects import checked, damaged, digest_bytes, digest_file, missing

FULL = {errno.ENOSPC, errno.EDQUOT}
CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS}


class FileObjects:
    """Objects under `root/ab/abcdef…`, read-only once written, and for nobody but the service's own user."""

    def __init__(self, root: Path, *, read_only: bool = False) -> None:
        """Open a folder. A store that is read only makes none and takes nothing: a copy on a medium that is kept.

        Raises:
            StoreError: the folder is not there and cannot be made.
        """
        self._root = root
        self._incoming = root / "incoming"
        self._read_only = read_only
        if not read_only:
            with self._refusals(root):
                root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
                self._incoming.mkdir(mode=FOLDER_MODE, exist_ok=True)

    def put(self, content: bytes) -> str:
        """Store the bytes durably and read them back; answer their digest.

        Raises:
            StoreError: the disk refused, or gave back something else.
        """
        digest = digest_bytes(content)
        path = self._path(digest)
        with self._refusals(path):
            if not path.exists():
                self._write_once(path, io.BytesIO(content))
            self._sync(path)
            checked(path.read_bytes(), digest)
        return digest

    def put_file(self, path: Path) -> str:
        """Store the bytes of a file of any size durably and read them back, piece by piece; answer their digest.

        Raises:
            StoreError: the disk refused, or gave back something else.
        """
        digest = digest_file(path)
        kept = self._path(digest)
        with self._refusals(kept):
            if not kept.exists():
                with path.open("rb") as content:
                    self._write_once(kept, content)
            self._sync(kept)
            if digest_file(kept) != digest:
                raise damaged(digest)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes with that digest; their digest is checked on every read."""
        try:
            return checked(self._path(digest).read_bytes(), digest)
        except FileNotFoundError:
            raise missing(digest) from None

    def repair(self, content: bytes) -> str:
        """Put the bytes in the place of a file that no longer has their digest.

        Raises:
            StoreError: the disk refused, or gave back something else.
        """
        digest = digest_bytes(content)
        path = self._path(digest)
        with self._refusals(path):
            self._write_once(path, io.BytesIO(content), name=Path.replace)
            self._sync(path)
            checked(path.read_bytes(), digest)
        return digest

    def probe(self, content: bytes) -> bool:
        """Write a file under its digest, read it back and remove it; every folder of the store must take files.

        Raises:
            StoreError: the disk refused, or gave back something else.
        """
        self._require_writable()
        digest = self.put(content)
        self.remove(digest)
        return True

    def require_lock(self) -> None:
        """Do nothing: a folder locks nothing, and does not say that it does."""

    def _require_writable(self) -> None:
        """A folder that takes nothing would refuse only those objects whose digests begin as it is called."""
        with self._refusals(self._root):
            for folder in (self._root, *sorted(path for path in self._root.iterdir() if path.is_dir())):
                if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))

    def lock_end(self, digest: str) -> datetime | None:  # noqa: ARG002  a folder locks nothing
        """It locks nothing: whoever may write in the folder may remove a file."""
        return None

    def remove(self, digest: str) -> None:
        """Remove a file; nothing when there is none.

        Raises:
            StoreError: the disk refused.
        """
        path = self._path(digest)
        with self._refusals(path):
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                sync_folder(path.parent)

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest

    def _write_once(self, path: Path, content: IO[bytes], name: Callable[[Path, Path], object] | None = None) -> None:
        path.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
        handle, incoming = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(handle, "wb") as file:
                shutil.copyfileobj(content, file)
                file.flush()
                os.fsync(file.fileno())
            Path(incoming).chmod(KEPT_MODE)
            (name or _link)(Path(incoming), path)
        finally:
            Path(incoming).unlink(missing_ok=True)

    def _sync(self, path: Path) -> None:
        """The names are on the disk; whoever wrote a file that was there already may have died before this."""
        sync_folder(path.parent)
        sync_folder(self._root)

    @contextmanager
    def _refusals(self, path: Path) -> Iterator[None]:
        """What the disk refuses, in our words."""
        if self._read_only:
            problem = Problem("store-read-only", "This store takes nothing.", "Name another one.", str(self._root))
            raise StoreError(problem)
        try:
            yield
        except OSError as error:
            problem = Problem(
                "object-not-stored",
                f"The file store refused: {error.strerror}.",
                _remedy(error),
                str(error.filename or path),
            )
            raise StoreError(problem) from error


def _remedy(error: OSError) -> str:
    """What to do about a refusal of the disk, by its number."""
    if error.errno in FULL:
        return "Free space, then try again."
    if error.errno in CLOSED:
        return "Let the service's user write in the folder, on a disk that is not read only."
    return "Mend the disk, then try again."


def _link(source: Path, path: Path) -> None:
    """Give the file its name, unless another writer of the same bytes was faster."""
    try:
        path.hardlink_to(source)
    except FileExistsError:
        return


def sync_folder(folder: Path) -> None:
    """The names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
