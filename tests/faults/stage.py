"""The stage of the fault runs: a year on a real SQLite file and a real folder of objects, copied anew for each act.

A worker is forked, signs everything that is unsigned in the order of the steps and says after each answer what it was told;
whoever runs the fault kills it, looks at what is left, and lets the next worker go on.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from packets.errors import ConflictError
from packets.model.documents import Document, Slot
from packets.model.people import Role
from packets.sample.year import SampleAco
from packets.store.database import Database
from packets.store.objects_files import FileObjects
from packets.store.records.ceremonies import IntentState
from signing.ceremony import SignRequest
from web.bootstrap import Services, compose
from web.demo import choose_signer
from worlds import World, build_world, keys

AT_ONCE = timedelta(seconds=-1)
"""Reconcile what is open now: the worker is known to be dead."""


@dataclass(slots=True)
class Tally:
    """What one kind of fault did, added up."""

    name: str
    faults: int = 0
    acknowledged: int = 0
    recorded: int = 0
    abandoned: int = 0
    orphans: int = 0
    refused: int = 0
    slowest_recovery_ms: float = 0.0
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Stage:
    """One copy of the year, and the services on it. No connection is open while a worker is forked."""

    folder: Path
    objects: Path
    world: World
    services: Services
    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)
    looked_at: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def worker(self, work: Callable[[Stage, int], None]) -> Iterator[tuple[int, int]]:
        """A forked worker at its work, and the end of the pipe on which it says what it was told; it is dead afterwards."""
        reading, writing = os.pipe()
        self.services.database.close()
        process = os.fork()
        if process == 0:
            os.close(reading)
            _work_and_leave(work, self, writing)
        os.close(writing)
        try:
            yield process, reading
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            self._hear(reading)

    def _hear(self, reading: int) -> None:
        with os.fdopen(reading, "rb") as told:
            for line in told.read().splitlines():
                key, document, slot = json.loads(line)
                self.acknowledged[key] = (document, slot)

    def recover(self, tally: Tally) -> None:
        """What the next start does; then nothing may be lost, invented, half done or open."""
        began = time.perf_counter()
        tally.abandoned += len(self.services.reconciler.run(AT_ONCE))
        tally.slowest_recovery_ms = max(tally.slowest_recovery_ms, (time.perf_counter() - began) * 1000)
        tally.problems += [str(one) for one in self.missing()]
        with self.services.database.read() as records:
            heads = {one["document_id"]: one["head_digest"] for one in records.ledger.documents()}
        changed = {one for one, head in heads.items() if self.looked_at.get(one) != head}
        findings = self.services.checker.run(only=changed)
        tally.problems += [str(one) for one in findings.problems]
        tally.problems += [f"{findings.open_intents} intents are open"] if findings.open_intents else []
        self.looked_at = heads

    def missing(self) -> Iterator[str]:
        """Signatures that a person was told of and that are not there."""
        with self.services.database.read() as records:
            signed = {(one["document_id"], one["slot"]) for one in records.ledger.signatures()}
            for key, place in self.acknowledged.items():
                intent = records.ceremonies.intent(key)
                if place not in signed or intent is None or intent.state is not IntentState.COMMITTED:
                    yield f"acknowledged and not recorded: {key}, {place}"

    def close(self, tally: Tally) -> None:
        """Count what there is at the end, check everything once more, and take the copy away."""
        tally.acknowledged += len(self.acknowledged)
        findings = self.services.checker.run()
        tally.recorded += findings.signatures
        tally.problems += [str(one) for one in findings.problems]
        tally.orphans += len(self.unrecorded())
        self.services.database.close()
        shutil.rmtree(self.folder)

    def unrecorded(self) -> set[str]:
        """Objects that no record names: what is left of signatures that never counted."""
        with self.services.database.read() as records:
            named = {one["data_digest"] for one in records.ledger.documents()}
            for document in records.ledger.documents():
                named |= {one["digest"] for one in records.ledger.revisions(document["document_id"])}
        return {path.name for path in self.objects.glob("??/*")} - named


@dataclass(frozen=True, slots=True)
class Theatre:
    """Makes stages: the year is built and assembled once, and copied.

    Attributes:
        pace: seconds that a signature takes here and now; what forked workers need is imported by then.
    """

    folder: Path
    world: World
    pace: float = 0.0

    @classmethod
    def open(cls, folder: Path, acos: int) -> Theatre:
        """Build the year in a folder."""
        pattern = folder / "pattern"
        (pattern / "database").mkdir(parents=True)
        made = Database(f"sqlite:///{pattern / 'database' / 'esm.db'}")
        world = build_world(acos, folder=pattern, database=made)
        made.close()
        world = replace(world, services=_services(world, pattern / "database", pattern / "objects"))
        for sample in world.year.acos:
            world.services.assembler.assemble_packet(sample.aco.aco_id, world.year.year.year)
        world.services.database.close()
        cold = cls(folder, world)
        return replace(cold, pace=cold.measure())

    def measure(self) -> float:
        """Sign twice on a copy; the seconds of the second time."""
        stage = self.stage()
        for _ in range(2):
            request = ask(stage, *next(unsigned(stage)))
            began = time.perf_counter()
            stage.services.ceremony.sign(request)
            seconds = time.perf_counter() - began
        stage.close(Tally("warming up"))
        return seconds

    def stage(self, *, database: Path | None = None, objects: Path | None = None) -> Stage:
        """A fresh copy; database or objects in a folder elsewhere, if one is named."""
        pattern, copy = self.folder / "pattern", self.folder / uuid.uuid4().hex
        database, objects = database or copy / "database", objects or copy / "objects"
        copy.mkdir()
        shutil.copytree(pattern / "database", database)
        shutil.copytree(pattern / "objects", objects)
        services = _services(self.world, database, objects)
        return Stage(copy, objects, replace(self.world, services=services), services)


def _services(world: World, database: Path, objects: Path) -> Services:
    opened = Database(f"sqlite:///{database / 'esm.db'}")
    return compose(world.services.settings, world.clock, opened, FileObjects(objects), keys())


def _work_and_leave(work: Callable[[Stage, int], None], stage: Stage, writing: int) -> NoReturn:
    """The child's whole life: no test of ours goes on in it, whatever happens."""
    try:
        work(stage, writing)
    except BaseException as error:  # noqa: BLE001  the parent looks at the records, not at how the child ended
        os.write(2, f"worker: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(0)


def unsigned(stage: Stage) -> Iterator[tuple[SampleAco, Document, Slot]]:
    """What is to be signed, in the order of the steps."""
    catalog = stage.services.catalog
    for sample in stage.world.year.acos:
        for document_type in catalog.for_cohort(sample.aco.cohort):
            with stage.services.database.read() as records:
                document = records.documents.current(sample.aco.aco_id, sample.aco.performance_year, document_type.kind)
            for slot in document_type.slots if document else ():
                if document is not None and slot.name not in document.signed_slots:
                    yield sample, document, slot


def sign_everything(stage: Stage, writing: int) -> None:
    """Sign as the people would, one after the other, and tell of each answer."""
    for sample, document, slot in unsigned(stage):
        request = ask(stage, sample, document, slot)
        try:
            stage.services.ceremony.sign(request)
        except ConflictError:
            continue
        os.write(writing, json.dumps([request.idempotency_key, document.document_id, slot.name]).encode() + b"\n")


def ask(stage: Stage, sample: SampleAco, document: Document, slot: Slot, role: Role | None = None) -> SignRequest:
    """The request of somebody who may sign the slot, after they read it and re-authenticated."""
    chosen, user_id = choose_signer(slot, sample, stage.world.year, document.step if role is None else 0)
    return stage.world.request(document, slot.name, chosen, user_id)
