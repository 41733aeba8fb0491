"""The sheet that certifies a copy: which grant, which documents with which digests, who took them when, how to check them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from packets.documents.catalog import Catalog, load_certificate
from packets.documents.reading_copies import file_name
from packets.model.aco import Aco
from packets.model.documents import Document
from packets.model.grants import CAPACITIES, Grant
from packets.model.people import Person, role_label
from packets.render.document import render_document
from packets.render.fonts import FontSet

NAME = "certified-copy"
Seal = Callable[[bytes], bytes]
"""Seals a PDF and closes it with an archival time-stamp; our verifier passes it, or it raises."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a retrieval hands out of a grant: the documents with their bytes, for whom, by whom, when.

    Attributes:
        giver: who made the grant.
        retrieval_id: by which it stands on the grant's page.
    """

    grant: Grant
    giver: Person
    aco: Aco
    retrieval_id: str
    at: datetime
    files: Sequence[tuple[Document, bytes]]


@dataclass(frozen=True, slots=True)
class SheetOffice:
    """Where sheets are written and sealed; built once with the services that it needs."""

    catalog: Catalog
    fonts: FontSet
    seal: Seal

    def write(self, copied: Copied) -> bytes:
        """The sealed sheet of a retrieval.

        Raises:
            RenderError: a name or the reason holds what the typefaces cannot print.
            PacketsError: it could not be sealed or time-stamped; nothing is handed out then.
        """
        form = load_certificate(NAME)
        data = {
            "document": {
                "kind": form.kind,
                "title": form.title,
                "edition": form.edition,
                "performance_year": copied.grant.performance_year,
            },
            "sample": copied.aco.sample,
            "rosters": {},
            "copy": _told(copied),
            "documents": [self._listed(*one) for one in copied.files],
        }
        return self.seal(render_document(form, data, fonts=self.fonts).pdf)

    def _listed(self, document: Document, content: bytes) -> dict[str, Any]:
        return {
            "title": title_of(self.catalog, document),
            "document_id": document.document_id,
            "file_name": file_name(document),
            "executed_at": written(document.executed_at) if document.executed_at else "",
            "signed_by": [
                f"{one.name}, {role_label(one.role)}, {written(one.signed_at)}" for one in document.signatures
            ],
            "bytes": len(content),
            "digest": document.head_digest,
        }


def title_of(catalog: Catalog, document: Document) -> str:
    """What a document is called, with its number where there are several of a kind."""
    known = catalog.get(document.kind)
    number = f" {document.occurrence}" if document.occurrence > 1 else ""
    return f"{known.title if known else document.kind}{number}"


def giver_of(person: Person, aco: Aco) -> str:
    """Who made a grant, as the person to whom it was made reads it."""
    side = "CMS" if person.cms_roles else aco.legal_name
    return f"{person.full_name}, {side}"


def written(moment: datetime) -> str:
    """An instant as the sheet prints it: `November 16, 2026, 15:00:00 UTC`."""
    there = moment.astimezone(UTC)
    return f"{there:%B} {there.day}, {there:%Y, %H:%M:%S} UTC"


def _told(copied: Copied) -> dict[str, Any]:
    grant = copied.grant
    return {
        "grant_id": grant.grant_id,
        "aco_id": grant.aco_id,
        "legal_name": copied.aco.legal_name,
        "granted_by": giver_of(copied.giver, copied.aco),
        "granted_at": written(grant.made_at),
        "granted_to": grant.name,
        "capacity": CAPACITIES[grant.capacity],
        "reason": grant.reason,
        "until": written(grant.expires_at),
        "retrieval_id": copied.retrieval_id,
        "retrieved_at": written(copied.at),
    }
