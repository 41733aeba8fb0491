"""Records of documents: revisions, signatures, views. The head digest moves by compare-and-swap only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.audit.log import SERVICE
from packets.model.documents import Decline, Document, Event, Revision, Signature
from packets.model.people import Role
from packets.store.records.entries import EntryRecords
from packets.store.records.places import Place, at_places
from packets.store.tables import declines, documents, revisions, signatures, views

PLAIN = (
    "document_id",
    "aco_id",
    "kind",
    "edition",
    "step",
    "head_digest",
    "pages",
    "data_digest",
    "template_digest",
    "sample",
    "void_reason",
    "voided_by",
    "occurrence",
    "sections_digest",
)
IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
# Asked for every document that is read: built once, since building them takes longer than answering them.
ONE = documents.select().where(documents.c.document_id == sa.bindparam("document_id", type_=sa.String))
OF_ACO = documents.select().where(
    documents.c.aco_id == sa.bindparam("aco_id", type_=sa.String),
    documents.c.year == sa.bindparam("year", type_=sa.Integer),
)
CHAINS = revisions.select().where(revisions.c.document_id.in_(IDS)).order_by(revisions.c.number)
SIGNED = signatures.select().where(signatures.c.document_id.in_(IDS)).order_by(signatures.c.signed_at_utc)
REFUSED = declines.select().where(declines.c.document_id.in_(IDS)).order_by(declines.c.decline_id)
MOST_AT_ONCE = 500
"""Ids in one question: databases take so many parameters and no more."""
BETWEEN_SLOTS = "\n"
"""No name of a slot has it."""
ORDER = (documents.c.aco_id, documents.c.step, documents.c.kind, documents.c.occurrence)
COUNTS = documents.c.voided_at_utc.is_(None)
PACKET, VOIDED = OF_ACO.where(COUNTS).order_by(*ORDER), OF_ACO.where(~COUNTS).order_by(*ORDER)


@dataclass(frozen=True, slots=True)
class DocumentOutline:
    """A document in a list of many: whose, of which kind, how far it is, and the slots that are signed, sorted."""

    aco_id: str
    kind: str
    executed: bool
    declined: bool
    slots: tuple[str, ...]


class DocumentRecords:
    """Documents by their id, or by ACO, year and kind."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._entries = EntryRecords(connection)

    def add(self, document: Document, now: datetime) -> None:
        """Record a new document with its first revisions; its head is the last of them."""
        values = {name: getattr(document, name) for name in PLAIN}
        self._connection.execute(
            documents.insert().values(**values, year=document.performance_year, created_at_utc=now)
        )
        for revision in document.revisions:
            self._add_revision(document.document_id, revision, "service")
        self._entries.follow(document.document_id)

    def advance(self, document: Document, revision: Revision, by: str) -> bool:
        """Make `revision` the head, if the head still is what `document` says. False when somebody was faster."""
        moved = self._connection.execute(
            documents.update()
            .where(
                documents.c.document_id == document.document_id,
                documents.c.head_digest == document.head_digest,
                documents.c.voided_at_utc.is_(None),
                documents.c.disposed_at_utc.is_(None),
            )
            .values(head_digest=revision.digest)
        )
        if moved.rowcount == 1:
            self._add_revision(document.document_id, revision, by)
        return moved.rowcount == 1

    def add_signature(self, document_id: str, signature: Signature, intent_id: str) -> None:
        """Record a signature; one for a slot, one for an intent."""
        self._connection.execute(
            signatures.insert().values(
                document_id=document_id,
                intent_id=intent_id,
                slot=signature.slot,
                user_id=signature.user_id,
                name=signature.name,
                role=signature.role,
                signed_at_utc=signature.signed_at,
                level=signature.level,
                certificate_serial=signature.certificate_serial,
                revision_digest=signature.revision_digest,
            )
        )
        self._entries.follow(document_id)

    def execute(self, document_id: str, now: datetime) -> None:
        """Record that the last required signature is there."""
        self._connection.execute(
            documents.update().where(documents.c.document_id == document_id).values(executed_at_utc=now)
        )
        self._entries.follow(document_id)

    def void(self, document_id: str, reason: str, now: datetime, by: str = SERVICE) -> None:
        """Record that the document no longer counts, why, and who said so."""
        changed = documents.update().where(documents.c.document_id == document_id, documents.c.voided_at_utc.is_(None))
        self._connection.execute(changed.values(voided_at_utc=now, void_reason=reason, voided_by=by))
        self._entries.follow(document_id)

    def decline(self, document_id: str, slot: str, user_id: str, role: Role, reason: str, now: datetime) -> None:
        """Record a refusal to sign; a document has at most one that holds."""
        values = {"document_id": document_id, "slot": slot, "user_id": user_id, "role": role, "reason": reason}
        held = {"declined_at_utc": now, "withdrawn_by": "", "withdraw_reason": ""}
        self._connection.execute(declines.insert().values(**values, **held))
        self._entries.follow(document_id)

    def withdraw(self, decline_id: int, user_id: str, reason: str, now: datetime) -> bool:
        """Record that a decline no longer holds. False when it did not."""
        held = declines.update().where(declines.c.decline_id == decline_id, declines.c.withdrawn_at_utc.is_(None))
        values = {"withdrawn_at_utc": now, "withdrawn_by": user_id, "withdraw_reason": reason}
        documents_of = sa.select(declines.c.document_id).where(declines.c.decline_id == decline_id)
        withdrawn = self._connection.execute(held.values(**values)).rowcount == 1
        for document_id in self._connection.scalars(documents_of).all():
            self._entries.follow(document_id)
        return withdrawn

    def get(self, document_id: str) -> Document | None:
        """The document with everything recorded about it, or None."""
        found = self._answer(ONE, {"document_id": document_id})
        return found[0] if found else None

    def several(self, document_ids: Iterable[str]) -> list[Document]:
        """Some documents by their ids, those that were voided too, by ACO and step."""
        return self._read(documents.c.document_id.in_(sorted(document_ids)))

    def with_revision(self, digest: str) -> Document | None:
        """The document that has, or had, exactly these bytes, or None."""
        asked = sa.select(revisions.c.document_id).where(revisions.c.digest == digest).limit(1)
        document_id = self._connection.scalar(asked)
        return self.get(document_id) if document_id else None

    def current(self, aco_id: str, year: int, kind: str, occurrence: int = 1) -> Document | None:
        """The one of that kind and occurrence that counts, or None."""
        which = documents.c.kind == kind, documents.c.occurrence == occurrence, documents.c.voided_at_utc.is_(None)
        found = self._read(*_of(aco_id, year), *which)
        return found[0] if found else None

    def by_revision(self, digest: str) -> Document | None:
        """The document that has a revision with that digest, or None. Of several with the same draft, one that counts."""
        having = sa.select(revisions.c.document_id).where(revisions.c.digest == digest)
        found = self._read(documents.c.document_id.in_(having))
        return min(found, key=lambda one: one.voided_at is not None, default=None)

    def packet(self, aco_id: str, year: int) -> list[Document]:
        """Every document that counts of an ACO's packet, by step."""
        return self._answer(PACKET, {"aco_id": aco_id, "year": year})

    def packets(self, year: int, aco_ids: Iterable[str]) -> dict[str, list[Document]]:
        """Every document that counts of several ACOs' packets, by ACO ID, each packet by step."""
        found: dict[str, list[Document]] = {}
        wanted = documents.c.aco_id.in_(sorted(aco_ids))
        for one in self._read(documents.c.year == year, wanted, documents.c.voided_at_utc.is_(None)):
            found.setdefault(one.aco_id, []).append(one)
        return found

    def packets_at(self, places: Iterable[Place]) -> dict[Place, list[Document]]:
        """Every document that counts of packets of whatever years, by ACO ID and year, each packet by step."""
        found: dict[Place, list[Document]] = {}
        for one in self._read(at_places(documents, places), documents.c.voided_at_utc.is_(None)):
            found.setdefault((one.aco_id, one.performance_year), []).append(one)
        return found

    def of_kind(self, aco_id: str, year: int, kind: str) -> list[Document]:
        """Every document of that kind, those that were voided too, oldest first."""
        found = self._read(*_of(aco_id, year), documents.c.kind == kind)
        return sorted(found, key=lambda one: one.revisions[0].at_utc)

    def voided(self, aco_id: str, year: int) -> list[Document]:
        """The documents of an ACO's packet that no longer count, oldest first."""
        found = self._answer(VOIDED, {"aco_id": aco_id, "year": year})
        return sorted(found, key=lambda one: one.voided_at or one.revisions[0].at_utc)

    def in_year(self, year: int, kinds: Collection[str] = ()) -> list[Document]:
        """Every document that counts of a year, or of some kinds in it, by ACO and step."""
        among = (documents.c.kind.in_(kinds),) if kinds else ()
        return self._read(documents.c.year == year, documents.c.voided_at_utc.is_(None), *among)

    def outlines(self, year: int, kinds: Collection[str] = ()) -> list[DocumentOutline]:
        """Every document of a year that counts, or of some kinds in it, with what its status needs: no chain, no times."""
        among = (documents.c.kind.in_(sorted(kinds)),) if kinds else ()
        signed = sa.select(sa.func.aggregate_strings(signatures.c.slot, BETWEEN_SLOTS))
        slots = signed.where(signatures.c.document_id == documents.c.document_id).scalar_subquery()
        declined = set(
            self._connection.scalars(sa.select(declines.c.document_id).where(declines.c.withdrawn_at_utc.is_(None)))
        )
        executed = documents.c.executed_at_utc.is_not(None)
        found = sa.select(documents.c.document_id, documents.c.aco_id, documents.c.kind, executed, slots)
        found = found.where(documents.c.year == year, documents.c.voided_at_utc.is_(None), *among)
        ordered = found.order_by(documents.c.aco_id, documents.c.step, documents.c.kind)
        return [
            DocumentOutline(
                aco_id,
                kind,
                bool(done),
                document_id in declined,
                tuple(sorted(signed.split(BETWEEN_SLOTS))) if signed else (),
            )
            for document_id, aco_id, kind, done, signed in self._connection.execute(ordered)
        ]

    def counts(self, year: int) -> tuple[int, int]:
        """How many documents of a year count, and how many of them are executed."""
        asked = sa.select(sa.func.count(), sa.func.count(documents.c.executed_at_utc))
        counting = documents.c.year == year, documents.c.voided_at_utc.is_(None)
        every, executed = self._connection.execute(asked.where(*counting)).one()
        return every, executed

    def signed(self) -> int:
        """How many signatures are recorded."""
        return int(self._connection.scalar(sa.select(sa.func.count()).select_from(signatures)) or 0)

    def kinds_in_year(self, year: int) -> set[tuple[str, str]]:
        """ACO and kind of every document of a year that counts."""
        asked = sa.select(documents.c.aco_id, documents.c.kind)
        counting = documents.c.year == year, documents.c.voided_at_utc.is_(None)
        return {(row.aco_id, row.kind) for row in self._connection.execute(asked.where(*counting))}

    def signed_in_part(self, year: int | None = None) -> list[Document]:
        """Documents that count and carry a signature, but not every one; of a year, or of all."""
        signed = sa.exists().where(signatures.c.document_id == documents.c.document_id)
        counting = (documents.c.voided_at_utc.is_(None), documents.c.executed_at_utc.is_(None), signed)
        return self._read(*counting, *([documents.c.year == year] if year is not None else []))

    def declined(self) -> list[Document]:
        """Documents that count and that somebody declines to sign."""
        held = (declines.c.document_id == documents.c.document_id, declines.c.withdrawn_at_utc.is_(None))
        return self._read(documents.c.voided_at_utc.is_(None), sa.exists().where(*held))

    def editions_viewed(self, user_id: str) -> frozenset[str]:
        """Digests of the templates of which a person was shown a document, whole."""
        joined = documents.join(views, views.c.document_id == documents.c.document_id)
        asked = sa.select(documents.c.template_digest).select_from(joined).where(views.c.user_id == user_id).distinct()
        return frozenset(self._connection.scalars(asked))

    def executed(self) -> list[str]:
        """The ids of every executed document that counts and is kept, of all years, by year, ACO and step."""
        order = (documents.c.year, documents.c.aco_id, documents.c.step, documents.c.kind)
        kept = documents.c.voided_at_utc.is_(None), documents.c.disposed_at_utc.is_(None)
        counting = documents.c.executed_at_utc.is_not(None), *kept
        asked = sa.select(documents.c.document_id).where(*counting).order_by(*order)
        return list(self._connection.execute(asked).scalars())

    def view(self, document_id: str, user_id: str, digest: str, now: datetime) -> None:
        """Record that a person was shown a revision; the first time counts."""
        if not self.viewed(document_id, user_id, digest):
            self._connection.execute(
                views.insert().values(document_id=document_id, user_id=user_id, digest=digest, at_utc=now)
            )

    def viewed(self, document_id: str, user_id: str, digest: str) -> bool:
        """Whether a person was shown a revision."""
        asked = sa.select(views.c.at_utc).where(
            views.c.document_id == document_id, views.c.user_id == user_id, views.c.digest == digest
        )
        return self._connection.execute(asked).one_or_none() is not None

    def shown_to(self, user_id: str, document_ids: Iterable[str]) -> frozenset[tuple[str, str]]:
        """Which revisions of some documents a person was shown, as pairs of document and digest."""
        asked = sa.select(views.c.document_id, views.c.digest).where(views.c.user_id == user_id)
        rows = self._connection.execute(asked.where(views.c.document_id.in_(sorted(document_ids))))
        return frozenset((row.document_id, row.digest) for row in rows)

    def _add_revision(self, document_id: str, revision: Revision, by: str) -> None:
        self._connection.execute(
            revisions.insert().values(
                document_id=document_id,
                number=revision.number,
                digest=revision.digest,
                size=revision.size,
                event=revision.event,
                by=by,
                at_utc=revision.at_utc,
            )
        )

    def _read(self, *which: sa.ColumnElement[bool]) -> list[Document]:
        return self._answer(documents.select().where(*which).order_by(*ORDER), {})

    def _answer(self, asked: sa.Select[Any], values: dict[str, Any]) -> list[Document]:
        rows = self._connection.execute(asked, values).all()
        ids = [row.document_id for row in rows]
        chains, signed, refused = (self._parts(asked, ids) for asked in (CHAINS, SIGNED, REFUSED))
        return [_document(one, *(part.get(one.document_id, []) for part in (chains, signed, refused))) for one in rows]

    def _parts(self, asked: sa.Select[Any], ids: list[str]) -> dict[str, list[Any]]:
        """Rows of a table that belong to documents, by document."""
        found: dict[str, list[Any]] = {}
        for at in range(0, len(ids), MOST_AT_ONCE):
            for row in self._connection.execute(asked, {"ids": ids[at : at + MOST_AT_ONCE]}):
                found.setdefault(row.document_id, []).append(row)
        return found


