"""A list compared with the one that the ACO certified for the year before (REQ 6).

Certified is what was frozen into last year's document that carries the list, executed or at least signed by the ACO. Where there
is none, last year's list as CMS holds it is compared, and where there is neither, nothing. Which of the three it was is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from packets.documents.catalog import Catalog
from packets.documents.frozen_facts import NO_VALUE, require_aco
from packets.errors import NotFoundError, Problem
from packets.lists.columns import Column, Kind, Layout, Row, require_layout
from packets.lists.differences import ChangedRow, Differences, find_differences
from packets.lists.searching import SAID_ONCE
from packets.model.documents import Document, DocumentType, Roster
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records import Records


class Basis(StrEnum):
    """What a list was compared with."""

    EXECUTED = "executed"
    SIGNED = "signed"
    LISTED = "listed"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class ComparedWith:
    """What a list was compared with.

    Attributes:
        year: the performance year before.
        document_id: the document whose frozen facts were compared; empty for a list as CMS holds it.
        rows: how many rows it has.
    """

    basis: Basis
    year: int
    document_id: str = ""
    rows: int = 0

    @property
    def sentence(self) -> str:
        """What it was, for people."""
        sentences = {
            Basis.EXECUTED: f"the list in the executed certification for {self.year}",
            Basis.SIGNED: f"the list that the ACO certified for {self.year}; that certification was not executed",
            Basis.LISTED: f"the list that CMS holds for {self.year}; no signed certification of it is recorded here",
            Basis.NOTHING: f"nothing: there is no list for {self.year}",
        }
        return sentences[self.basis]


@dataclass(frozen=True, slots=True)
class Changes:
    """How a list differs from the one of the year before.

    Attributes:
        layout: the list.
        columns: the columns that both have, in which the rows below are.
        compared_with: what it was compared with.
        added, removed, changed: the differences.
    """

    layout: Layout
    columns: tuple[Column, ...]
    compared_with: ComparedWith
    added: tuple[Row, ...] = ()
    removed: tuple[Row, ...] = ()
    changed: tuple[ChangedRow, ...] = ()

    @property
    def compared(self) -> bool:
        """Whether there was anything to compare with."""
        return self.compared_with.basis is not Basis.NOTHING

    @property
    def summary(self) -> str:
        """One line: `12 added, 3 removed, 5 changed, against the list in the executed certification for 2026`."""
        if not self.compared:
            return f"Compared with {self.compared_with.sentence}"
        counts = f"{len(self.added):,} added, {len(self.removed):,} removed, {len(self.changed):,} changed"
        return f"{counts}, against {self.compared_with.sentence}"


@dataclass(frozen=True, slots=True)
class ChangesDesk:
    """Where lists of two years are compared; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    catalog: Catalog

    def compare(self, aco_id: str, year: int, list_name: str) -> Changes:
        """How an ACO's list of a year differs from the one that it certified for the year before.

        Raises:
            NotFoundError: no such ACO in that year, no such list, or one that is not compared between years.
            StoreError: the frozen facts of last year's document are not what they were.
        """
        with self.database.read() as records:
            require_aco(records, aco_id, year)
            return compare(records, self.objects, self.catalog, aco_id, year, list_name)


def compare(
    records: Records, objects: ObjectStore, catalog: Catalog, aco_id: str, year: int, list_name: str
) -> Changes:
    """The same with records that are at hand; see `ChangesDesk.compare`."""
    layout = require_layout(list_name)
    if not layout.identities:
        raise NotFoundError(
            Problem("list-not-compared", "This list stands for its year only.", "Look at the list itself.", list_name)
        )
    compared_with, columns, before = _last_year(records, objects, catalog, aco_id, year - 1, layout)
    if compared_with.basis is Basis.NOTHING:
        return Changes(layout, columns, compared_with)
    after = _project(records.lists.rows(aco_id, year, list_name), layout, columns)
    found = find_differences(before, after, _identities(layout, columns))
    return Changes(layout, columns, compared_with, **_parts(found))


def _parts(found: Differences) -> dict[str, Any]:
    return {"added": found.added, "removed": found.removed, "changed": found.changed}


def _identities(layout: Layout, columns: tuple[Column, ...]) -> list[tuple[int, ...]]:
    """Places of the identifying columns, as far as both lists have them."""
    keys = [column.key for column in columns]
    known = (tuple(keys.index(key) for key in identity if key in keys) for identity in layout.identities)
    return [places for places in known if places]


def _last_year(
    records: Records, objects: ObjectStore, catalog: Catalog, aco_id: str, year: int, layout: Layout
) -> tuple[ComparedWith, tuple[Column, ...], list[Row]]:
    """What there is of the year before, in which columns, and its rows."""
    for document, roster, executed in _certified(records, catalog, aco_id, year, layout.name):
        facts = json.loads(objects.get(document.data_digest))["rosters"][roster.name]
        if keys := _keys(facts, document, catalog[document.kind], roster):
            columns, rows = _frozen_rows(layout, roster, keys, facts)
            basis = Basis.EXECUTED if executed else Basis.SIGNED
            return ComparedWith(basis, year, document.document_id, len(rows)), columns, rows
    columns = _compared_columns(layout, frozenset(layout.keys))
    rows = _project(records.lists.rows(aco_id, year, layout.name), layout, columns)
    return ComparedWith(Basis.LISTED if rows else Basis.NOTHING, year, rows=len(rows)), columns, rows


def _certified(
    records: Records, catalog: Catalog, aco_id: str, year: int, list_name: str
) -> list[tuple[Document, Roster, bool]]:
    """Last year's documents that carry the list and that the ACO has signed, executed ones first."""
    found = [
        (document, roster, document.executed_at is not None)
        for document in records.documents.packet(aco_id, year)
        if document.kind in catalog and document.finished_by_aco(catalog[document.kind])
        for roster in catalog[document.kind].rosters
        if roster.source == list_name
    ]
    return sorted(found, key=lambda one: not one[2])


def _keys(
    facts: Mapping[str, Any], document: Document, document_type: DocumentType, roster: Roster
) -> tuple[str, ...] | None:
    """The columns of frozen rows; None when nothing tells: an old document of an edition that is no longer here."""
    if "columns" in facts:
        return tuple(facts["columns"])
    return roster.keys if document.template_digest == document_type.template_digest else None


def _frozen_rows(
    layout: Layout, roster: Roster, keys: tuple[str, ...], facts: Mapping[str, Any]
) -> tuple[tuple[Column, ...], list[Row]]:
    """Rows as they were certified; whether one was excluded is said by the table that it stands in."""
    flagged = roster.excluded_by in layout.keys
    columns = _compared_columns(layout, frozenset(keys) | ({roster.excluded_by} if flagged else frozenset()))
    places = [keys.index(column.key) if column.key in keys else None for column in columns]
    rows = [
        tuple(flag if place is None else _plain(row[place]) for place in places)
        for part, flag in (("rows", "0"), ("excluded", "1"))
        for row in facts[part]
    ]
    return columns, rows


def _plain(cell: str) -> str:
    return "" if cell == NO_VALUE else cell


def _compared_columns(layout: Layout, known: frozenset[str]) -> tuple[Column, ...]:
    """The columns that are compared, in the list's order; not those that say in every row whose list it is."""
    return tuple(
        column
        for column in layout.columns
        if column.key in known and column.kind is not Kind.ACO_ID and column.key != SAID_ONCE
    )


def _project(rows: Iterable[Row], layout: Layout, columns: tuple[Column, ...]) -> list[Row]:
    places = [layout.place(column.key) for column in columns]
    return [tuple([row[place] for place in places]) for row in rows]
