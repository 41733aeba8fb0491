"""One way to write data as bytes, so that the same data has the same digest on every machine (RFC 8785 for our types)."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """Strings, whole numbers, booleans, null, lists and string-keyed objects as UTF-8 JSON, keys sorted, no spaces.

    Raises:
        TypeError: for floats and anything else that has more than one spelling.
    """
    _refuse_ambiguous(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode("utf-8")


def digest_of(value: Any) -> str:
    """SHA-256 over the canonical JSON, hex."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def _refuse_ambiguous(value: Any) -> None:
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("canonical JSON has string keys only")
        for one in value.values():
            _refuse_ambiguous(one)
    elif isinstance(value, list | tuple):
        for one in value:
            _refuse_ambiguous(one)
    elif not isinstance(value, str | int | bool | None):
        raise TypeError(f"{type(value).__name__} has no single spelling in JSON")
