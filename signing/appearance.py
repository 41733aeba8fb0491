"""What a signed field shows: one page drawn by the rendering floor, put into the field as it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Protocol

from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.stamp import StaticStampStyle

from packets.model.people import role_label
from signing.identity import SignerIdentity

RESOURCE = "/Stamp"
SHOWN_DIGITS = 16


class StampRenderer(Protocol):
    """Draws lines on one page of the given size, fonts embedded, and answers it as a PDF."""

    def __call__(self, lines: Sequence[str], *, width: float, height: float) -> bytes:
        """The page."""


def default_lines(identity: SignerIdentity, now: datetime, digest: str) -> list[str]:
    """What a signature block says when nothing else is asked for (R42: signer, role, UTC time).

    Args:
        identity: who signs.
        now: when; the time-stamp says the same to the second or two.
        digest: SHA-256 of the revision that was viewed and is signed, hex; its beginning is shown.
    """
    return [
        f"Electronically signed by {identity.name}",
        f"{role_label(identity.role)}, {identity.organization}",
        f"CMS user ID {identity.user_id} for ACO {identity.aco_id}, PY {identity.performance_year}",
        f"{now:%Y-%m-%d %H:%M:%S} UTC, over the revision with SHA-256 {digest[:SHOWN_DIGITS]}…",
        "Verify with esm verify or any other PAdES validator",
    ]


def stamp_style(page: bytes) -> StaticStampStyle:
    """A style that shows a page of a PDF, without border, margin or transparency."""
    layout = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MIN, AxisAlignment.ALIGN_MIN, margins=Margins(0, 0, 0, 0))
    return StaticStampStyle(border_width=0, background=_Page(page), background_layout=layout, background_opacity=1.0)


class _Page(PdfContent):
    """The first page of a PDF held in memory, as a form XObject."""

    def __init__(self, page: bytes) -> None:
        self._bytes = page
        super().__init__()

    def render(self) -> bytes:
        """Import the page into the writer; the operator that paints it."""
        form = self._ensure_writer.import_page_as_xobject(PdfFileReader(BytesIO(self._bytes)))
        self.resources.xobject[RESOURCE] = form
        left, bottom, right, top = (float(one) for one in form.get_object()["/BBox"])
        self.box = BoxConstraints(width=abs(right - left), height=abs(top - bottom))
        return f"{RESOURCE} Do".encode("ascii")
