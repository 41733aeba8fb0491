"""The spreadsheet of a list: the list itself, how it differs from last year's, and what is in the file (R51, REQ 6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from packets.list_desks.changes import Changes
from packets.lists.columns import Column, Layout, Row
from packets.lists.workbook import Cover, Sheet, write_workbook
from packets.model.aco import Aco
from packets.model.calendar import AGENCY_ZONE

ABOUT = (Column("what", "What"), Column("statement", "Statement"))
WHAT_CHANGED = (Column("heading", "Changed Column"), Column("before", "Before"), Column("after", "Now"))


def write_list(
    aco: Aco, layout: Layout, rows: Iterable[Row], count: int, changes: Changes | None, now: datetime, *, masked: bool
) -> bytes:
    """A zip archive with the workbook of a list.

    Args:
        aco: whose list of which year.
        layout: the list's columns.
        rows: its rows; they are taken one after the other and not kept.
        count: how many rows there are.
        changes: its differences to last year's list; None for a list that is not compared.
        now: when it is made, aware.
        masked: show the last four digits of TINs only.
    """
    sheets = [Sheet(layout.title, layout.columns, rows, count)]
    if changes is not None and changes.compared:
        sheets += _difference_sheets(changes)
    about = list(_statements(aco, layout, count, changes, now, masked=masked))
    sheets.append(Sheet("About", ABOUT, about, len(about), wrapped=True))
    cover = Cover(
        f"{layout.title}, {aco.legal_name}",
        f"{aco.aco_id}, performance year {aco.performance_year}",
        now.astimezone(AGENCY_ZONE),
    )
    return write_workbook(f"{aco.aco_id}_{aco.performance_year}_{layout.name}", sheets, cover, mask_tins=masked)


def _difference_sheets(changes: Changes) -> list[Sheet]:
    changed = list(_changed_cells(changes))
    return [
        Sheet("Added", changes.columns, changes.added, len(changes.added)),
        Sheet("Removed", changes.columns, changes.removed, len(changes.removed)),
        Sheet("Changed", (*changes.columns, *WHAT_CHANGED), changed, len(changed)),
    ]


def _changed_cells(changes: Changes) -> Iterator[Row]:
    """One row for each cell that differs: the row as it is now, then the column, its old value and its new one."""
    for one in changes.changed:
        for place in one.places:
            yield (*one.after, changes.columns[place].heading, one.before[place], one.after[place])


def _statements(
    aco: Aco, layout: Layout, count: int, changes: Changes | None, now: datetime, *, masked: bool
) -> Iterator[Row]:
    yield ("List", layout.title)
    yield ("ACO", f"{aco.aco_id} {aco.legal_name}")
    yield ("Performance year", str(aco.performance_year))
    yield ("Made", f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    yield ("Rows", f"{count:,}")
    yield ("TINs", "Last four digits only" if masked else "Whole; a TIN may be a Social Security number")
    if changes is not None:
        yield ("Compared with", changes.compared_with.sentence)
    if changes is not None and changes.compared:
        yield ("Added", f"{len(changes.added):,} rows that were not on it")
        yield ("Removed", f"{len(changes.removed):,} rows that are no longer on the list")
        yield ("Changed", f"{len(changes.changed):,} rows with the same identifiers and other cells")
        yield ("Compared columns", ", ".join(column.heading for column in changes.columns))
    yield ("Standing", "A working copy. What is certified is the signed document alone.")
    if aco.sample:
        yield ("Sample", "Every person, number and signature in this service is a sample and binds nobody.")
