"""What processes take: processor seconds of a process with all its children, and of the whole machine, from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
GENERATOR, OTHERS = "the designees (this program)", "everything else on the machine"


@dataclass
class Meters:
    """Reads before and after.

    Attributes:
        groups: process ids by what they are.
    """

    groups: Mapping[str, Sequence[int]]
    _began: float = 0.0
    _before: dict[str, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Read for the first time."""
        self._began, self._before = time.monotonic(), self._read()

    def end(self) -> dict[str, float]:
        """How many processors each group has kept busy on average since `begin`, and everything else of the machine."""
        wall, now = time.monotonic() - self._began, self._read()
        return {name: (value - self._before[name]) / wall for name, value in now.items()}

    def peaks(self) -> dict[str, float]:
        """The largest memory that a process of each group has had, MB."""
        return {name: max(_peak(one) for one in processes) for name, processes in self.groups.items()}

    def _read(self) -> dict[str, float]:
        trees = _trees()
        read = {name: sum(_seconds(one, trees) for one in processes) for name, processes in self.groups.items()}
        read[GENERATOR] = time.process_time()
        return {**read, OTHERS: _machine() - sum(read.values())}


def _trees() -> dict[int, list[int]]:
    """The children of every process."""
    found: dict[int, list[int]] = {}
    for one in Path("/proc").iterdir():
        if one.name.isdigit() and (facts := _facts(int(one.name))):
            found.setdefault(int(facts[1]), []).append(int(one.name))
    return found


def _seconds(process: int, trees: Mapping[int, Sequence[int]]) -> float:
    """Of a process, of those of its children that have ended, and of those that live."""
    facts = _facts(process)
    own = sum(int(one) for one in facts[11:15]) / TICKS if facts else 0.0
    return own + sum(_seconds(one, trees) for one in trees.get(process, ()))


def _facts(process: int) -> list[str]:
    """The fields of `/proc/PID/stat` after the name, from the state on."""
    try:
        return Path(f"/proc/{process}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return []


def _peak(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    except OSError:
        return 0.0
    return max((int(one.split()[1]) / 1000 for one in lines if one.startswith("VmHWM")), default=0.0)


def _machine() -> float:
    """Seconds in which any processor did something: all but idle and waiting for disks."""
    fields = [int(one) for one in Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS
