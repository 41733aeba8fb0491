"""The stage of the fault runs: a year on a real database and a real object store, copied anew where an act needs a fresh one.

A worker is forked, signs everything that is unsigned in the order of the steps and says after each answer what it was told;
whoever runs the fault kills it, looks at what is left, and lets the next worker go on.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from faults.columns import Column, Copier, Place
from faults.tallies import Tally
from packets.errors import ConflictError
from packets.model.documents import Document, Slot
from packets.model.people import Role
from packets.sample.year import SampleAco
from packets.store.records.ceremonies import IntentState
from signing.ceremony import SignRequest
from signing.pki import Pki
from web.bootstrap import Services, compose
from web.demo import choose_signer
from worlds import START, World, build_world, keys

AT_ONCE = timedelta(seconds=-1)
"""Reconcile what is open now: the worker is known to be dead."""
ACOS = 6
Work: TypeAlias = tuple[SampleAco, Document, Slot]


@dataclass(slots=True)
class Stage:
    """One copy of the year, and the services on it. No connection is open while a worker is forked.

    Attributes:
        acknowledged: what somebody was told was signed, by the key of the act.
        looked_at: the head of each document when the checker last passed it.
    """

    place: Place
    world: World
    services: Services
    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)
    looked_at: dict[str, str] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    counted: tuple[int, int, int] = (0, 0, 0)

    @contextmanager
    def worker(self, work: Callable[[Stage, int], None]) -> Iterator[tuple[int, int]]:
        """A forked worker at its work, and the end of the pipe on which it says what it was told; it is dead afterwards."""
        reading, writing = os.pipe()
        self.place.let_go()
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

    def recover(self, tally: Tally, began: float | None = None) -> None:
        """What the next start does; then nothing may be lost, invented, half done or open.

        Args:
            tally: where it is counted.
            began: when the recovery began, if something else had to be started before.
        """
        began = time.perf_counter() if began is None else began
        tally.abandoned += len(self.services.reconciler.run(AT_ONCE))
        tally.recoveries.append(time.perf_counter() - began)
        tally.problems += [str(one) for one in self.missing()]
        self.check(tally)

    def check(self, tally: Tally) -> None:
        """Have the independent checker look at the log, at all records, and at every document that changed."""
        with self.services.database.read() as records:
            heads = {one["document_id"]: one["head_digest"] for one in records.ledger.documents()}
        changed = {one for one, head in heads.items() if self.looked_at.get(one) != head}
        findings = self.services.checker.run(only=changed)
        tally.problems += [str(one) for one in findings.problems]
        tally.problems += [f"{findings.open_intents} intents are open"] if findings.open_intents else []
        self.looked_at = heads
        self.changed |= changed

    def missing(self) -> Iterator[str]:
        """Signatures that a person was told of and that are not there."""
        with self.services.database.read() as records:
            signed = {(one["document_id"], one["slot"]) for one in records.ledger.signatures()}
            for key, place in self.acknowledged.items():
                intent = records.ceremonies.intent(key)
                if place not in signed or intent is None or intent.state is not IntentState.COMMITTED:
                    yield f"acknowledged and not recorded: {key}, {place}"

    def settle(self, tally: Tally) -> None:
        """Count what came of this kind of fault, and check all that changed meanwhile once more."""
        findings = self.services.checker.run(only=self.changed)
        tally.problems += [str(one) for one in findings.problems]
        with self.services.database.read() as records:
            recorded = len(records.ledger.signatures())
        now = (len(self.acknowledged), recorded, len(self.unrecorded()))
        new = [one - before for one, before in zip(now, self.counted, strict=True)]
        tally.acknowledged, tally.recorded, tally.orphans = (
            one + more for one, more in zip((tally.acknowledged, tally.recorded, tally.orphans), new, strict=True)
        )
        self.counted = now
        self.changed.clear()

    def close(self, tally: Tally) -> None:
        """Count, check, and take the copy away."""
        self.settle(tally)
        self.place.remove()

    def unrecorded(self) -> set[str]:
        """Objects that no record names: what is left of signatures that never counted."""
        with self.services.database.read() as records:
            named = {one["data_digest"] for one in records.ledger.documents()}
            for document in records.ledger.documents():
                named |= {one["digest"] for one in records.ledger.revisions(document["document_id"])}
        return self.place.stored() - named


@dataclass(frozen=True, slots=True)
class Theatre:
    """Makes stages: the year is built, assembled and checked once, and copied.

    Attributes:
        pki: the keys of the service.
        heads: the documents that the checker passed before anything was broken.
        pace: seconds that a signature takes here and now; what forked workers need is imported by then.
    """

    column: Column
    copy: Copier
    world: World
    pki: Pki
    heads: dict[str, str]
    pace: float = 0.0

    @classmethod
    def open(cls, column: Column, acos: int = ACOS, pki: Pki | None = None) -> Theatre:
        """Build the year in a column.

        Raises:
            AssertionError: the checker does not pass the year before anything was broken.
        """
        place, copy = column.pattern()
        world = build_world(acos, folder=Path("unused"), database=place.database)
        services = compose(world.services.settings, world.clock, place.database, place.objects, pki or keys())
        for sample in world.year.acos:
            services.assembler.assemble_packet(sample.aco.aco_id, world.year.year.year)
        whole, tally = Stage(place, world, services), Tally("before")
        whole.check(tally)
        assert not tally.problems, tally.problems
        place.let_go()
        cold = cls(column, copy, world, pki or keys(), whole.looked_at)
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

    def stage(self, **where: Any) -> Stage:
        """A fresh copy, at the time at which the year begins; `where` is what its column knows."""
        place = self.copy(**where)
        self.world.clock.now = START
        services = compose(self.world.services.settings, self.world.clock, place.database, place.objects, self.pki)
        return Stage(place, replace(self.world, services=services), services, looked_at=dict(self.heads))


def _work_and_leave(work: Callable[[Stage, int], None], stage: Stage, writing: int) -> NoReturn:
    """The child's whole life: no test of ours goes on in it, whatever happens."""
    try:
        work(stage, writing)
    except BaseException as error:  # noqa: BLE001  the parent looks at the records, not at how the child ended
        os.write(2, f"worker: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(0)


def unsigned(stage: Stage) -> Iterator[Work]:
    """What is to be signed, in the order of the steps."""
    catalog = stage.services.catalog
    for sample in stage.world.year.acos:
        for document_type in catalog.for_cohort(sample.aco.cohort):
            with stage.services.database.read() as records:
                document = records.documents.current(sample.aco.aco_id, sample.aco.performance_year, document_type.kind)
            for slot in document_type.slots if document else ():
                if document is not None and slot.name not in document.signed_slots:
                    yield sample, document, slot


def first_documents(stage: Stage) -> Iterator[Work]:
    """Of every ACO the document that can be signed at once, by one signature after which the file is closed."""
    first = stage.services.catalog.for_cohort(stage.world.year.acos[0].aco.cohort)[0].kind
    return (work for work in unsigned(stage) if work[1].kind == first)


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