def _of(aco_id: str, year: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (documents.c.aco_id == aco_id, documents.c.year == year)


def _document(row: Any, chain: list[Any], signed: list[Any], refused: list[Any]) -> Document:
    told = row._asdict()
    return Document(
        **{name: told[name] for name in PLAIN},
        performance_year=row.year,
        revisions=tuple(Revision(one.number, one.digest, one.size, Event(one.event), one.at_utc) for one in chain),
        signatures=tuple(_signature(one) for one in signed),
        executed_at=row.executed_at_utc,
        voided_at=row.voided_at_utc,
        disposed_at=row.disposed_at_utc,
        declines=tuple(_decline(one) for one in refused),
    )


def _decline(row: Any) -> Decline:
    told = {name: getattr(row, name) for name in ("decline_id", "slot", "user_id", "reason", "withdrawn_by")}
    times = {"declined_at": row.declined_at_utc, "withdrawn_at": row.withdrawn_at_utc}
    return Decline(**told, **times, role=Role(row.role), withdraw_reason=row.withdraw_reason)


def _signature(row: Any) -> Signature:
    return Signature(
        slot=row.slot,
        user_id=row.user_id,
        name=row.name,
        role=Role(row.role),
        signed_at=row.signed_at_utc,
        level=row.level,
        certificate_serial=row.certificate_serial,
        revision_digest=row.revision_digest,
    )
