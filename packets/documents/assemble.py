"""Assembling: the facts behind a document are frozen, rendered and kept as its first revision (DESIGN 3).

Frozen facts are canonical JSON whose digest is printed in the document. When they change before the first signature, the
draft is voided and a new document takes its place; after the first signature nothing is assembled again.
"""

from __future__ import annotations

import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from packets.audit.log import SERVICE, Act, Outcome
from packets.canonical import canonical_json, digest_of
from packets.clock import Clock
from packets.documents.catalog import Catalog
from packets.documents.frozen_facts import freeze, require_aco, sections_changed, template_changed
from packets.errors import ConflictError, NotFoundError, Problem
from packets.finding.words import Contents, contents_of
from packets.model.agreements import occurrence_to_make
from packets.model.documents import ISSUERS, Document, DocumentType, Event, FieldDictionaries, Revision
from packets.render.document import Rendered, render_document
from packets.render.environment import learn_body
from packets.render.fonts import FontSet, warm_up
from packets.sandbox.sandbox import Allowance, Sandbox
from packets.store.database import Database
from packets.store.objects import ObjectStore, digest_bytes
from packets.store.records import Records

FieldMaker = Callable[[DocumentType, Mapping[str, Any]], Mapping[str, FieldDictionaries]]
"""Says what the signature fields of a document ask for and lock, by its type and facts; the signing floor provides it."""

RENDERING = Allowance(seconds=120, memory_mb=2048)
"""The largest list known, 33,500 rows, takes two seconds and 90 MB."""

LONGEST_LEARNED = 30_000
"""Characters of a body that the sandbox's server makes into a program before it forks; a request to it has little room."""

Sealer = Callable[[bytes], bytes]
"""Adds the service's certification signature; the signing floor provides it."""


@dataclass(frozen=True, slots=True)
class Made:
    """A document that was made and is not recorded yet, and what it takes the place of. Its bytes are kept already."""

    draft: Document
    replaces: Document | None
    contents: Contents


@dataclass(frozen=True, slots=True)
class Assembler:
    """Assembles documents; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    catalog: Catalog
    clock: Clock
    field_maker: FieldMaker
    seal: Sealer
    sandbox: Sandbox
    fonts: FontSet | None = None
    issuers: tuple[bytes, ...] = ()

    def render(self, document_type: DocumentType, facts: Mapping[str, Any]) -> Rendered:
        """The document made from facts, every signature field in place and empty: the first revision.

        Raises:
            RenderError: template and facts do not fit.
        """
        arguments = (document_type, facts, self.field_maker, self.fonts)
        warm: list[tuple[Callable[[str], object], str]] = [(warm_up, str(self.fonts.folder))] if self.fonts else []
        if len(document_type.body) <= LONGEST_LEARNED:
            warm.append((learn_body, document_type.body))
        return self.sandbox.run(render_with, *arguments, allowance=RENDERING, needs=(self.field_maker,), warm=warm)

    def assemble(self, aco_id: str, year: int, kind: str, actor: str = SERVICE) -> Document:
        """The document of that kind, made from the facts as they are now.

        An unsigned document whose facts have changed is voided and replaced; one whose facts are the same, or that
        carries a signature, is left as it is and returned.

        Raises:
            NotFoundError: no such ACO in that year, or no such kind for its cohort.
            RenderError: template and facts do not fit; nothing was stored.
        """
        document_type = self.catalog[kind]
        with self.database.read() as records:
            occurrence = occurrence_to_make(document_type, records.documents.packet(aco_id, year))
            facts = freeze(records, document_type, aco_id, year, occurrence)
            current = records.documents.current(aco_id, year, kind, occurrence)
        made = self.make(aco_id, facts, current, occurrence)
        if isinstance(made, Document):
            return made
        with self.database.write() as records:
            return self.record(records, made, actor)

    def make(
        self, aco_id: str, facts: Mapping[str, Any], current: Document | None, occurrence: int = 1
    ) -> Document | Made:
        """The document that these facts give, not recorded yet; the current one when nothing is to be made.

        Args:
            aco_id: whose document.
            facts: what `freeze` answers, or would answer after a change that is about to be recorded.
            current: the document that counts now.
            occurrence: which one of its kind, where there can be several.

        Raises:
            RenderError: template and facts do not fit.
        """
        document_type = self.catalog[facts["document"]["kind"]]
        facts = {**facts, **self._signing_facts()}
        content = canonical_json(facts)
        if current and (current.signatures or _is_same(current, document_type, content)):
            return current
        draft = self._prepare(document_type, aco_id, facts, content)
        contents = contents_of(document_type, facts, draft.data_digest)
        return Made(replace(draft, occurrence=occurrence), current, contents)

    def prepare(self, aco_id: str, year: int, kind: str, occurrence: int = 1) -> Made:
        """A new document of that kind from the facts as they are now: its bytes are kept, but it is not recorded yet.

        Raises:
            NotFoundError: no such ACO in that year, or no such kind for its cohort.
            RenderError: template and facts do not fit; nothing was stored.
        """
        document_type = self.catalog[kind]
        with self.database.read() as records:
            facts = freeze(records, document_type, aco_id, year, occurrence) | self._signing_facts()
        draft = self._prepare(document_type, aco_id, facts, canonical_json(facts))
        contents = contents_of(document_type, facts, draft.data_digest)
        return Made(replace(draft, occurrence=occurrence), None, contents)

    def assemble_packet(self, aco_id: str, year: int, actor: str = SERVICE) -> list[Document]:
        """Every document of the ACO's packet, in the order of the steps."""
        with self.database.read() as records:
            aco = require_aco(records, aco_id, year)
        return [self.assemble(aco_id, year, one.kind, actor) for one in self.catalog.for_cohort(aco.cohort)]

    def refresh(self, aco_id: str, year: int, actor: str = SERVICE) -> list[Document]:
        """Assemble again the unsigned documents of a packet whose facts are not any more what they were made from.

        Until then they cannot be signed (`sections_changed`), so that nothing is lost when this is not reached.
        """
        with self.database.read() as records:
            aco = require_aco(records, aco_id, year)
            outdated = [
                one.kind
                for one in records.documents.packet(aco_id, year)
                if one.kind in self.catalog
                and (
                    sections_changed(records, self.catalog[one.kind], aco, one)
                    or template_changed(self.catalog[one.kind], one)
                )
            ]
        return [self.assemble(aco_id, year, kind, actor) for kind in outdated]

    def _signing_facts(self) -> dict[str, Any]:
        return {ISSUERS: [b64encode(one).decode() for one in self.issuers]} if self.issuers else {}

    def _prepare(self, document_type: DocumentType, aco_id: str, facts: Mapping[str, Any], content: bytes) -> Document:
        rendered = self.render(document_type, facts)
        sealed = self.seal(rendered.pdf)
        for one in (content, rendered.pdf, sealed):
            self.objects.put(one)
        now = self.clock()
        chain = (_revision(1, rendered.pdf, Event.DRAFTED, now), _revision(2, sealed, Event.SEALED, now))
        return _with_chain(_draft(document_type, aco_id, facts, content, rendered.pages), chain)

    def record(self, records: Records, made: Made, actor: str) -> Document:
        """Put a document that was made in the place of the one that it was made to replace.

        Raises:
            ConflictError: another document counts by now, or the current one was signed.
        """
        now, draft, replaced = self.clock(), made.draft, made.replaces
        subject = document_subject(draft)
        _refuse_change(records, draft, replaced)
        if replaced:
            records.documents.void(replaced.document_id, "superseded: the facts behind it changed", now)
            records.journal.log(
                Act.DOCUMENT_VOID, actor, subject, now, document=replaced.document_id, digest=replaced.head_digest
            )
        record_draft(records, draft, made.contents, actor, now)
        found = records.documents.get(draft.document_id)
        if found is None:
            raise NotFoundError(
                Problem("document-missing", "The document that was just recorded is not there.", "Try again.", subject)
            )
        return found


