"""From runs to a page: medians with their spread, ratios, and what each output is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rendering.lineup import OURS
from rendering.race import Entry, Run

MEGA = 1e6
HEAD = ("Engine", "Seconds", "CPU s", "Peak MB", "File MB", "Pages", "Rows read", "PDF/A-2a", "PDF/UA-1", "qpdf")
RATIO_HEAD = ("Engine", "Time", "CPU time", "Memory", "File")
NOTHING = "–"

Figure = Callable[[Run], float]
FIGURES: Mapping[str, Figure] = {
    "seconds": lambda run: run.wall,
    "cpu_seconds": lambda run: run.user + run.system,
    "peak_mb": lambda run: run.peak / MEGA,
    "file_mb": lambda run: run.size / MEGA,
}
"""What is told of a run; MB are millions of bytes."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some runs, the least and the most."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        middle, least, most = map(number, (self.median, self.least, self.most))
        return middle if least == most else f"{middle} ({least}–{most})"


def number(value: float) -> str:
    """Three figures, and never more than two behind the point."""
    whole = len(f"{value:.0f}")
    return f"{value:,.{max(0, 3 - whole)}f}"


def spread(entry: Entry, figure: str) -> Spread | None:
    """A figure over all finished runs, or none when no run finished."""
    values = [FIGURES[figure](run) for run in entry.finished]
    return Spread(median(values), min(values), max(values)) if values else None


def record(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Everything that was measured, JSON types."""
    return [
        {
            **asdict(entry),
            **{name: asdict(found) if (found := spread(entry, name)) else None for name in FIGURES},
            "ended": entry.stopped.outcome.value if entry.stopped else "done",
        }
        for entry in entries
    ]


def write_page(entries: list[Entry], facts: Mapping[str, str]) -> str:
    """The results as Markdown."""
    return "\n".join(_page(entries, facts)) + "\n"


def table(entries: Iterable[Entry]) -> list[str]:
    """One size as a Markdown table that reads well on a terminal too."""
    return _aligned([HEAD, *map(_cells, entries)])


def ratios(entries: Iterable[Entry]) -> list[str]:
    """How many times as much as ours each engine took at one size; empty when ours did not finish."""
    found = {entry.engine.key: entry for entry in entries if entry.finished}
    ours = found.pop(OURS, None)
    if ours is None or not found:
        return []
    return _aligned([RATIO_HEAD, *([entry.engine.label, *_times(entry, ours)] for entry in found.values())])


def by_size(entries: Iterable[Entry]) -> dict[int, list[Entry]]:
    """Entries under the size that they ran at."""
    sizes: dict[int, list[Entry]] = {}
    for entry in entries:
        sizes.setdefault(entry.rows, []).append(entry)
    return sizes


def _page(entries: list[Entry], facts: Mapping[str, str]) -> Iterator[str]:
    yield "# Rendering a roster, measured"
    yield "\nWritten by `bench/render.py`; `bench/README.md` says what is compared and what is not fair. Each figure is the"
    yield "median of whole processes that ran in turn, with the least and the most. Other machines give other seconds:"
    yield "**the ratios of one run are what counts**, those of CPU time most of all when the machine was busy.\n"
    yield from (f"- {name}: {value}" for name, value in facts.items())
    yield "\n![Seconds and memory of each engine](render.png)"
    for rows, group in by_size(entries).items():
        yield f"\n## {rows:,} rows\n"
        yield from table(group)
        if times := ratios(group):
            yield "\nTimes as much as esm-packets (above 1: we take less):\n"
            yield from times
        yield from _remarks(group)


def _remarks(entries: Iterable[Entry]) -> Iterator[str]:
    """What the tables are too narrow for: how runs ended, and which rules an output breaks."""
    remarks = [remark for entry in entries for remark in _entry_remarks(entry)]
    if remarks:
        yield ""
    yield from (f"- {remark}" for remark in remarks)


def _entry_remarks(entry: Entry) -> Iterator[str]:
    label = entry.engine.label
    if entry.stopped:
        words = f": {entry.stopped.words}" if entry.stopped.words else ""
        yield f"{label}: {entry.stopped.outcome.value} after {entry.stopped.wall:.0f} s{words}"
        if entry.finished:
            yield f"{label}: its figures are of {len(entry.finished)} finished run(s), so too good for it"
    for check, finding in _checks(entry).items():
        if finding.startswith(("breaks", "not judged")):
            yield f"{label}, {check}: {finding}"


def _cells(entry: Entry) -> list[str]:
    label = entry.engine.label
    if not entry.finished:
        ending = entry.stopped.outcome.value if entry.stopped else NOTHING
        return [label, ending, *[NOTHING] * (len(HEAD) - 2)]
    figures = [str(spread(entry, name)) for name in FIGURES]
    if entry.stopped:
        figures[0] += f", then {entry.stopped.outcome.value}"
    verdict = entry.verdict or {}
    found = [NOTHING if verdict.get(key) is None else f"{verdict[key]:,}" for key in ("pages", "rows_found")]
    checks = [_short(_checks(entry).get(name, "not judged")) for name in ("PDF/A-2a", "PDF/UA-1", "qpdf")]
    return [label, *figures, *found, *checks]


def _checks(entry: Entry) -> dict[str, str]:
    checks: dict[str, str] = (entry.verdict or {}).get("checks", {})
    return checks


def _short(finding: str) -> str:
    """`breaks 7 rules: …` as `breaks 7 rules`."""
    return finding.partition(":")[0]


def _times(entry: Entry, ours: Entry) -> Iterator[str]:
    for name in FIGURES:
        theirs, own = spread(entry, name), spread(ours, name)
        yield f"{theirs.median / own.median:.1f} ×" if theirs and own and own.median else NOTHING


def _aligned(rows: Iterable[Iterable[str]]) -> list[str]:
    cells = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in cells]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]
