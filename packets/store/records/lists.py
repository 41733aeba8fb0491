"""Records of list rows and of the corrections uploaded to them.

A row is a tuple of texts in the order of the list's columns (`packets.lists.columns`); the database keeps it as one
JSON array beside the TIN by which lists are filtered (R50).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import sqlalchemy as sa

from packets.lists.searching import search_words, tin_part
from packets.store.tables import corrections, list_rows

Row = tuple[str, ...]
ROWS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of a list are asked for.

    Attributes:
        aco_id, year, name: the list.
        tins: rows with one of these TINs only; all when None.
        text: every word of it stands somewhere in the row, whatever the case and the accents.
        in_tins: words are looked for in TINs too.
    """

    aco_id: str
    year: int
    name: str
    tins: tuple[str, ...] | None = None
    text: str = ""
    in_tins: bool = True


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

    def clear(self, aco_id: str, year: int, name: str) -> None:
        """Leave nothing in a list."""
        self._connection.execute(list_rows.delete().where(*_is(aco_id, year, name)))

    def append(self, year: int, name: str, rows: Iterable[tuple[str, int, str, Row]]) -> None:
        """Add rows of many ACOs: ACO ID, position in that ACO's list, TIN, cells. They are taken as a stream."""
        stream = iter(rows)
        while some := list(islice(stream, ROWS_AT_ONCE)):
            values = [
                {"aco_id": aco_id, "year": year, "list": name, "position": at, "tin": tin, "cells": cells}
                for aco_id, at, tin, cells in some
            ]
            self._connection.execute(list_rows.insert(), values)

    def stored(self, year: int, name: str) -> int:
        """How many rows the lists of a year have together, whether or not the year is open."""
        asked = sa.select(sa.func.count()).select_from(list_rows)
        return int(self._connection.scalar(asked.where(list_rows.c.year == year, list_rows.c.list == name)) or 0)

    def names(self, year: int, name: str, tin_column: int, name_column: int) -> dict[tuple[str, str], str]:
        """What a list of each ACO of a year calls each TIN, by ACO ID and TIN."""
        asked = sa.select(list_rows.c.aco_id, list_rows.c.cells)
        found = self._connection.execute(asked.where(list_rows.c.year == year, list_rows.c.list == name))
        return {(row.aco_id, row.cells[tin_column]): row.cells[name_column] for row in found}

    def rows(self, aco_id: str, year: int, name: str, tin: str | None = None) -> Iterable[Row]:
        """The rows of a list in their order, or those of one TIN."""
        asked = sa.select(list_rows.c.cells).where(*_is(aco_id, year, name)).order_by(list_rows.c.position)
        if tin is not None:
            asked = asked.where(list_rows.c.tin == tin)
        return (tuple(cells) for cells in self._connection.scalars(asked))

    def count(self, wanted: Wanted) -> int:
        """How many rows there are of those that are asked for."""
        asked = sa.select(sa.func.count()).select_from(list_rows).where(*_fits(wanted))
        return int(self._connection.scalar(asked) or 0)

    def some(self, wanted: Wanted, *, skip: int, most: int) -> list[Row]:
        """Some of these rows, in their order."""
        asked = sa.select(list_rows.c.cells).where(*_fits(wanted))
        asked = asked.order_by(list_rows.c.position).offset(skip).limit(most)
        return [tuple(cells) for cells in self._connection.scalars(asked)]

    def tins(self, aco_id: str, year: int, name: str) -> list[str]:
        """The TINs that occur in a list, sorted."""
        asked = sa.select(list_rows.c.tin).where(*_is(aco_id, year, name)).distinct().order_by(list_rows.c.tin)
        return list(self._connection.scalars(asked))

    def tin_names(self, aco_id: str, year: int, name: str) -> list[tuple[str, str]]:
        """The TINs that occur in a list with every name that it gives them, sorted."""
        columns = (list_rows.c.tin, list_rows.c.tin_name)
        asked = sa.select(*columns).where(*_is(aco_id, year, name)).distinct().order_by(*columns)
        return [(row.tin, row.tin_name) for row in self._connection.execute(asked)]

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


def _fits(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    fits = list(_is(wanted.aco_id, wanted.year, wanted.name))
    if wanted.tins is not None:
        fits.append(list_rows.c.tin.in_(wanted.tins))
    return fits + [_has(word, in_tins=wanted.in_tins) for word in search_words(wanted.text)]


def _has(word: str, *, in_tins: bool) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = list_rows.c.search.contains(word, autoescape=True)
    digits = tin_part(word) if in_tins else ""
    return sa.or_(found, list_rows.c.tin.contains(digits, autoescape=True)) if digits else found


def _is(aco_id: str, year: int, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (list_rows.c.aco_id == aco_id, list_rows.c.year == year, list_rows.c.list == name)
