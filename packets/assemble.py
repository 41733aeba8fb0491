"""Assembling: the facts behind a document are frozen, rendered and kept as its first revision (DESIGN 3).

Frozen facts are canonical JSON whose digest is printed in the document. When they change before the first signature, the
draft is voided and a new document takes its place; after the first signature nothing is assembled again.
"""

from __future__ import annotations

import uuid
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from packets.audit.log import SERVICE, Act, Outcome
from packets.canonical import canonical_json, digest_of
from packets.catalog import Catalog
from packets.clock import Clock
from packets.confinement.box import Allowance, Box, OpenBox
from packets.errors import ConflictError, NotFoundError, Problem
from packets.lists.columns import LAYOUTS
from packets.model.aco import Aco
from packets.model.agreements import changed_keepers, extended_day, occurrence_to_make, people_in_charge
from packets.model.calendar import AGENCY_ZONE
from packets.model.documents import ISSUERS, Document, DocumentType, Event, FieldDictionaries, Revision, Roster
from packets.model.people import SLOTS_BY_ROLE, Address, Contact, role_label
from packets.render.document import Rendered, render_document
from packets.render.fonts import FontSet, warm_up
from packets.store.database import Database
from packets.store.objects import ObjectStore, digest_bytes
from packets.store.records import Records
from packets.store.records.lists import CorrectionsUpload, Row

NO_VALUE = "N/A"
"""What a document prints where a row has no such value, so that no cell looks forgotten (R58, REQ 1.6.8)."""

FieldMaker = Callable[[DocumentType, Mapping[str, Any]], Mapping[str, FieldDictionaries]]
"""Says what the signature fields of a document ask for and lock, by its type and facts; the signing floor provides it."""

RENDERING = Allowance(seconds=120, memory_mb=2048)
"""The largest list known, 33,500 rows, takes two seconds and 90 MB."""

Sealer = Callable[[bytes], bytes]
"""Adds the service's certification signature; the signing floor provides it."""


@dataclass(frozen=True, slots=True)
class Made:
    """A document that was made and is not recorded yet, and what it takes the place of. Its bytes are kept already."""

    draft: Document
    replaces: Document | None


@dataclass(frozen=True, slots=True)
class Assembler:
    """Assembles documents; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    catalog: Catalog
    clock: Clock
    field_maker: FieldMaker
    seal: Sealer
    fonts: FontSet | None = None
    issuers: tuple[bytes, ...] = ()
    box: Box = field(default_factory=OpenBox)

    def render(self, document_type: DocumentType, facts: Mapping[str, Any]) -> Rendered:
        """The document made from facts, every signature field in place and empty: the first revision.

        Raises:
            RenderError: template and facts do not fit.
        """
        arguments = (document_type, facts, self.field_maker, self.fonts)
        warm = [(warm_up, str(self.fonts.folder))] if self.fonts else []
        return self.box.run(render_with, *arguments, allowance=RENDERING, needs=(self.field_maker,), warm=warm)

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
        return Made(replace(draft, occurrence=occurrence), current)

    def prepare(self, aco_id: str, year: int, kind: str, occurrence: int = 1) -> Document:
        """A new document of that kind from the facts as they are now: its bytes are kept, but it is not recorded yet.

        Raises:
            NotFoundError: no such ACO in that year, or no such kind for its cohort.
            RenderError: template and facts do not fit; nothing was stored.
        """
        document_type = self.catalog[kind]
        with self.database.read() as records:
            facts = freeze(records, document_type, aco_id, year, occurrence) | self._signing_facts()
        prepared = self._prepare(document_type, aco_id, facts, canonical_json(facts))
        return replace(prepared, occurrence=occurrence)

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
        record_draft(records, draft, actor, now)
        found = records.documents.get(draft.document_id)
        if found is None:
            raise NotFoundError(
                Problem("document-missing", "The document that was just recorded is not there.", "Try again.", subject)
            )
        return found


def render_with(
    document_type: DocumentType, facts: Mapping[str, Any], field_maker: FieldMaker, fonts: FontSet | None
) -> Rendered:
    """What `Assembler.render` has done in its box."""
    return render_document(document_type, facts, field_maker(document_type, facts), fonts=fonts)


def record_draft(records: Records, draft: Document, actor: str, now: datetime) -> None:
    """Record a document that was prepared, and tell the log."""
    records.documents.add(draft, now)
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


def require_aco(records: Records, aco_id: str, year: int) -> Aco:
    """The ACO in that year.

    Raises:
        NotFoundError: it is not enrolled in that year.
    """
    aco = records.acos.get(aco_id, year)
    if aco is None:
        raise NotFoundError(
            Problem("aco-unknown", f"There is no ACO {aco_id} in {year}.", "Check the ACO ID and the year.", aco_id)
        )
    return aco


def freeze(
    records: Records, document_type: DocumentType, aco_id: str, year: int, occurrence: int = 1
) -> dict[str, Any]:
    """The facts behind a document as JSON types: what the manifest's sections and rosters name, and nothing else.

    Raises:
        NotFoundError: the ACO is not enrolled in that year, or its cohort does not certify this document.
    """
    aco = require_aco(records, aco_id, year)
    if aco.cohort not in document_type.cohorts:
        raise NotFoundError(
            Problem(
                "not-applicable",
                f"{document_type.title} is not for {aco.cohort} ACOs.",
                "Choose a document of this packet.",
                document_type.kind,
            )
        )
    return {
        "document": {
            "kind": document_type.kind,
            "title": document_type.title,
            "edition": document_type.edition,
            "performance_year": year,
        },
        "sample": aco.sample,
        "rosters": {
            one.name: roster_facts(one, records.lists.rows(aco_id, year, one.source)) for one in document_type.rosters
        },
        **section_facts(records, document_type, aco, occurrence),
    }


def section_facts(records: Records, document_type: DocumentType, aco: Aco, occurrence: int = 1) -> dict[str, Any]:
    """The sections of the facts that the manifest names: what the ACO says of itself, its contacts, its DUA, its corrections."""
    place = (aco.aco_id, aco.performance_year)
    sections: dict[str, Callable[[], Any]] = {
        "aco": lambda: _aco_facts(aco),
        "contacts": lambda: [_contact_facts(one) for one in records.acos.contacts(*place)],
        "dua": lambda: _dua_facts(records, aco),
        "addendum": lambda: _addendum_facts(records, document_type, aco, occurrence),
        "corrections": lambda: _corrections_facts(records, *place),
    }
    return {name: sections[name]() for name in document_type.sections if name in sections}


def sections_changed(records: Records, document_type: DocumentType, aco: Aco, document: Document) -> bool:
    """Whether the sections behind an unsigned document are not any more what it was made from (DESIGN 3).

    Such a document cannot be signed, whoever changed the facts and whether or not it was assembled again since. The lists are
    not looked at: CMS alone loads them. After the first signature the facts are frozen for good, and the answer is no.
    """
    if document.signatures or document.voided_at or not document.sections_digest:
        return False
    return digest_of(section_facts(records, document_type, aco, document.occurrence)) != document.sections_digest


def template_changed(document_type: DocumentType, document: Document) -> bool:
    """Whether the words of an unsigned document are not any more those of its template: it has to be made and read anew."""
    if document.signatures or document.voided_at:
        return False
    return document.template_digest != document_type.template_digest


def roster_facts(roster: Roster, rows: Iterable[Row]) -> dict[str, list[Any]]:
    """A list's rows as a document carries them: the roster's columns only, excluded rows apart (REQ 1.6.5).

    What the columns are is said with them, so that the facts can still be read when later editions have others.
    """
    known = LAYOUTS.get(roster.source)
    keys = known.keys if known else (*roster.keys, *filter(None, [roster.excluded_by]))
    places = [keys.index(key) for key in roster.keys]
    flag = keys.index(roster.excluded_by) if roster.excluded_by else None
    facts: dict[str, list[Any]] = {"columns": list(roster.keys), "rows": [], "excluded": []}
    for row in rows:
        facts["excluded" if flag is not None and row[flag] == "1" else "rows"].append(
            [row[place] or NO_VALUE for place in places]
        )
    return facts


def _aco_facts(aco: Aco) -> dict[str, Any]:
    return {
        **{
            name: getattr(aco, name)
            for name in ("aco_id", "legal_name", "trade_name", "tax_status", "web_page", "service_area")
        },
        "cohort": str(aco.cohort),
        "address": _address_facts(aco.address),
        "agreement": {
            "period_number": aco.agreement.period_number,
            "initial_start_date": aco.agreement.initial_start_date.isoformat(),
            "start_date": aco.agreement.start_date.isoformat(),
            "end_date": aco.agreement.end_date.isoformat(),
            "track": aco.agreement.track,
        },
    }


def _dua_facts(records: Records, aco: Aco) -> dict[str, str]:
    """The DUA as this year's document extends it: to the day that was asked for, else to the day that CMS offers (R74)."""
    request = records.agreements.request(aco.aco_id, aco.performance_year)
    return {
        "number": aco.dua.number,
        "expires_on": aco.dua.expires_on.isoformat(),
        "extended_to": extended_day(aco.dua, request).isoformat(),
    }


