"""Signing one file some times in one process, and telling how long each time took."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

WARM_UP = 2


@dataclass(frozen=True, slots=True)
class Task:
    """What an engine is asked on its command line: `material.json in.pdf level times out.pdf`."""

    folder: Path
    tsa: str
    passphrase: str
    pdf: bytes
    level: str
    times: int
    out: Path


def read_task() -> Task:
    """The task of this process."""
    material, source, level, times, out = sys.argv[1:6]
    told = json.loads(Path(material).read_text("utf-8"))
    pdf = Path(source).read_bytes()
    return Task(Path(told["folder"]), told["tsa"], told["passphrase"], pdf, level, int(times), Path(out))


def repeat(task: Task, sign: Callable[[], bytes]) -> None:
    """Sign, write the last file, and print the milliseconds of each time but the first ones as JSON."""
    took = []
    for _ in range(WARM_UP + task.times):
        start = time.perf_counter()
        signed = sign()
        took.append((time.perf_counter() - start) * 1_000)
    task.out.write_bytes(signed)
    sys.stdout.write(json.dumps(took[WARM_UP:]) + "\n")
