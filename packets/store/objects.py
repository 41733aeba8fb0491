"""Where bytes live: put once under their SHA-256, never overwritten, read back before they count (DESIGN 3, 4)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Protocol

from packets.errors import NotFoundError, Problem, StoreError


class ObjectStore(Protocol):
    """A store of immutable bytes by digest."""

    def put(self, content: bytes) -> str:
        """Store the bytes and read them back; answer their digest. Putting the same bytes again changes nothing.

        Raises:
            StoreError: the bytes are not there, whole and right.
        """

    def put_file(self, path: Path) -> str:
        """Store the bytes of a file of any size as `put` does, piece by piece.

        Raises:
            StoreError: the bytes are not there, whole and right.
        """

    def get(self, digest: str) -> bytes:
        """The bytes with that digest.

        Raises:
            NotFoundError: there are none.
            StoreError: what lies there no longer has that digest.
        """


class ProbedStore(ObjectStore, Protocol):
    """A store that can be examined without keeping anything for it."""

    def probe(self, content: bytes) -> bool:
        """Write bytes as an object is written, read them back, and remove them again.

        Args:
            content: bytes that nobody has stored before.

        Returns:
            Whether nothing is left of them; False where the key of a bucket may not remove.

        Raises:
            StoreError: they could not be written, or did not come back as they were.
        """

    def require_lock(self) -> None:
        """Make sure that the store locks objects, where its address says that it does.

        Raises:
            StoreError: it does not, or cannot be asked.
        """


class MendableStore(ProbedStore, Protocol):
    """A store in which what was lost can be put right."""

    def repair(self, content: bytes) -> str:
        """Put the bytes in the place of what no longer has their digest, or is gone; answer it.

        Raises:
            StoreError: the bytes are not there, whole and right.
        """


class RemovingStore(ObjectStore, Protocol):
    """A store from which a disposition removes bytes for good."""

    def lock_end(self, digest: str) -> datetime | None:
        """Until when the store itself refuses to remove an object; None when it does not, or has no such object.

        Raises:
            StoreError: the store cannot be reached, or the key may not.
        """

    def remove(self, digest: str) -> None:
        """Remove an object with every version of it; nothing when there is none.

        Raises:
            StoreError: it is locked or held, the key may not, or the store cannot be reached.
        """


class MemoryObjects:
    """The object store of tests: same promises, kept in a dictionary."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        """Store the bytes; answer their digest."""
        digest = digest_bytes(content)
        self._kept.setdefault(digest, content)
        return digest

    def put_file(self, path: Path) -> str:
        """Store the bytes of a file; answer their digest."""
        return self.put(path.read_bytes())

    def repair(self, content: bytes) -> str:
        """Put the bytes in the place of others; answer their digest."""
        digest = digest_bytes(content)
        self._kept[digest] = content
        return digest

    def lock_end(self, digest: str) -> datetime | None:  # noqa: ARG002  a dictionary locks nothing
        """It locks nothing."""
        return None

    def remove(self, digest: str) -> None:
        """Forget the bytes."""
        self._kept.pop(digest, None)

    def probe(self, content: bytes) -> bool:
        """Keep the bytes, compare them and forget them."""
        digest = self.put(content)
        checked(self.get(digest), digest)
        self.remove(digest)
        return True

    def require_lock(self) -> None:
        """Do nothing: a dictionary locks nothing, and does not say that it does."""

    def get(self, digest: str) -> bytes:
        """The bytes with that digest."""
        if digest not in self._kept:
            raise missing(digest)
        return checked(self._kept[digest], digest)


def digest_bytes(content: bytes) -> str:
    """SHA-256, hex: the name of a revision and the key of an object."""
    return hashlib.sha256(content).hexdigest()


def digest_file(path: Path) -> str:
    """SHA-256 of a file, hex, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checked(content: bytes, digest: str) -> bytes:
    """The content, if it has that digest.

    Raises:
        StoreError: it has not.
    """
    if digest_bytes(content) != digest:
        raise damaged(digest)
    return content


def damaged(digest: str) -> StoreError:
    """The refusal for bytes that no longer have the digest under which they were stored."""
    return StoreError(
        Problem("object-damaged", "A stored file no longer is what was stored.", "Restore it from a copy.", digest)
    )


def missing(digest: str) -> NotFoundError:
    """The refusal for a digest that the store does not have."""
    return NotFoundError(
        Problem("object-missing", "There is no stored file with this digest.", "Restore it from a copy.", digest)
    )
