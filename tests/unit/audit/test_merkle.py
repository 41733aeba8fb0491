"""Merkle trees and their proofs, against the definition of RFC 9162 written down a second time."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.audit.merkle import (
    Frontier,
    Tree,
    is_consistent,
    is_included,
    prove_consistency,
    prove_inclusion,
    tree_root,
)

ENTRIES = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


def defined_root(entries: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + defined_root(entries[:k]) + defined_root(entries[k:])).digest()


@given(ENTRIES)
def test_the_root_is_the_one_of_the_definition(entries: list[bytes]) -> None:
    """However the tree was grown: at once, or entry by entry."""
    assert tree_root(entries) == defined_root(entries)
    frontier = Frontier()
    for entry in entries:
        frontier = frontier.grown([entry])
    assert (frontier.size, frontier.root) == (len(entries), defined_root(entries))
    assert tree_root([]) == defined_root([])


@given(ENTRIES)
def test_a_tree_that_is_kept_gives_the_proofs_that_are_computed_each_anew(entries: list[bytes]) -> None:
    """Every one of them, and the same root; of no entry that is not there."""
    tree = Tree.over(iter(entries))
    assert (tree.size, tree.root) == (len(entries), defined_root(entries))
    assert [tree.prove_inclusion(one) for one in range(tree.size)] == [
        prove_inclusion(entries, one) for one in range(len(entries))
    ]
    for none in (-1, tree.size):
        with pytest.raises(IndexError):
            tree.prove_inclusion(none)
    assert Tree.over([]).root == defined_root([])


@given(ENTRIES, st.data())
def test_an_entry_is_proven_and_another_is_not(entries: list[bytes], data: st.DataObject) -> None:
    """The proof holds for this entry at this place in this tree, and for nothing else."""
    index = data.draw(st.integers(0, len(entries) - 1))
    proof, root, size = prove_inclusion(entries, index), tree_root(entries), len(entries)
    assert is_included(entries[index], index, size, proof, root)
    assert not is_included(b"other", index, size, proof, root)
    assert not is_included(entries[index], index, size, [*proof, root], root)
    assert not is_included(entries[index], size, size, proof, root)
    assert not is_included(entries[index], -1, size, proof, root)
    if proof:
        assert not is_included(entries[index], index, size, proof[:-1], root)
        spoilt = [bytes(32), *proof[1:]]
        assert spoilt == proof or not is_included(entries[index], index, size, spoilt, root)


@given(ENTRIES, st.data())
def test_a_tree_is_proven_to_be_the_beginning_of_another(entries: list[bytes], data: st.DataObject) -> None:
    """And a tree whose beginning was changed is not."""
    size = data.draw(st.integers(1, len(entries)))
    proof, root = prove_consistency(entries, size), tree_root(entries)
    assert is_consistent(size, tree_root(entries[:size]), len(entries), root, proof)
    assert not is_consistent(size, bytes(32), len(entries), root, proof)
    assert not is_consistent(size, tree_root(entries[:size]), len(entries), bytes(32), proof)
    assert not is_consistent(0, tree_root([]), len(entries), root, proof)
    changed = [bytes(32), *entries[1:]]
    if changed != entries:
        assert not is_consistent(size, tree_root(changed[:size]), len(entries), root, proof)


def test_proofs_are_short() -> None:
    """A million entries, about twenty steps: they are archived with each signature."""
    entries = [hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(5000)]
    assert len(prove_inclusion(entries, 4321)) <= 13
    assert len(prove_consistency(entries, 3210)) <= 14


@pytest.mark.parametrize("index", [-1, 3])
def test_what_is_not_there_cannot_be_proven(index: int) -> None:
    """Not by a place outside the tree, and no tree of that size."""
    entries = [bytes(32)] * 3
    with pytest.raises(IndexError):
        prove_inclusion(entries, index)
    with pytest.raises(IndexError):
        prove_consistency(entries, index + 1 if index > 0 else 0)
