"""The files of a year: read, compared, and stored in an open one (R1, R2, R7, R45-R49, REQ 4.8, 5, 6).

Files are read and compared before anything is stored; what is wrong with any of them is told in one report. Into an open year
all of it goes in one transaction, or nothing (`packets.years.list_loading`); a year is opened part by part
(`packets.years.year_opening`).
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from packets.audit.log import Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import document_subject
from packets.documents.catalog import Catalog
from packets.documents.frozen_facts import require_aco
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PacketsError, Problem
from packets.lists.columns import PARTICIPANTS, PROVIDER_SUPPLIER
from packets.model.calendar import AGENCY_ZONE, PerformanceYear
from packets.model.documents import Document
from packets.model.people import Contact, Person
from packets.people.access import manages_years
from packets.sandbox.endings import UnreadableAnswerError
from packets.sandbox.sandbox import Allowance, Sandbox
from packets.store.database import Database
from packets.store.objects import ObjectStore, digest_file
from packets.store.records import Records
from packets.store.records.lists import Row
from packets.store.records.years import Load
from packets.year_files.intake import read_material
from packets.year_files.material import GivenFile, Known, Material
from packets.year_files.report import FileKind, FilesRefusedError, Report
from packets.years.carry_over import fill_slots
from packets.years.enrollment import tin_place
from packets.years.kept_files import copy_files
from packets.years.preparation import Wanted, enqueue_documents
from packets.years.standings import continue_agreement

YEARS_AHEAD = 2
LIST_OF = {FileKind.PARTICIPANTS: PARTICIPANTS.name, FileKind.PROVIDERS: PROVIDER_SUPPLIER.name}
"""The list that a kind of file replaces."""
SUPERSEDED = "superseded: CMS loaded a list again"


READING = Allowance(seconds=900, memory_mb=4096, disk_mb=2048)
"""A national list of 870,000 rows takes about a minute; its rows go into a spool on the disk."""


@dataclass(frozen=True, slots=True)
class YearDesk:
    """Where files are checked, read and stored; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    catalog: Catalog
    clock: Clock
    sandbox: Sandbox

    def check(
        self, year: int, given: Mapping[FileKind, GivenFile], user_id: str, *, opening: bool, only_aco: str = ""
    ) -> Report:
        """The report on files that would open a year, or else be loaded into an open one; nothing is stored.

        Raises:
            ForbiddenError: the person may not load files.
            InputError: as when they are opened or loaded.
        """
        act = Act.YEAR_OPEN if opening else Act.LIST_LOAD
        with self.database.read() as records:
            self.permit(records, act, year, given, user_id, only_aco)
        with tempfile.TemporaryDirectory(prefix="esm-year-") as folder:
            return self.read(act, year, copy_files(given, Path(folder)), Path(folder), only_aco, sample=False).report()

    def report_on(self, load: Load) -> bytes:
        """The report on the load to which a file belonged, as JSON."""
        return self.objects.get(load.report_digest)

    def permit(
        self,
        records: Records,
        act: Act,
        year: int,
        given: Collection[FileKind],
        user_id: str,
        only_aco: str = "",
    ) -> PerformanceYear | None:
        """The year if it is open; whoever may not, and what cannot be, is refused.

        Raises:
            ForbiddenError: the person may not open years and load files.
            ConflictError, NotFoundError: the year is open already, or it is not.
            InputError: the year is out of reach, or files are missing or too many.
        """
        if not manages_years(records.people.get(user_id)):
            sentence = "Only CMS staff open years and load files."
            raise ForbiddenError(Problem("year-not-permitted", sentence, "Ask a member of CMS staff.", user_id))
        opened = records.years.get(year)
        if act is Act.YEAR_OPEN:
            _refuse_year(year, opened, given, self.clock())
        else:
            _refuse_load(year, opened, given)
            if only_aco:
                require_aco(records, only_aco, year)
        return opened

    def read(
        self,
        act: Act,
        year: int,
        given: Mapping[FileKind, GivenFile],
        folder: Path,
        only_aco: str = "",
        *,
        sample: bool,
    ) -> Material:
        """What the files bring, and what was found in them, compared with the records as they are now."""
        with self.database.read() as records:
            known = self._known(records, year, opening=act is Act.YEAR_OPEN)
        found = self.sandbox.run(
            read_material, year, given, known, folder, allowance=READING, only_aco=only_aco, sample=sample
        )
        _require_fit(found, year, given, folder, only_aco)
        return found

    def _known(self, records: Records, year: int, *, opening: bool) -> Known:
        directory = {one.user_id: one for one in records.people.everybody()}
        earlier = None
        if year - 1 in records.years.numbers():
            earlier = frozenset(one.aco_id for one in records.acos.in_year(year - 1))
        if opening:
            return Known(earlier=earlier, directory=directory)
        places = PARTICIPANTS.place("tin"), PARTICIPANTS.place("legal_name")
        return Known(
            acos={one.aco_id: one for one in records.acos.in_year(year)},
            participants=records.lists.names(year, PARTICIPANTS.name, *places),
            earlier=earlier,
            directory=directory,
            signed={kind: frozenset(self._signed(records, year, kind)) for kind in LIST_OF},
        )

    def store(self, records: Records, found: Material, report: Report, digest: str, user_id: str) -> list[Wanted]:
        """Everything that files bring into an open year, in one transaction; answers which documents are void by it.

        Raises:
            ConflictError: a list was signed while the files were read.
        """
        now = self.clock()
        for one in found.agreements.values():
            records.acos.add(one.aco)
        self.enroll(records, found, user_id, now)
        stale = self._replace_lists(records, found, user_id, now)
        self.tell_load(records, Act.LIST_LOAD, found, report, digest, user_id)
        return stale

    def tell_load(self, records: Records, act: Act, found: Material, report: Report, digest: str, user_id: str) -> None:
        """Record the files that were loaded, and the act."""
        now = self.clock()
        for kind, one in found.readings.items():
            records.years.add_load(
                Load(found.year, kind, one.file, one.digest, one.size, one.rows, found.only_aco, digest, user_id, now)
            )
        files = {str(kind): one.digest for kind, one in found.readings.items()}
        told = {"files": files, "report": digest, "counts": dict(report.counts), "aco": found.only_aco}
        records.journal.log(act, user_id, str(found.year), now, Outcome.DONE, **told)

    def enroll(self, records: Records, found: Material, user_id: str, now: datetime) -> None:
        """People, contacts and agreements of ACOs that have their rows already."""
        contacts = found.contacts or {}
        self._add_people(records, contacts.values(), user_id, now)
        for aco_id, one in found.agreements.items():
            continued = continue_agreement(records, self.catalog, one.aco)
            if continued != one.aco:
                records.acos.complete(continued)
            carried = fill_slots(records, one.aco, contacts.get(aco_id))
            told = {"cohort": str(one.aco.cohort), "carried": carried}
            records.journal.log(Act.ACO_ENROLL, user_id, f"{aco_id}/{found.year}", now, Outcome.DONE, **told)

    @staticmethod
    def _add_people(records: Records, contacts: Iterable[tuple[Contact, ...]], user_id: str, now: datetime) -> None:
        """People whom the directory does not know yet; whom it knows it knows better."""
        people: dict[str, Person] = {one.person.user_id: one.person for held in contacts for one in held}
        known = {one.user_id for one in records.people.everybody()}
        new = [one for one in people.values() if one.user_id and one.user_id not in known]
        records.people.add_all(new)
        for person in new:
            told = {"active": person.account_active, "signs": person.may_sign_electronically}
            records.journal.log(Act.USER_ADD, user_id, person.user_id, now, Outcome.DONE, **told)

    def _replace_lists(self, records: Records, found: Material, user_id: str, now: datetime) -> list[Wanted]:
        carriers = self._carriers(records, found.year)
        affected = {kind: sorted(_named(found, kind)) for kind in LIST_OF if kind in found.readings}
        before = _digests(records, found.year, affected, carriers)
        for kind, aco_ids in affected.items():
            self._refuse_signed(records, found.year, kind, aco_ids)
            for aco_id in aco_ids:
                records.lists.clear(aco_id, found.year, LIST_OF[kind])
        for name, rows in list_rows(found):
            records.lists.append(found.year, name, rows)
        after = _digests(records, found.year, affected, carriers)
        changed = {place for place, digest in after.items() if before[place] != digest}
        stale = {one.document_id: one for place in changed for one in carriers[place]}
        for one in stale.values():
            records.documents.void(one.document_id, SUPERSEDED, now)
            told = {"document": one.document_id, "digest": one.head_digest}
            records.journal.log(Act.DOCUMENT_VOID, user_id, document_subject(one), now, Outcome.DONE, **told)
        wanted = [(one.aco_id, one.kind) for one in stale.values()]
        if wanted:
            enqueue_documents(records, found.year, wanted, user_id, now)
        return wanted

    def _carriers(self, records: Records, year: int) -> dict[tuple[FileKind, str], list[Document]]:
        """The documents that carry a list, by its kind of file and ACO."""
        found: dict[tuple[FileKind, str], list[Document]] = {}
        for one in records.documents.in_year(year):
            for kind in self._carried_by(one.kind):
                found.setdefault((kind, one.aco_id), []).append(one)
        return found

    def _carried_by(self, document_kind: str) -> list[FileKind]:
        rosters = self.catalog[document_kind].rosters if document_kind in self.catalog else ()
        return [kind for kind, name in LIST_OF.items() if any(one.source == name for one in rosters)]

    def _signed(self, records: Records, year: int, kind: FileKind) -> set[str]:
        carriers = self._carriers(records, year)
        return {aco for (one, aco), held in carriers.items() if one is kind and any(doc.signatures for doc in held)}

    def _refuse_signed(self, records: Records, year: int, kind: FileKind, aco_ids: Iterable[str]) -> None:
        signed = sorted(self._signed(records, year, kind) & set(aco_ids))
        if signed:
            sentence = f"A document with this list was signed meanwhile: {', '.join(signed)}."
            raise ConflictError(Problem("list-signed", sentence, "Leave out the rows of these ACOs.", kind))

    def tell_refusal(self, act: Act, year: int, user_id: str, error: PacketsError, only_aco: str = "") -> None:
        """Log that files were refused, in a transaction of its own."""
        with self.database.write() as records:
            log_refusal(records, act, year, user_id, error, self.clock(), only_aco)


