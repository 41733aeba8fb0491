"""Taking certified copies with the secret of a link: whoever has it needs no account, and every retrieval is on record.

A retrieval is asked for, made and then recorded: the sheet is written and sealed outside any transaction, and the last one asks
once more whether the grant is open and its documents can be given. What is not recorded is not handed out.
"""

from __future__ import annotations

import hashlib
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from io import BytesIO

from packets.acts import Tale, carry_out
from packets.audit.log import Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import document_subject
from packets.documents.reading_copies import FIRST_DAY, file_name
from packets.errors import ForbiddenError, InputError, Problem
from packets.giving.grants import copy_problems, subject_of
from packets.giving.sheets import Copied, SheetOffice, title_of
from packets.model.aco import Aco
from packets.model.documents import Document
from packets.model.grants import CAPACITIES, Grant, GrantState, Retrieval, link_digest
from packets.model.people import Person
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records import Records

SHEET, DIGESTS, README = "certification.pdf", "SHA256SUMS", "README.txt"
NOBODY = "anonymous"
"""The actor of a try with a secret that opens nothing."""
ENDS = {
    GrantState.WITHDRAWN: "grant-withdrawn",
    GrantState.EXPIRED: "grant-expired",
    GrantState.USED_UP: "grant-used-up",
}
"""Why a link is closed, for the log: the page says the same in every case."""
ABOUT = """\
CERTIFIED COPIES

{title}
Given to {name}, {capacity}, by the grant {grant_id}.
Taken {at:%Y-%m-%d %H:%M:%S} UTC, retrieval {retrieval_id}.

FILES
{files}
    {sheet}
        certifies which documents these are; sealed and time-stamped by the service
    {digests}
        SHA-256 of each file

HOW TO CHECK THEM
Compare digests: in this folder, run

    sha256sum -c {digests}

and compare those of the documents with the ones that the sheet prints. Signatures are verified in the files themselves: with
a PDF reader that knows PAdES, on the page "Check a signed document" of the service, or with its program "esm verify".
Do not print to a new PDF, edit, or save the files again: that would make their signatures worthless.
"""


class Shape(StrEnum):
    """As what a copy is taken: in a zip archive with its sheet, or a document's PDF alone."""

    ARCHIVE = "zip"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class OpenGrant:
    """What the page behind a link shows: the grant, who made it, and its documents with what stands in the way of each."""

    grant: Grant
    giver: Person
    aco: Aco
    documents: tuple[tuple[Document, str, tuple[Problem, ...]], ...]

    @property
    def to_be_given(self) -> list[Document]:
        """The documents of which there is a copy to give."""
        return [document for document, _, problems in self.documents if not problems]


@dataclass(frozen=True, slots=True)
class Taken:
    """What is handed out."""

    file_name: str
    shape: Shape
    content: bytes


