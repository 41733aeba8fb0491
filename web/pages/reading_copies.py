"""A packet in one PDF and its originals in a zip archive; a document as a web page. For reading, never for signing."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, render_template, send_file
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from web.auth.roles import Audience, open_to
from web.pages.packets import PACKET
from web.visit import services, visitor

pages = Blueprint("reading_copies", __name__)
PDF, ZIP = "application/pdf", "application/zip"


@pages.get(f"{PACKET}/reading-copy")
@open_to(Audience.PACKET_READERS)
def merged(aco_id: str, year: int) -> ResponseReturnValue:
    """Every document of the packet in one PDF, marked as a copy; each retrieval is logged."""
    content = services().reading_copies.merged(visitor().user_id, aco_id, year)
    return _send(content, PDF, f"{aco_id}_{year}_reading-copy.pdf")


@pages.get(f"{PACKET}/originals")
@open_to(Audience.PACKET_READERS)
def originals(aco_id: str, year: int) -> ResponseReturnValue:
    """Every document of the packet, byte for byte; each retrieval is logged."""
    content = services().reading_copies.originals(visitor().user_id, aco_id, year)
    return _send(content, ZIP, f"{aco_id}_{year}_originals.zip")


@pages.get("/documents/<document_id>/page")
@open_to(Audience.RECORD_READERS)
def twin(document_id: str) -> ResponseReturnValue:
    """The document's words as a web page, made from the same facts as the PDF."""
    words = services().reading_copies.twin(visitor().user_id, document_id)
    document = services().reading.document(visitor().user_id, document_id)
    return render_template(
        "twin.html",
        document=document,
        type=services().catalog[document.kind],
        words=Markup(words),  # noqa: S704  made by our own renderer, which escapes every word of it
    )


def _send(content: bytes, kind: str, name: str) -> ResponseReturnValue:
    return send_file(BytesIO(content), kind, as_attachment=True, download_name=name, conditional=False, etag=False)