def render_with(
    document_type: DocumentType, facts: Mapping[str, Any], field_maker: FieldMaker, fonts: FontSet | None
) -> Rendered:
    """Do what `Assembler.render` has done in its sandbox."""
    return render_document(document_type, facts, field_maker(document_type, facts), fonts=fonts)


def record_draft(records: Records, draft: Document, contents: Contents, actor: str, now: datetime) -> None:
    """Record a document that was prepared, and by what it is found; tell the log."""
    records.documents.add(draft, now)
    records.entries.keep_contents(draft.document_id, contents)
    told = {"document": draft.document_id, "digest": draft.head_digest, "data": draft.data_digest}
    records.journal.log(Act.DOCUMENT_ASSEMBLE, actor, document_subject(draft), now, Outcome.DONE, **told)


def _refuse_change(records: Records, draft: Document, replaced: Document | None) -> None:
    """The document that counts must be the one that was there when the new one was made, and unsigned.

    Raises:
        ConflictError: it is not.
    """
    current = records.documents.current(draft.aco_id, draft.performance_year, draft.kind, draft.occurrence)
    same = (current.document_id if current else None) == (replaced.document_id if replaced else None)
    if not same or (current and current.signatures):
        sentence = "The document was assembled or signed meanwhile."
        raise ConflictError(Problem("document-changed", sentence, "Look at it again.", document_subject(draft)))


def document_subject(document: Document) -> str:
    """How the audit log names a document: `A1001/2027/participant-list`."""
    return f"{document.aco_id}/{document.performance_year}/{document.kind}"


def _is_same(current: Document, document_type: DocumentType, content: bytes) -> bool:
    return (current.data_digest, current.template_digest) == (digest_bytes(content), document_type.template_digest)


def _draft(document_type: DocumentType, aco_id: str, facts: Mapping[str, Any], content: bytes, pages: int) -> Document:
    return Document(
        document_id=str(uuid.uuid4()),
        aco_id=aco_id,
        performance_year=facts["document"]["performance_year"],
        kind=document_type.kind,
        edition=document_type.edition,
        step=document_type.step,
        head_digest="",
        pages=pages,
        data_digest=digest_bytes(content),
        template_digest=document_type.template_digest,
        sections_digest=digest_of({name: facts[name] for name in document_type.sections if name in facts}),
        revisions=(),
        signatures=(),
        sample=facts["sample"],
    )


def _with_chain(draft: Document, chain: tuple[Revision, ...]) -> Document:
    return replace(draft, revisions=chain, head_digest=chain[-1].digest)


def _revision(number: int, content: bytes, event: Event, now: datetime) -> Revision:
    return Revision(number, digest_bytes(content), len(content), event, now)
