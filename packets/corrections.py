"""Taking in a corrections file for the provider/supplier list (R41, R54-R71, E9).

The last accepted file is the complete set of corrections (R70). Nothing is accepted once a document that carries the
corrections is signed (R69). The original bytes are kept under their digest as evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from packets.access import Action, may
from packets.assemble import Assembler, require_aco
from packets.audit.log import Act, Outcome
from packets.catalog import Catalog
from packets.clock import Clock
from packets.enrollment import tin_place
from packets.errors import ConflictError, ForbiddenError, PacketsError, Problem
from packets.lists.corrections import Corrections, listed_pairs, read_corrections
from packets.model.aco import Aco
from packets.model.calendar import Activity
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records import Records
from packets.store.records.lists import CorrectionsUpload

SOURCE = "corrections"


@dataclass(frozen=True, slots=True)
class CorrectionsDesk:
    """Where corrections files are handed in; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    catalog: Catalog
    assembler: Assembler
    clock: Clock

    def accept(self, aco_id: str, year: int, user_id: str, file_name: str, content: bytes) -> CorrectionsUpload:
        """Check a file and make it the ACO's complete set of corrections; documents that carry it are assembled again.

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person may not upload (R64), or the window is closed (R8).
            ConflictError: the list is signed (R69, E9).
            InputError: with everything that is wrong with the file (R68); nothing of it was stored.
        """
        now = self.clock()
        try:
            corrections = self._check(aco_id, year, user_id, file_name, content, now)
        except PacketsError as error:
            with self.database.write() as records:
                codes = sorted({one.code for one in error.problems})
                records.journal.log(
                    Act.CORRECTIONS_UPLOAD, user_id, f"{aco_id}/{year}", now, Outcome.REFUSED, reasons=codes
                )
            raise
        upload = self._record(aco_id, year, user_id, corrections, content, now)
        for kind in self._affected(aco_id, year):
            self.assembler.assemble(aco_id, year, kind, user_id)
        return upload

    def _check(
        self, aco_id: str, year: int, user_id: str, file_name: str, content: bytes, now: datetime
    ) -> Corrections:
        with self.database.read() as records:
            aco = require_aco(records, aco_id, year)
            self._refuse_unpermitted(records, aco, user_id, now)
            approved = frozenset(records.lists.tins(aco_id, year, "participants"))
            listed, listed_ccns = listed_pairs(records.lists.rows(aco_id, year, "provider-supplier"))
        return read_corrections(
            content, file_name, aco_id=aco_id, approved_tins=approved, listed=listed, listed_ccns=listed_ccns
        )

    def _refuse_unpermitted(self, records: Records, aco: Aco, user_id: str, now: datetime) -> None:
        if not may(Action.UPLOAD_CORRECTIONS, records.acos.roles_of(user_id, aco.aco_id, aco.performance_year)):
            raise ForbiddenError(
                Problem(
                    "upload-not-permitted",
                    "Only the ACO Executive and those Authorized to Sign may upload corrections.",
                    "Ask one of them to upload the file.",
                )
            )
        year = records.years.for_aco(aco)
        window = year.window(Activity.CORRECTIONS, aco.cohort) if year else None
        if window is None or not window.is_open(now):
            raise ForbiddenError(
                Problem("window-closed", "Corrections are not accepted today.", "Ask CMS for an extension.")
            )
        self._refuse_signed(records, aco)

    def _refuse_signed(self, records: Records, aco: Aco) -> None:
        for document in records.documents.packet(aco.aco_id, aco.performance_year):
            if document.kind in self._affected_kinds() and document.signatures:
                raise ConflictError(
                    Problem(
                        "list-signed",
                        "The list is signed; no corrections are accepted any more.",
                        "Tell CMS about the change within 30 days instead.",
                    )
                )

    def _record(
        self, aco_id: str, year: int, user_id: str, corrections: Corrections, content: bytes, now: datetime
    ) -> CorrectionsUpload:
        self.objects.put(content)
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
        with self.database.write() as records:
            self._refuse_signed(records, require_aco(records, aco_id, year))
            records.lists.replace(aco_id, year, SOURCE, corrections.rows, tin_place(SOURCE))
            records.lists.add_upload(upload)
            records.journal.log(
                Act.CORRECTIONS_UPLOAD, user_id, f"{aco_id}/{year}", now, file=upload.file_name, digest=upload.sha256
            )
        return upload

    def _affected_kinds(self) -> frozenset[str]:
        return frozenset(
            one.kind for one in self.catalog.values() if any(roster.source == SOURCE for roster in one.rosters)
        )

    def _affected(self, aco_id: str, year: int) -> list[str]:
        """Kinds that carry corrections and were assembled before."""
        with self.database.read() as records:
            return [one.kind for one in records.documents.packet(aco_id, year) if one.kind in self._affected_kinds()]
