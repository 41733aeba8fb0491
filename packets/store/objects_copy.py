"""A second copy of every object, in another store: written after the first, and asked for when the first has lost something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from packets.errors import StoreError
from packets.store.objects import MendableStore


class CopiedObjects:
    """A store with a second one behind it. What counts is the first: an act does not wait for a copy that cannot be made now."""

    def __init__(self, first: MendableStore, copy: MendableStore, missed: Callable[[str], None]) -> None:
        """`missed` is told the digest of what could not be copied; whoever listens sees to it later."""
        self.first = first
        self.copy = copy
        self._missed = missed

    def put(self, content: bytes) -> str:
        """Store the bytes and read them back, then copy them; answer their digest.

        Raises:
            StoreError: the bytes are not in the first store, whole and right.
        """
        digest = self.first.put(content)
        try:
            self.copy.put(content)
        except StoreError:
            self._missed(digest)
        return digest

    def put_file(self, path: Path) -> str:
        """Store the bytes of a file as `put` does.

        Raises:
            StoreError: the bytes are not in the first store, whole and right.
        """
        digest = self.first.put_file(path)
        try:
            self.copy.put_file(path)
        except StoreError:
            self._missed(digest)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes with that digest from the first store: what it has lost is seen, and mended from the copy."""
        return self.first.get(digest)
