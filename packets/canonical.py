"""One way to write data, so that equal data has equal digests (after RFC 8785).

The data behind a document is frozen with it; its digest is printed in the document. Numbers are whole: a fraction has no
place in a record, and leaving it out leaves out every question of how to write one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from packets.errors import InputError, Problem

_SAFE_INTEGER = 2**53 - 1
"""The largest whole number that every reader of JSON agrees on (RFC 8785, 3.2.2.3)."""
_PLAIN, _SORTED = (
    json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=sorts)
    for sorts in (True, False)
)


def canonical_json(value: Any) -> bytes:
    """Data as bytes: names sorted by UTF-16 code units, no spaces, UTF-8, nothing escaped that need not be.

    Raises:
        InputError: with the path of everything that is not a JSON type, a fraction, a number beyond 2^53, or text that
            is not Unicode.
    """
    if _is_plain(value):
        return _PLAIN.encode(value).encode()
    if problems := list(_faults(value, "")):
        raise InputError(problems)
    return _SORTED.encode(_sorted(value)).encode()


def digest_of(data: Any) -> str:
    """SHA-256 of the canonical bytes, hex.

    Raises:
        InputError: as `canonical_json`.
    """
    return hashlib.sha256(canonical_json(data)).hexdigest()


def _is_plain(value: Any) -> bool:
    """Whether nothing can be wrong with data, and sorting its names by characters sorts them by code units: nearly always."""
    if isinstance(value, str):
        return _is_text(value)
    if isinstance(value, dict):
        return all(isinstance(name, str) and name.isascii() for name in value) and all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return _are_plain_texts(value) or all(map(_is_plain, value))
    return value is None or isinstance(value, bool) or (type(value) is int and abs(value) <= _SAFE_INTEGER)


def _are_plain_texts(values: Any) -> bool:
    try:
        return _is_text("".join(values))
    except TypeError:
        return False


def _is_text(value: str) -> bool:
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:
        return False


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        plain = all(map(str.isascii, value))
        names = sorted(value) if plain else sorted(value, key=lambda name: name.encode("utf-16-be"))
        return {name: _sorted(value[name]) for name in names}
    if isinstance(value, list | tuple) and not all(isinstance(inner, str) for inner in value):
        return [_sorted(inner) for inner in value]
    return value


def _faults(value: Any, where: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        for key, inner in value.items():
            path = f"{where}.{key}" if where else str(key)
            yield from _text_faults(key, path)
            yield from _faults(inner, path)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            if not (isinstance(inner, str) and inner.isascii()):
                yield from _faults(inner, f"{where}[{index}]")
    elif isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > _SAFE_INTEGER:
            yield _refusal("a number beyond 2^53", where)
    elif value is not None and not isinstance(value, bool):
        yield from _text_faults(value, where)


def _text_faults(value: Any, where: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield _refusal(f"of the type {type(value).__name__}", where)
    elif not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        yield _refusal("text with half a character in it", where)


def _refusal(what: str, where: str) -> Problem:
    remedy = "Give text, whole numbers, true, false, null, lists or objects with names."
    return Problem("not-canonical", f"A value is {what}, which a record cannot hold.", remedy, where)
