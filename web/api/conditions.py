"""Conditions: every answer carries the tag of what was seen; a change says which it has seen (RFC 9110, 8.8.3, 13.1.1)."""

from __future__ import annotations

import hashlib
import json

from flask import request
from pydantic import BaseModel

from packets.errors import PacketsError, Problem
from web.api.shapes import dump

TAG_LENGTH = 32


class ConditionNeededError(PacketsError):
    """A change that does not say what it has seen."""

    status_hint = 428


class ConditionFailedError(PacketsError):
    """What is to be changed is no longer what was seen."""

    status_hint = 412


def write_json(shape: BaseModel) -> bytes:
    """A shape as it goes over the wire; the same shape is always the same bytes."""
    return json.dumps(dump(shape), ensure_ascii=False, separators=(",", ":")).encode()


def tag_of(content: bytes) -> str:
    """The entity tag of an answer."""
    return f'"{hashlib.sha256(content).hexdigest()[:TAG_LENGTH]}"'


def require_match(shape: BaseModel) -> None:
    """Go on only when the caller has seen the thing as it is now.

    Raises:
        ConditionFailedError: they have seen another state of it.
    """
    given = [one.strip() for one in request.headers.get("If-Match", "").split(",")]
    if "*" not in given and tag_of(write_json(shape)) not in given:
        sentence = "It has changed since you looked at it."
        raise ConditionFailedError(Problem("seen-another", sentence, "Look again, then decide again.", "If-Match"))


def require_condition() -> None:
    """Refuse a change without `If-Match`.

    Raises:
        ConditionNeededError: there is none.
    """
    if not request.headers.get("If-Match", "").strip():
        sentence = "The call does not say what it has seen."
        remedy = "Send If-Match with the ETag of what you looked at."
        raise ConditionNeededError(Problem("condition-missing", sentence, remedy, "If-Match"))
