"""Other bytes of the same meaning in a container, and containers taken from elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random
from typing import Any

from asn1crypto import parser

from attacks.outsiders import ranges
from attacks.subjects import public_source, subjects
from signing.standalone.container_forms import read_der
from signing.waiting import wait_for

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256."""
Tree = list[Any]
"""A value of DER that may be changed: its tag, and its content or the values in it."""
Encode = Callable[[Random, Tree], bytes]
VERSION, DIGESTS, CONTENT, CERTIFICATES, SIGNERS = range(5)
VALUE = 5
"""Where the signature stands in a SignerInfo."""


def changed_container(chance: Random, pdf: bytes) -> bytes:
    """Write the newest container in another way."""
    _, first, second, _ = ranges(pdf)[-1]
    digits = pdf[first + 1 : second - 1]
    content = bytes.fromhex(digits.decode())
    container = content[: parser.peek(content)]
    if chance.random() < 0.15:
        lower = [bytes([digit]).lower() if chance.random() < 0.3 else bytes([digit]) for digit in digits]
        return pdf[: first + 1] + b"".join(lower) + pdf[second - 1 :]
    encode = chance.choice(ENCODINGS)
    return with_container(pdf, encode(chance, tree_of(container)))


def with_container(pdf: bytes, container: bytes) -> bytes:
    """The file with another container in the place of its newest."""
    _, first, second, _ = ranges(pdf)[-1]
    filled = container.hex().upper().encode().ljust(second - first - 2, b"0")
    return pdf[: first + 1] + filled + pdf[second - 1 :]


def exchanged_token(chance: Random, pdf: bytes) -> bytes:
    """A time-stamp of the other authority over the same bytes, or a container of another document."""
    start, first, second, length = ranges(pdf)[-1]
    if chance.random() < 0.5:
        digest = hashlib.sha256(pdf[start:first] + pdf[second : second + length]).digest()
        return with_container(pdf, wait_for(public_source().async_timestamp(digest, "sha256")).dump())
    other = chance.choice(subjects()).pdf
    _, begin, end, _ = chance.choice(ranges(other))
    return with_container(pdf, bytes.fromhex(other[begin + 1 : end - 1].decode()).rstrip(b"\0"))


def tree_of(der: bytes) -> Tree:
    """A value as a tree."""
    node = read_der(der)
    return [node.tag, [tree_of(child.raw) for child in node.children()] if node.tag & 0x20 else node.body]


def encoded(tree: Tree, long: Tree | None = None) -> bytes:
    """A tree as DER; the length of one value in a longer form than it needs."""
    tag, inside = tree
    body = inside if isinstance(inside, bytes) else b"".join(encoded(one, long) for one in inside)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    if tree is long:
        size = b"\0" + size
    short = len(body) < 0x80 and tree is not long
    return bytes([tag]) + (bytes([len(body)]) if short else bytes([0x80 | len(size)]) + size) + body


def _data(tree: Tree) -> Tree:
    return list(tree[1][1][1][0][1])


def _signer(tree: Tree) -> Tree:
    """The parts of the one SignerInfo, to be changed in place."""
    parts: Tree = tree[1][1][1][0][1][SIGNERS][1][0][1]
    return parts


def _unsigned_attribute(chance: Random, tree: Tree) -> bytes:
    kind = bytes([0x2B, 6, 1, 4, 1, chance.randrange(1, 99)])
    added = [0x30, [[0x06, kind], [0x31, [[0x04, chance.randbytes(8)]]]]]
    parts = _signer(tree)
    if len(parts) > VALUE + 1:
        parts[VALUE + 1][1].append(added)
    else:
        parts.append([0xA1, [added]])
    return encoded(tree)


def _other_half(_: Random, tree: Tree) -> bytes:
    """The other of the two values that an ECDSA signature may have: of the token, or of a signature that a token covers."""
    part = _signer(tree)[VALUE]
    pair = tree_of(part[1])
    mirrored = ORDER - int.from_bytes(pair[1][1][1], "big")
    pair[1][1][1] = mirrored.to_bytes(mirrored.bit_length() // 8 + 1, "big")
    part[1] = encoded(pair)
    return encoded(tree)


def _long_length(chance: Random, tree: Tree) -> bytes:
    """One length in a longer form."""
    places = [tree, tree[1][1], tree[1][1][1][0], *_data(tree), *_signer(tree)]
    return encoded(tree, chance.choice(places))


def _parameters(_: Random, tree: Tree) -> bytes:
    """Parameters of the digest that are absent where they were NULL."""
    for algorithm in (_data(tree)[DIGESTS][1][0], _signer(tree)[2]):
        del algorithm[1][1:]
    return encoded(tree)


def _certificates(chance: Random, tree: Tree) -> bytes:
    """Certificates of another document beside its own, or its own in another order, or twice."""
    other = chance.choice(subjects()).pdf
    _, begin, end, _ = chance.choice(ranges(other))
    content = bytes.fromhex(other[begin + 1 : end - 1].decode())
    theirs = _data(tree_of(content[: parser.peek(content)]))[CERTIFICATES][1]
    mine = _data(tree)[CERTIFICATES][1]
    mine += theirs[: chance.randrange(3)]
    chance.shuffle(mine)
    return encoded(tree)


def _flipped(chance: Random, tree: Tree) -> bytes:
    der = bytearray(encoded(tree))
    der[chance.randrange(len(der))] ^= 1 << chance.randrange(8)
    return bytes(der)


ENCODINGS: tuple[Encode, ...] = (_unsigned_attribute, _other_half, _long_length, _parameters, _certificates, _flipped)
