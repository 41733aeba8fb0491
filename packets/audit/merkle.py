"""Merkle trees over the log, so that one entry can be proven without showing the others (RFC 9162, section 2.1).

A leaf is an entry's digest, 32 bytes. A tree is known by its size and its root, and only both together: a proof for one size can
fit another one with the same shape. Proofs are short: some twenty digests for a
million entries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256().digest()
WIDTH = len(EMPTY_ROOT)
LEAF, NODE = b"\x00", b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf; its prefix keeps it from being taken for a node."""
    return hashlib.sha256(LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The roots of the perfect trees of which a tree consists, the largest first: all that is needed to let it grow."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def grown(self, entries: Iterable[bytes]) -> Frontier:
        """The tree with further entries at its end."""
        size, peaks = self.size, list(self.peaks)
        for entry in entries:
            peaks.append(leaf_hash(entry))
            size += 1
            for _ in range(_trailing_zeros(size)):
                right = peaks.pop()
                peaks.append(node_hash(peaks.pop(), right))
        return Frontier(size, tuple(peaks))

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def tree_root(entries: Sequence[bytes]) -> bytes:
    """The root of the tree over these entries."""
    return Frontier().grown(entries).root


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree with every node of it, computed once: a proof is then read, not computed, so that many cost little more than one.

    Attributes:
        levels: the hashes of each level one after the other, leaves first. A node without a neighbor moves up as it is.
    """

    levels: tuple[bytes, ...]

    @classmethod
    def over(cls, entries: Iterable[bytes]) -> Tree:
        """The tree over these entries; it keeps some 64 bytes for each."""
        levels = [b"".join(map(leaf_hash, entries))]
        while len(levels[-1]) > WIDTH:
            levels.append(_level_above(levels[-1]))
        return cls(tuple(levels))

    @property
    def size(self) -> int:
        """How many entries there are."""
        return len(self.levels[0]) // WIDTH

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        return self.levels[-1] or EMPTY_ROOT

    def prove_inclusion(self, index: int) -> list[bytes]:
        """The proof that the entry at `index` (from 0) is in the tree; the same as the function of that name gives.

        Raises:
            IndexError: there is no such entry.
        """
        if not 0 <= index < self.size:
            raise IndexError(index)
        beside = ((level, ((index >> height) ^ 1) * WIDTH) for height, level in enumerate(self.levels))
        return [level[at : at + WIDTH] for level, at in beside if at < len(level)]


def _level_above(level: bytes) -> bytes:
    pairs = (
        node_hash(level[at : at + WIDTH], level[at + WIDTH : at + 2 * WIDTH])
        for at in range(0, len(level) - WIDTH, 2 * WIDTH)
    )
    alone = level[-WIDTH:] if len(level) // WIDTH % 2 else b""
    return b"".join(pairs) + alone


def prove_inclusion(entries: Sequence[bytes], index: int) -> list[bytes]:
    """The proof that the entry at `index` (from 0) is in the tree over `entries` (RFC 9162, 2.1.3.1).

    Raises:
        IndexError: there is no such entry.
    """
    if not 0 <= index < len(entries):
        raise IndexError(index)
    if len(entries) == 1:
        return []
    split = _split(len(entries))
    if index < split:
        return [*prove_inclusion(entries[:split], index), tree_root(entries[split:])]
    return [*prove_inclusion(entries[split:], index - split), tree_root(entries[:split])]


def is_included(entry: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that the entry at `index` is in the tree of that size and root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf_hash(entry)
    for step in proof:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = node_hash(step, found)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def prove_consistency(entries: Sequence[bytes], size: int) -> list[bytes]:
    """The proof that the tree over the first `size` entries is the beginning of the tree over all (RFC 9162, 2.1.4.1).

    Raises:
        IndexError: there are not so many entries, or `size` is 0.
    """
    if not 0 < size <= len(entries):
        raise IndexError(size)
    return [] if size == len(entries) else _subproof(entries, size, whole=True)


def _subproof(entries: Sequence[bytes], size: int, *, whole: bool) -> list[bytes]:
    if size == len(entries):
        return [] if whole else [tree_root(entries)]
    split = _split(len(entries))
    if size <= split:
        return [*_subproof(entries[:split], size, whole=whole), tree_root(entries[split:])]
    return [*_subproof(entries[split:], size - split, whole=False), tree_root(entries[:split])]


def is_consistent(size: int, root: bytes, later_size: int, later_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that an earlier tree is the beginning of a later one (RFC 9162, 2.1.4.2)."""
    if size == later_size:
        return root == later_root and not proof
    if not 0 < size < later_size or not proof:
        return False
    steps = list(proof) if size & (size - 1) else [root, *proof]
    place, last = size - 1, later_size - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    found = later_found = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            found, later_found = node_hash(step, found), node_hash(step, later_found)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            later_found = node_hash(later_found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and (found, later_found) == (root, later_root)


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1
