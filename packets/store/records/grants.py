"""Records of grants of certified copies and of their retrievals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from packets.model.grants import Capacity, Grant, Retrieval
from packets.store.tables import copy_grant_documents, copy_grants, copy_retrievals, copy_retrieved

PLAIN = (
    "grant_id",
    "aco_id",
    "name",
    "email",
    "reason",
    "made_by",
    "most",
    "message_id",
    "withdrawn_by",
    "withdraw_reason",
)


class GrantRecords:
    """Grants by their id or by the digest of their secret; retrievals are only ever added."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, grant: Grant, token_digest: str) -> None:
        """Record a new grant."""
        values = {name: getattr(grant, name) for name in PLAIN}
        kept = {"year": grant.performance_year, "capacity": grant.capacity, "token_digest": token_digest}
        times = {"made_at_utc": grant.made_at, "expires_at_utc": grant.expires_at}
        self._connection.execute(copy_grants.insert().values(**values, **kept, **times))
        rows = [{"grant_id": grant.grant_id, "document_id": one} for one in grant.document_ids]
        self._connection.execute(copy_grant_documents.insert(), rows)

    def get(self, grant_id: str) -> Grant | None:
        """The grant of that id, or None."""
        return next(iter(self._read(copy_grants.c.grant_id == grant_id)), None)

    def by_digest(self, token_digest: str) -> Grant | None:
        """The grant whose secret has that digest, or None."""
        return next(iter(self._read(copy_grants.c.token_digest == token_digest)), None)

    def of_message(self, message_id: int) -> tuple[Grant, str] | None:
        """The grant whose link the mail of a message carries, with the digest of its secret; or None."""
        asked = sa.select(copy_grants.c.token_digest).where(copy_grants.c.message_id == message_id)
        digest = self._connection.scalar(asked)
        found = self.by_digest(digest) if digest else None
        return (found, digest) if found and digest else None

    def of_packet(self, aco_id: str, year: int) -> list[Grant]:
        """The grants of an ACO's documents of a year, newest first."""
        return self._read(copy_grants.c.aco_id == aco_id, copy_grants.c.year == year)

    def newest(self, most: int, skip: int = 0) -> list[Grant]:
        """The newest grants of all, newest first."""
        asked = sa.select(copy_grants.c.grant_id).order_by(copy_grants.c.made_at_utc.desc(), copy_grants.c.grant_id)
        return self._read(copy_grants.c.grant_id.in_(self._connection.scalars(asked.limit(most).offset(skip)).all()))

    def count(self) -> int:
        """How many grants there are."""
        return int(self._connection.scalar(sa.select(sa.func.count()).select_from(copy_grants)) or 0)

    def withdraw(self, grant_id: str, reason: str, by: str, now: datetime) -> bool:
        """Record that a grant opens nothing any more. False when it was withdrawn before."""
        standing = copy_grants.update().where(
            copy_grants.c.grant_id == grant_id, copy_grants.c.withdrawn_at_utc.is_(None)
        )
        values = {"withdrawn_at_utc": now, "withdrawn_by": by, "withdraw_reason": reason}
        return self._connection.execute(standing.values(**values)).rowcount == 1

    def add_retrieval(self, retrieval: Retrieval) -> None:
        """Record a retrieval."""
        values = {name: getattr(retrieval, name) for name in ("retrieval_id", "grant_id", "number", "sheet_digest")}
        self._connection.execute(copy_retrievals.insert().values(**values, at_utc=retrieval.at))
        of = {"retrieval_id": retrieval.retrieval_id, "grant_id": retrieval.grant_id}
        rows = [{**of, "document_id": one, "digest": digest} for one, digest in retrieval.taken.items()]
        self._connection.execute(copy_retrieved.insert(), rows)

    def knows_sheet(self, digest: str) -> bool:
        """Whether a certification sheet with exactly these bytes was handed out."""
        return bool(self._connection.scalar(sa.select(sa.exists().where(copy_retrievals.c.sheet_digest == digest))))

    def _read(self, *conditions: sa.ColumnElement[bool]) -> list[Grant]:
        newest = copy_grants.c.made_at_utc.desc(), copy_grants.c.grant_id
        rows = self._connection.execute(copy_grants.select().where(*conditions).order_by(*newest)).all()
        ids = [row.grant_id for row in rows]
        documents, retrievals = self._documents(ids), self._retrievals(ids)
        return [_grant(row, documents[row.grant_id], retrievals[row.grant_id]) for row in rows]

    def _documents(self, grant_ids: Iterable[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        asked = copy_grant_documents.select().where(copy_grant_documents.c.grant_id.in_(grant_ids))
        for row in self._connection.execute(asked.order_by(copy_grant_documents.c.document_id)):
            found[row.grant_id].append(row.document_id)
        return found

    def _retrievals(self, grant_ids: list[str]) -> dict[str, list[Retrieval]]:
        taken: dict[str, dict[str, str]] = defaultdict(dict)
        asked = copy_retrieved.select().where(copy_retrieved.c.grant_id.in_(grant_ids))
        for row in self._connection.execute(asked.order_by(copy_retrieved.c.document_id)):
            taken[row.retrieval_id][row.document_id] = row.digest
        found: dict[str, list[Retrieval]] = defaultdict(list)
        made = copy_retrievals.select().where(copy_retrievals.c.grant_id.in_(grant_ids))
        for row in self._connection.execute(made.order_by(copy_retrievals.c.number)):
            found[row.grant_id].append(
                Retrieval(
                    row.retrieval_id, row.grant_id, row.number, row.at_utc, row.sheet_digest, taken[row.retrieval_id]
                )
            )
        return found


def _grant(row: Any, document_ids: list[str], retrievals: list[Retrieval]) -> Grant:
    return Grant(
        **{name: getattr(row, name) for name in PLAIN},
        performance_year=row.year,
        capacity=Capacity(row.capacity),
        document_ids=tuple(document_ids),
        made_at=row.made_at_utc,
        expires_at=row.expires_at_utc,
        withdrawn_at=row.withdrawn_at_utc,
        retrievals=tuple(retrievals),
    )
