"""Changes that somebody may wish to make to a signed document, as pyHanko's writer makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from signing.revisions import ArchivalWriter, open_writer

Change = Callable[[ArchivalWriter], None]


def appended(pdf: bytes, change: Change, *, writer: ArchivalWriter | None = None) -> bytes:
    """The file with a revision that makes the change; or what a writer holds already."""
    writer = writer or open_writer(pdf)
    change(writer)
    output = BytesIO()
    writer.write(output)  # type: ignore[no-untyped-call]
    return output.getvalue()


def dictionary(entries: Mapping[str, object]) -> generic.DictionaryObject:
    """A PDF dictionary."""
    named = {pdf_name(key): value for key, value in entries.items()}
    return generic.DictionaryObject(named)  # type: ignore[no-untyped-call]


def paint(writer: ArchivalWriter) -> None:
    """Other words on the first page."""
    page = writer.root["/Pages"]["/Kids"][0]
    stream = writer.add_object(generic.StreamObject(stream_data=b"BT (PAID) Tj ET"))
    page[pdf_name("/Contents")] = generic.ArrayObject([page.raw_get("/Contents"), stream])
    writer.update_container(page)


def annotate(writer: ArchivalWriter) -> None:
    """A note over the text."""
    page = writer.root["/Pages"]["/Kids"][0]
    box = generic.ArrayObject(map(generic.NumberObject, [50, 500, 300, 560]))
    entries = {"/Type": pdf_name("/Annot"), "/Subtype": pdf_name("/FreeText"), "/Rect": box}
    note = dictionary(entries)
    existing = page["/Annots"] if "/Annots" in page else []  # noqa: SIM401  pyHanko follows references in [] only
    page[pdf_name("/Annots")] = generic.ArrayObject([*existing, writer.add_object(note)])
    writer.update_container(page)


def replace_font(writer: ArchivalWriter) -> None:
    """Other glyphs for the same letters: a font's program exchanged."""
    fonts = writer.root["/Pages"]["/Kids"][0]["/Resources"]["/Font"]
    font = fonts[next(iter(fonts))]
    font[pdf_name("/BaseFont")] = pdf_name("/Courier")
    writer.update_container(font)


def retag(writer: ArchivalWriter) -> None:
    """Another reading for a screen reader: the structure tree without its elements."""
    tree = writer.root["/StructTreeRoot"]
    tree[pdf_name("/K")] = generic.ArrayObject()
    writer.update_container(tree)


def retitle(writer: ArchivalWriter) -> None:
    """Another title in the metadata."""
    metadata = writer.root["/Metadata"]
    metadata._data = metadata.data.replace(b"Data Use", b"Data Abuse")
    metadata._encoded_data = None
    writer.update_container(metadata)


def redirect(writer: ArchivalWriter) -> None:
    """Something that a viewer does when it opens the file."""
    action = dictionary({"/S": pdf_name("/URI"), "/URI": generic.pdf_string("http://x")})
    writer.root[pdf_name("/OpenAction")] = action
    writer.update_root()  # type: ignore[no-untyped-call]


def attach(writer: ArchivalWriter) -> None:
    """A file inside the file."""
    names = dictionary({"/EmbeddedFiles": dictionary({"/Names": generic.ArrayObject()})})
    writer.root[pdf_name("/Names")] = names
    writer.update_root()  # type: ignore[no-untyped-call]


def fields(writer: ArchivalWriter) -> list[generic.DictionaryObject]:
    """Every field of the form."""
    found = writer.root["/AcroForm"]["/Fields"]
    return [one if isinstance(one, generic.DictionaryObject) else one.get_object() for one in found]


def move_field(writer: ArchivalWriter) -> None:
    """A field that covers the page."""
    field = fields(writer)[0]
    field[pdf_name("/Rect")] = generic.ArrayObject(map(generic.NumberObject, [0, 0, 600, 800]))
    writer.update_container(field)


def rename_field(writer: ArchivalWriter) -> None:
    """Another name for a slot, so that somebody else seems to have signed."""
    field = fields(writer)[0]
    field[pdf_name("/T")] = generic.pdf_string("Elsewhere")
    writer.update_container(field)


def unlock_field(writer: ArchivalWriter) -> None:
    """A slot without its lock and its seed values."""
    field = fields(writer)[0]
    for key in ("/Lock", "/SV"):
        field.pop(pdf_name(key), None)
    writer.update_container(field)


def drop_fields(writer: ArchivalWriter) -> None:
    """A form without fields."""
    writer.root["/AcroForm"][pdf_name("/Fields")] = generic.ArrayObject()
    writer.update_container(writer.root["/AcroForm"])


def drop_page(writer: ArchivalWriter) -> None:
    """One page less."""
    kids = writer.root["/Pages"]["/Kids"]
    del kids[0]
    writer.update_container(kids)


def add_page(writer: ArchivalWriter) -> None:
    """The first page once more."""
    kids = writer.root["/Pages"]["/Kids"]
    kids.append(kids.raw_get(0))
    writer.update_container(kids)


def drop_certification(writer: ArchivalWriter) -> None:
    """A catalog that no longer says what the seal forbids."""
    writer.root.pop(pdf_name("/Perms"), None)
    writer.update_root()  # type: ignore[no-untyped-call]


CHANGES: dict[str, Change] = {
    "other page content": paint,
    "an annotation": annotate,
    "another font": replace_font,
    "another structure tree": retag,
    "other metadata": retitle,
    "an action": redirect,
    "an attachment": attach,
    "a moved field": move_field,
    "a renamed field": rename_field,
    "an unlocked field": unlock_field,
    "no fields": drop_fields,
    "a page less": drop_page,
    "a page more": add_page,
    "no certification": drop_certification,
}
