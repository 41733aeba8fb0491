"""How long a request may be, by its address: decided from its head, before any of its body is taken."""

from __future__ import annotations

import re

KILOBYTE = 1024
MEGABYTE = 1024 * KILOBYTE
HEAD_BYTES = 32 * KILOBYTE
FORM_BYTES = 1 * MEGABYTE
"""Longest form, and longest call that brings no file."""
FILE_BYTES = 12 * MEGABYTE
"""Longest request with one file: a corrections archive of 10 MB, or a PDF, and the form around it."""
YEAR_BYTES = 300 * MEGABYTE
"""Longest request with the files of a year."""
DISCARDED_BYTES = 64 * MEGABYTE
"""So much of a body that is too long is read without being kept, so that its sender sees the answer."""
CHUNK_LINE_BYTES = 4 * KILOBYTE
"""Longest line between the chunks of a body, and longest trailer."""

EXAMINES = re.compile(r"/verify|/api/v1/verifications")
FILES = re.compile(r"/verify|/api/v1/verifications|/(api/v1/)?packets/[^/]+/[^/]+/corrections")
YEARS = re.compile(r"/(api/v1/)?years(/.*)?")

TOO_LONG = "esm.too_long"
"""In the environment of a request whose body was not read: how long it might have been."""
CROWDED = "esm.crowded"
"""In the environment of a request: whether the queue of files to be examined was full when it came."""
HEAD_ONLY = "esm.head_only"
"""In the environment of a request: whether its head is shown to the application before its body is taken."""
ADMITTED = "esm.admitted"
"""In the environment of such a request: whether its sender may send the body."""


def find_limit(method: str, path: str) -> int:
    """Find how many bytes the body of a request may have."""
    if method == "POST" and YEARS.fullmatch(path):
        return YEAR_BYTES
    return FILE_BYTES if method == "POST" and FILES.fullmatch(path) else FORM_BYTES


def is_examination(method: str, path: str) -> bool:
    """Tell whether a request brings a file from anywhere to be examined."""
    return method == "POST" and EXAMINES.fullmatch(path) is not None
