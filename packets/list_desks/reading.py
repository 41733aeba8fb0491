"""Looking at the lists behind the certifications: page by page, by TIN, by words, and as a spreadsheet (R45, R50-R52, R73)."""

from __future__ import annotations

from dataclasses import dataclass

from packets.audit.log import Act
from packets.clock import Clock
from packets.documents.catalog import Catalog
from packets.documents.frozen_facts import require_aco
from packets.list_desks.changes import compare
from packets.list_desks.workbook import write_list
from packets.lists.columns import LAYOUTS, PARTICIPANTS, PROVIDER_SUPPLIER, Kind, Layout, Row, require_layout
from packets.lists.name_mismatches import NameMismatch, find_mismatches
from packets.model.identifiers import format_tin, mask_tin
from packets.model.people import SLOTS_BY_ROLE, Role
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records import Records
from packets.store.records.lists import Wanted

PAGE_ROWS = 100
OTHER_LIST = {PROVIDER_SUPPLIER.name: PARTICIPANTS.name, PARTICIPANTS.name: PROVIDER_SUPPLIER.name}
"""Which list's names of TINs a list's are compared with (REQ 6)."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What of a list is asked for.

    Attributes:
        tin: rows of one participant TIN only, named by its place among the list's TINs, from 1; all when 0 (R50). So no
            TIN, which may be a person's number, ever stands in an address.
        text: rows in which all of these words stand; all when empty.
        page: from 1.
        misnamed: rows only whose TIN has another legal name on the other list.
    """

    tin: int = 0
    text: str = ""
    page: int = 1
    misnamed: bool = False


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list.

    Attributes:
        layout: the list's columns.
        rows: as they are shown: TINs with a hyphen, or masked.
        total: rows that fit the question, on all pages.
        query: the question.
        tins: every TIN of the list in its order, as it is shown, with the legal name that it has there.
        other: the list that names of TINs were compared with; None when there is none.
        mismatches: TINs that the two lists call by different names, as they are shown.
    """

    layout: Layout
    rows: tuple[Row, ...]
    total: int
    query: ListQuery
    tins: tuple[tuple[str, str], ...]
    other: Layout | None = None
    mismatches: tuple[NameMismatch, ...] = ()

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
    objects: ObjectStore
    catalog: Catalog
    clock: Clock

    def look_up(self, aco_id: str, year: int, name: str, query: ListQuery, *, masked: bool) -> ListPage:
        """A page of a list. Whoever asks was let in by the packet's rules.

        Args:
            aco_id: whose list.
            year: the performance year.
            name: `provider-supplier`, `participants` or `corrections`.
            query: which of its rows.
            masked: show the last four digits of TINs only; a search must not tell the hidden digits, and looks at other
                cells only.

        Raises:
            NotFoundError: no such ACO in that year, or no such list.
        """
        layout = require_layout(name)
        with self.database.read() as records:
            require_aco(records, aco_id, year)
            named = records.lists.tin_names(aco_id, year, name)
            mismatches = _mismatches(records, aco_id, year, name, named)
            tins = tuple(dict.fromkeys(tin for tin, _ in named))
            wanted = Wanted(aco_id, year, name, _chosen(query, tins, mismatches), query.text, in_tins=not masked)
            total = records.lists.count(wanted)
            rows = records.lists.some(wanted, skip=(query.page - 1) * PAGE_ROWS, most=PAGE_ROWS)
        names = dict(reversed(named))
        return ListPage(
            layout,
            tuple(show_row(layout, one, masked=masked) for one in rows),
            total,
            query,
            tuple((show_tin(one, masked=masked), names[one]) for one in tins),
            LAYOUTS.get(OTHER_LIST.get(name, "")),
            tuple(NameMismatch(show_tin(one.tin, masked=masked), one.here, one.there) for one in mismatches),
        )

    def download(self, aco_id: str, year: int, name: str, user_id: str, *, masked: bool) -> tuple[str, bytes]:
        """The whole list as a spreadsheet in a zip archive, with its file name; the log tells of it (R51).

        The workbook also has the differences to the list that was certified for the year before.

        The log is written before the bytes leave, but after they were made: making them must not keep others from writing.

        Raises:
            NotFoundError: no such ACO in that year, or no such list.
            StoreError: what was certified last year is not in the store as it was.
        """
        layout, now = require_layout(name), self.clock()
        with self.database.read() as records:
            aco = require_aco(records, aco_id, year)
            changes = compare(records, self.objects, self.catalog, aco_id, year, name) if layout.identities else None
            rows, count = records.lists.rows(aco_id, year, name), records.lists.count(Wanted(aco_id, year, name))
            content = write_list(aco, layout, rows, count, changes, now, masked=masked)
        with self.database.write() as records:
            records.journal.log(Act.LIST_DOWNLOAD, user_id, f"{aco_id}/{year}", now, list=name, masked=masked)
        return f"{aco_id}_{year}_{name}.zip", content


def sees_whole_tins(roles: frozenset[Role]) -> bool:
    """Whether somebody may see all digits of TINs, which may be Social Security numbers (REQ 1.7, 4.3).

    Those who certify or correct the lists, and CMS; everybody else sees the last four digits.
    """
    return any(role not in SLOTS_BY_ROLE or SLOTS_BY_ROLE[role].designee for role in roles)


def show_row(layout: Layout, row: Row, *, masked: bool) -> Row:
    """The row as people read it: TINs with a hyphen, or masked."""
    kinds = (column.kind for column in layout.columns)
    return tuple(
        show_tin(cell, masked=masked) if kind is Kind.TIN else cell for kind, cell in zip(kinds, row, strict=True)
    )


def show_tin(digits: str, *, masked: bool) -> str:
    """The TIN as people read it."""
    return mask_tin(digits) if masked else format_tin(digits)


def _mismatches(
    records: Records, aco_id: str, year: int, name: str, named: list[tuple[str, str]]
) -> tuple[NameMismatch, ...]:
    other = OTHER_LIST.get(name)
    return find_mismatches(named, records.lists.tin_names(aco_id, year, other)) if other else ()


def _chosen(query: ListQuery, tins: tuple[str, ...], mismatches: tuple[NameMismatch, ...]) -> tuple[str, ...] | None:
    """The TINs whose rows are asked for; None for all."""
    one = tins[query.tin - 1] if 0 < query.tin <= len(tins) else None
    if not query.misnamed:
        return None if one is None else (one,)
    return tuple(dict.fromkeys(found.tin for found in mismatches if one in {None, found.tin}))