def _require_fit(found: Material, year: int, given: Mapping[FileKind, GivenFile], folder: Path, only_aco: str) -> None:
    """Make sure that what was read is what was given: a hostile file may lie about its own content, and about nothing else.

    Raises:
        UnreadableAnswerError: it speaks of another year, other files, or rows that lie elsewhere.
    """
    spool = found.providers.spool if found.providers else None
    if (
        (found.year, found.only_aco) != (year, only_aco)
        or {kind: (one.file, one.digest) for kind, one in found.readings.items()} != _digests_of(given)
        or any(one.aco.performance_year != year or one.aco.aco_id != key for key, one in found.agreements.items())
        or (spool and (spool.parent != folder or spool.is_symlink()))
    ):
        raise UnreadableAnswerError


def _digests_of(given: Mapping[FileKind, GivenFile]) -> dict[FileKind, tuple[str, str]]:
    return {kind: (one.name, digest_file(one.path)) for kind, one in given.items()}


def log_refusal(
    records: Records, act: Act, year: int, user_id: str, error: PacketsError, now: datetime, only_aco: str = ""
) -> None:
    """Log that files were refused, with the codes of what is wrong and the digests of those that were read."""
    told: dict[str, Any] = {"reasons": sorted({one.code for one in error.problems}), "aco": only_aco}
    if isinstance(error, FilesRefusedError):
        told["files"] = {one["kind"]: one["sha256"] for one in error.report.files}
    records.journal.log(act, user_id, str(year), now, Outcome.REFUSED, **told)


