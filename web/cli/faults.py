"""What a command says when it fails in a way that nobody foresaw: a fault of ours, never the person's."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback

import structlog

from packets.errors import Problem

PREFIX = "esm-fault-"


def report_fault(error: Exception) -> Problem:
    """Write the details down for whoever mends the program, and say where: in the log of a service, else in a file.

    The file can be read by this user alone, because details may name what was worked on.
    """
    if structlog.is_configured():
        structlog.get_logger().error("fault", exc_info=error)
        return _fault("the log")
    try:
        handle, path = tempfile.mkstemp(prefix=PREFIX, suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            traceback.print_exception(error, file=file)
    except OSError:
        traceback.print_exception(error, file=sys.stderr)
        return _fault("the lines above")
    return _fault(path)


def _fault(place: str) -> Problem:
    sentence = "The program failed; this is a fault of esm-packets, not yours."
    return Problem("fault", sentence, f"Give the details, in {place}, to whoever looks after it.")
