"""Running processes and measuring them from outside, engines in turn: A B C A B C, never A A B B."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from rendering.draw import UNAVAILABLE
from rendering.lineup import Engine

HOME = Path(__file__).parent.parent
WARM_UP_ROWS = 50
KIB = 1024

Say = Callable[[str], None]


class Outcome(StrEnum):
    """How a run ended."""

    DONE = "done"
    TIMED_OUT = "timed out"
    UNAVAILABLE = "not on this machine"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Run:
    """One whole process, from its start to its end, imports included.

    Attributes:
        outcome: how it ended; figures of a run that is not `DONE` say how far it came.
        wall: seconds on the clock.
        user: seconds of processor time in user mode, over all threads.
        system: seconds of processor time in the kernel, over all threads.
        peak: most memory resident at once, bytes.
        size: of the file that it wrote, bytes.
        words: the last line of what it said when it went wrong.
    """

    outcome: Outcome
    wall: float
    user: float
    system: float
    peak: int
    size: int = 0
    words: str = ""


@dataclass(slots=True)
class Entry:
    """All runs of an engine at a size, and what was found in the file of the first.

    Attributes:
        engine: who ran.
        rows: size of the roster.
        runs: in the order in which they were run.
        verdict: fields of `rendering.judge.Verdict`; none when there was no file, or no verdict in time.
    """

    engine: Engine
    rows: int
    runs: list[Run] = field(default_factory=list)
    verdict: dict[str, Any] | None = None

    @property
    def finished(self) -> list[Run]:
        """The runs that wrote their file."""
        return [run for run in self.runs if run.outcome is Outcome.DONE]

    @property
    def stopped(self) -> Run | None:
        """The run after which no further was tried, if there was one."""
        return next((run for run in self.runs if run.outcome is not Outcome.DONE), None)


@dataclass(frozen=True, slots=True)
class Race:
    """What is raced and how.

    Attributes:
        engines: in the order of a round.
        sizes: rows of the rosters.
        rounds: runs of each engine at each size.
        patience: seconds after which a run is ended.
        say: told of every run.
    """

    engines: tuple[Engine, ...]
    sizes: tuple[int, ...]
    rounds: int
    patience: float
    say: Say

    def run(self) -> list[Entry]:
        """Race at every size; an engine that cannot run here, or is out of time, is not asked again at that size."""
        with tempfile.TemporaryDirectory(prefix="esm-bench-") as scratch:
            folder = Path(scratch)
            self._warm_up(folder)
            return [entry for rows in self.sizes for entry in self._race_size(rows, folder)]

    def _warm_up(self, folder: Path) -> None:
        """One run each that nobody counts, so that no engine is the one that reads its packages from a cold disk."""
        material = prepare(WARM_UP_ROWS, folder)
        for engine in self.engines:
            measure(_drawing(engine, material, folder / "warm-up.pdf"), self.patience)

    def _race_size(self, rows: int, folder: Path) -> Iterable[Entry]:
        material = prepare(rows, folder)
        entries = [Entry(engine, rows) for engine in self.engines]
        for number in range(self.rounds):
            for entry in entries:
                if entry.stopped is None:
                    self._run_once(entry, material, folder, first=number == 0)
        return entries

    def _run_once(self, entry: Entry, material: Path, folder: Path, *, first: bool) -> None:
        target = folder / f"{entry.engine.key}.pdf"
        run = measure(_drawing(entry.engine, material, target), self.patience, target)
        entry.runs.append(run)
        self.say(f"{entry.rows:>7,} rows  {entry.engine.label:<20} {run.outcome.value}  {run.wall:.2f} s  {run.words}")
        if first and run.outcome is Outcome.DONE:
            entry.verdict = judge(target, material, self.patience)
        target.unlink(missing_ok=True)


def prepare(rows: int, folder: Path) -> Path:
    """Write the material of a size; its file."""
    target = folder / f"{rows}.json"
    subprocess.run(_module("prepare", str(rows), str(target)), cwd=HOME, check=True)  # noqa: S603  our own module
    return target


def judge(pdf: Path, material: Path, patience: float) -> dict[str, Any] | None:
    """The verdict on an output, or none when the judges need more than `patience` seconds or end without one."""
    command = _module("judge", str(pdf), str(material))
    try:
        result = subprocess.run(command, cwd=HOME, capture_output=True, timeout=patience, check=True)  # noqa: S603  likewise
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return None
    verdict: dict[str, Any] = json.loads(result.stdout)
    return verdict


def measure(command: list[str], patience: float, target: Path | None = None) -> Run:
    """Run a process to its end and read what the kernel counted for it.

    The peak is the kernel's `ru_maxrss`. A child's starts with the resident memory of the process that started it, so
    the runner stays smaller than any engine: it imports none of them, and no validator.

    Args:
        command: what to run, in the folder of the benchmarks.
        patience: seconds after which it is killed.
        target: the file that it writes.
    """
    with tempfile.TemporaryFile() as words:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=HOME, stdout=words, stderr=words)  # noqa: S603  our own module
        with _killed_after(process.pid, patience):
            _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        words.seek(0)
        said = words.read().decode("utf-8", "replace").split("\n")
    late = process.returncode == -signal.SIGKILL and wall >= patience
    outcome = Outcome.TIMED_OUT if late else _outcome(process.returncode)
    size = target.stat().st_size if target and outcome is Outcome.DONE else 0
    last = next((line for line in reversed(said) if line.strip()), "") if outcome is not Outcome.DONE else ""
    return Run(outcome, wall, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * KIB, size, last[:200])


@contextmanager
def _killed_after(process: int, patience: float) -> Iterator[None]:
    """Kill the process when the body takes longer than `patience` seconds."""

    def kill() -> None:
        with suppress(ProcessLookupError):  # it ended in this very moment
            os.kill(process, signal.SIGKILL)

    timer = threading.Timer(patience, kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _outcome(code: int) -> Outcome:
    return {0: Outcome.DONE, UNAVAILABLE: Outcome.UNAVAILABLE}.get(code, Outcome.FAILED)


def _drawing(engine: Engine, material: Path, target: Path) -> list[str]:
    return _module("draw", engine.key, str(material), str(target))


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"rendering.{name}", *arguments]
