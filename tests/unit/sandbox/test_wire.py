"""Whatever a confined process answers becomes a value of the declared type, or it is refused; nothing else comes of it."""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packets.documents.assemble import render_with
from packets.errors import ConflictError, InputError, NotFoundError, PacketsError, Problem, RenderError, StoreError
from packets.lists.corrections import Corrections, Examination, examine, read_corrections
from packets.lists.findings import Findings
from packets.model.identifiers import AcoId
from packets.render.document import Rendered
from packets.sample.files import example_files
from packets.sandbox import schema, wire
from packets.sandbox.schema import MismatchError, answer_type, codec_of
from packets.sandbox.wire import (
    ANSWER,
    FAILURE,
    HEAD,
    LENGTH,
    REFUSAL,
    UNWRITABLE,
    Failure,
    Refusal,
    WorkFailedError,
    read_message,
    refusal_message,
    write_message,
)
from packets.year_files.intake import read_material
from packets.year_files.material import GivenFile, Known, Material
from packets.year_files.report import FileKind

ANSWERS: list[Any] = [Rendered, Corrections, Examination, Material]
"""What the work of the service declares to answer."""
REFUSED = (MismatchError, WorkFailedError, PacketsError)
SECONDS, BYTES = 20.0, 400 << 20
"""A hostile message is refused sooner, and in less memory, on the slowest machine of ours."""

st.register_type_strategy(AcoId, st.from_regex(r"\AA[0-9]{4}\Z").map(AcoId))
st.register_type_strategy(Path, st.text("abc/.", min_size=1).map(Path))
st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))
st.register_type_strategy(
    Findings,
    st.lists(st.from_type(Problem), max_size=3).flatmap(
        lambda described: st.builds(Findings, st.integers(3, 9), st.integers(3, 9), st.just(described))
    ),
)


def message(declared: Any, value: Any, mark: bytes = ANSWER) -> bytes:
    """A message as a confined process sends it."""
    return b"".join(write_message(mark, declared, value))


def packed(structure: bytes, *segments: bytes, mark: bytes = ANSWER) -> bytes:
    """A message around any structure."""
    lengths = b"".join(map(LENGTH.pack, map(len, segments)))
    return HEAD.pack(mark, len(segments), len(structure)) + lengths + structure + b"".join(segments)


def unpacked(content: bytes) -> tuple[Any, list[bytes]]:
    """The structure of a message and its segments."""
    _, structure, segments = wire._split(content)
    return json.loads(bytes(structure)), [bytes(one) for one in segments]


def conforms(value: Any, declared: Any) -> bool:
    """Whether a value is of a declared type, field by field; shares nothing with the codecs."""
    origin, arguments = get_origin(declared), get_args(declared)
    if origin in {Union, UnionType}:
        return any(conforms(value, one) for one in arguments)
    if origin is tuple and arguments[-1] is not Ellipsis:
        return type(value) is tuple and len(value) == len(arguments) and all(map(conforms, value, arguments))
    if origin in {tuple, list, set, frozenset}:
        return type(value) is origin and all(conforms(one, arguments[0]) for one in value)
    if origin in {dict, Mapping, Counter}:
        kinds = (*arguments, int)
        plain = type(value) is (dict if origin is Mapping else origin)
        return plain and all(conforms(key, kinds[0]) and conforms(one, kinds[1]) for key, one in value.items())
    if is_dataclass(declared):
        hints = get_type_hints(declared)
        return type(value) is declared and all(
            conforms(getattr(value, one.name), hints[one.name]) for one in fields(declared)
        )
    return isinstance(value, Path) if declared is Path else type(value) is (declared or NoneType)


class Colour(StrEnum):
    """A word."""

    RED = "red"


class Size(Enum):
    """A number."""

    LARGE = 3


