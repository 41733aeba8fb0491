"""The lists behind a packet, for everybody who may look at it; TINs whole for those who certify them (R45, R50-R52, R73)."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, render_template, send_file
from flask.typing import ResponseReturnValue

from packets.audit.log import Act
from packets.documents.reading import PacketView
from packets.list_desks.reading import ListQuery, sees_whole_tins
from packets.lists.columns import Kind
from web.auth.roles import Audience, belongs, open_to
from web.pages.lines import StepLine, packet_lines
from web.pages.packets import PACKET
from web.visit import asked, roles, services, visitor

pages = Blueprint("lists", __name__)
ZIP = "application/zip"
LONGEST_NUMBER = 5
SAID_ABOVE = frozenset({"aco_id", "aco_name"})
"""Columns that say in every row what the heading of the page says."""
MOST_MISMATCHES = 25
IDENTIFIERS = frozenset({Kind.TIN, Kind.CCN, Kind.NPI})


@pages.get(f"{PACKET}/lists/<name>")
@open_to(Audience.PACKET_READERS)
def show(aco_id: str, year: int, name: str) -> ResponseReturnValue:
    """A page of a list, of one TIN or all, with a search."""
    query = ListQuery(number_asked("tin", 0), asked("text"), number_asked("page", 1), asked("names") == "differ")
    masked = not sees_whole_tins(roles())
    found = services().lists.look_up(aco_id, year, name, query, masked=masked)
    view = services().reading.packet(visitor().user_id, aco_id, year)
    return render_template(
        "list.html",
        aco=view.aco,
        found=found,
        masked=masked,
        said_above=SAID_ABOVE,
        identifiers=IDENTIFIERS,
        most_mismatches=MOST_MISMATCHES,
        certified_by=_carriers(view, name),
        may_upload=belongs(Audience.UPLOADERS, roles()),
    )


@pages.get(f"{PACKET}/lists/<name>/download")
@open_to(Audience.PACKET_READERS)
def download(aco_id: str, year: int, name: str) -> ResponseReturnValue:
    """The whole list as a spreadsheet in a zip archive; every retrieval is logged."""
    services().agreements.refuse_expired(Act.LIST_DOWNLOAD, aco_id, year, visitor().user_id, roles())
    masked = not sees_whole_tins(roles())
    file_name, content = services().lists.download(aco_id, year, name, visitor().user_id, masked=masked)
    return send_file(BytesIO(content), ZIP, as_attachment=True, download_name=file_name, conditional=False, etag=False)


def _carriers(view: PacketView, name: str) -> list[StepLine]:
    """The steps whose documents carry the list, with what the visitor may sign of them."""
    lines = packet_lines(services(), visitor(), view)
    return [
        line for line in lines if line.applicable and any(one.source == name for one in line.step.document_type.rosters)
    ]


def number_asked(name: str, least: int) -> int:
    """A number in the address; the least one for anything that is none."""
    text = asked(name)
    return max(least, int(text)) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else least
