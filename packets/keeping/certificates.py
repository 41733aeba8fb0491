"""The certificate of a disposition: what was disposed of, on what basis, who approved it and when, as a PDF of our renderer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from packets.documents.catalog import Catalog, load_certificate
from packets.model.documents import Document
from packets.model.holds import Disposition, DispositionItem
from packets.model.retention import class_of
from packets.render.document import render_document
from packets.render.fonts import FontSet
from packets.store.database import Database
from packets.store.records import Records

NAME = "disposition"


@dataclass(frozen=True, slots=True)
class CertificateOffice:
    """Where certificates are written; built once with the services that it needs."""

    database: Database
    catalog: Catalog
    fonts: FontSet

    def render(self, found: Disposition) -> bytes:
        """The certificate of an approved disposition; the same disposition gives the same bytes.

        Raises:
            RenderError: a name or the reason holds what the typefaces cannot print.
        """
        form = load_certificate(NAME)
        with self.database.read() as records:
            documents = [records.documents.get(one.document_id) for one in found.items]
            listed = [
                self._record(records, document, item)
                for document, item in zip(documents, found.items, strict=True)
                if document
            ]
            told = _told(records, found)
        known = [one for one in documents if one]
        data = {
            "document": {
                "kind": form.kind,
                "title": form.title,
                "edition": form.edition,
                "performance_year": known[0].performance_year,
            },
            "sample": any(one.sample for one in known),
            "rosters": {},
            "disposition": told,
            "documents": listed,
        }
        return render_document(form, data, fonts=self.fonts).pdf

    def _record(self, records: Records, document: Document, item: DispositionItem) -> dict[str, Any]:
        aco = records.acos.get(document.aco_id, document.performance_year)
        known = self.catalog.get(document.kind)
        found = class_of(known)
        number = f" {document.occurrence}" if document.occurrence > 1 else ""
        digests = [("Frozen facts", document.data_digest)]
        digests += [(f"Revision {one.number}", one.digest) for one in document.revisions]
        return {
            "document_id": document.document_id,
            "aco_id": document.aco_id,
            "legal_name": aco.legal_name if aco else document.aco_id,
            "title": f"{known.title if known else document.kind}{number}",
            "edition": document.edition,
            "state": _state(document),
            "signatures": len(document.signatures),
            "basis": f"{found.label}: {found.years} years, {found.source}",
            "keep_until": item.keep_until.isoformat(),
            "digests": [{"what": what, "digest": digest} for what, digest in digests],
        }


def _state(document: Document) -> str:
    if document.voided_at:
        return "Voided"
    return "Executed" if document.executed_at else "Not signed by all"


def _told(records: Records, found: Disposition) -> dict[str, Any]:
    return {
        "disposition_id": found.disposition_id,
        "reason": found.reason,
        "proposed_by": _named(records, found.proposed_by),
        "proposed_at": _written(found.proposed_at),
        "approvals": [{"by": _named(records, one.user_id), "at": _written(one.at)} for one in found.approvals],
        "begun_at": _written(found.begun_at) if found.begun_at else "",
        "set_digest": found.set_digest,
    }


def _named(records: Records, user_id: str) -> str:
    person = records.people.get(user_id)
    return f"{person.full_name} (CMS user ID {user_id})" if person else user_id


def _written(moment: datetime) -> str:
    there = moment.astimezone(UTC)
    return f"{there:%B} {there.day}, {there:%Y, %H:%M:%S} UTC"
