"""The three lists of an ACO: their columns, in the order in which files and rows have them.

In memory a row is a tuple of texts in the order of the columns. A cell with nothing in it is the empty text; identifiers are
texts of digits (a TIN without its hyphen); dates are ISO dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from packets.errors import NotFoundError, Problem

Row: TypeAlias = tuple[str, ...]


class Kind(StrEnum):
    """What the cells of a column hold; it decides how they are checked, aligned and masked."""

    TEXT = "text"
    ACO_ID = "aco-id"
    TIN = "tin"
    CCN = "ccn"
    NPI = "npi"
    FLAG = "flag"
    ACTION = "action"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key in data and templates, its heading in files and on pages, what it holds."""

    key: str
    heading: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one list.

    Attributes:
        name: the list's name, as rosters of document types call their source.
        title: the list's name for people.
        columns: the columns in order.
        tin_name: key of the column that names the TIN's holder; empty when there is none.
        identities: by which columns rows of two years are the same, one way after the other; none when the lists of two
            years have nothing to do with each other.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    tin_name: str = ""
    identities: tuple[tuple[str, ...], ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the columns, in order."""
        return tuple(column.key for column in self.columns)

    @property
    def headings(self) -> tuple[str, ...]:
        """Headings of the columns, in order."""
        return tuple(column.heading for column in self.columns)

    def place(self, key: str) -> int:
        """The place of a column in a row, counted from 0.

        Raises:
            ValueError: the list has no such column.
        """
        return self.keys.index(key)


PROVIDER_SUPPLIER = Layout(
    "provider-supplier",
    "Provider/Supplier List",
    (
        Column("aco_id", "ACO ID", Kind.ACO_ID),
        Column("aco_name", "ACO Name"),
        Column("tin", "TIN", Kind.TIN),
        Column("tin_legal_name", "TIN Legal Business Name"),
        Column("ccn", "CCN", Kind.CCN),
        Column("ccn_legal_name", "CCN Legal Name"),
        Column("facility_type", "CCN Facility Type"),
        Column("npi", "Individual NPI", Kind.NPI),
        Column("first_name", "NPI First Name"),
        Column("last_name", "NPI Last Name"),
        Column("excluded", "Excluded Flag", Kind.FLAG),
    ),
    tin_name="tin_legal_name",
    identities=(("tin", "npi", "ccn"),),
)
"""Who bills under the participants' TINs, as CMS made it (R45, R47, R49)."""

PARTICIPANTS = Layout(
    "participants",
    "Participant List",
    (
        Column("aco_id", "ACO ID", Kind.ACO_ID),
        Column("aco_name", "ACO Name"),
        Column("tin", "Participant TIN", Kind.TIN),
        Column("legal_name", "TIN Legal Business Name"),
        Column("ccn", "CCN", Kind.CCN),
        Column("ccn_legal_name", "CCN Legal Business Name"),
        Column("facility_type", "Facility Type"),
        Column("org_npi", "Organizational NPI", Kind.NPI),
        Column("npi", "Individual NPI", Kind.NPI),
        Column("status", "Agreement Status"),
        Column("effective_date", "Effective Date", Kind.DATE),
    ),
    tin_name="legal_name",
    identities=(("tin", "ccn", "npi"), ("tin",)),
)
"""The participants of an ACO, each with its TIN (REQ 2.3, 4.8)."""

CORRECTIONS = Layout(
    "corrections",
    "Provider/Supplier List Corrections",
    (
        Column("aco_id", "ACO ID", Kind.ACO_ID),
        Column("action", "ACTION", Kind.ACTION),
        Column("npi", "NPI", Kind.NPI),
        Column("first_name", "NPI First Name"),
        Column("last_name", "NPI Last Name"),
        Column("tin", "TIN", Kind.TIN),
        Column("ccn", "CCN", Kind.CCN),
        Column("reason", "REASON"),
    ),
)
"""Additions and deletions that an ACO announces; ACTION stands in column B, TIN in column F (R58-R60, REQ 4.6)."""

LAYOUTS: dict[str, Layout] = {one.name: one for one in (PROVIDER_SUPPLIER, PARTICIPANTS, CORRECTIONS)}
"""The layouts by the names that rosters call their source."""


def require_layout(name: str) -> Layout:
    """The columns of a list.

    Raises:
        NotFoundError: there is no such list.
    """
    if name not in LAYOUTS:
        raise NotFoundError(Problem("list-unknown", "There is no such list.", "Open the list from its packet.", name))
    return LAYOUTS[name]
