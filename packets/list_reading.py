"""Looking at the lists behind the certifications: page by page, by TIN, by words, and as a spreadsheet (R45, R50-R52, R73)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from packets.assemble import require_aco
from packets.audit.log import Act
from packets.clock import Clock
from packets.errors import NotFoundError, Problem
from packets.lists.columns import LAYOUTS, Kind, Layout, Row
from packets.lists.workbook import write_workbook
from packets.model.calendar import AGENCY_ZONE
from packets.model.identifiers import format_tin, mask_tin
from packets.model.people import SLOTS_BY_ROLE, Role
from packets.store.database import Database
from packets.store.records import Records

PAGE_ROWS = 100
LONGEST_SEARCH = 80


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What of a list is asked for.

    Attributes:
        tin: rows of one participant TIN only, named by its place among the list's TINs, from 1; all when 0 (R50). So no
            TIN, which may be a person's number, ever stands in an address.
        text: rows in which these words stand; all when empty.
        page: from 1.
    """

    tin: int = 0
    text: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list.

    Attributes:
        layout: the list's columns.
        rows: as they are shown: TINs with a hyphen, or masked.
        total: rows that fit the question, on all pages.
        query: the question.
        tins: every TIN of the list in its order, as it is shown.
    """

    layout: Layout
    rows: tuple[Row, ...]
    total: int
    query: ListQuery
    tins: tuple[str, ...]

    @property
    def first(self) -> int:
        """Number of the first row shown, from 1; 0 when there is none."""
        return (self.query.page - 1) * PAGE_ROWS + 1 if self.rows else 0

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // PAGE_ROWS))


@dataclass(frozen=True, slots=True)
class ListDesk:
    """Where lists are looked at; built once with the services that it needs."""

    database: Database
    clock: Clock

    def look_up(self, aco_id: str, year: int, name: str, query: ListQuery, *, masked: bool) -> ListPage:
        """A page of a list. Whoever asks was let in by the packet's rules.

        Args:
            aco_id: whose list.
            year: the performance year.
            name: `provider-supplier`, `participants` or `corrections`.
            query: which of its rows.
            masked: show the last four digits of TINs only.

        Raises:
            NotFoundError: no such ACO in that year, or no such list.
        """
        layout = _layout(name)
        with self.database.read() as records:
            require_aco(records, aco_id, year)
            tins = records.lists.tins(aco_id, year, name)
            tin = tins[query.tin - 1] if 0 < query.tin <= len(tins) else None
            find = _find_unmasked if masked and query.text else _find
            total, rows = find(records, layout, ListPlace(aco_id, year, name, tin), query)
        shown = tuple(_shown(layout, one, masked=masked) for one in rows)
        return ListPage(layout, shown, total, query, tuple(_tin(one, masked=masked) for one in tins))

    def download(self, aco_id: str, year: int, name: str, user_id: str, *, masked: bool) -> tuple[str, bytes]:
        """The whole list as a spreadsheet in a zip archive, with its file name; the log tells of it (R51).

        Raises:
            NotFoundError: no such ACO in that year, or no such list.
        """
        layout, now = _layout(name), self.clock()
        with self.database.write() as records:
            require_aco(records, aco_id, year)
            content = _workbook(records, layout, aco_id, year, masked=masked, day=now.astimezone(AGENCY_ZONE).date())
            records.journal.log(Act.LIST_DOWNLOAD, user_id, f"{aco_id}/{year}", now, list=name, masked=masked)
        return f"{aco_id}_{year}_{name}.zip", content


def sees_whole_tins(roles: frozenset[Role]) -> bool:
    """Whether somebody may see all digits of TINs, which may be Social Security numbers (REQ 1.7, 4.3).

    Those who certify or correct the lists, and CMS; everybody else sees the last four digits.
    """
    return any(role not in SLOTS_BY_ROLE or SLOTS_BY_ROLE[role].designee for role in roles)


@dataclass(frozen=True, slots=True)
class ListPlace:
    """A list of an ACO in a year, or its rows with one TIN."""

    aco_id: str
    year: int
    name: str
    tin: str | None


def _find(records: Records, _layout: Layout, place: ListPlace, query: ListQuery) -> tuple[int, list[Row]]:
    """How many rows fit, and those of the page."""
    which = (place.aco_id, place.year, place.name, place.tin, query.text[:LONGEST_SEARCH])
    skip = (query.page - 1) * PAGE_ROWS
    return records.lists.count(*which), records.lists.some(*which, skip=skip, most=PAGE_ROWS)


def _find_unmasked(records: Records, layout: Layout, place: ListPlace, query: ListQuery) -> tuple[int, list[Row]]:
    """The same for somebody who sees TINs masked: a search must not tell the hidden digits, so it looks at other cells only."""
    open_cells = [at for at, column in enumerate(layout.columns) if column.kind is not Kind.TIN]
    wanted = query.text[:LONGEST_SEARCH].casefold()
    rows = records.lists.rows(place.aco_id, place.year, place.name, place.tin)
    found = [row for row in rows if any(wanted in row[at].casefold() for at in open_cells)]
    skip = (query.page - 1) * PAGE_ROWS
    return len(found), found[skip : skip + PAGE_ROWS]


def _layout(name: str) -> Layout:
    if name not in LAYOUTS:
        raise NotFoundError(Problem("list-unknown", "There is no such list.", "Open the list from its packet.", name))
    return LAYOUTS[name]


def _workbook(records: Records, layout: Layout, aco_id: str, year: int, *, masked: bool, day: date) -> bytes:
    rows: Iterable[Row] = records.lists.rows(aco_id, year, layout.name)
    title = f"{aco_id} {layout.title}"
    return write_workbook(layout.columns, rows, title, mask_tins=masked, day=day)


def _shown(layout: Layout, row: Row, *, masked: bool) -> Row:
    kinds = (column.kind for column in layout.columns)
    return tuple(_tin(cell, masked=masked) if kind is Kind.TIN else cell for kind, cell in zip(kinds, row, strict=True))


def _tin(digits: str, *, masked: bool) -> str:
    return mask_tin(digits) if masked else format_tin(digits)