@dataclass(frozen=True, slots=True)
class CopyDesk:
    """Where links are used; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    office: SheetOffice
    clock: Clock

    def open(self, token: str) -> OpenGrant:
        """What a link opens now.

        Raises:
            ForbiddenError: nothing; the answer does not say whether it never did or does no more. The log does.
        """
        try:
            with self.database.read() as records:
                return self._open(records, token)
        except ForbiddenError:
            with self.database.read() as records:
                grant = records.grants.by_digest(link_digest(token))
            self._refuse(grant, _reason(grant, self.clock()))
            raise

    def take(self, token: str, document_id: str, shape: Shape) -> Taken:
        """Take copies of all documents of a grant, or of one; the retrieval is recorded, or nothing is handed out.

        Args:
            token: the secret of the link.
            document_id: of one document; empty for all of which there is a copy to give.
            shape: how; a PDF alone is of one document.

        Raises:
            ForbiddenError: the link opens nothing.
            InputError: the document is not one of the grant's, or there is no copy of it to give, with the reason.
            PacketsError: the sheet could not be sealed, or the store failed; nothing was recorded.
        """
        opened, now = self.open(token), self.clock()
        try:
            chosen = _chosen(opened, document_id, shape)
        except InputError as error:
            self._refuse(opened.grant, error.problems[0].code)
            raise
        files = [(one, self.objects.get(one.head_digest)) for one in chosen]
        copied = Copied(opened.grant, opened.giver, opened.aco, str(uuid.uuid4()), now, files)
        sheet = self.office.write(copied) if shape is Shape.ARCHIVE else b""
        self._record(token, copied, sheet)
        if shape is Shape.PDF:
            return Taken(file_name(chosen[0]), shape, files[0][1])
        name = f"certified-copies_{opened.grant.aco_id}_{opened.grant.performance_year}.zip"
        return Taken(name, shape, pack(copied, sheet, self.office))

    def _open(self, records: Records, token: str) -> OpenGrant:
        grant = records.grants.by_digest(link_digest(token))
        if grant is None or grant.state(self.clock()) is not GrantState.OPEN:
            raise ForbiddenError(_closed())
        giver, aco = records.people.get(grant.made_by), records.acos.get(grant.aco_id, grant.performance_year)
        if giver is None or aco is None:
            raise ForbiddenError(_closed())
        found = records.documents.several(grant.document_ids)
        listed = tuple((one, title_of(self.office.catalog, one), tuple(copy_problems([one]))) for one in found)
        return OpenGrant(grant, giver, aco, listed)

    def _record(self, token: str, copied: Copied, sheet: bytes) -> None:
        """The last word: the grant is open and the documents can be given now, and what was taken is recorded."""
        actor = subject_of(copied.grant.grant_id)

        def check(records: Records) -> int:
            opened = self._open(records, token)
            given = {one.document_id for one in opened.to_be_given}
            if gone := [one for one, _ in copied.files if one.document_id not in given]:
                raise InputError(_not_given(gone[0].document_id))
            return len(opened.grant.retrievals) + 1

        def record(records: Records, number: int) -> None:
            taken = {one.document_id: one.head_digest for one, _ in copied.files}
            digest = hashlib.sha256(sheet).hexdigest() if sheet else ""
            records.grants.add_retrieval(
                Retrieval(copied.retrieval_id, copied.grant.grant_id, number, copied.at, digest, taken)
            )
            for document, _ in copied.files:
                tale = Tale(Act.COPY_RETRIEVE, actor, document_subject(document), copied.at)
                tale.tell(records, digest=document.head_digest, retrieval=copied.retrieval_id, sheet=digest)

        carry_out(self.database, Tale(Act.COPY_RETRIEVE, actor, actor, copied.at), check, record)

    def _refuse(self, grant: Grant | None, reason: str) -> None:
        """The log tells of a try that was refused: with which grant, and never with which secret."""
        who = subject_of(grant.grant_id) if grant else NOBODY
        subject = who if grant else "grants"
        with self.database.write() as records:
            records.journal.log(Act.COPY_RETRIEVE, who, subject, self.clock(), Outcome.REFUSED, reasons=[reason])


def pack(copied: Copied, sheet: bytes, office: SheetOffice) -> bytes:
    """The zip archive of a retrieval: documents byte for byte, the sheet, digests, and what to do with them."""
    files = {file_name(document): content for document, content in copied.files} | {SHEET: sheet}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    files |= {DIGESTS: sums.encode(), README: _about(copied, office).encode()}
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, FIRST_DAY), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _about(copied: Copied, office: SheetOffice) -> str:
    grant = copied.grant
    lines = [f"    {file_name(one)}\n        {title_of(office.catalog, one)}" for one, _ in copied.files]
    return ABOUT.format(
        title=f"{copied.aco.legal_name} ({grant.aco_id}), performance year {grant.performance_year}",
        name=grant.name,
        capacity=CAPACITIES[grant.capacity],
        grant_id=grant.grant_id,
        at=copied.at,
        retrieval_id=copied.retrieval_id,
        files="\n".join(lines),
        sheet=SHEET,
        digests=DIGESTS,
    )


def _chosen(opened: OpenGrant, document_id: str, shape: Shape) -> Sequence[Document]:
    if not document_id and shape is Shape.ARCHIVE and opened.to_be_given:
        return opened.to_be_given
    found = [(document, problems) for document, _, problems in opened.documents if document.document_id == document_id]
    if not found:
        raise InputError(_not_given(document_id))
    document, problems = found[0]
    if problems:
        raise InputError(problems)
    return [document]


def _reason(grant: Grant | None, now: datetime) -> str:
    return ENDS.get(grant.state(now), "link-closed") if grant else "link-unknown"


def _closed() -> Problem:
    """The same words for a secret that never opened anything and for one that does no more."""
    sentence = "This link opens nothing: it is wrong or incomplete, or the access has ended or was withdrawn."
    return Problem("link-closed", sentence, "Ask whoever sent it to you for a new one.")


def _not_given(document_id: str) -> Problem:
    sentence = "There is no such document among those that you were given."
    return Problem("document-not-given", sentence, "Choose from the list.", document_id)
