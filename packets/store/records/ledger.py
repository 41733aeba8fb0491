"""The tables as they stand, row by row, for the independent checker: nothing here interprets what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, TypeAlias

import sqlalchemy as sa

from packets.store.tables import (
    acos,
    audit,
    checkpoints,
    corrections,
    documents,
    extensions,
    intents,
    loads,
    revisions,
    signatures,
    step_ups,
    windows,
)

Row: TypeAlias = Mapping[str, Any]


class LedgerRecords:
    """Rows by table, in a fixed order; voided documents and abandoned intents too."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def documents(self) -> list[Row]:
        """Every document ever recorded, by its id."""
        return self._rows(documents.select().order_by(documents.c.document_id))

    def revisions(self, document_id: str) -> list[Row]:
        """A document's revisions by number."""
        return self._rows(revisions.select().where(revisions.c.document_id == document_id).order_by(revisions.c.number))

    def signatures(self) -> list[Row]:
        """Every signature."""
        return self._rows(signatures.select())

    def intents(self) -> list[Row]:
        """Every intent."""
        return self._rows(intents.select())

    def step_ups(self) -> list[Row]:
        """Every re-authentication."""
        return self._rows(step_ups.select())

    def windows(self) -> list[Row]:
        """Every window of every year."""
        return self._rows(windows.select())

    def cohorts(self) -> dict[tuple[str, int], str]:
        """The cohort of every ACO in every year."""
        return {(row["aco_id"], row["year"]): row["cohort"] for row in self._rows(acos.select())}

    def extensions(self) -> list[Row]:
        """Every extension."""
        return self._rows(extensions.select())

    def audit(self) -> Iterator[Row]:
        """The log in its order, entry by entry."""
        asked = audit.select().order_by(audit.c.sequence)
        for row in self._connection.execute(asked, execution_options={"yield_per": 1000}):
            yield _row(row)

    def digests(self) -> dict[str, str]:
        """Every digest under which bytes must be in the store, and one thing that they are for."""
        named = (
            (checkpoints.c.object_digest, "checkpoint of the log"),
            (loads.c.report_digest, "report on a load"),
            (loads.c.digest, "loaded file"),
            (corrections.c.sha256, "corrections file"),
            (documents.c.data_digest, "frozen facts"),
            (revisions.c.digest, "revision"),
        )
        return {digest: what for column, what in named for digest in self._connection.scalars(sa.select(column))}

    def agreement_ends(self) -> dict[str, date]:
        """The digests of every document, its facts among them, with the end of the agreement that it belongs to."""
        place = sa.and_(acos.c.aco_id == documents.c.aco_id, acos.c.year == documents.c.year)
        owned = documents.join(acos, place)
        facts = sa.select(documents.c.data_digest, acos.c.end_date).select_from(owned)
        chains = sa.select(revisions.c.digest, acos.c.end_date).select_from(
            owned.join(revisions, revisions.c.document_id == documents.c.document_id)
        )
        ends: dict[str, date] = {}
        for digest, end in (*self._connection.execute(facts), *self._connection.execute(chains)):
            ends[digest] = max(end, ends.get(digest, end))
        return ends

    def _rows(self, asked: sa.Select[Any]) -> list[Row]:
        return [_row(one) for one in self._connection.execute(asked)]


def _row(found: sa.Row[Any]) -> Row:
    return {str(name): value for name, value in found._mapping.items()}  # noqa: SLF001  SQLAlchemy's public name
