"""Taking in a corrections file for the provider/supplier list (R41, R54-R71, E9).

The last accepted file is the complete set of corrections (R70). Nothing is accepted once a document that carries the
corrections is signed, or while somebody signs it (R69). The original bytes are kept under their digest as evidence.

The documents that carry corrections are made before anything is recorded; upload, rows and documents are then recorded in one
transaction. So there is no moment in which the list without the new corrections could still be signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from packets.audit.log import Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import Assembler, Made
from packets.documents.catalog import Catalog
from packets.documents.frozen_facts import freeze, require_aco, roster_facts, upload_facts
from packets.errors import ConflictError, ForbiddenError, InputError, PacketsError, Problem
from packets.lists.annotation import WORKBOOK_PROBLEMS, annotate
from packets.lists.columns import Row
from packets.lists.correction_rows import Standing, standing_of
from packets.lists.corrections import Corrections, Examination, examine, name_day, read_corrections, write_corrections
from packets.model.aco import Aco
from packets.model.calendar import AGENCY_ZONE, Activity
from packets.model.identifiers import AcoId, Tin
from packets.people.access import Action, may
from packets.sandbox.sandbox import Sandbox
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records import Records
from packets.store.records.lists import CorrectionsUpload
from packets.years.enrollment import tin_place

SOURCE = "corrections"
SIGNING_TIME = timedelta(minutes=10)
"""A signature takes seconds. One that was begun longer ago was cut off by a crash, and keeps nobody from uploading: should it
still come to its end, it finds its document replaced and is refused."""
AGREEMENT = (
    "Everybody on the Provider/Supplier List whom this file does not delete, and everybody whom it adds, "
    "has agreed to participate in the ACO."
)
"""What whoever uploads attests (R54)."""
NOT_AGREED = Problem(
    "agreement-missing",
    "You have not confirmed that everybody who is not deleted has agreed to participate in the ACO.",
    "Tick the box if it is so; delete from the list whoever has not agreed.",
)


@dataclass(frozen=True, slots=True)
class CorrectionsDesk:
    """Where corrections files are handed in; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    catalog: Catalog
    assembler: Assembler
    clock: Clock
    sandbox: Sandbox

    def accept(
        self, aco_id: str, year: int, user_id: str, file_name: str, content: bytes, *, agreed: bool
    ) -> CorrectionsUpload:
        """Check a file and make it the ACO's complete set of corrections; documents that carry it are assembled again.

        Args:
            aco_id: whose list is corrected.
            year: in which performance year.
            user_id: who hands the file in.
            file_name: the archive's name.
            content: the archive.
            agreed: whether they attest `AGREEMENT` (R54).

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person may not upload (R64), or the window is closed (R8).
            ConflictError: the list is signed (R69, E9), or somebody is signing it.
            InputError: with everything that is wrong with the file (R68); nothing of it was stored.
            RenderError: a document cannot be made with these corrections; nothing was stored.
        """
        with self._refusals_told(Act.CORRECTIONS_UPLOAD, aco_id, year, user_id):
            now = self.clock()
            corrections = self._check(aco_id, year, user_id, file_name, content, now, agreed=agreed)
            upload = CorrectionsUpload(
                aco_id=aco_id,
                year=year,
                file_name=corrections.file_name,
                sha256=corrections.sha256,
                uploaded_by=user_id,
                uploaded_at_utc=now,
                additions=corrections.additions,
                deletions=corrections.deletions,
            )
            made = self._make(upload, corrections.rows)
            self.objects.put(content)
            self._record(upload, corrections.rows, made)
        return upload

    def obstacles(self, aco_id: str, year: int) -> tuple[Problem, ...]:
        """Why nobody can hand in corrections at this moment: window closed, list signed; empty when somebody can.

        Raises:
            NotFoundError: the ACO is not in that year.
        """
        with self.database.read() as records:
            try:
                self._refuse_time(records, require_aco(records, aco_id, year), self.clock())
            except (ForbiddenError, ConflictError) as error:
                return error.problems
        return ()

    def annotate(self, aco_id: str, year: int, user_id: str, file_name: str, content: bytes) -> bytes:
        """Check a file without handing it in: the ACO's own rows as a workbook, everything that is wrong marked in it (R68).

        Nothing of the file is kept, only that it was checked, and how many things were found. It may be done outside the window.

        Returns:
            An xlsx file; no bytes when nothing is wrong.

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person may not upload.
            InputError: the file has no rows that could be shown; with everything that is wrong with it.
        """
        with self._refusals_told(Act.CORRECTIONS_CHECK, aco_id, year, user_id):
            with self.database.read() as records:
                aco = require_aco(records, aco_id, year)
                self._refuse_person(records, aco, user_id)
                standing = _standing(records, aco)
            found = self.sandbox.run(examine, content, file_name, standing, most=WORKBOOK_PROBLEMS)
            if not found.text:
                raise InputError(found.findings.problems, count=found.findings.count)
            self._tell_check(aco_id, year, user_id, found)
        return annotate(found) if found.findings.count else b""

    def export(self, aco_id: str, year: int, user_id: str) -> tuple[str, bytes]:
        """The set of corrections that counts, as the file that would be accepted in its place (R70).

        Raises:
            NotFoundError: the ACO is not in that year.
            InputError: no file was accepted yet.
        """
        with self.database.write() as records:
            require_aco(records, aco_id, year)
            uploads = records.lists.uploads(aco_id, year)
            if not uploads:
                raise InputError(Problem("no-corrections", "No file was accepted so far.", "Upload one first.", aco_id))
            name, content = write_corrections(records.lists.rows(aco_id, year, SOURCE), aco_id, _day_of(uploads[0]))
            records.journal.log(
                Act.LIST_DOWNLOAD, user_id, f"{aco_id}/{year}", self.clock(), list=SOURCE, masked=False, form="text"
            )
        return name, content

    @contextmanager
    def _refusals_told(self, act: Act, aco_id: str, year: int, user_id: str) -> Iterator[None]:
        """Tell the log of a refusal, in a transaction of its own: whatever was begun was rolled back."""
        try:
            yield
        except PacketsError as error:
            codes = sorted({one.code for one in error.problems})
            with self.database.write() as records:
                records.journal.log(
                    act, user_id, f"{aco_id}/{year}", self.clock(), Outcome.REFUSED, reasons=codes, count=error.count
                )
            raise

    def _tell_check(self, aco_id: str, year: int, user_id: str, found: Examination) -> None:
        with self.database.write() as records:
            records.journal.log(
                Act.CORRECTIONS_CHECK, user_id, f"{aco_id}/{year}", self.clock(), problems=found.findings.count
            )

    def _check(
        self, aco_id: str, year: int, user_id: str, file_name: str, content: bytes, now: datetime, *, agreed: bool
    ) -> Corrections:
        """The file's rows, if this person may hand it in now and nothing is wrong with it."""
        with self.database.read() as records:
            aco = require_aco(records, aco_id, year)
            self._refuse_person(records, aco, user_id)
            self._refuse_time(records, aco, now)
            standing = _standing(records, aco)
        also = () if agreed else (NOT_AGREED,)
        return self.sandbox.run(read_corrections, content, file_name, standing, also=also)

    @staticmethod
    def _refuse_person(records: Records, aco: Aco, user_id: str) -> None:
        if not may(Action.UPLOAD_CORRECTIONS, records.acos.roles_of(user_id, aco.aco_id, aco.performance_year)):
            sentence = "Only the ACO Executive and those Authorized to Sign may upload corrections."
            raise ForbiddenError(Problem("upload-not-permitted", sentence, "Ask one of them to upload the file."))

    def _refuse_time(self, records: Records, aco: Aco, now: datetime) -> None:
        """Nothing is accepted outside the window (R8), after a signature, or during one (R69)."""
        year = records.years.for_aco(aco)
        window = year.window(Activity.CORRECTIONS, aco.cohort) if year else None
        if window is None or not window.is_open(now):
            raise ForbiddenError(
                Problem("window-closed", "Corrections are not accepted today.", "Ask CMS for an extension.")
            )
        self._refuse_signed(records, aco.aco_id, aco.performance_year, now)

    def _refuse_signed(self, records: Records, aco_id: str, year: int, now: datetime) -> None:
        for document in records.documents.packet(aco_id, year):
            if document.kind not in self._kinds():
                continue
            if document.signatures:
                sentence = "The list is signed; no corrections are accepted any more."
                raise ConflictError(
                    Problem("list-signed", sentence, "Tell CMS about the change within 30 days instead.")
                )
            if records.ceremonies.being_signed(document.document_id, now - SIGNING_TIME):
                sentence = "Somebody is signing the list at this moment; no corrections are accepted meanwhile."
                remedy = "Talk to whoever is signing. If the signature does not come to pass, upload the file again."
                raise ConflictError(Problem("list-being-signed", sentence, remedy))

    def _make(self, upload: CorrectionsUpload, rows: tuple[Row, ...]) -> list[Made]:
        """The documents that carry corrections and were assembled before, as they will be with these."""
        made = []
        for kind in sorted(self._kinds()):
            with self.database.read() as records:
                current = records.documents.current(upload.aco_id, upload.year, kind)
                facts = freeze(records, self.catalog[kind], upload.aco_id, upload.year) if current else {}
            if current:
                facts = self._corrected(kind, facts, upload, rows)
                one = self.assembler.make(upload.aco_id, facts, current)
                made += [one] if isinstance(one, Made) else []
        return made

    def _corrected(
        self, kind: str, facts: Mapping[str, Any], upload: CorrectionsUpload, rows: Iterable[Row]
    ) -> dict[str, Any]:
        """Facts as they will be once the upload is recorded."""
        rosters = [one for one in self.catalog[kind].rosters if one.source == SOURCE]
        changed = {one.name: roster_facts(one, rows) for one in rosters}
        told = {SOURCE: upload_facts(upload)} if SOURCE in facts else {}
        return {**facts, "rosters": {**facts["rosters"], **changed}, **told}

    def _record(self, upload: CorrectionsUpload, rows: tuple[Row, ...], made: list[Made]) -> None:
        """One transaction: whoever signed meanwhile was faster, and the upload is refused."""
        aco_id, year = upload.aco_id, upload.year
        with self.database.write() as records:
            self._refuse_signed(records, aco_id, year, self.clock())
            records.lists.replace(aco_id, year, SOURCE, rows, tin_place(SOURCE))
            records.lists.add_upload(upload)
            records.journal.log(
                Act.CORRECTIONS_UPLOAD,
                upload.uploaded_by,
                f"{aco_id}/{year}",
                upload.uploaded_at_utc,
                file=upload.file_name,
                digest=upload.sha256,
                attested=AGREEMENT,
            )
            for one in made:
                self.assembler.record(records, one, upload.uploaded_by)

    def _kinds(self) -> frozenset[str]:
        """Kinds of documents that carry corrections."""
        return frozenset(
            one.kind for one in self.catalog.values() if any(roster.source == SOURCE for roster in one.rosters)
        )


def _standing(records: Records, aco: Aco) -> Standing:
    """What the ACO's lists hold now."""
    aco_id, year = aco.aco_id, aco.performance_year
    approved = frozenset(map(Tin, records.lists.tins(aco_id, year, "participants")))
    return standing_of(AcoId(aco_id), approved, records.lists.rows(aco_id, year, "provider-supplier"))


def _day_of(upload: CorrectionsUpload) -> date:
    """The day in the name of the accepted file."""
    return name_day(upload.file_name) or upload.uploaded_at_utc.astimezone(AGENCY_ZONE).date()
