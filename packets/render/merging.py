"""Several documents in one PDF for reading: a cover, a bookmark for each, and on every page the word that it is a copy.

Signatures do not live in such a copy. What they look like is drawn into its pages; their fields are not in it, so that no
reader program can take it for a signed document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

from pypdf import PageObject, PdfReader, PdfWriter, Transformation
from pypdf.generic import DictionaryObject, NameObject, StreamObject, TextStringObject
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from packets.render import styles
from packets.render.fonts import FontSet, ensure_fonts

LETTER = (612.0, 792.0)
MARGIN = 72.0
NOTICE = "Reading copy. The signatures live in the original files."
_BODY, _LEADING, _NOTICE_SIZE, _NOTICE_HEIGHT = 11.0, 16.0, 7.5, 18.0


@dataclass(frozen=True, slots=True)
class Part:
    """One document of a reading copy.

    Attributes:
        title: what its bookmark says.
        lines: what the cover says of it.
        pdf: its newest bytes.
    """

    title: str
    lines: tuple[str, ...]
    pdf: bytes


def merge_documents(
    heading: str, lines: Sequence[str], parts: Sequence[Part], *, fonts: FontSet | None = None
) -> bytes:
    """The parts one after the other behind a cover; every page of them says that it is a copy."""
    faces = fonts or ensure_fonts()
    writer = PdfWriter()
    for page in _cover(faces, heading, lines, parts).pages:
        writer.add_page(page)
    writer.add_outline_item(title="Cover", page_number=0)
    for part in parts:
        first = len(writer.pages)
        for page in PdfReader(BytesIO(part.pdf)).pages:
            _draw_signatures(writer.add_page(page))
        notice = _notice(faces, writer.pages[first])
        for number in range(first, len(writer.pages)):
            writer.pages[number].merge_page(notice)
        writer.add_outline_item(title=part.title, page_number=first)
    writer.add_metadata({"/Title": heading, "/Subject": NOTICE})
    writer.page_mode = "/UseOutlines"
    writer.root_object[NameObject("/Lang")] = TextStringObject("en-US")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _cover(fonts: FontSet, heading: str, lines: Sequence[str], parts: Sequence[Part]) -> PdfReader:
    """Pages that say what the copy is, of what, and what it is not."""
    out = BytesIO()
    sans, bold = fonts.face("sans").fontName, fonts.face("sans-bold").fontName
    canvas = Canvas(out, LETTER, invariant=1, initialFontName=sans)
    canvas.setTitle(heading)
    top = LETTER[1] - MARGIN
    for face, size, text in _words(sans, bold, heading, lines, parts):
        for row in simpleSplit(text, face, size, LETTER[0] - 2 * MARGIN) or [""]:
            if top < MARGIN:
                canvas.showPage()
                top = LETTER[1] - MARGIN
            canvas.setFillColorRGB(*styles.INK)
            canvas.setFont(face, size)
            canvas.drawString(MARGIN, top, row)
            top -= _LEADING * size / _BODY
    canvas.showPage()
    canvas.save()
    return PdfReader(BytesIO(out.getvalue()))


def _words(
    sans: str, bold: str, heading: str, lines: Sequence[str], parts: Sequence[Part]
) -> Iterator[tuple[str, float, str]]:
    yield bold, 18, heading
    yield sans, _BODY, ""
    yield from ((sans, _BODY, line) for line in lines)
    for part in parts:
        yield sans, _BODY, ""
        yield bold, _BODY, part.title
        yield from ((sans, _BODY, line) for line in part.lines)


def _notice(fonts: FontSet, page: PageObject) -> PageObject:
    """A page with nothing on it but the notice, of the size of another one."""
    width, height = float(page.mediabox.width), float(page.mediabox.height)
    face, out = fonts.face("sans").fontName, BytesIO()
    canvas = Canvas(out, (width, height), invariant=1, initialFontName=face)
    canvas.setFont(face, _NOTICE_SIZE)
    canvas.setFillColorRGB(*styles.INK)
    canvas.drawCentredString(width / 2, _NOTICE_HEIGHT, NOTICE)
    canvas.showPage()
    canvas.save()
    return PdfReader(BytesIO(out.getvalue())).pages[0]


def _draw_signatures(page: PageObject) -> None:
    """Draw what the signatures on a page look like into the page, and take their fields away."""
    for note in [one.get_object() for one in page.get("/Annots") or ()]:
        shape = note.get("/AP", {}).get("/N")
        if note.get("/Subtype") == "/Widget" and shape is not None:
            left, bottom = (float(one) for one in note["/Rect"][:2])
            page.merge_transformed_page(_picture(page, shape), Transformation().translate(left, bottom))
    page.pop("/Annots", None)


def _picture(page: PageObject, shape: StreamObject) -> PageObject:
    """A page that shows one appearance and nothing else."""
    picture = PageObject.create_blank_page(width=page.mediabox.width, height=page.mediabox.height)
    content = StreamObject()
    content.set_data(b"/Signature Do")
    picture[NameObject("/Contents")] = content
    shapes = DictionaryObject({NameObject("/Signature"): shape})
    picture[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): shapes})
    return picture
