"""The report of the fault runs: one table a column, races and tampering apart, from the rows that are kept."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]

HEAD = """# Faults: what was broken, how often, and what was lost

Made by `make faults`, on both ways in which the service is run, with real servers that the runs start themselves: SQLite with
local files, and PostgreSQL with S3 (SeaweedFS, Object Lock on). A run can be made again alone (`ONLY=`); each says when it was.

- *Times*: how often the fault happened. *Told done*: signatures that somebody was answered; each must be recorded.
- *Given up*: intents that the reconciler closed. *Unrecorded files*: bytes of signatures that never counted; they are kept and
  never served. *Refused*: acts that were answered with a refusal.
- *Recovery*: from the next start, that of a server that died included, until everything that was open was closed; the middle
  and the longest, in milliseconds.
- *Problems*: whatever the independent checker (`esm fsck`) found after each fault: something acknowledged and missing, half
  signed and visible, left open, or not to be signed afterwards. It must be 0.

A process that is killed leaves what it wrote to the operating system: loss of power was not tried.
"""
APART = {"races": "Races", "tampering": "The log, tampered with"}


def circumstances() -> Row:
    """When and where."""
    day = datetime.now(UTC).date().isoformat()  # noqa: TID251  the real day, for a report
    return {"date": day, "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}"}


def write(path: Path, rows: list[Row]) -> None:
    """Write the report anew."""
    parts = [HEAD]
    for column in dict.fromkeys(row["column"] for row in rows):
        mine = [row for row in rows if row["column"] == column]
        parts.append(f"\n## {column}\n\n{_faults(row for row in mine if row['run'] not in APART)}")
    for run, heading in APART.items():
        table = {"races": _races, "tampering": _tampering}[run]
        parts.append(f"\n## {heading}\n\n{table(row for row in rows if row['run'] == run)}")
    parts.append("\n## Runs\n\n" + _runs(rows))
    path.write_text("".join(parts), "utf-8")


def _table(headings: tuple[str, ...], lines: Iterable[tuple[Any, ...]], words: int = 1) -> str:
    shown = [f"| {' | '.join(f'{one:,}' if isinstance(one, int) else str(one) for one in line)} |" for line in lines]
    rule = "|" + "---|" * words + "---:|" * (len(headings) - words)
    return "\n".join([f"| {' | '.join(headings)} |", rule, *shown]) + "\n"


def _faults(rows: Iterable[Row]) -> str:
    headings = (
        "fault",
        "times",
        "told done",
        "recorded",
        "given up",
        "unrecorded files",
        "refused",
        "recovery p50",
        "max",
    )
    counted = ("faults", "acknowledged", "recorded", "abandoned", "orphans", "refused")
    lines = (
        (
            row["name"],
            *(row[one] for one in counted),
            *(_time(row, one) for one in ("p50", "max")),
            len(row["problems"]),
        )
        for row in rows
    )
    return _table((*headings, "problems"), lines)


def _time(row: Row, which: str) -> str:
    found = row.get(f"recovery_{which}_ms")
    return "–" if found is None else f"{found:,.0f}"


def _races(rows: Iterable[Row]) -> str:
    headings = ("column", "race", "times", "signed", "refused", "on wrong bytes", "duplicates", "problems")
    counted = ("faults", "acknowledged", "refused", "wrong_bytes", "duplicates")
    return _table(
        headings, ((row["column"], row["name"], *(row[x] for x in counted), len(row["problems"])) for row in rows), 2
    )


def _tampering(rows: Iterable[Row]) -> str:
    lines = ((row["column"], row["name"], row["faults"], row["refused"]) for row in rows)
    return _table(("column", "what was done", "times", "found"), lines, 2)


def _runs(rows: list[Row]) -> str:
    runs: dict[tuple[Any, ...], float] = {}
    for row in rows:
        key = tuple(row[one] for one in ("run", "column", "size", "seed", "date", "machine"))
        runs[key] = runs.get(key, 0) + row["seconds"]
    lines = ((*key[:3], str(key[3]), *key[4:], f"{seconds / 60:.1f}") for key, seconds in runs.items())
    return _table(("run", "column", "form", "seed", "date", "machine", "minutes"), lines, 6)
