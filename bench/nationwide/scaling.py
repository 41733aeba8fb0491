"""How much more a second worker does: the same small year carried by one worker, then by several."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from nationwide.work import Result

if TYPE_CHECKING:
    from nationwide.year import Nation

SHARED = ("assemble", "sign", "countersign", "verify")
"""What workers share; the rest is done by one process."""


def compare(nation: Nation, acos: int) -> Result:
    """Carry a year of so many ACOs twice, in folders of its own, on SQLite; the seconds of each shared phase by workers."""
    seconds = {}
    for workers in (1, nation.workers):
        with tempfile.TemporaryDirectory(prefix="esm-scaling-") as folder:
            settings = {**nation.settings, "dir": Path(folder), "database_url": ""}
            one = type(nation)(Path(folder), settings, workers, nation.participants, acos, nation.now, nation.say)
            nation.say(f"{acos} ACOs, {workers} workers …")
            one.run()
        seconds[str(workers)] = {phase: _wall(one.found, phase) for phase in SHARED}
    return {"phase": "note", "scaling": {"acos": acos, "seconds": seconds}}


def _wall(found: list[Result], phase: str) -> float:
    return sum(float(one["wall"]) for one in found if one["phase"] == "wall" and one["of"] == phase)


def gain(scaling: Result) -> float:
    """How many times as much the crew did as one worker."""
    alone, *_, together = (sum(phases.values()) for phases in scaling["seconds"].values())
    return float(alone / together)
