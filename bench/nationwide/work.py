"""What one worker process does: one task after the other through the real desks, and how long each document took."""

from __future__ import annotations

import time
import traceback
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from nationwide.clocked import Tally, clock
from packets.errors import PacketsError
from packets.model.documents import Document, Party, Slot
from packets.model.people import Role
from packets.settings import load_settings
from signing.ceremony import SignRequest
from signing.facts import expected_of
from signing.verify import verify_pdf
from web.bootstrap import Services, build_services
from web.cli.worker import keep_what_is_there
from web.work import build_executor

Result = dict[str, Any]


class Hands:
    """A worker with its services; each method does a task and answers a measurement for each document."""

    def __init__(self, settings: dict[str, Any], year: int) -> None:
        self.tally: Tally = Counter()
        self.services: Services = clock(build_services(load_settings(**settings)), self.tally)
        self.year = year
        self.results: list[Result] = []

    def step_one(self, aco_id: str) -> None:
        """What people do before anything is assembled: Step 1, and the contacts and the extension of Step 4."""
        with self.measure("step one", aco_id, "") as _:
            holders, services = self._holders(aco_id), self.services
            services.enrollment.submit_contacts(aco_id, self.year, holders[Role.ACO_EXECUTIVE])
            services.enrollment.submit_organization(aco_id, self.year, holders[Role.ACO_EXECUTIVE])
            view = services.agreements.look_up(aco_id, self.year)
            custodian, requestor = holders[Role.DUA_CUSTODIAN], holders[Role.DUA_REQUESTOR]
            services.agreements.confirm_contacts(aco_id, self.year, view.contacts_digest, custodian)
            services.agreements.extend(aco_id, self.year, view.standing.latest.isoformat(), requestor)

    def assemble(self, aco_id: str, kind: str) -> None:
        """Assemble and seal a document, as the job that prepares a year's documents does."""
        with self.measure("assemble", aco_id, kind) as told:
            done = self.services.preparation.prepare(self.year, [(aco_id, kind)])
            if done.problems:
                raise PacketsError(done.problems)
            self._describe(told, aco_id, kind)

    def sign(self, aco_id: str, steps: list[int]) -> None:
        """Have the ACO's people sign its documents of these steps, one after the other, reading each before."""
        holders = self._holders(aco_id)
        for document in self._packet(aco_id):
            if document.step in steps:
                for slot in document.unsigned(self.services.catalog[document.kind], Party.ACO):
                    self._sign(document.document_id, slot, holders, document.step)

    def countersign(self) -> None:
        """Do jobs as a worker does, until none of a batch is left."""
        ceremony: Any = _Watched(self)
        executor = build_executor(replace(self.services, ceremony=ceremony))
        while executor.do_one():
            pass

    def verify(self, aco_id: str, kind: str) -> None:
        """Judge a document as anybody would who holds it, and whether it is executed."""
        document = self._document(aco_id, kind)
        pdf = self.services.objects.get(document.head_digest)
        with self.measure("verify", aco_id, kind) as told:
            verdict = verify_pdf(pdf, self.services.signer.trust, expected=expected_of(document))
            told.update(passed=verdict.passed and document.executed_at is not None, bytes=len(pdf))

    @contextmanager
    def measure(self, phase: str, aco_id: str, kind: str, *, refusals_pass: bool = False) -> Iterator[Result]:
        """Clock a piece of work; what it could not do is told as a problem."""
        told: Result = {"phase": phase, "aco": aco_id, "kind": kind}
        self.tally.clear()
        wall, used = time.perf_counter(), time.process_time()
        try:
            yield told
        except PacketsError as error:
            told["problems"] = [str(one) for one in error.problems]
            if refusals_pass:
                raise
        finally:
            told["seconds"] = time.perf_counter() - wall
            told["cpu"] = time.process_time() - used + self.tally["render"]
            told |= {"parts": self._parts(), "at": time.time()}
            self.results.append(told)

    def _parts(self) -> dict[str, float]:
        found = {name: round(value, 5) for name, value in self.tally.items()}
        self.tally.clear()
        return found

    def _sign(self, document_id: str, slot: Slot, holders: dict[Role, str], turn: int) -> None:
        role = slot.roles[turn % len(slot.roles)]
        services, user_id = self.services, holders[role]
        with services.database.read() as records:
            document = records.documents.get(document_id)
        if document is None:
            return
        with self.measure("sign", document.aco_id, document.kind) as told:
            shown, _ = services.reading.show(user_id, document_id)
            step_up = services.ceremony.step_up(user_id, document_id, shown.head_digest)
            key = str(uuid.uuid4())
            services.ceremony.sign(SignRequest(key, document_id, slot.name, user_id, role, shown.head_digest, step_up))
            told["slot"] = slot.name

    def _holders(self, aco_id: str) -> dict[Role, str]:
        with self.services.database.read() as records:
            return {one.role: one.person.user_id for one in records.acos.contacts(aco_id, self.year)}

    def _packet(self, aco_id: str) -> list[Document]:
        with self.services.database.read() as records:
            return list(records.documents.packet(aco_id, self.year))

    def _document(self, aco_id: str, kind: str) -> Document:
        return next(one for one in self._packet(aco_id) if one.kind == kind)

    def _describe(self, told: Result, aco_id: str, kind: str) -> None:
        document = self._document(aco_id, kind)
        told |= {"pages": document.pages, "bytes": document.revisions[-1].size}


class _Watched:
    """The ceremony, with a measurement for each signature that a batch asks for."""

    def __init__(self, hands: Hands) -> None:
        self._hands, self._ceremony = hands, hands.services.ceremony

    def sign(self, request: SignRequest) -> Document:
        """As `Ceremony.sign`; what is refused is told and raised, as the batch expects it."""
        with self._hands.measure("countersign", "", request.slot, refusals_pass=True):
            return self._ceremony.sign(request)


def peak_mb() -> float:
    """The most memory that this process ever had, in megabytes; the system's account for children begins with their parent's."""
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines())
    return int(told["VmHWM"].split()[0]) * 1024 / 1e6


def labour(settings: dict[str, Any], year: int, tasks: Any, results: Any) -> None:
    """A worker process: does tasks until it is handed None, and tells what it took."""
    hands = Hands(settings, year)
    keep_what_is_there()
    results.put({"phase": "ready"})
    while (task := tasks.get()) is not None:
        name, *arguments = task
        used = time.process_time()
        try:
            getattr(hands, name)(*arguments)
        except Exception as error:  # noqa: BLE001  told, and the others go on
            hands.results.append(
                {"phase": name, "problems": [f"{error!r} {traceback.format_exc()[-600:]}"], "arguments": arguments}
            )
        ended = {"phase": "task", "name": name, "process": time.process_time() - used, "results": hands.results}
        results.put({**ended, "peak_mb": peak_mb()})
        hands.results = []
    hands.services.database.close()
    results.put({"phase": "gone"})
