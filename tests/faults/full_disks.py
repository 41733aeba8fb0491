"""Disks that are full: the objects', then the database's. Nothing is signed, everything can be read, and space heals."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from faults.columns import Embedded, Scaled, scaled
from faults.stage import Stage, Theatre, Work, ask, unsigned
from faults.tallies import Tally
from packets.errors import PacketsError

MEGABYTES, SERVER_MEGABYTES = 64, 256
PATIENCE = 60
"""Seconds that a server may take until it uses the space that it has again."""
REFUSALS = (PacketsError, sa.exc.OperationalError)


def fill_disks(theatre: Theatre, folder: Path, count: int) -> Iterator[Tally]:
    """`count` signatures while a disk is full, and one each after there is space again."""
    if isinstance(theatre.column, Embedded):
        for name in ("objects", "database"):
            tally = Tally(f"the disk of the {name} is full")
            for _ in range(count):
                with small_disk(folder / "small") as disk:
                    _sign_on_a_full_disk(theatre.stage(**{name: disk / name}), disk, tally)
            yield tally
        return
    yield from fill_disks_of_servers(folder, count)


def fill_disks_of_servers(folder: Path, count: int) -> Iterator[Tally]:
    """The same with a server each of their own on a small disk; what is answered while it is full must be kept."""
    for name in ("objects", "database"):
        tally = Tally(f"the disk of the {name} is full")
        with small_disk(folder / "small", SERVER_MEGABYTES) as disk, scaled(folder, **{name: disk}) as column:
            theatre = Theatre.open(column, acos=2)
            for _ in range(count):
                _sign_on_a_full_disk(theatre.stage(), disk, tally, column)
        yield tally


def may_mount() -> bool:
    """Whether this process can mount a disk of its own."""
    return os.geteuid() == 0


@contextmanager
def small_disk(place: Path, megabytes: int = MEGABYTES) -> Iterator[Path]:
    """A disk of its own in memory."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=711", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def _sign_on_a_full_disk(stage: Stage, disk: Path, tally: Tally, column: Scaled | None = None) -> None:
    """Files refuse; a server may still have room in what it has, and then has to keep its word."""
    work = next(unsigned(stage))
    request = ask(stage, *work)
    filler = disk / "filler"
    _fill(filler)
    try:
        stage.services.ceremony.sign(request)
        stage.acknowledged[request.idempotency_key] = (request.document_id, request.slot)
        if column is None:
            tally.problems.append("a signature was answered while the disk was full")
    except REFUSALS:
        tally.refused += 1
    tally.faults += 1
    if column is None:
        _read(stage, work[1].document_id, tally)
    filler.unlink()
    began = time.perf_counter()
    if column is not None:
        column.revive_database()
    stage.recover(tally, began)
    if not stage.acknowledged:
        _sign_when_there_is_space(stage, work, tally)
    stage.check(tally)
    stage.close(tally)


def _read(stage: Stage, document_id: str, tally: Tally) -> None:
    with stage.services.database.read() as records:
        document = records.documents.get(document_id)
    if document is None or document.signatures or not stage.services.objects.get(document.head_digest):
        tally.problems.append("the document cannot be read, or is signed")


def _sign_when_there_is_space(stage: Stage, work: Work, tally: Tally) -> None:
    """A server may need a while until it notices; the wait counts as recovery."""
    began = time.perf_counter()
    while True:
        try:
            again = ask(stage, *work)
            stage.services.ceremony.sign(again)
        except PacketsError as error:
            if time.perf_counter() - began > PATIENCE:
                tally.problems.append(f"it could not be signed when there was space again: {error}")
                return
            time.sleep(0.5)
        else:
            stage.acknowledged[again.idempotency_key] = (again.document_id, again.slot)
            tally.recoveries[-1] += time.perf_counter() - began
            return


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
