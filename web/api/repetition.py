"""Calls that create something may be sent twice: the same key and the same request have the same answer, done once.

The key is recorded before anything is done, with a digest of all that was asked, and the answer after it. Whoever sends the same
at the same moment is told to wait; whoever sends something else under the key is refused. An answer that says that the service
failed is not kept: then the call may be sent again. A process that died in between leaves a key that may be used again after a
while; what it did by then is recorded or not, and acts that must never be done twice have keys of their own (`signing.ceremony`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from flask import Response, request

from packets.errors import ConflictError, PacketsError, Problem
from packets.model.tokens import ApiToken
from packets.store.records.tokens import UNDER_WAY, Call
from web.api.bodies import UnreadableError, UnusableError
from web.visit import services

KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
KEPT, UNANSWERED = timedelta(hours=24), timedelta(minutes=10)
KEPT_HEADERS = ("Content-Type", "ETag", "Location")
FOR_GOOD = range(200, 500)
Refuse = Callable[[PacketsError], Response]


def read_key() -> str:
    """The idempotency key of a call that creates something.

    Raises:
        UnreadableError: there is none, or it is none.
    """
    key = request.headers.get("Idempotency-Key", "")
    if KEY.fullmatch(key):
        return key
    remedy = "Send a new one for each act: 16 to 64 letters, digits, - and _, such as a UUID."
    raise UnreadableError(Problem("key-missing", "There is no usable Idempotency-Key.", remedy, "Idempotency-Key"))


def once(token: ApiToken, key: str, content: bytes, act: Callable[[], Response], refuse: Refuse) -> Response:
    """Do an act and keep the answer, or answer what was answered before.

    Raises:
        UnusableError: the key belongs to another request.
        ConflictError: the same request is under way.
    """
    call = Call(token.token_id, key, _digest(content), services().clock())
    earlier = _begin(call)
    if earlier is not None:
        return _replayed(earlier, call)
    try:
        response = act()
    except PacketsError as error:
        response = refuse(error)
    except BaseException:
        _forget(call)
        raise
    if response.status_code in FOR_GOOD:
        kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        with services().database.write() as records:
            records.tokens.answer_call(call, response.status_code, kept, response.get_data(as_text=True))
    else:
        _forget(call)
    return response


def _begin(call: Call) -> Call | None:
    """Take the key; the call that has it, if it is another one's or still good."""
    now = call.begun_at_utc
    with services().database.write() as records:
        records.tokens.forget_calls(now - KEPT)
        earlier = records.tokens.call(call.token_id, call.key)
        given_up = earlier and earlier.status == UNDER_WAY and now - earlier.begun_at_utc > UNANSWERED
        if earlier is not None and not (given_up and earlier.request_digest == call.request_digest):
            return earlier
        records.tokens.begin_call(call)
    return None


def _replayed(earlier: Call, call: Call) -> Response:
    if earlier.request_digest != call.request_digest:
        sentence = "This Idempotency-Key belongs to another request."
        raise UnusableError(Problem("key-reused", sentence, "Send a new key for a new act.", "Idempotency-Key"))
    if earlier.status == UNDER_WAY:
        sentence = "The same request is under way."
        raise ConflictError(Problem("call-under-way", sentence, "Wait some seconds, then send it again."))
    headers: Mapping[str, str] = earlier.headers or {}
    return Response(earlier.body, earlier.status, headers={**headers, "Idempotency-Replayed": "true"})


def _forget(call: Call) -> None:
    with services().database.write() as records:
        records.tokens.forget_call(call.token_id, call.key)


def _digest(content: bytes) -> str:
    """Of all that decides what is done: method, address, conditions and body."""
    parts = (request.method, request.full_path, request.headers.get("If-Match", ""), request.mimetype)
    return hashlib.sha256("\n".join(parts).encode() + b"\n" + content).hexdigest()
