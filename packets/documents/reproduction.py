"""Making a document again: its frozen facts and its template give the bytes that every signature stands on (DESIGN 3).

A file that comes from anywhere is matched with the record by digest alone: it is one of the recorded revisions, or it
begins with one. Then the unsigned draft is rendered anew, and is compared with the first bytes of the file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from packets.documents.assemble import Assembler, document_subject
from packets.errors import ConflictError, NotFoundError, Problem
from packets.model.documents import Document, DocumentType, Revision
from packets.store.objects import digest_bytes

_REVISION_END = re.compile(rb"%%EOF\r?\n?")
"""Where a revision of a PDF may end (ISO 32000-1, 7.5.5)."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came out.

    Attributes:
        document: the record that the file belongs to.
        revision: the newest recorded revision that the file is or begins with.
        whole: the file is that revision, byte for byte.
        reproduced: the draft, rendered again, is what the file begins with.
        draft_digest: SHA-256 of the draft that was rendered again.
    """

    document: Document
    revision: Revision
    whole: bool
    reproduced: bool
    draft_digest: str


def reproduce(assembler: Assembler, file: bytes) -> Reproduction:
    """Render again the draft that a file was signed on, and compare.

    Args:
        assembler: with the records, the stored objects and the catalogue.
        file: a PDF, signed or not.

    Raises:
        NotFoundError: no recorded revision is the file or the beginning of it, or its facts are not stored.
        ConflictError: the template changed since, so that it can no longer make the document.
        RenderError: facts and template no longer fit.
    """
    document, revision = _find(assembler, file)
    document_type = _same_template(assembler, document)
    facts = json.loads(assembler.objects.get(document.data_digest))
    draft = assembler.render(document_type, facts).pdf
    return Reproduction(
        document=document,
        revision=revision,
        whole=revision.size == len(file),
        reproduced=file.startswith(draft),
        draft_digest=digest_bytes(draft),
    )


def _find(assembler: Assembler, file: bytes) -> tuple[Document, Revision]:
    """The record with the longest revision that the file begins with."""
    with assembler.database.read() as records:
        for digest in reversed(list(_prefix_digests(file))):
            if document := records.documents.by_revision(digest):
                return document, next(one for one in document.revisions if one.digest == digest)
    raise NotFoundError(
        Problem(
            "revision-unknown",
            "This file is no revision of a recorded document, and begins with none.",
            "Check that the file is unchanged and that the data folder is the one it came from.",
            digest_bytes(file),
        )
    )


def _prefix_digests(file: bytes) -> Iterator[str]:
    """Digest of every beginning of the file that can be a revision, shortest first, the whole file last."""
    running, done = hashlib.sha256(), 0
    ends = {found.end() for found in _REVISION_END.finditer(file)} | {len(file)}
    for end in sorted(ends):
        running.update(file[done:end])
        done = end
        yield running.hexdigest()


def _same_template(assembler: Assembler, document: Document) -> DocumentType:
    found = assembler.catalog.get(document.kind)
    if found is None or found.template_digest != document.template_digest:
        raise ConflictError(
            Problem(
                "template-changed",
                f"The template of {document.kind}, edition {document.edition}, is not the one that the document was made from.",
                f"Put back the template with the digest {document.template_digest}, then try again.",
                document_subject(document),
            )
        )
    return found
