"""The board that pages are painted on: everything painted is either part of a structure element or an artifact.

Drawing and fonts are ReportLab's. ReportLab 5.1 knows no marked content and no object streams, so a page's operators
are taken from its canvas when the page is full, compressed, and put into our own file (`objects.py`).

What is relied on of ReportLab's internals, all of it here and in `fonts.ArchivalFont`, held by
`tests/unit/render/test_reportlab_internals.py`:

* `Canvas._startPage()` empties the operators of the current page and resets the graphics state;
* a face's `splitString(text, document)` begins its first subset, in which ASCII has its own codes, and puts other characters into
  it and further ones; `getSubsetInternalName` is the name by which operators call one;
* `Canvas._doc` is the `PDFDocument` that fonts add their objects to: `delayedFonts`, `fontMapping`, `idToObject`,
  `numberToId`, `idToObjectNumberAndVersion`; an object's `format(doc)` is its bytes, a `PDFStream` has `dictionary`
  and `content`; the object `BasicFonts` is the font resource dictionary.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from reportlab.lib.rl_accel import escapePDF
from reportlab.pdfbase.pdfdoc import PDFStream
from reportlab.pdfgen.canvas import Canvas

from packets.render.fonts import FontSet
from packets.render.objects import ObjectFile, numbers, text_string
from packets.render.structure import Element, StructureTree
from packets.render.styles import INK, Colour

PAGE_WIDTH, PAGE_HEIGHT = 612.0, 792.0
"""US Letter, in points."""


@dataclass(slots=True)
class Page:
    """One finished or growing page: object number, key in the parent tree, content, owners of its marks, annotations."""

    number: int
    key: int
    contents: int = 0
    owners: list[int] = field(default_factory=list)
    annotations: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the outline: level from 0, words, page and height on it in points."""

    level: int
    title: str
    page: int
    top: float


def escape(text: str) -> str:
    """ASCII text as it stands between the parentheses of a string (ISO 32000-1, 7.3.4.2)."""
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


@cache
def _filled(colour: Colour) -> str:
    return f"{numbers(*colour).decode()} rg"


