"""The tables as they stand, row by row, for the independent checker: nothing here interprets what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import sqlalchemy as sa

from packets.store.tables import (
    acos,
    audit,
    checkpoints,
    corrections,
    disposition_items,
    dispositions,
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

    def has_sealed(self) -> bool:
        """Whether a document or a checkpoint of the log is recorded: each is sealed with the service's keys."""
        tables = (documents, checkpoints)
        return any(self._connection.scalar(sa.select(sa.exists().select_from(table))) for table in tables)

    def digests(self) -> dict[str, str]:
        """Every digest under which bytes must be in the store, and one thing that they are for."""
        named = (
            (checkpoints.c.object_digest, "checkpoint of the log"),
            (loads.c.report_digest, "report on a load"),
            (loads.c.digest, "loaded file"),
            (corrections.c.sha256, "corrections file"),
            (dispositions.c.certificate_digest, "certificate of a disposition"),
        )
        found = {digest: what for column, what in named for digest in self._connection.scalars(sa.select(column))}
        found.pop("", None)
        kept = documents.c.disposed_at_utc.is_(None)
        facts = sa.select(documents.c.data_digest).where(kept)
        chains = sa.select(revisions.c.digest).select_from(revisions.join(documents)).where(kept)
        found |= dict.fromkeys(self._connection.scalars(facts), "frozen facts")
        return found | dict.fromkeys(self._connection.scalars(chains), "revision")

    def dispositions(self) -> list[Row]:
        """Every disposition, and with each of its documents."""
        joined = dispositions.join(disposition_items)
        return self._rows(sa.select(dispositions, disposition_items.c.document_id).select_from(joined))

    def _rows(self, asked: sa.Select[Any]) -> list[Row]:
        return [_row(one) for one in self._connection.execute(asked)]


def _row(found: sa.Row[Any]) -> Row:
    return {str(name): value for name, value in found._mapping.items()}  # noqa: SLF001  SQLAlchemy's public name
