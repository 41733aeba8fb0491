"""The log as lines of text that can be taken away and checked without the service: one entry a line, canonical JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from packets.audit.log import Act, Entry, Outcome
from packets.canonical import canonical_json
from packets.errors import InputError, Problem

REMEDY = "Export the log again, or take another copy."


def write_entries(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The lines of a log, each with its newline."""
    return (canonical_json(_as_data(one)) + b"\n" for one in entries)


def read_entries(lines: Iterable[bytes]) -> Iterator[Entry]:
    """The entries of a transcript, in the order in which they stand there.

    Raises:
        InputError: a line is no entry; it is named.
    """
    for number, line in enumerate(lines, start=1):
        try:
            yield _entry(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                Problem("transcript-unreadable", "A line of the log is no entry.", REMEDY, f"line {number}")
            ) from error


def _as_data(entry: Entry) -> dict[str, Any]:
    at = entry.at_utc.astimezone(UTC).isoformat(timespec="microseconds")
    plain = {name: str(getattr(entry, name)) for name in ("act", "actor", "subject", "outcome", "previous", "digest")}
    return {**plain, "sequence": entry.sequence, "at_utc": at, "details": dict(entry.details)}


def _entry(data: dict[str, Any]) -> Entry:
    if data.keys() != set(Entry.__dataclass_fields__):
        raise KeyError("fields")
    return Entry(
        **{
            **data,
            "at_utc": datetime.fromisoformat(data["at_utc"]),
            "act": Act(data["act"]),
            "outcome": Outcome(data["outcome"]),
        }
    )
