"""Disks that are full: the objects', then the database's. Nothing is signed, everything can be read, and space heals."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from faults.stage import Stage, Tally, Theatre, ask, unsigned
from packets.errors import PacketsError

MEGABYTES = 64
REFUSALS = (PacketsError, sa.exc.OperationalError)


def fill_disks(folder: Path, count: int) -> Iterator[Tally]:
    """`count` signatures while a disk is full, and one each after there is space again."""
    theatre = Theatre.open(folder, acos=2)
    for name in ("objects", "database"):
        tally = Tally(f"the disk of the {name} is full")
        for _ in range(count):
            with small_disk(folder / "small") as disk:
                stage = theatre.stage(**{name: disk / name})
                _sign_on_a_full_disk(stage, disk, tally)
        yield tally


def may_mount() -> bool:
    """Whether this process can mount a disk of its own."""
    return os.geteuid() == 0


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A disk of its own in memory."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def _sign_on_a_full_disk(stage: Stage, disk: Path, tally: Tally) -> None:
    work = next(unsigned(stage))
    refused = ask(stage, *work)
    filler = disk / "filler"
    _fill(filler)
    try:
        stage.services.ceremony.sign(refused)
        tally.problems.append("a signature was answered while the disk was full")
    except REFUSALS:
        tally.refused += 1
    tally.faults += 1
    with stage.services.database.read() as records:
        document = records.documents.get(work[1].document_id)
    if document is None or document.signatures or not stage.services.objects.get(document.head_digest):
        tally.problems.append("the document cannot be read, or is signed")
    filler.unlink()
    stage.recover(tally)
    again = ask(stage, *work)
    stage.services.ceremony.sign(again)
    stage.acknowledged[again.idempotency_key] = (again.document_id, again.slot)
    stage.recover(tally)
    stage.close(tally)


def _fill(path: Path) -> None:
    """Take all the space that there is."""
    block = b"\0" * 65536
    handle = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while block:
            try:
                os.write(handle, block)
            except OSError:
                block = block[: len(block) // 2]
    finally:
        os.close(handle)