class Board:
    """Pages of one document, painted in reading order."""

    def __init__(self, fonts: FontSet) -> None:
        fonts.face("serif")
        self.fonts = fonts
        self.file = ObjectFile()
        self.tree = StructureTree(self.file)
        self.bookmarks: list[Bookmark] = []
        self.fields: list[int] = []
        self.pages: list[Page] = []
        self.canvas = Canvas(io.BytesIO(), (PAGE_WIDTH, PAGE_HEIGHT), invariant=1, initialFontName="esm-serif")
        self.resources = self.file.allocate()
        self._page: Page | None = None
        self._first: dict[str, str] = {}

    @property
    def page(self) -> Page:
        """The page being painted; a new one begins when it is first asked for."""
        if self._page is None:
            self._page = Page(self.file.allocate(), self.tree.next_parent_key())
        return self._page

    # --- marks ---------------------------------------------------------------------------------------------------

    def mark(self, element: Element) -> int:
        """Give the next marked content of this page to an element; the caller writes the operators with this identifier."""
        page = self.page
        identifier = len(page.owners)
        page.owners.append(element.number)
        if element.page in {0, page.number}:
            element.page = page.number
            element.kids.append(b"%d" % identifier)
        else:
            element.kids.append(b"<</Type/MCR/Pg %d 0 R/MCID %d>>" % (page.number, identifier))
        return identifier

    def mark_row(self, body: Element, cells: int) -> int:
        """Give the next marked contents of this page to the cells of a new row; returns the first identifier."""
        page = self.page
        first = len(page.owners)
        page.owners += self.tree.add_row(body, page.number, range(first, first + cells))
        return first

    @contextmanager
    def marked(self, element: Element | None) -> Iterator[None]:
        """What is painted inside belongs to the element; with none, it is an artifact (ISO 32000-1, 14.8.2.2)."""
        opening = "/Artifact BMC" if element is None else f"/{element.tag} <</MCID {self.mark(element)}>> BDC"
        self.canvas.addLiteral(opening)
        yield
        self.canvas.addLiteral("EMC")

    # --- painting ------------------------------------------------------------------------------------------------

    def text(self, x: float, y: float, text: str, face: str, size: float, colour: Colour = INK) -> None:
        """Paint one run of text with its baseline starting at (x, y)."""
        shown = self.shown(text, face, size)
        self.canvas.addLiteral(f"BT {_filled(colour)} 1 0 0 1 {x:.2f} {y:.2f} Tm {shown} ET")

    def font(self, face: str, size: float) -> str:
        """The operator that chooses a face's first subset, in which ASCII stands under its own codes."""
        if face not in self._first:
            self.fonts.face(face).splitString(" ", self.canvas._doc)  # noqa: SLF001  begins it
            self._first[face] = self._subset(face, 0)
        return f"{self._first[face]} {size:g} Tf"

    def shown(self, text: str, face: str, size: float) -> str:
        """Operators that choose fonts and show a text: ASCII in a face's first subset, all else in whichever has it."""
        first = self.font(face, size)
        if text.isascii():
            return f"{first} ({escape(text)}) Tj"
        parts = self.fonts.face(face).splitString(text, self.canvas._doc)  # noqa: SLF001  see above
        return " ".join(f"{self._subset(face, one)} {size:g} Tf ({escapePDF(codes)}) Tj" for one, codes in parts)

    def _subset(self, face: str, number: int) -> str:
        """By what name operators call a subset of a face."""
        return str(self.fonts.face(face).getSubsetInternalName(number, self.canvas._doc))  # noqa: SLF001  see above

    def rule(self, x: float, y: float, width: float, colour: Colour, thickness: float = 0.5) -> None:
        """Paint a horizontal line, an artifact."""
        with self.marked(None):
            self.canvas.setStrokeColorRGB(*colour)
            self.canvas.setLineWidth(thickness)
            self.canvas.line(x, y, x + width, y)

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: Colour | None = None, edge: Colour | None = None
    ) -> None:
        """Paint a rectangle with its lower left corner at (x, y), an artifact."""
        with self.marked(None):
            if fill:
                self.canvas.setFillColorRGB(*fill)
            if edge:
                self.canvas.setStrokeColorRGB(*edge)
                self.canvas.setLineWidth(0.6)
            self.canvas.rect(x, y, width, height, stroke=int(edge is not None), fill=int(fill is not None))

    # --- annotations ---------------------------------------------------------------------------------------------

    def link(self, element: Element, rectangle: tuple[float, float, float, float], address: str) -> None:
        """Make a rectangle (left, bottom, right, top) of this page lead to an address."""
        self._annotate(
            element,
            b"/Subtype/Link/F 4/Border[0 0 0]/Rect[%b]/Contents %b/A<</S/URI/URI %b>>"
            % (numbers(*rectangle), text_string(f"Link to {address}"), text_string(address)),
        )

    def signature_field(
        self, element: Element, rectangle: tuple[float, float, float, float], name: str, tooltip: str, entries: bytes
    ) -> None:
        """Place an empty signature field on this page (ISO 32000-1, 12.7.4.5).

        It has an appearance although it shows nothing yet: PDF/A wants one (ISO 19005-2, 6.3.3).

        Args:
            element: the `Form` element that the field is in.
            rectangle: left, bottom, right, top in points.
            name: the field's name.
            tooltip: what assistive technology reads (`/TU`).
            entries: further entries of the field's dictionary, e.g. `/SV 12 0 R`.
        """
        left, bottom, right, top = rectangle
        form = b"/Type/XObject/Subtype/Form/Resources<<>>/BBox[%b]" % numbers(0, 0, right - left, top - bottom)
        look = self.file.put_stream(b"", form, compress=False)
        body = b"/Subtype/Widget/FT/Sig/F 4/T %b/TU %b/Rect[%b]/AP<</N %d 0 R>>%b"
        self.fields.append(
            self._annotate(
                element, body % (text_string(name), text_string(tooltip), numbers(*rectangle), look, entries)
            )
        )

    def _annotate(self, element: Element, body: bytes) -> int:
        page, key = self.page, self.tree.next_parent_key()
        number = self.file.put(b"<</Type/Annot/P %d 0 R/StructParent %d%b>>" % (page.number, key, body))
        page.annotations.append(number)
        element.kids.append(b"<</Type/OBJR/Pg %d 0 R/Obj %d 0 R>>" % (page.number, number))
        self.tree.enter_annotation(key, element)
        return number

    def bookmark(self, level: int, title: str, top: float) -> None:
        """Enter a place on this page into the outline."""
        self.bookmarks.append(Bookmark(level, title, self.page.number, top))

    # --- pages ---------------------------------------------------------------------------------------------------

    def finish_page(self) -> None:
        """Put the page away, compressed; what is painted next stands on a new one."""
        page = self.page
        page.contents = self._take_contents()
        self.tree.enter_page(page.key, page.owners)
        page.owners = []
        self.pages.append(page)
        self._page = None

    def _take_contents(self) -> int:
        content = self.canvas.getCurrentPageContent().encode("ascii")
        self.canvas._startPage()  # noqa: SLF001  see the module's docstring
        return self.file.put_stream(content)

    def finish_pages(self, paint_footer: Callable[[Board, int, int], None]) -> int:
        """Add to every page what only now is known, write the pages and their fonts, and return the page tree's number.

        Args:
            paint_footer: paints artifacts, given the board, the page's number from 1 and the number of pages.
        """
        parent = self.file.allocate()
        for position, page in enumerate(self.pages, 1):
            paint_footer(self, position, len(self.pages))
            self.file.add(page.number, self._page_body(page, parent, self._take_contents()))
        kids = b" ".join(b"%d 0 R" % page.number for page in self.pages)
        self.file.add(parent, b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(self.pages), kids))
        self.file.add(self.resources, b"<</Font %b>>" % write_fonts(self.canvas._doc, self.file))  # noqa: SLF001  likewise
        return parent

    def _page_body(self, page: Page, parent: int, footer: int) -> bytes:
        annotations = (
            b"/Annots[%b]" % b" ".join(b"%d 0 R" % one for one in page.annotations) if page.annotations else b""
        )
        body = b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 %b]/Resources %d 0 R/Contents[%d 0 R %d 0 R]/StructParents %d/Tabs/S%b>>"
        size = numbers(PAGE_WIDTH, PAGE_HEIGHT)
        return body % (parent, size, self.resources, page.contents, footer, page.key, annotations)


def write_fonts(document: Any, file: ObjectFile) -> bytes:
    """Write the font subsets that ReportLab has gathered and return the font resource dictionary as a reference.

    Args:
        document: ReportLab's document.
        file: where its objects go, under new numbers.
    """
    for font in document.delayedFonts:
        font.addObjects(document)
    fonts = [name for _, name in sorted(document.numberToId.items())]
    for name in fonts:
        document.idToObjectNumberAndVersion[name] = (file.allocate(), 0)
    for name in fonts:
        _write_object(document, file, name)
    return b"%d 0 R" % document.idToObjectNumberAndVersion["BasicFonts"][0]


def _write_object(document: Any, file: ObjectFile, name: str) -> None:
    number, _ = document.idToObjectNumberAndVersion[name]
    body = document.idToObject[name]
    if not isinstance(body, PDFStream):
        file.add(number, body.format(document))
        return
    entries = b"".join(b"/%b %d" % (key.encode(), value) for key, value in sorted(body.dictionary.dict.items()))
    content = body.content
    file.add_stream(number, content.encode("ascii") if isinstance(content, str) else content, entries)