def _addendum_facts(records: Records, document_type: DocumentType, aco: Aco, occurrence: int) -> dict[str, Any]:
    """What an addendum tells: its number, when the Requestor and the Custodian last signed, and who of them was replaced."""
    place = (aco.aco_id, aco.performance_year)
    this = (document_type.kind, occurrence)
    packet = [one for one in records.documents.packet(*place) if (one.kind, one.occurrence) != this]
    changed = changed_keepers(packet, records.acos.contacts(*place))
    signed = [f"{one.signed_at.astimezone(AGENCY_ZONE).date()}" for one in people_in_charge(packet).values()]
    return {
        "number": occurrence,
        "signed_on": max(signed, default=""),
        "changes": [
            {"role": str(role), "label": role_label(role), "name": one.name, "user_id": one.user_id}
            for role, one in changed.items()
        ],
    }


def contacts_digest(contacts: Iterable[Contact]) -> str:
    """What stands for the contacts as documents print them: whoever confirms them confirms this (R23)."""
    return digest_of([_contact_facts(one) for one in contacts])


def _address_facts(address: Address) -> dict[str, str]:
    return {name: getattr(address, name) for name in ("line_1", "line_2", "city", "state", "zip_code")}


def _contact_facts(contact: Contact) -> dict[str, Any]:
    person = contact.person
    return {
        "role": str(contact.role),
        "label": role_label(contact.role),
        "name": person.full_name,
        **{name: getattr(person, name) for name in ("title", "organization", "email", "phone", "user_id")},
        "address": _address_facts(person.address),
        "designee": SLOTS_BY_ROLE[contact.role].designee,
    }


def _corrections_facts(records: Records, aco_id: str, year: int) -> dict[str, Any] | None:
    uploads = records.lists.uploads(aco_id, year)
    return upload_facts(uploads[0]) if uploads else None


def upload_facts(upload: CorrectionsUpload) -> dict[str, Any]:
    """An accepted corrections file as a document tells of it."""
    return {
        **{name: getattr(upload, name) for name in ("file_name", "sha256", "uploaded_by", "additions", "deletions")},
        "uploaded_at": f"{upload.uploaded_at_utc:%Y-%m-%d %H:%M} UTC",
    }


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
