"""Records of list rows and of the corrections uploaded to them.

A row is a tuple of texts in the order of the list's columns (`packets.lists.columns`); the database keeps it as one
JSON array beside the TIN by which lists are filtered (R50).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from packets.store.tables import corrections, list_rows

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CorrectionsUpload:
    """A corrections file that was accepted (R66). `sha256` is the digest of the zip and its key in the object store."""

    aco_id: str
    year: int
    file_name: str
    sha256: str
    uploaded_by: str
    uploaded_at_utc: datetime
    additions: int
    deletions: int


class ListRecords:
    """Rows by ACO, year and list; uploads by ACO and year."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def replace(self, aco_id: str, year: int, name: str, rows: Sequence[Row], tin_column: int | None) -> None:
        """Put these rows in place of whatever the list held; without a TIN column they cannot be asked for by TIN."""
        self._connection.execute(list_rows.delete().where(*_is(aco_id, year, name)))
        shared = {"aco_id": aco_id, "year": year, "list": name}
        values = [
            {**shared, "position": at, "tin": "" if tin_column is None else row[tin_column], "cells": list(row)}
            for at, row in enumerate(rows)
        ]
        if values:
            self._connection.execute(list_rows.insert(), values)

    def rows(self, aco_id: str, year: int, name: str, tin: str | None = None) -> Iterable[Row]:
        """The rows of a list in their order, or those of one TIN."""
        asked = sa.select(list_rows.c.cells).where(*_is(aco_id, year, name)).order_by(list_rows.c.position)
        if tin is not None:
            asked = asked.where(list_rows.c.tin == tin)
        return (tuple(cells) for cells in self._connection.scalars(asked))

    def count(self, aco_id: str, year: int, name: str, tin: str | None, text: str) -> int:
        """How many rows of a list have that TIN and that text."""
        asked = sa.select(sa.func.count()).select_from(list_rows)
        return int(self._connection.scalar(asked.where(*_is(aco_id, year, name), *_has(tin, text))) or 0)

    def some(self, aco_id: str, year: int, name: str, tin: str | None, text: str, *, skip: int, most: int) -> list[Row]:
        """Some of these rows, in their order."""
        asked = sa.select(list_rows.c.cells).where(*_is(aco_id, year, name), *_has(tin, text))
        asked = asked.order_by(list_rows.c.position).offset(skip).limit(most)
        return [tuple(cells) for cells in self._connection.scalars(asked)]

    def tins(self, aco_id: str, year: int, name: str) -> list[str]:
        """The TINs that occur in a list, sorted."""
        asked = sa.select(list_rows.c.tin).where(*_is(aco_id, year, name)).distinct().order_by(list_rows.c.tin)
        return list(self._connection.scalars(asked))

    def add_upload(self, upload: CorrectionsUpload) -> None:
        """Record an accepted corrections file; the newest one is the ACO's complete set (R70)."""
        values = {field: getattr(upload, field) for field in CorrectionsUpload.__dataclass_fields__}
        self._connection.execute(corrections.insert().values(**values))

    def uploads(self, aco_id: str, year: int) -> list[CorrectionsUpload]:
        """Every accepted corrections file, newest first (R66)."""
        asked = corrections.select().where(corrections.c.aco_id == aco_id, corrections.c.year == year)
        found = self._connection.execute(asked.order_by(corrections.c.correction_id.desc()))
        return [
            CorrectionsUpload(**{field: getattr(row, field) for field in CorrectionsUpload.__dataclass_fields__})
            for row in found
        ]


def _has(tin: str | None, text: str) -> list[sa.ColumnElement[bool]]:
    """The cells are kept as JSON with escapes, so the text is looked for as it stands there."""
    asked: list[sa.ColumnElement[bool]] = [] if tin is None else [list_rows.c.tin == tin]
    if text:
        escaped = json.dumps(text)[1:-1]
        asked.append(sa.cast(list_rows.c.cells, sa.Text).icontains(escaped, autoescape=True))
    return asked


def _is(aco_id: str, year: int, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (list_rows.c.aco_id == aco_id, list_rows.c.year == year, list_rows.c.list == name)
