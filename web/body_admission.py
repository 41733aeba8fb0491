"""Answers that are given from a request's head, before its body is taken; the HTTP server says which (`web.server`)."""

from __future__ import annotations

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from packets.errors import PacketsError, Problem
from web.examination_pool import RETRY_SECONDS
from web.request_limits import ADMITTED, CROWDED, HEAD_ONLY, TOO_LONG


class CrowdedError(PacketsError):
    """There is no place for one more file to be examined."""

    status_hint = 503

    def __init__(self) -> None:
        sentence = "Too many files are being examined at this moment."
        super().__init__(Problem("verifier-busy", sentence, "Try again in a minute."))
        self.headers = {"Retry-After": str(RETRY_SECONDS)}


def refuse_from_head() -> Response | None:
    """Refuse a body that is too long, or a file for which there is no place; admit one that is still to come.

    The gate was passed before: whoever comes here may do what the address does.

    Raises:
        RequestEntityTooLarge: the body is longer than the address takes.
        CrowdedError: the queue of files to be examined is full.
    """
    limit = request.environ.get(TOO_LONG)
    if limit is not None:
        request.max_content_length = limit
        raise RequestEntityTooLarge
    if request.environ.get(CROWDED):
        raise CrowdedError
    if request.environ.get(HEAD_ONLY) and request.url_rule is not None:
        request.environ[ADMITTED] = True
        return Response(status=204)
    return None
