"""Whatever is sent: it is refused with a code and a remedy, and never brings anything down."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from browsing import Site
from callers import Caller, caller, refused
from packets.errors import PacketsError
from packets.model.people import Role
from web.api.bodies import read_json

HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "other encoding": '{"url": "ü"}'.encode("utf-16"),
    "broken UTF-8": b'{"url": "\xff"}',
    "byte order mark": b'\xef\xbb\xbf{"url": "x"}',
    "deep lists": b"[" * 5000 + b"]" * 5000,
    "deep objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "a name twice": b'{"url": "https://a.example", "url": "https://b.example", "events": ["document-signed"]}',
    "NaN": b'{"url": NaN}',
    "infinity": b'{"url": -Infinity}',
    "a huge float": b'{"url": 1e999}',
    "a huge integer": b'{"url": ' + b"9" * 5000 + b"}",
    "NUL": b'{"url": "https://a.example/\\u0000", "events": ["document-signed"]}',
    "lone surrogate": b'{"url": "https://a.example/\\ud800", "events": ["document-signed"]}',
    "raw control": b'{"url": "\x01"}',
    "too long": b'{"url": "' + b"x" * 70_000 + b'"}',
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "wrong types": b'{"url": 1, "events": {"document-signed": true}}',
    "numbers as texts": b'{"url": true, "events": [1, null, []]}',
    "unknown member": b'{"url": "https://a.example", "events": ["document-signed"], "admin": true}',
    "unknown event": b'{"url": "https://a.example", "events": ["everything"]}',
    "no event": b'{"url": "https://a.example", "events": []}',
}


@pytest.fixture(scope="module")
def staff(site: Site) -> Caller:
    return caller(site, site.world.agency(Role.CMS_STAFF))


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_json_is_refused(staff: Caller, what: str) -> None:
    """As a body, always as problem+json with a status that says whose fault it is."""
    response = staff.make("/webhooks", HOSTILE[what])
    assert response.status_code in {400, 413, 422}
    refused(response, response.status_code)


def test_everything_that_is_wrong_is_told_at_once_with_its_place(staff: Caller) -> None:
    """Members that are missing, unknown and wrong, and parameters of the address too."""
    response = staff.make("/webhooks?a=1&b=2&b=3", {"events": [1], "more": True})
    found = refused(
        response, 422, "member-missing", "member-unknown", "member-invalid", "parameter-unknown", "parameter-twice"
    )
    assert (found["member-missing"]["where"], found["member-invalid"]["where"]) == ("url", "events.0")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=1e1", "cursor=x", "year=1", "aco_id=%00", "x=1"]
)
def test_a_hostile_address_is_refused(staff: Caller, query: str) -> None:
    """Numbers out of bounds, texts that are none, names that do not exist."""
    refused(staff.get(f"/packets?{query}"), 422)


@pytest.mark.parametrize(
    "path", ["/packets/A1/2027", "/packets/A0001%00/2027", "/documents/1", "/jobs/%2e%2e", "/packets/../jobs/x", "/é"]
)
def test_an_address_that_is_none_is_nowhere(staff: Caller, path: str) -> None:
    """It never comes near the database."""
    refused(staff.get(path), 404, "not-found")


def test_a_body_of_another_kind_is_refused(staff: Caller) -> None:
    """A form of another site can send three media types; none of them is taken."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        refused(staff.make("/webhooks", b"{}", Content_Type=kind), 415, "media-type")


def test_a_method_that_is_not_offered_is_refused_with_those_that_are(staff: Caller) -> None:
    """RFC 9110, 15.5.6."""
    response = staff.send("DELETE", "/packets")
    refused(response, 405, "method-not-allowed")
    assert "GET" in response.headers["Allow"]


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(str.encode)
    | st.text(alphabet='[]{}",:\\1eE.-nulNa', max_size=60).map(str.encode)
)
def test_any_bytes_are_read_as_json_or_refused(content: bytes) -> None:
    """What is read is what Python reads, where everybody reads the same."""
    try:
        value = read_json(content)
    except PacketsError:
        return
    assert value == json.loads(content)
