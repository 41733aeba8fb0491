"""The types whose values may come back from a confined process, and how each is written.

A value is written and read by the type that the work function declares. Nothing in an answer names a class: whatever a hostile
answer holds, it becomes a value of the declared type, checked field by field, or it is refused. JSON carries the structure; bytes
go beside it as segments, so that a PDF of ten megabytes is copied and not encoded.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from itertools import chain, islice
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from packets.errors import PacketsError

MOST_VALUES = 4_000_000
"""More values no answer has: 200,000 corrections, the most of one file, have half as many."""
NUMBERS = "I"
"""How numbers of rows and texts are packed: four bytes each, as this machine does it."""
ROW = tuple[str, ...]


class MismatchError(ValueError):
    """A value is not of the declared type; the message names types and fields, never a value."""


@dataclass(slots=True)
class Writer:
    """Gathers the bytes that go beside the structure."""

    segments: list[bytes | bytearray] = field(default_factory=list)
    cells: int = 0

    def add(self, content: bytes | bytearray) -> int:
        """Put a segment beside the structure and return its number."""
        self.segments.append(content)
        return len(self.segments) - 1

    def add_numbers(self, numbers: Iterable[int]) -> int:
        """Put numbers beside the structure and return the number of their segment.

        Raises:
            MemoryError: there are more of them than any answer of the service has.
        """
        packed = array(NUMBERS, numbers)
        self.cells += len(packed)
        if self.cells > MOST_VALUES:
            raise MemoryError
        return self.add(packed.tobytes())


@dataclass(slots=True)
class Reader:
    """Hands out the bytes that came beside the structure, each once."""

    segments: list[memoryview]
    used: set[int] = field(default_factory=set)
    cells: int = 0

    def take(self, number: Any) -> memoryview:
        """Return a segment.

        Raises:
            MismatchError: there is no such segment, or it was taken before.
        """
        if type(number) is not int or not 0 <= number < len(self.segments) or number in self.used:
            raise MismatchError("no such segment")
        self.used.add(number)
        return self.segments[number]

    def take_numbers(self, number: Any) -> array[int]:
        """Return the numbers in a segment.

        Raises:
            MismatchError: as `take`, or there are too many, or they are not whole.
        """
        segment, packed = self.take(number), array(NUMBERS)
        self.cells += len(segment) // packed.itemsize
        if len(segment) % packed.itemsize or self.cells > MOST_VALUES:
            raise MismatchError("too many numbers, or not whole ones")
        packed.frombytes(segment)
        return packed


Encoder: TypeAlias = Callable[[Any, Writer], Any]
Decoder: TypeAlias = Callable[[Any, Reader], Any]


@dataclass(frozen=True, slots=True)
class Codec:
    """How values of one type are written as JSON types and read again.

    Attributes:
        encode: the value as JSON has it.
        decode: the value again, checked.
        exact: the type, where JSON has it and checking it is all that there is to do.
    """

    encode: Encoder
    decode: Decoder
    exact: type | None = None


def answer_type(work: Callable[..., Any]) -> Any:
    """Return the type that a work function declares to answer.

    Raises:
        TypeError: it declares none.
    """
    try:
        return get_type_hints(work)["return"]
    except (KeyError, TypeError) as error:
        message = f"{work.__module__}.{work.__qualname__} does not declare what it answers"
        raise TypeError(message) from error


@cache
def codec_of(declared: Any) -> Codec:
    """Return the codec of a declared type.

    Raises:
        TypeError: values of that type do not cross.
    """
    if declared in LEAVES:
        return LEAVES[declared]
    origin, arguments = get_origin(declared), get_args(declared)
    if origin in GENERICS:
        return GENERICS[origin](arguments)
    if isinstance(declared, type) and origin is None:
        if issubclass(declared, Enum):
            return _enumeration(declared)
        if is_dataclass(declared):
            return _dataclass(declared)
        if issubclass(declared, str):
            return _written_as(str.__str__, declared)
    if supertype := getattr(declared, "__supertype__", None):
        return codec_of(supertype)
    message = f"values of {declared} do not cross"
    raise TypeError(message)


def _as_it_is(value: Any, _writer: Writer) -> Any:
    """Leave a value as it is: JSON has its type."""
    return value


def _exactly(kind: type) -> Codec:
    """Return the codec of a type that JSON has; true is not a number here."""

    def decode(value: Any, _reader: Reader) -> Any:
        if type(value) is not kind:
            raise MismatchError(f"not {kind.__name__}")
        return value

    return Codec(_as_it_is, decode, kind)


def _written_as(write: Callable[[Any], str], read: Callable[[str], Any]) -> Codec:
    """Return the codec of values that have exactly one text."""

    def decode(value: Any, reader: Reader) -> Any:
        made = _made(read, (TEXT.decode(value, reader),))
        if write(made) != value:
            raise MismatchError(f"not {type(made).__name__}")
        return made

    return Codec(lambda value, _: write(value), decode)


TEXT = _exactly(str)
LEAVES: dict[Any, Codec] = {
    **{kind: _exactly(kind) for kind in (NoneType, bool, int, float)},
    None: _exactly(NoneType),
    str: TEXT,
    bytes: Codec(lambda value, writer: writer.add(value), lambda value, reader: bytes(reader.take(value))),
    bytearray: Codec(lambda value, writer: writer.add(value), lambda value, reader: bytearray(reader.take(value))),
    date: _written_as(date.isoformat, date.fromisoformat),
    datetime: _written_as(datetime.isoformat, datetime.fromisoformat),
    Path: _written_as(str, Path),
}


def _made(kind: Callable[..., Any], arguments: Iterable[Any]) -> Any:
    """Return what a class of ours makes of its checked fields; what it refuses itself does not fit either."""
    try:
        return kind(*arguments)
    except (TypeError, ValueError, LookupError, ArithmeticError, PacketsError) as error:
        raise MismatchError(f"refused by {getattr(kind, '__name__', kind)}") from error


def _enumeration(kind: type[Enum]) -> Codec:
    members = dict(kind.__members__)

    def decode(value: Any, _reader: Reader) -> Any:
        if type(value) is not str or value not in members:
            raise MismatchError(f"not {kind.__name__}")
        return members[value]

    return Codec(lambda value, _: value.name, decode)


def _dataclass(kind: Any) -> Codec:
    hints = get_type_hints(kind)
    names = [one.name for one in fields(kind) if one.init and not one.kw_only]
    if len(names) != len(fields(kind)):
        message = f"{kind.__name__} has fields that are not given in their order"
        raise TypeError(message)
    codec = _in_order([codec_of(hints[name]) for name in names], [f"{kind.__name__}.{name}" for name in names])

    def encode(value: Any, writer: Writer) -> Any:
        return codec.encode([getattr(value, name) for name in names], writer)

    return Codec(encode, lambda value, reader: _made(kind, codec.decode(value, reader)))


def _in_order(codecs: Sequence[Codec], places: Sequence[str]) -> Codec:
    """Return the codec of so many values, each of a type of its own; most are of types that JSON has."""
    kinds = [one.exact for one in codecs]
    others = [(place, one) for place, one in enumerate(codecs) if one.exact is None]

    def encode(values: Any, writer: Writer) -> Any:
        written = list(values)
        for place, one in others:
            written[place] = one.encode(written[place], writer)
        return written

    def decode(values: Any, reader: Reader) -> Any:
        if type(values) is not list or len(values) != len(kinds):
            raise MismatchError(f"not {len(kinds)} values")
        types: list[type | None] = list(map(type, values))
        for place, one in others:
            types[place] = None
            try:
                values[place] = one.decode(values[place], reader)
            except ValueError as error:
                raise MismatchError(f"{places[place]} > {error}") from error
        if types != kinds:
            wrong = next(name for name, kind, found in zip(places, kinds, types, strict=True) if kind is not found)
            raise MismatchError(f"{wrong} is of another type")
        return values

    return Codec(encode, decode)


def _tuple(arguments: Sequence[Any]) -> Codec:
    if len(arguments) == 2 and arguments[1] is Ellipsis:  # noqa: PLR2004  tuple[X, ...]
        return _series(tuple)(arguments[:1])
    places = [f"tuple[{place}]" for place in range(len(arguments))]
    codec = _in_order([codec_of(one) for one in arguments], places)
    return Codec(codec.encode, lambda value, reader: tuple(codec.decode(value, reader)))


def _series(kind: Callable[[Iterable[Any]], Any]) -> Callable[[Sequence[Any]], Codec]:
    """Return what makes the codec of any number of values of one type."""

    def codec(arguments: Sequence[Any]) -> Codec:
        if arguments[0] == ROW:
            return _table(kind)
        inner = codec_of(arguments[0])

        def encode(values: Any, writer: Writer) -> Any:
            return list(values) if inner.exact else [inner.encode(one, writer) for one in values]

        def decode(values: Any, reader: Reader) -> Any:
            if type(values) is not list:
                raise MismatchError("not a list")
            if inner.exact is None:
                return _whole(kind([inner.decode(one, reader) for one in values]), values)
            if not set(map(type, values)) <= {inner.exact}:
                raise MismatchError(f"not {inner.exact.__name__} alone")
            return _whole(kind(values), values)

        return Codec(encode, decode)

    return codec


def _table(kind: Callable[[Iterable[Any]], Any]) -> Codec:
    """Return the codec of rows of texts, of which there may be hundreds of thousands: each text once, rows as its numbers."""
    texts = codec_of(list[str]).decode

    def encode(rows: Any, writer: Writer) -> Any:
        cells = list(chain.from_iterable(rows))
        places = {text: place for place, text in enumerate(dict.fromkeys(cells))}
        return [list(places), writer.add_numbers(map(len, rows)), writer.add_numbers(map(places.__getitem__, cells))]

    def decode(value: Any, reader: Reader) -> Any:
        if type(value) is not list or len(value) != 3:  # noqa: PLR2004  texts, lengths of rows, cells
            raise MismatchError("not a table")
        known, lengths = texts(value[0], reader), reader.take_numbers(value[1])
        places = reader.take_numbers(value[2])
        if sum(lengths) != len(places) or max(places, default=-1) >= len(known):
            raise MismatchError("not the cells of these rows")
        cells = map(known.__getitem__, places)
        return _whole(kind([tuple(islice(cells, length)) for length in lengths]), lengths)

    return Codec(encode, decode)


def _whole(made: Any, values: Sized) -> Any:
    """Return what was made when nothing was lost in it: a set or a mapping names everything once."""
    if len(made) != len(values):
        raise MismatchError("the same twice")
    return made


def _mapping(kind: Callable[[Any], Any]) -> Callable[[Sequence[Any]], Codec]:
    """Return what makes the codec of a mapping: all keys, then all values."""

    def codec(arguments: Sequence[Any]) -> Codec:
        of_values = arguments[1] if len(arguments) > 1 else int  # a counter counts
        keys, values = _series(list)(arguments[:1]), _series(list)((of_values,))

        def encode(value: Mapping[Any, Any], writer: Writer) -> Any:
            return [keys.encode(list(value), writer), values.encode(list(value.values()), writer)]

        def decode(value: Any, reader: Reader) -> Any:
            if type(value) is not list or len(value) != 2:  # noqa: PLR2004  keys and values
                raise MismatchError("not keys and values")
            names = keys.decode(value[0], reader)
            found = dict(zip(names, values.decode(value[1], reader), strict=True))
            return kind(_whole(found, names))

        return Codec(encode, decode)

    return codec


def _union(arguments: Sequence[Any]) -> Codec:
    """Return the codec of one of several types: its place among them, then the value; nothing is nothing."""
    kinds = [one for one in arguments if one is not NoneType]
    codecs = [codec_of(one) for one in kinds]
    classes = [get_origin(one) or one for one in kinds]

    def encode(value: Any, writer: Writer) -> Any:
        if value is None:
            return None
        place = classes.index(type(value)) if len(classes) > 1 else 0
        return [place, codecs[place].encode(value, writer)]

    def decode(value: Any, reader: Reader) -> Any:
        if value is None and len(kinds) < len(arguments):
            return None
        if type(value) is not list or len(value) != 2 or type(value[0]) is not int:  # noqa: PLR2004  place and value
            raise MismatchError("not one of several types")
        if not 0 <= value[0] < len(codecs):
            raise MismatchError("not one of these types")
        return codecs[value[0]].decode(value[1], reader)

    return Codec(encode, decode)


def _literal(arguments: Sequence[Any]) -> Codec:
    def decode(value: Any, _reader: Reader) -> Any:
        if type(value) is not str or value not in arguments:
            raise MismatchError("not one of the words")
        return value

    return Codec(_as_it_is, decode)


GENERICS: dict[Any, Callable[[Sequence[Any]], Codec]] = {
    tuple: _tuple,
    list: _series(list),
    set: _series(set),
    frozenset: _series(frozenset),
    dict: _mapping(dict),
    Mapping: _mapping(dict),
    Counter: _mapping(Counter),
    Union: _union,
    UnionType: _union,
    Literal: _literal,
    Annotated: lambda arguments: codec_of(arguments[0]),
}
"""Types with types in brackets, by what stands before the brackets."""
