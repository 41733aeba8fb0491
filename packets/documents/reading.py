"""Looking at packets: who may see which, what they see, and the record that they saw it (R4, R37, R40, R42)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packets.audit.log import Act
from packets.clock import Clock
from packets.documents.assemble import document_subject
from packets.documents.catalog import Catalog
from packets.errors import NotFoundError, Problem
from packets.model.aco import Aco, StepOne
from packets.model.calendar import Activity, PerformanceYear, Window
from packets.model.dates import Dates, dates_of
from packets.model.documents import Document, DocumentType, Status
from packets.model.people import Person, Role
from packets.model.steps import StepView, document_status, finished_kinds, unsettled_kinds, waits_for_steps
from packets.people.access import Action, may
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records import Records
from packets.store.records.acos import AcoLine


@dataclass(frozen=True, slots=True)
class PacketView:
    """An ACO's packet as a person sees it: Step 1, the window, one line a step, and the documents that no longer count.

    Attributes:
        year: with the ACO's extensions.
        packet: the documents that count.
    """

    step_one: StepOne
    year: PerformanceYear
    window: Window
    packet: tuple[Document, ...]
    steps: tuple[StepView, ...]
    roles: frozenset[Role]
    voided: tuple[Document, ...] = ()

    @property
    def aco(self) -> Aco:
        """The ACO in that year."""
        return self.step_one.aco


@dataclass(frozen=True, slots=True)
class AcoPage:
    """Some of the ACOs of all years, how many there are in all, and the years that were opened, newest first."""

    lines: tuple[AcoLine, ...]
    count: int
    years: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One line of the archive: a document that counts, its ACO and its status."""

    document: Document
    aco: Aco
    title: str
    status: Status


