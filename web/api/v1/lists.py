"""The lists behind a packet, page by page; TINs whole for those who certify them, as on the pages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from packets.list_desks.reading import PAGE_ROWS, ListQuery, sees_whole_tins
from packets.model.tokens import Scope
from web.api.cursors import read_cursor, write_cursor
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import PageQuestion, Shape
from web.api.v1.packets import PACKET
from web.auth.roles import Audience
from web.visit import services

noun = Noun("lists")


class ListColumn(Shape):
    """A column: its key, and its heading for people."""

    key: str
    heading: str


class ListRows(Shape):
    """A page of a list: rows of cells in the order of the columns."""

    name: str
    title: str
    columns: list[ListColumn]
    items: list[list[str]]
    total: int = Field(description="Rows that fit the filter, on all pages.")
    masked: bool = Field(description="Whether TINs show their last four digits only.")
    next: str | None = Field(description="The cursor of the next page; null on the last one.")


class ListQuestion(PageQuestion):
    """Which rows are asked for. A TIN is named by its place in the list, so that none ever stands in an address."""

    limit: Annotated[int, Field(ge=PAGE_ROWS, le=PAGE_ROWS, description="Pages of lists have one size.")] = PAGE_ROWS
    text: Annotated[str, Field(max_length=100, description="Every word of it stands somewhere in the row.")] = ""
    tin: Annotated[int, Field(ge=0, le=99999, description="Place of a TIN among those of the list; 0 for all.")] = 0
    misnamed: Annotated[bool, Field(description="Only TINs that the other list calls otherwise.")] = False


@noun.operation(
    "GET", f"{PACKET}/lists/<slug:name>", Audience.PACKET_READERS, Scope.READ, answer=ListRows, query=ListQuestion
)
def show(asked: Asked, aco_id: str, year: int, name: str) -> Reply:
    """Rows of a list: `provider-supplier`, `participants` or `corrections`."""
    query: ListQuestion = asked.query
    number, masked = read_cursor(query) or 1, not sees_whole_tins(asked.roles)
    wanted = ListQuery(query.tin, query.text.strip(), number, query.misnamed)
    found = services().lists.look_up(aco_id, year, name, wanted, masked=masked)
    return Reply(
        ListRows(
            name=found.layout.name,
            title=found.layout.title,
            columns=[ListColumn(key=one.key, heading=one.heading) for one in found.layout.columns],
            items=[list(one) for one in found.rows],
            total=found.total,
            masked=masked,
            next=write_cursor(query, number + 1) if number < found.pages else None,
        )
    )
