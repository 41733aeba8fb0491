"""Equal data has equal digests, and only what a record can hold has one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets import canonical
from packets.canonical import canonical_json, digest_of
from packets.errors import InputError

WORDS = st.text(st.characters(codec="utf-8"), max_size=8)
SIMPLE = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | WORDS
DATA = st.recursive(SIMPLE, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4))


def test_names_are_sorted_and_nothing_is_spaced_or_escaped() -> None:
    """The bytes are those of RFC 8785: names by UTF-16 code units, which puts U+10000 before U+FB33."""
    value = {"b": [1, True, None], "a": "é\n", "\ufb33": 1, "\U00010000": 2}
    assert canonical_json(value).decode() == '{"a":"é\\n","b":[1,true,null],"\U00010000":2,"\ufb33":1}'


def test_the_digest_is_known() -> None:
    """The digest of an empty object is the SHA-256 of `{}`."""
    assert digest_of({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@given(DATA)
def test_any_data_comes_back_from_its_canonical_bytes(value: Any) -> None:
    """What is written can be read, and reading and writing again changes nothing."""
    written = canonical_json(value)
    assert json.loads(written) == value
    assert canonical_json(json.loads(written)) == written


@given(DATA)
def test_data_of_plain_names_is_written_as_all_other_data_is(value: Any) -> None:
    """The short way for names in ASCII gives the bytes of the long one."""
    assert canonical_json(value) == canonical._SORTED.encode(canonical._sorted(value)).encode()


@given(st.dictionaries(WORDS, DATA, min_size=2))
def test_the_order_of_names_does_not_matter(value: dict[str, Any]) -> None:
    """The same object built in the opposite order has the same digest."""
    assert digest_of(dict(reversed(value.items()))) == digest_of(value)


@pytest.mark.parametrize("value", [1.0, float("nan"), 2**53, b"x", {1}, "\ud800", {1: "x"}, object()])
def test_what_a_record_cannot_hold_is_refused_with_its_place(value: Any) -> None:
    """Fractions, numbers beyond 2^53, bytes and half characters are refused, all at once, each with its path."""
    with pytest.raises(InputError) as refused:
        canonical_json({"a": [value], "b": {"c": value}})
    assert [problem.where for problem in refused.value.problems][:1] in (["a[0]"], ["a[0].1"])
    assert len(refused.value.problems) == 2
