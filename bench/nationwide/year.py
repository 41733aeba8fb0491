"""The year from its first file to its last check. What is still to do is asked of the records, so that it can be resumed."""

from __future__ import annotations

import json
import multiprocessing
import queue
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from nationwide.material import national_year, write_year
from nationwide.work import Result, labour
from packets.model.batches import MOST_DOCUMENTS
from packets.model.documents import Document, Party
from packets.model.people import Role
from packets.sample.people import agency_people
from packets.settings import load_settings
from packets.store.records.lists import Wanted as Asked
from packets.year_files.material import GivenFile
from packets.year_files.report import FileKind
from signing.checkpoints import verify_log
from web.bootstrap import Services, build_services, initialize
from web.cli.fsck import many_hands

ROUNDS = ((2, 3, 4), (5, 6))
"""New ACOs sign their agreement after CMS has countersigned the data use agreement."""
TELL_SECONDS, STALL_SECONDS = 5.0, 600.0
Task = tuple[Any, ...]
Say = Callable[[str], None]


@dataclass
class Nation:
    """One run over one folder.

    Attributes:
        settings: what every process builds its services from.
        workers: how many worker processes.
        found: every measurement, of this run and of those before it in the folder.
        told: facts for the report.
    """

    folder: Path
    settings: dict[str, Any]
    workers: int
    participants: Path | None
    acos: int
    now: datetime
    say: Say
    found: list[Result] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)
    peak_mb: float = 0.0

    @property
    def year(self) -> int:
        """The performance year: next year's."""
        return int(self.told["year"])

    @property
    def is_compared(self) -> bool:
        """Whether one worker was held against several before."""
        self._recall()
        return any("scaling" in one for one in self.found)

    def run(self) -> None:
        """Every phase that is not done yet."""
        self._recall()
        initialize(load_settings(**self.settings), sample=True)
        services = build_services(load_settings(**self.settings))
        try:
            self._open(services)
            with self._crew() as crew:
                self._carry(services, crew)
            self._check(services)
        finally:
            services.database.close()
            self.keep({"phase": "note", "peak_mb": self.peak_mb, "load": load_now()})

    def _carry(self, services: Services, crew: Crew) -> None:
        with services.database.read() as records:
            acos = [one.aco_id for one in records.acos.in_year(self.year)]
            done = {one.aco_id for one in records.acos.in_year(self.year) if _is_submitted(records, one)}
        self._phase("step one", crew, [("step_one", one) for one in acos if one not in done])
        self._phase("assemble", crew, [("assemble", *one) for one in self._largest_first(services)])
        for steps in ROUNDS:
            self._phase("sign", crew, [("sign", one, list(steps)) for one in self._unsigned(services, steps)])
            self._countersign(services, crew)
        verified = {(one["aco"], one["kind"]) for one in self.found if one["phase"] == "verify" and one.get("passed")}
        documents = services.preparation.documents(self.year)
        self._phase("verify", crew, [("verify", *one) for one in documents if one not in verified])

    def _open(self, services: Services) -> None:
        """Make the files, and open the year with them as CMS staff do on the page or with `esm year open`."""
        self.told.setdefault("year", self.now.year + 1)
        with services.database.read() as records:
            if self.year in records.years.numbers():
                return
        with self._alone("invent"):
            made = national_year(self.participants, self.acos, self.now)
            write_year(made, self.folder / "year")
        self.told["year"] = made.year.year
        self.keep({"phase": "note", "year": made.year.year})
        sizes = [len(one.providers) for one in made.acos]
        counts = {
            "acos": len(made.acos),
            "participants": sum(len(one.participants) for one in made.acos),
            "rows": sum(sizes),
        }
        self.keep({"phase": "note", "sizes": sizes, "counts": counts})
        with self._alone("load"):
            services.enrollment.register(agency_people())
            files = {
                one: self.folder / "year" / f"{one}.{'toml' if one is FileKind.WINDOWS else 'csv'}" for one in FileKind
            }
            given = {one: GivenFile(path.name, path) for one, path in files.items()}
            services.openings.open(made.year.year, given, agent(Role.CMS_STAFF), sample=True)

    def _largest_first(self, services: Services) -> list[tuple[str, str]]:
        """What is missing; long lists first, so that no worker is left alone with one at the end."""
        with services.database.read() as records:
            rows = {
                one.aco_id: records.lists.count(Asked(one.aco_id, self.year, "provider-supplier"))
                for one in records.acos.in_year(self.year)
            }
        return sorted(
            services.preparation.missing(self.year),
            key=lambda one: -rows[one[0]] if one[1] == "provider-supplier-list" else 0,
        )

    def _unsigned(self, services: Services, steps: Sequence[int]) -> list[str]:
        with services.database.read() as records:
            documents = records.documents.in_year(self.year)
        catalog = services.catalog
        open_ones = [
            one
            for one in documents
            if not one.voided_at and one.step in steps and one.unsigned(catalog[one.kind], Party.ACO)
        ]
        return sorted({one.aco_id for one in open_ones})

    def _countersign(self, services: Services, crew: Crew) -> None:
        """Batches of what waits for CMS, started as the signatory would; the workers do their jobs."""
        while waiting := [
            one for one in services.countersigning.queue() if not self._is_in_batch(services, one.document)
        ][:MOST_DOCUMENTS]:
            with self._alone("countersign sheet"):
                self._start_batch(services, [one.document.document_id for one in waiting])
            self._phase("countersign", crew, [("countersign",)] * self.workers, each=len(waiting))
        for batch in services.countersigning.recent(agent(Role.CMS_SIGNATORY)):
            if batch.finished_at is None and batch.started_at is not None:
                self._phase("countersign", crew, [("countersign",)] * self.workers)

    def _is_in_batch(self, services: Services, document: Document) -> bool:
        recent = services.countersigning.recent(agent(Role.CMS_SIGNATORY))
        return any(
            one.document_id == document.document_id for batch in recent if batch.started_at for one in batch.items
        )

    def _start_batch(self, services: Services, document_ids: list[str]) -> None:
        desk, signatory = services.countersigning, agent(Role.CMS_SIGNATORY)
        batch = desk.prepare(signatory, document_ids)
        for one in desk.unread(batch):
            services.reading.show(signatory, one.document_id)
        proof = desk.step_up(signatory, batch.batch_id)
        desk.start(signatory, batch.batch_id, proof, batch.sheet_digest)

    def _check(self, services: Services) -> None:
        """What the lead of an audit would ask at the end: `esm fsck` and `esm audit verify`."""
        with self._alone("fsck") as told:
            with many_hands(services.settings, self.workers) as spread:
                findings = services.checker.run(spread=spread)
            told |= {"problems": [str(one) for one in findings.problems], "documents": findings.documents}
            told |= {"signatures": findings.signatures, "entries": findings.entries, "open": findings.open_intents}
        with self._alone("audit verify") as told:
            services.checkpoints.make()
            with services.database.read() as records:
                verdict = verify_log(
                    records.journal.entries(), services.checkpoints.bundles(), services.signer.trust, services.clock()
                )
            told |= {"problems": [str(one) for one in verdict.problems], "entries": verdict.entries}

    @contextmanager
    def _alone(self, phase: str) -> Iterator[Result]:
        """A piece of work of this process alone."""
        told: Result = {"phase": phase}
        self.say(f"{phase} …")
        wall, used = time.perf_counter(), time.process_time()
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        yield told
        told |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - used, "at": time.time()}
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        told["cpu"] += after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
        self.keep(told)
        self.say(f"{phase}: {told['wall']:.1f} s")

    def _phase(self, name: str, crew: Crew, tasks: list[Task], *, each: int = 0) -> None:
        """Hand out tasks and wait for all of them."""
        if not tasks:
            return
        began, load = time.perf_counter(), load_now()
        progress = Progress(name, each or len(tasks), self.say)
        for one in tasks:
            crew.tasks.put(one)
        for count, told in enumerate(crew.results_of(len(tasks)), start=1):
            self.peak_mb = max(self.peak_mb, told["peak_mb"])
            for one in told["results"]:
                self.keep(one)
            self.keep({"phase": "work", "of": name, "cpu": told["process"]})
            progress.tell(count)
        self.keep({"phase": "wall", "of": name, "wall": time.perf_counter() - began, "load": load, "at": time.time()})
        self.say(f"{name}: {time.perf_counter() - began:.1f} s, {len(tasks)} tasks")

    @contextmanager
    def _crew(self) -> Iterator[Crew]:
        crew = Crew(self.settings, self.year, self.workers)
        try:
            yield crew
        finally:
            crew.leave()

    def keep(self, one: Result) -> None:
        """Put a measurement with the others, in the folder too."""
        self.found.append(one)
        with (self.folder / "measurements.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(one) + "\n")

    def _recall(self) -> None:
        kept = self.folder / "measurements.jsonl"
        if kept.exists():
            self.found = [json.loads(line) for line in kept.read_text("utf-8").splitlines()]
            years = [one["year"] for one in self.found if "year" in one]
            self.told |= {"year": years[-1]} if years else {}


class Crew:
    """Worker processes, each new and with services of its own."""

    def __init__(self, settings: dict[str, Any], year: int, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.tasks: Any = context.Queue()
        self.results: Any = context.Queue()
        self.processes = [
            context.Process(target=labour, args=(settings, year, self.tasks, self.results), daemon=False)
            for _ in range(count)
        ]
        for one in self.processes:
            one.start()
        for _ in self.processes:
            self._next()

    def results_of(self, count: int) -> Iterator[Result]:
        """What became of so many tasks, as they end."""
        for _ in range(count):
            yield self._next()

    def leave(self) -> None:
        """No more work: every worker ends after its task; after a while it is ended."""
        for _ in self.processes:
            self.tasks.put(None)
        for one in self.processes:
            one.join(30)
            if one.is_alive():
                one.terminate()

    def _next(self) -> Result:
        waited = 0.0
        while waited < STALL_SECONDS:
            try:
                told: Result = self.results.get(timeout=TELL_SECONDS)
            except queue.Empty:
                waited += TELL_SECONDS
                if not any(one.is_alive() for one in self.processes):
                    break
            else:
                return told
        raise RuntimeError("The workers have ended, or are silent.")


class Progress:
    """Lines for a terminal: how many of how many, how many a second, and when it will be over."""

    def __init__(self, name: str, total: int, say: Say) -> None:
        self.name, self.total, self.say = name, total, say
        self.began = self.told = time.perf_counter()

    def tell(self, done: int) -> None:
        """Say it every few seconds."""
        now = time.perf_counter()
        if now - self.told >= TELL_SECONDS:
            rate = done / (now - self.began)
            self.say(
                f"{self.name}: {done} of {self.total}, {rate:.1f} a second, about {(self.total - done) / rate:.0f} s to go"
            )
            self.told = now


def agent(role: Role) -> str:
    """User ID of the person of CMS in a role."""
    return next(one.user_id for one in agency_people() if role in one.cms_roles)


def load_now() -> str:
    """The machine's load average over a minute."""
    return Path("/proc/loadavg").read_text("ascii").split()[0] if Path("/proc/loadavg").exists() else "unknown"


def _is_submitted(records: Any, aco: Any) -> bool:
    return records.agreements.request(aco.aco_id, aco.performance_year) is not None


def complain(found: Sequence[Result]) -> list[str]:
    """What went wrong, in the order in which it did; empty when the year is whole."""
    told = [str(problem) for one in found for problem in one.get("problems", ())]
    return told + [
        f"{one['aco']}/{one['kind']} does not pass"
        for one in found
        if one["phase"] == "verify" and not one.get("passed")
    ]
