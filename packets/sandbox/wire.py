"""The message in which a confined process answers: what it answers, what it refuses, or what it broke off with.

One byte says which of these it is. Then come the number of segments, the length of the structure and of each segment, the
structure as JSON, and the segments. A message that is not exactly of that form and of the declared type is unreadable.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import isfinite
from typing import Any, Literal, NoReturn

from packets.errors import InputError, NotFoundError, PacketsError, Problem, RenderError
from packets.sandbox.schema import MOST_VALUES, MismatchError, Reader, Writer, codec_of

ANSWER, REFUSAL, FAILURE, UNWRITABLE = b"=", b"!", b"?", b"%"
"""What a message begins with: an answer, a refusal, an error of the work, an answer that is not of its declared type."""
LONGEST_MESSAGE = 256 << 20
MOST_SEGMENTS = 10_000
LONGEST_INTEGER, LARGEST_INTEGER = 20, 2**63
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
LONGEST_PLACE = 600
HEAD = struct.Struct(">cIQ")
LENGTH = struct.Struct(">Q")

REFUSALS: dict[str, type[PacketsError]] = {one.__name__: one for one in (InputError, RenderError, NotFoundError)}
"""What confined work may refuse with. What speaks of the store or of somebody else's act is not for it to say."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal as it crosses."""

    error: Literal["InputError", "RenderError", "NotFoundError"]
    problems: tuple[Problem, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that nobody expected, as it crosses: its class, and the places in the code, the innermost first; no value."""

    error: str
    place: str


class WorkFailedError(Exception):
    """Confined work broke off with an error that nobody expected; says its class and its place."""


def write_message(mark: bytes, declared: Any, value: Any) -> Iterator[bytes | bytearray]:
    """Write a message in parts, so that long segments are not copied.

    Raises:
        MemoryError: it is longer than a message may be.
    """
    writer = Writer()
    encoded = codec_of(declared).encode(value, writer)
    structure = json.dumps(encoded, allow_nan=False, separators=(",", ":")).encode()
    lengths = [len(one) for one in writer.segments]
    if _is_too_much(structure.count(b",") + structure.count(b"["), [len(structure), *lengths]):
        raise MemoryError
    yield HEAD.pack(mark, len(lengths), len(structure)) + b"".join(map(LENGTH.pack, lengths))
    yield structure
    yield from writer.segments


def refusal_message(error: PacketsError) -> Iterator[bytes | bytearray]:
    """Write the message of a refusal; of an error of another class when it may not cross."""
    names = [one.__name__ for one in type(error).__mro__ if one in REFUSALS.values()]
    if not names:
        return write_message(
            FAILURE, Failure, Failure(type(error).__name__, " ".join(one.code for one in error.problems))
        )
    name: Any = names[0]
    return write_message(REFUSAL, Refusal, Refusal(name, error.problems, error.count))


def read_message(message: bytes | bytearray, declared: Any) -> Any:
    """Return the answer in a message.

    Args:
        message: what a confined process sent.
        declared: the type that the work declares to answer.

    Raises:
        PacketsError: the work was refused.
        WorkFailedError: the work broke off with an error.
        MismatchError: the message is none, or holds something else than was declared.
    """
    mark, structure, segments = _split(message)
    if mark == ANSWER:
        return _read(declared, structure, segments)
    if mark == REFUSAL:
        refusal: Refusal = _read(Refusal, structure, segments)
        raise REFUSALS[refusal.error](refusal.problems, count=refusal.count)
    if mark not in {FAILURE, UNWRITABLE}:
        raise MismatchError("no message")
    failure: Failure = _read(Failure, structure, segments)
    told = _printable(f"{failure.error} at {failure.place}")
    raise WorkFailedError(told) if mark == FAILURE else MismatchError(f"it could not be written: {told}")


def _split(message: bytes | bytearray) -> tuple[bytes, memoryview, list[memoryview]]:
    if len(message) < HEAD.size:
        raise MismatchError("cut off in its head")
    mark, count, length = HEAD.unpack_from(message)
    start = HEAD.size + count * LENGTH.size
    if count > MOST_SEGMENTS or len(message) < start:
        raise MismatchError("cut off in its lengths")
    view = memoryview(message)
    lengths = [length, *(one for (one,) in LENGTH.iter_unpack(view[HEAD.size : start]))]
    if sum(lengths) != len(message) - start:
        raise MismatchError("longer or shorter than it says")
    if _is_too_much(sum(message.count(one, start, start + length) for one in (b",", b"[")), lengths):
        raise MismatchError("too much")
    ends = list(accumulate(lengths, initial=start))
    parts = [view[begin:end] for begin, end in pairwise(ends)]
    return mark, parts[0], parts[1:]


def _is_too_much(values: int, lengths: list[int]) -> bool:
    """Tell whether a message would take more memory than any answer of the service does."""
    return values > MOST_VALUES or sum(lengths) > LONGEST_MESSAGE or len(lengths) > MOST_SEGMENTS


def _read(declared: Any, structure: memoryview, segments: list[memoryview]) -> Any:
    reader = Reader(segments)
    try:
        value = codec_of(declared).decode(_parse(structure), reader)
    except MismatchError:
        raise
    except (ValueError, RecursionError) as error:
        raise MismatchError("no structure") from error
    if len(reader.used) != len(segments):
        raise MismatchError("segments that nothing names")
    return value


def _parse(structure: memoryview) -> Any:
    """Return the structure: lists, texts, numbers and words, all of a size that the service can go on with.

    Raises:
        ValueError, RecursionError: it is none, or holds an object, half a character, or a number that is none or too large.
    """
    text = str(structure, "ascii")
    parsed = json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_refuse, object_pairs_hook=_refuse)
    if SURROGATE.search(text):
        json.dumps(
            parsed, ensure_ascii=False
        ).encode()  # two halves are a character, one is nothing that could be stored
    return parsed


def _integer(text: str) -> int:
    number = int(text) if len(text) <= LONGEST_INTEGER else LARGEST_INTEGER  # a very long one would take very long
    if not -LARGEST_INTEGER <= number < LARGEST_INTEGER:
        raise MismatchError("a number too large")
    return number


def _float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise MismatchError("a number too large")
    return number


def _refuse(_: Any) -> NoReturn:
    raise MismatchError("an object, or not a number")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:LONGEST_PLACE])