@dataclass
class Strict:
    """Two numbers, the second of which is not less."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"{self.low} is more than {self.high}")


Key = NewType("Key", str)

EVERY_TYPE: list[tuple[Any, Any]] = [
    (None, None),
    (bool, True),
    (int, -(2**63)),
    (float, 1.5),
    (str, "é😀\n\0\\ud800"),
    (bytes, b"\xff\0"),
    (bytearray, bytearray(b"=")),
    (date, date(2027, 2, 28)),
    (datetime, datetime(2027, 2, 28, 1, 2, 3, 4, UTC)),
    (Path, Path("/tmp/a b")),  # noqa: S108  a path, not a file
    (Colour, Colour.RED),
    (Size, Size.LARGE),
    (AcoId, AcoId("A1001")),
    (Key, "key"),
    (Annotated[int, "pages"], 3),
    (Literal["a", "b"], "b"),
    (int | None, None),
    (int | None, 7),
    (bytes | bytearray, bytearray(b"abc")),
    (str | int | list[int], [1]),
    (list[int], [1, 2]),
    (tuple[int, str], (1, "a")),
    (tuple[Path, ...], (Path("a"),)),
    (tuple[str, ...], ()),
    (set[str], {"a", "b"}),
    (frozenset[Colour], frozenset({Colour.RED})),
    (dict[str, list[int]], {"a": [1], "b": []}),
    (Mapping[tuple[str, str], tuple[int, str]], {("a", "b"): (1, "c")}),
    (Counter[str], Counter(a=3)),
    (list[tuple[str, ...]], [("a", "b"), (), ("a",)]),
    (Strict, Strict(1, 2)),
]


@pytest.mark.parametrize(("declared", "value"), EVERY_TYPE, ids=[str(one) for one, _ in EVERY_TYPE])
def test_a_value_of_every_type_comes_back_as_it_was(declared: Any, value: Any) -> None:
    """Equal, and of the same type all the way down."""
    read = read_message(message(declared, value), declared)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("declared", ANSWERS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])  # a whole year's files are no small example
@given(data=st.data())
def test_every_answer_of_the_service_comes_back_as_it_was(declared: Any, data: st.DataObject) -> None:
    """Made from its declared type alone, so that a new field is tried as well."""
    answer = data.draw(st.from_type(declared))
    read = read_message(message(declared, answer), declared)
    assert read == answer
    assert conforms(read, declared)


def test_the_types_above_are_what_the_work_declares() -> None:
    """What `Sandbox.run` is asked for in the service."""
    works = (render_with, read_corrections, examine, read_material)
    assert [answer_type(work) for work in works] == ANSWERS


@pytest.mark.parametrize("declared", [object, Any, Callable, type, dict, list, complex, list[object], Problem | object])
def test_other_types_do_not_cross(declared: Any) -> None:
    """They are found when the work is asked for, not when it answers."""
    with pytest.raises(TypeError):
        codec_of(declared)


def real_material(folder: Path) -> Material:
    """What the service's own examples bring."""
    given_files = {}
    for name, content in example_files(2027, 2, now=datetime(2026, 10, 1, tzinfo=UTC)).items():
        (folder / name).write_bytes(content)
        if name.rpartition(".")[0] in set(FileKind):
            given_files[FileKind(name.rpartition(".")[0])] = GivenFile(name, folder / name)
    return read_material(2027, given_files, Known(), folder)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A real answer as it crosses."""
    found = real_material(tmp_path_factory.mktemp("year"))
    assert found.report().accepted
    return message(Material, found)


def outcome(content: bytes, declared: Any) -> None:
    """Read a hostile message: it is refused, or of the declared type."""
    try:
        read = read_message(content, declared)
    except REFUSED:
        return
    assert conforms(read, declared)


@pytest.mark.parametrize("declared", ANSWERS)
@settings(max_examples=200)
@given(content=st.binary(), mark=st.sampled_from([b"", ANSWER, REFUSAL, FAILURE, UNWRITABLE]))
def test_noise_is_refused(declared: Any, content: bytes, mark: bytes) -> None:
    """With a head and without."""
    outcome(mark + content, declared)
    outcome(packed(content, mark=mark or ANSWER), declared)


@settings(max_examples=150)
@given(data=st.data())
def test_a_real_answer_that_was_cut_or_changed_is_refused_or_of_its_type(real: bytes, data: st.DataObject) -> None:
    """Bytes are changed, left out, repeated."""
    place = data.draw(st.integers(0, len(real) - 1))
    noise = data.draw(st.binary(max_size=8))
    outcome(real[:place], Material)
    outcome(real[:place] + noise + real[place:], Material)
    outcome(real[:place] + noise + real[place + len(noise) :], Material)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=8,
)


def changed(node: Any, path: int, value: Any) -> Any:
    """The structure with another value in one of its places."""
    if not isinstance(node, list) or not node or path == 0:
        return value
    place = path % len(node)
    return [changed(one, path // len(node), value) if number == place else one for number, one in enumerate(node)]


@settings(max_examples=300)
@given(path=st.integers(0, 2**64), value=JSON)
def test_a_wrong_value_anywhere_in_a_real_answer_is_refused_or_of_its_type(real: bytes, path: int, value: Any) -> None:
    """Wrong types, missing and extra fields, numbers that are none, halves of characters, objects."""
    structure, segments = unpacked(real)
    outcome(packed(json.dumps(changed(structure, path, value)).encode(), *segments), Material)


WRONG: list[tuple[Any, Any]] = [
    (bool, 1),
    (int, True),
    (int, 1.0),
    (int, "1"),
    (int, 2**63),
    (float, 1),
    (str, None),
    (str, "\ud800"),
    (str, "a\udfffb"),
    (bytes, 0),
    (bytes, "a"),
    (date, "2027-02-30"),
    (date, "20270228"),
    (datetime, "2027-02-28"),
    (Path, 3),
    (Colour, "red"),
    (Colour, "__class__"),
    (Size, 3),
    (AcoId, "B1001"),
    (AcoId, "a1001"),
    (Literal["a"], "b"),
    (int | None, 7),
    (int | None, [1, 7]),
    (int | None, [True, 7]),
    (int | None, [-1, 7]),
    (int | str, None),
    (list[int], [1, "2"]),
    (list[int], {"1": 2}),
    (tuple[int, str], [1]),
    (tuple[int, str], [1, "a", 2]),
    (set[str], ["a", "a"]),
    (dict[str, int], [["a", "a"], [1, 2]]),
    (dict[str, int], [["a"], [1, 2]]),
    (dict[str, int], ["a"]),
    (Counter[str], [["a"], ["b"]]),
    (Strict, [2, 1]),
    (Strict, [1]),
    (Strict, [1, 2, 3]),
    (Strict, {"low": 1, "high": 2}),
    (Findings, [1000, 0, [["a", "b", "c", "d"]]]),
    (list[tuple[str, ...]], [["a"], 0, 0]),
    (list[tuple[str, ...]], [["a"]]),
]


@pytest.mark.parametrize(("declared", "structure"), WRONG, ids=str)
def test_what_is_not_of_its_type_is_refused(declared: Any, structure: Any) -> None:
    """Nothing is converted, completed or left out."""
    codec_of(declared)
    with pytest.raises(MismatchError):
        read_message(packed(json.dumps(structure).encode()), declared)


NUMBER = struct.Struct("=I")


@pytest.mark.parametrize(
    ("lengths", "cells"),
    [([2], [0]), ([1], [1]), ([2**32 - 1], [0]), ([], [0]), ([1, 1], [0]), ([1], [])],
)
def test_a_table_whose_numbers_do_not_fit_is_refused(lengths: list[int], cells: list[int]) -> None:
    """Rows that are longer than their cells, and cells without a text."""
    segments = [b"".join(map(NUMBER.pack, one)) for one in (lengths, cells)]
    with pytest.raises(MismatchError):
        read_message(packed(b'[["a"],0,1]', *segments), list[tuple[str, ...]])
    with pytest.raises(MismatchError):
        read_message(packed(b'[["a"],0,1]', *(one + b"\0" for one in segments)), list[tuple[str, ...]])


def test_a_segment_is_read_once_and_none_is_left_over() -> None:
    """A few bytes cannot become many, and none are hidden."""
    for structure in (b"[0,0]", b"[0]", b"[0,2]", b"[0,-1]", b"[0,false]"):
        with pytest.raises(MismatchError):
            read_message(packed(structure, b"a", b"b"), list[bytes])
    assert read_message(packed(b"[1,0]", b"a", b"b"), list[bytes]) == [b"b", b"a"]


HUGE: dict[str, bytes] = {
    "deep": packed(b"[" * 1_000_000),
    "deep and whole": packed(b"[" * 1_000_000 + b"]" * 1_000_000),
    "a long number": packed(b"9" * 4_000_000),
    "a large float": packed(b"1e999"),
    "not a number": packed(b"NaN"),
    "infinity": packed(b"[-Infinity]"),
    "many values": packed(b"[" + b"[]," * 6_000_000 + b"[]]"),
    "many commas": packed(b"[" + b'"",' * 6_000_000 + b'""]'),
    "a long structure": HEAD.pack(ANSWER, 0, 2**64 - 1) + b"[]",
    "a long segment": HEAD.pack(ANSWER, 1, 2) + LENGTH.pack(2**63) + b"[]",
    "lengths that add up to more": HEAD.pack(ANSWER, 2, 2) + LENGTH.pack(2**64 - 1) * 2 + b"[]",
    "many segments": HEAD.pack(ANSWER, 2**32 - 1, 2) + b"[]",
    "empty segments": packed(b"[]", *[b""] * 20_000),
    "many numbers": packed(b'[["a"],0,1]', NUMBER.pack(1), b"\0" * (80 << 20)),
    "noise behind": packed(b"[]") + b"[]",
    "no ASCII": packed('["é"]'.encode()),
    "objects": packed(b'{"a":1,"a":2}'),
}


@pytest.mark.parametrize("content", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize("declared", [list[tuple[str, ...]], Material, int], ids=str)
def test_a_message_that_would_take_much_is_refused_soon(content: bytes, declared: Any) -> None:
    """Its lengths are compared, and its values counted, before anything is made of them."""
    tracemalloc.start()
    began = time.monotonic()
    try:
        with pytest.raises(MismatchError):
            read_message(content, declared)
        assert time.monotonic() - began < SECONDS
        assert tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()


def test_an_answer_that_is_too_large_is_a_limit_for_the_work_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """An honest process comes to a limit of memory, not to an unreadable answer."""
    monkeypatch.setattr(schema, "MOST_VALUES", 10)
    monkeypatch.setattr(wire, "MOST_VALUES", 10)
    for declared, value in ((list[int], [1] * 20), (list[tuple[str, ...]], [("a",)] * 20)):
        with pytest.raises(MemoryError):
            message(declared, value)


class Trap:
    """What a process that was taken over might answer."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("echo taken over",)


