"""How a list differs from the one certified for the year before, on screen (REQ 6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from packets.list_desks.changes import Changes
from packets.list_desks.reading import PAGE_ROWS, sees_whole_tins, show_tin
from packets.lists.columns import Column, Kind, Row
from web.auth.roles import Audience, open_to
from web.pages.lists import IDENTIFIERS, number_asked
from web.pages.packets import PACKET
from web.visit import asked, roles, services, visitor

pages = Blueprint("list_changes", __name__)
KINDS = {"added": "Added", "removed": "Removed", "changed": "Changed"}


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell as it is now, and what stood there before if that was something else."""

    now: str
    before: str | None = None


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row with what happened to it."""

    kind: str
    cells: tuple[ShownCell, ...]


@pages.get(f"{PACKET}/lists/<name>/changes")
@open_to(Audience.PACKET_READERS)
def show(aco_id: str, year: int, name: str) -> ResponseReturnValue:
    """A page of the differences, of one kind or of all."""
    masked = not sees_whole_tins(roles())
    changes = services().list_changes.compare(aco_id, year, name)
    kind = asked("kind") if asked("kind") in KINDS else ""
    page = number_asked("page", 1)
    counts = {one: len(getattr(changes, one)) for one in KINDS}
    total = counts[kind] if kind else sum(counts.values())
    rows = islice(_rows(changes, kind, masked=masked), (page - 1) * PAGE_ROWS, page * PAGE_ROWS)
    return render_template(
        "list_changes.html",
        aco=services().reading.packet(visitor().user_id, aco_id, year).aco,
        changes=changes,
        kind=kind,
        kinds=KINDS,
        counts=counts,
        rows=list(rows),
        total=total,
        first=(page - 1) * PAGE_ROWS + 1,
        page=page,
        pages=max(1, -(-total // PAGE_ROWS)),
        masked=masked,
        identifiers=IDENTIFIERS,
    )


def _rows(changes: Changes, kind: str, *, masked: bool) -> Iterable[ShownRow]:
    """The differences in the order of their kinds."""
    columns = changes.columns
    if kind in {"", "added"}:
        yield from (ShownRow("added", _cells(columns, row, masked=masked)) for row in changes.added)
    if kind in {"", "removed"}:
        yield from (ShownRow("removed", _cells(columns, row, masked=masked)) for row in changes.removed)
    if kind in {"", "changed"}:
        for one in changes.changed:
            yield ShownRow("changed", _cells(columns, one.after, one.before, masked=masked))


def _cells(columns: tuple[Column, ...], row: Row, before: Row | None = None, *, masked: bool) -> tuple[ShownCell, ...]:
    return tuple(
        ShownCell(_shown(column, now, masked=masked), None if was == now else _shown(column, was, masked=masked))
        for column, now, was in zip(columns, row, before or row, strict=True)
    )


def _shown(column: Column, cell: str, *, masked: bool) -> str:
    return show_tin(cell, masked=masked) if column.kind is Kind.TIN else cell