@dataclass(frozen=True, slots=True)
class ReadingRoom:
    """Where packets and documents are looked at; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    catalog: Catalog
    clock: Clock

    def person(self, user_id: str) -> Person | None:
        """The person, or None."""
        with self.database.read() as records:
            return records.people.get(user_id)

    def acos_of(self, user_id: str) -> list[Aco]:
        """The ACOs and years that a person may see: their own, or all of them for CMS."""
        with self.database.read() as records:
            person = records.people.get(user_id)
            if person and may(Action.VIEW_PACKET, person.cms_roles):
                return [aco for year in records.years.numbers() for aco in records.acos.in_year(year)]
            return records.acos.of_person(user_id)

    def every_aco(self, text: str, *, most: int, skip: int = 0) -> AcoPage:
        """Some of the ACOs of all years, newest year first, whose ID or name has a text in it. Whoever asks was let in as CMS."""
        with self.database.read() as records:
            lines, count = records.acos.lines(text, most=most, skip=skip)
            return AcoPage(tuple(lines), count, tuple(records.years.numbers()))

    def packet(self, user_id: str, aco_id: str, year: int) -> PacketView:
        """An ACO's packet.

        Raises:
            NotFoundError: there is none, or it is not theirs to see.
        """
        with self.database.read() as records:
            roles = self._roles(records, user_id, aco_id, year)
            step_one = records.acos.step_one(aco_id, year)
            opened = records.years.for_aco(step_one.aco) if step_one else None
            if step_one is None or opened is None or not may(Action.VIEW_PACKET, roles):
                raise not_yours(aco_id)
            window = opened.window(Activity.SIGN, step_one.aco.cohort)
            packet = records.documents.packet(aco_id, year)
            voided = tuple(records.documents.voided(aco_id, year))
        steps = self._steps(step_one.aco, packet, window)
        return PacketView(step_one, opened, window, tuple(packet), steps, roles, voided)

    def document(self, user_id: str, document_id: str) -> Document:
        """A document with everything recorded about it.

        Raises:
            NotFoundError: there is none, or it is not theirs to see.
        """
        with self.database.read() as records:
            return self._visible(records, user_id, document_id)

    def show(self, user_id: str, document_id: str) -> tuple[Document, bytes]:
        """The document's newest bytes, for reading; that they were shown is recorded, as signing needs it (rule 10)."""
        with self.database.write() as records:
            document = require_bytes(self._visible(records, user_id, document_id))
            if not records.documents.viewed(document_id, user_id, document.head_digest):
                now = self.clock()
                records.documents.view(document_id, user_id, document.head_digest, now)
                records.journal.log(
                    Act.DOCUMENT_VIEW, user_id, document_subject(document), now, digest=document.head_digest
                )
        return document, self.objects.get(document.head_digest)

    def download(self, user_id: str, document_id: str) -> tuple[Document, bytes]:
        """The document's newest bytes, to keep; every retrieval is logged (42 CFR 425.210)."""
        now = self.clock()
        with self.database.write() as records:
            document = require_bytes(self._visible(records, user_id, document_id))
            records.journal.log(
                Act.DOCUMENT_DOWNLOAD, user_id, document_subject(document), now, digest=document.head_digest
            )
        return document, self.objects.get(document.head_digest)

    def dates(self, document: Document) -> Dates:
        """When it was signed, from when it is in force, and for which period (REQUIREMENTS 2.5)."""
        document_type = self.catalog[document.kind]
        stated = document_type.countersigned and document.disposed_at is None
        facts = json.loads(self.objects.get(document.data_digest)) if stated else {}
        return dates_of(document, document_type, facts)

    def archive(self, user_id: str, *, aco_id: str = "", year: int | None = None) -> list[RecordLine]:
        """Every document that counts, newest year first; for CMS and archivists. `packets.finding` finds some of them.

        Raises:
            NotFoundError: the person may not see the archive.
        """
        with self.database.read() as records:
            person = records.people.get(user_id)
            if person is None or not may(Action.VIEW_ARCHIVE, person.cms_roles):
                raise not_yours("archive")
            years = [year] if year is not None else records.years.numbers()
            found = {
                one: [each for each in records.documents.in_year(one) if aco_id in {"", each.aco_id}] for one in years
            }
            return [line for one in years for line in self._lines(records, found[one])]

    def lines(self, document_ids: Sequence[str]) -> list[RecordLine]:
        """These documents with their ACOs and statuses, in the same order; the caller has asked who may see them."""
        with self.database.read() as records:
            return self.lines_in(records, document_ids)

    def lines_in(self, records: Records, document_ids: Sequence[str]) -> list[RecordLine]:
        """As `lines`, in a transaction that has begun."""
        found = records.documents.several(document_ids)
        lines = {one.document.document_id: one for one in self._lines(records, found)}
        return [lines[one] for one in document_ids if one in lines]

    def _lines(self, records: Records, wanted: Sequence[Document]) -> Iterator[RecordLine]:
        places = {(one.aco_id, one.performance_year) for one in wanted}
        years, acos = records.years.several({year for _, year in places}), records.acos.several(places)
        given = records.years.extensions_at(places)
        waiting = {(one.aco_id, one.performance_year) for one in wanted if waits_for_steps(one)}
        packets = records.documents.packets_at(waiting) if waiting else {}
        finished = {place: finished_kinds(self.catalog, packet) for place, packet in packets.items()}
        now = self.clock()
        for one in wanted:
            place = (one.aco_id, one.performance_year)
            opened, aco, document_type = years.get(one.performance_year), acos[place], self.catalog[one.kind]
            if opened is None:
                continue
            extended = opened.extended(given[place]) if place in given else opened
            window = extended.window(Activity.SIGN, aco.cohort)
            status = document_status(
                document_type, one, cohort=aco.cohort, finished=finished.get(place, frozenset()), window=window, now=now
            )
            yield RecordLine(one, aco, document_type.title, status)

    def _steps(self, aco: Aco, packet: list[Document], window: Window) -> tuple[StepView, ...]:
        now = self.clock()
        finished = finished_kinds(self.catalog, packet)
        return tuple(
            StepView(
                one,
                document,
                document_status(one, document, cohort=aco.cohort, finished=finished, window=window, now=now),
                unsettled_kinds(one, document, finished),
            )
            for one in self.catalog.values()
            for document in _documents_of(one, packet)
        )

    def _visible(self, records: Records, user_id: str, document_id: str) -> Document:
        document = records.documents.get(document_id)
        if document is None:
            raise not_yours(document_id)
        roles = self._roles(records, user_id, document.aco_id, document.performance_year)
        if not may(Action.VIEW_PACKET, roles) and not may(Action.VIEW_ARCHIVE, roles):
            raise not_yours(document_id)
        return document

    @staticmethod
    def _roles(records: Records, user_id: str, aco_id: str, year: int) -> frozenset[Role]:
        person = records.people.get(user_id)
        return records.acos.roles_of(user_id, aco_id, year) | (person.cms_roles if person else frozenset())


def _documents_of(document_type: DocumentType, packet: list[Document]) -> list[Document | None]:
    """The lines of a type: one for a step, made or not; for what is made on demand one for each that was made."""
    made: list[Document | None] = [one for one in packet if one.kind == document_type.kind]
    return made if made or document_type.on_demand else [None]


def not_yours(where: str) -> NotFoundError:
    """One answer for what is not there and for what is not yours."""
    return NotFoundError(Problem("not-found", "There is nothing here for you.", "Go back to your packets.", where))


def require_bytes(document: Document) -> Document:
    """The document, when there are bytes of it.

    Raises:
        NotFoundError: it was disposed of; what is recorded about it is still there.
    """
    if document.disposed_at is None:
        return document
    sentence = f"This document was kept as long as the law asks, and disposed of on {document.disposed_at:%Y-%m-%d}."
    remedy = "Its page says what it was and who signed it; the certificate of its disposition is there too."
    raise NotFoundError(Problem("document-disposed", sentence, remedy, document.document_id))