NAMES = [b'"os.system"', b'["posix","system",["echo"]]', b'["builtins","eval"]', b'["packets.settings","Settings"]']


@pytest.mark.parametrize("content", [*map(pickle.dumps, (Trap(), subprocess.Popen, eval)), *NAMES])
@pytest.mark.parametrize("mark", [ANSWER, REFUSAL, FAILURE, UNWRITABLE, b"."])
@pytest.mark.parametrize("declared", ANSWERS)
def test_an_answer_is_data_and_never_acts(content: bytes, mark: bytes, declared: Any) -> None:
    """There is nothing in it that could name a class or a function: a process can lie about its own file, and no more."""
    for one in (mark + content, packed(content, mark=mark)):
        with pytest.raises((MismatchError, WorkFailedError)):
            read_message(one, declared)


@pytest.mark.parametrize("kind", [InputError, RenderError, NotFoundError])
def test_a_refusal_is_raised_again(kind: type[PacketsError]) -> None:
    """With its problems, and how many there are."""
    error = kind((Problem("a", "b", "c", "d"),), count=3)
    with pytest.raises(kind) as raised:
        read_message(b"".join(refusal_message(error)), int)
    assert (raised.value.problems, raised.value.count) == (error.problems, 3)


@pytest.mark.parametrize("kind", [StoreError, ConflictError, PacketsError])
def test_work_does_not_refuse_for_the_store_or_for_others(kind: type[PacketsError]) -> None:
    """Such a refusal is a fault; and no message can claim to be one."""
    with pytest.raises(WorkFailedError, match=f"{kind.__name__} at a b"):
        read_message(b"".join(refusal_message(kind(Problem(code, "s", "r") for code in "ab"))), int)
    claimed = json.dumps([kind.__name__, [], 0]).encode()
    with pytest.raises(MismatchError):
        read_message(packed(claimed, mark=REFUSAL), int)


def test_what_a_failure_says_is_short_and_printable() -> None:
    """It goes into a log."""
    content = message(Failure, Failure("Error\n\x1b[2J", "x" * 100_000), FAILURE)
    with pytest.raises(WorkFailedError) as raised:
        read_message(content, int)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 1000


def test_what_does_not_fit_is_named_by_its_place_and_never_by_its_value(real: bytes) -> None:
    """So that the log helps, and tells nothing of anybody."""
    structure, segments = unpacked(real)
    structure[2][1][0][2] = "078051120\ud800"  # the digest of the first reading
    with pytest.raises(MismatchError) as raised:
        read_message(packed(json.dumps(structure).encode(), *segments), Material)
    assert "078051120" not in str(raised.value)
    structure[2][1][0][2] = 78051120
    with pytest.raises(MismatchError, match=r"Material\.readings > Reading\.digest is of another type"):
        read_message(packed(json.dumps(structure).encode(), *segments), Material)


def test_refusals_and_failures_are_dataclasses_of_the_same_codec() -> None:
    """They are checked as answers are."""
    for declared, value in ((Refusal, Refusal("InputError", (), 0)), (Failure, Failure("a", "b"))):
        assert read_message(message(declared, value), declared) == value
