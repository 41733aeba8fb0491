"""Packets and documents in other shapes, for reading only: one PDF of a packet, its originals in a zip, a document as HTML.

Whoever takes files away has each of them in the log, as if it had been taken alone (42 CFR 425.210).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

from packets.documents.reading import PacketView, ReadingRoom, require_bytes
from packets.errors import ConflictError, NotFoundError, Problem
from packets.model.documents import Document
from packets.model.people import role_label
from packets.render.fonts import FontSet
from packets.render.merging import NOTICE, Part, merge_documents
from packets.render.reading import html_twin

FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""Files in the zip have no time of their own; theirs is in their signatures."""


@dataclass(frozen=True, slots=True)
class ReadingCopies:
    """Where such copies are made; built once with the services that it needs."""

    room: ReadingRoom
    fonts: FontSet

    def merged(self, user_id: str, aco_id: str, year: int) -> bytes:
        """Every document of a packet that counts in one PDF, marked as a reading copy.

        Raises:
            NotFoundError: there is no packet, it is not theirs to see, or no document was made yet.
        """
        view = self.room.packet(user_id, aco_id, year)
        heading = f"{aco_id}, performance year {year}"
        sample = ("Everything here is sample data and no record.",) if view.aco.sample else ()
        lines = (view.aco.legal_name, "", NOTICE, "Download the originals to verify them.", *sample)
        return merge_documents(
            heading, lines, [self._part(*one) for one in self._taken(user_id, view)], fonts=self.fonts
        )

    def originals(self, user_id: str, aco_id: str, year: int) -> bytes:
        """Every document of a packet that counts, byte for byte, in a zip archive.

        Raises:
            NotFoundError: there is no packet, it is not theirs to see, or no document was made yet.
        """
        view = self.room.packet(user_id, aco_id, year)
        out = BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for document, content in self._taken(user_id, view):
                archive.writestr(zipfile.ZipInfo(file_name(document), FIRST_DAY), content, zipfile.ZIP_DEFLATED)
        return out.getvalue()

    def twin(self, user_id: str, document_id: str) -> str:
        """A document as HTML: the same words from the same frozen facts.

        Raises:
            NotFoundError: there is no such document, or it is not theirs to see.
            ConflictError: the template that it was made from is no longer here.
        """
        document = require_bytes(self.room.document(user_id, document_id))
        found = self.room.catalog.get(document.kind)
        if found is None or found.template_digest != document.template_digest:
            sentence = (
                "The edition that this document was made from is no longer here, so it cannot be shown as a page."
            )
            raise ConflictError(Problem("template-changed", sentence, "Read the PDF.", document_id))
        return html_twin(found, json.loads(self.room.objects.get(document.data_digest)), fonts=self.fonts)

    def _taken(self, user_id: str, view: PacketView) -> Iterable[tuple[Document, bytes]]:
        """The documents of a packet in the order of its steps, each taken on record."""
        documents = [one.document for one in view.steps if one.document and one.document.disposed_at is None]
        if not documents:
            raise NotFoundError(
                Problem(
                    "packet-empty", "No document of this packet was made yet.", "Come back when CMS has prepared it."
                )
            )
        return [self.room.download(user_id, one.document_id) for one in documents]

    def _part(self, document: Document, content: bytes) -> Part:
        signed = tuple(
            f"Signed by {one.name}, {role_label(one.role)}, {one.signed_at:%Y-%m-%d %H:%M} UTC"
            for one in document.signatures
        )
        digest = f"SHA-256 of the original: {document.head_digest}"
        return Part(self.room.catalog[document.kind].title, (*(signed or ("Not signed yet",)), digest), content)


def file_name(document: Document) -> str:
    """The name under which a document is kept, e.g. `A1001_2027_participant-list.pdf`."""
    number = f"_{document.occurrence}" if document.occurrence > 1 else ""
    return f"{document.aco_id}_{document.performance_year}_{document.kind}{number}.pdf"
