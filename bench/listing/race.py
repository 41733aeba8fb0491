"""Runs of every engine at every task and size, in turn: A B C A B C, never A A B B."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rendering.race import HOME, Outcome, Run, measure

from listing.lineup import ENGINES, Engine

WARM_UP_ROWS = 50


@dataclass(slots=True)
class Entry:
    """All runs of an engine at a size."""

    engine: Engine
    rows: int
    runs: list[Run] = field(default_factory=list)

    @property
    def finished(self) -> list[Run]:
        """The runs that came to their end."""
        return [run for run in self.runs if run.outcome is Outcome.DONE]

    @property
    def stopped(self) -> Run | None:
        """The run after which no further was tried, if there was one."""
        return next((run for run in self.runs if run.outcome is not Outcome.DONE), None)


def race(sizes: Sequence[int], rounds: int, patience: float, say: Callable[[str], None]) -> list[Entry]:
    """Race at every size; a first round on a few rows is not counted."""
    entries: list[Entry] = []
    for rows in (WARM_UP_ROWS, *sizes):
        with tempfile.TemporaryDirectory(prefix="esm-bench-") as folder:
            _prepare(rows, folder)
            group = [Entry(engine, rows) for engine in ENGINES]
            for _ in range(1 if rows == WARM_UP_ROWS else rounds):
                for entry in group:
                    _run_once(entry, folder, patience, say)
        entries += group if rows != WARM_UP_ROWS else []
    return entries


def _prepare(rows: int, folder: str) -> None:
    command = [sys.executable, "-m", "listing.material", str(rows), folder]
    subprocess.run(command, cwd=HOME, check=True)  # noqa: S603  our own module


def _run_once(entry: Entry, folder: str, patience: float, say: Callable[[str], None]) -> None:
    if entry.stopped is not None:
        return
    engine = entry.engine
    command = [sys.executable, "-m", "listing.work", engine.key, engine.task, folder, str(entry.rows)]
    run = measure(command, patience)
    entry.runs.append(run)
    say(
        f"{entry.rows:>7,} rows  {engine.task:<9} {engine.label:<24} {run.outcome.value}  {run.wall:.2f} s  {run.words}"
    )