def _refuse_year(year: int, opened: PerformanceYear | None, given: Collection[FileKind], now: datetime) -> None:
    this_year = now.astimezone(AGENCY_ZONE).year
    if opened is not None:
        sentence = f"Performance year {year} is open already."
        raise ConflictError(Problem("year-open", sentence, "Load files into the open year.", str(year)))
    problems = []
    if not this_year <= year <= this_year + YEARS_AHEAD:
        sentence = f"Performance year {year} cannot be opened in {this_year}."
        remedy = f"Give a year from {this_year} to {this_year + YEARS_AHEAD}."
        problems.append(Problem("year-out-of-reach", sentence, remedy, "year"))
    if FileKind.AGREEMENTS not in given:
        problems.append(Problem("agreements-missing", "There is no agreement data.", "Give its file.", "agreements"))
    if problems:
        raise InputError(problems)


def _refuse_load(year: int, opened: PerformanceYear | None, given: Collection[FileKind]) -> None:
    if opened is None:
        sentence = f"Year {year} was not opened."
        raise NotFoundError(Problem("year-unknown", sentence, "Open it first, with its agreements.", str(year)))
    problems = []
    if not given:
        problems.append(Problem("file-missing", "No file was given.", "Give at least one file.", "files"))
    if FileKind.WINDOWS in given:
        sentence = "Windows of an open year are not loaded."
        problems.append(Problem("windows-by-hand", sentence, "Move a window, with a reason.", "windows"))
    if FileKind.CONTACTS in given and FileKind.AGREEMENTS not in given:
        sentence = "Contacts of enrolled ACOs are not loaded: they are the ACO’s to change."
        problems.append(
            Problem("contacts-alone", sentence, "Give contacts with the agreements of new ACOs.", "contacts")
        )
    if problems:
        raise InputError(problems)


def _named(found: Material, kind: FileKind) -> set[str]:
    """The ACOs whose list a file brings."""
    if kind is FileKind.PARTICIPANTS:
        return set(found.participants.rows) if found.participants else set()
    return set(found.providers.counts) if found.providers else set()


def list_rows(found: Material) -> Iterator[tuple[str, Iterator[tuple[str, int, str, Row]]]]:
    """The lists that the files bring, by name: ACO ID, position, TIN and cells of every row, always in the same order."""
    if found.participants:
        place, lists = tin_place(PARTICIPANTS.name) or 0, found.participants.rows
        yield (
            PARTICIPANTS.name,
            ((aco_id, at, cells[place], cells) for aco_id, some in lists.items() for at, cells in enumerate(some)),
        )
    if found.providers:
        yield PROVIDER_SUPPLIER.name, found.providers.rows()


def _digests(
    records: Records, year: int, affected: Mapping[FileKind, Iterable[str]], carriers: Mapping[Any, Any]
) -> dict[tuple[FileKind, str], str]:
    """What the lists that documents carry are now, as digests; others are not looked at."""
    found = {}
    for kind, aco_ids in affected.items():
        for aco_id in aco_ids:
            if (kind, aco_id) in carriers:
                digest = hashlib.sha256()
                for row in records.lists.rows(aco_id, year, LIST_OF[kind]):
                    digest.update("\t".join((*row, "\n")).encode())
                found[kind, aco_id] = digest.hexdigest()
    return found
