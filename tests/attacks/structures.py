"""Changes of a document's structure, drawn at random: what somebody may append with any PDF library."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from attacks.changes import dictionary, fields
from signing.revisions import ArchivalWriter

Structure = Callable[[Random, ArchivalWriter], None]
ACTIONS = ("/JavaScript", "/URI", "/Launch", "/GoToR", "/SubmitForm", "/Named", "/Hide", "/ResetForm")
SUBTYPES = ("/FreeText", "/Stamp", "/Widget", "/Link", "/Square", "/Redact", "/Watermark", "/FileAttachment", "/Screen")
DRAWING = b"1 1 1 rg 0 0 600 800 re f BT /F1 24 Tf 20 20 Td (This agreement ends today) Tj ET"
WIDGET_EXTRAS = (
    "/Rect",
    "/AP",
    "/A",
    "/AA",
    "/MK",
    "/Contents",
    "/F",
    "/Parent",
    "/Kids",
    "/DV",
    "/TU",
    "/DA",
    "/OC",
    "/BS",
)


def whole(value: int) -> generic.PdfObject:
    """A whole number."""
    return generic.NumberObject(value)  # type: ignore[no-untyped-call]


def numbers(*values: float) -> generic.ArrayObject:
    """A list of numbers."""
    return generic.ArrayObject(map(generic.FloatObject, values))


def pages(writer: ArchivalWriter) -> list[generic.DictionaryObject]:
    """Every page."""
    found, waiting = [], [writer.root["/Pages"]]
    while waiting:
        node = waiting.pop()
        if "/Kids" in node:
            waiting += [one.get_object() for one in reversed(node["/Kids"])]
        else:
            found.append(node)
    return found


def reference_to(value: generic.DictionaryObject, writer: ArchivalWriter) -> generic.PdfObject:
    """A reference to what stands in the file."""
    found: Any = value.container_ref
    return generic.IndirectObject(found.idnum, 0, writer)  # type: ignore[no-untyped-call]


def drawing(writer: ArchivalWriter) -> generic.DictionaryObject:
    """An appearance that hides what lies under it."""
    entries = dictionary(
        {"/Type": pdf_name("/XObject"), "/Subtype": pdf_name("/Form"), "/BBox": numbers(0, 0, 600, 800)}
    )
    stream = generic.StreamObject(entries, stream_data=DRAWING)
    return dictionary({"/N": writer.add_object(stream)})


def action(chance: Random) -> generic.DictionaryObject:
    """Something that a viewer does."""
    text = generic.pdf_string("app.alert(1)")
    return dictionary(
        {"/S": pdf_name(chance.choice(ACTIONS)), "/JS": text, "/URI": text, "/F": text, "/N": pdf_name("/Print")}
    )


def rectangle(chance: Random) -> generic.ArrayObject:
    """A place, mostly on the page."""
    left, bottom = chance.uniform(-50, 400), chance.uniform(-50, 600)
    return numbers(left, bottom, left + chance.uniform(0, 400), bottom + chance.uniform(0, 300))


def annotate(chance: Random, writer: ArchivalWriter) -> None:
    """Add an annotation to a page."""
    page = chance.choice(pages(writer))
    entries = {"/Type": pdf_name("/Annot"), "/Subtype": pdf_name(chance.choice(SUBTYPES)), "/Rect": rectangle(chance)}
    note = dictionary(entries)
    if chance.random() < 0.7:
        note[pdf_name("/AP")] = drawing(writer)
    if chance.random() < 0.4:
        note[pdf_name("/A")] = action(chance)
    present = list(page["/Annots"]) if "/Annots" in page else []
    page[pdf_name("/Annots")] = generic.ArrayObject([*present, writer.add_object(note)])
    writer.update_container(page)


def add_field(chance: Random, writer: ArchivalWriter) -> None:
    """Add a field of any type, with a widget."""
    page = chance.choice(pages(writer))
    kind = chance.choice(["/Sig", "/Tx", "/Btn", "/Ch"])
    name = chance.choice(["Witness", "Archive_1", "Archive_2", "Archive_9", "Seal", ""])
    field = dictionary({"/FT": pdf_name(kind), "/T": generic.pdf_string(name), "/Rect": rectangle(chance)})
    field[pdf_name("/Subtype")], field[pdf_name("/Type")] = pdf_name("/Widget"), pdf_name("/Annot")
    if chance.random() < 0.6:
        field[pdf_name("/AP")] = drawing(writer)
    if chance.random() < 0.4:
        field[pdf_name("/V")] = generic.pdf_string("100") if kind != "/Sig" else fake_value(chance, writer)
    reference = writer.add_object(field)
    writer.root["/AcroForm"]["/Fields"].append(reference)
    writer.update_container(writer.root["/AcroForm"]["/Fields"])
    if chance.random() < 0.8:
        present = list(page["/Annots"]) if "/Annots" in page else []
        page[pdf_name("/Annots")] = generic.ArrayObject([*present, reference])
        writer.update_container(page)


def fake_value(chance: Random, writer: ArchivalWriter) -> generic.PdfObject:
    """What may stand where a signature belongs."""
    filled = [one for one in fields(writer) if "/V" in one]
    kinds: list[Callable[[], generic.PdfObject]] = [
        lambda: dictionary({}),
        lambda: dictionary({"/Type": pdf_name("/Sig"), "/Filter": pdf_name("/Adobe.PPKLite")}),
        lambda: dictionary({"/Type": pdf_name("/DocTimeStamp"), "/SubFilter": pdf_name("/ETSI.RFC3161")}),
        lambda: dictionary(dict(chance.choice(filled)["/V"].items())),
        lambda: generic.pdf_string("signed"),
        generic.ArrayObject,
    ]
    value = chance.choice(kinds)()
    return writer.add_object(value) if chance.random() < 0.8 else value


def fake_slot(chance: Random, writer: ArchivalWriter) -> None:
    """Let an empty slot seem signed; where there is none, another field look different."""
    empty = [one for one in fields(writer) if "/V" not in one]
    field = chance.choice(empty or fields(writer))
    if chance.random() < 0.8:
        field[pdf_name("/V")] = fake_value(chance, writer)
    if chance.random() < 0.8:
        field[pdf_name("/AP")] = drawing(writer)
    writer.update_container(field)


def act(chance: Random, writer: ArchivalWriter) -> None:
    """Add an action to the catalog, a page or a field."""
    holder, key = chance.choice(
        [
            (writer.root, "/OpenAction"),
            (writer.root, "/AA"),
            (chance.choice(pages(writer)), "/AA"),
            (chance.choice(fields(writer)), chance.choice(["/A", "/AA"])),
        ]
    )
    made = action(chance)
    holder[pdf_name(key)] = dictionary({"/O": made, "/E": made}) if key == "/AA" else made
    writer.update_container(holder)


def shadow(chance: Random, writer: ArchivalWriter) -> None:
    """Show other pages, or other content on a page."""
    page = chance.choice(pages(writer))
    how = chance.randrange(5)
    if how == 0:
        page[pdf_name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=DRAWING))
    elif how == 1:
        page[pdf_name("/MediaBox")] = numbers(0, 0, chance.uniform(50, 400), chance.uniform(50, 400))
    elif how == 2:
        page[pdf_name("/Rotate")] = whole(chance.choice([90, 180, 270]))
    elif how == 3:
        page[pdf_name("/Resources")] = dictionary({})
    else:
        kids = generic.ArrayObject([writer.add_object(dictionary(dict(page.items())))])
        tree = dictionary({"/Type": pdf_name("/Pages"), "/Kids": kids, "/Count": whole(1)})
        writer.root[pdf_name("/Pages")] = writer.add_object(tree)
        writer.update_root()  # type: ignore[no-untyped-call]
        return
    writer.update_container(page)


def replace_object(chance: Random, writer: ArchivalWriter) -> None:
    """Write any object anew: without a key, with another value, with other bytes."""
    number = chance.randrange(1, int(writer.prev.trailer["/Size"]))
    reference = generic.Reference(number, 0, writer)
    found = reference.get_object()
    if isinstance(found, generic.StreamObject):
        data = bytearray(found.data or b" ")
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        found._data, found._encoded_data = bytes(data), None
    if isinstance(found, generic.DictionaryObject) and found:
        key = chance.choice(sorted(found))
        if chance.random() < 0.5:
            found.pop(key)
        else:
            found[pdf_name(chance.choice([key, "/Extra"]))] = chance.choice(
                [
                    whole(chance.randrange(999)),
                    pdf_name("/Other"),
                    generic.pdf_string("x"),
                    generic.NullObject(),
                ]
            )
    elif isinstance(found, generic.ArrayObject) and found:
        del found[chance.randrange(len(found))]
    writer.mark_update(reference)


def validation_data(chance: Random, writer: ArchivalWriter) -> None:
    """Take data away from the security store, exchange it, or add what is none."""
    store = writer.root["/DSS"]
    key = chance.choice(["/Certs", "/CRLs", "/OCSPs", "/VRI", "/Extra"])
    present = list(store[key]) if key in store and key != "/VRI" else []
    how = chance.randrange(3)
    if how == 0 and present:
        present.pop(chance.randrange(len(present)))
    elif how == 1:
        present.append(writer.add_object(generic.StreamObject(stream_data=chance.randbytes(40))))
    else:
        chance.shuffle(present)
        present += present[:1]
    store[pdf_name(key)] = generic.ArrayObject(present)
    writer.update_container(store)


def unused_object(chance: Random, writer: ArchivalWriter) -> None:
    """Add objects that nothing refers to."""
    for _ in range(chance.randrange(1, 4)):
        writer.add_object(generic.StreamObject(stream_data=chance.randbytes(chance.randrange(200))))


def widget(chance: Random, writer: ArchivalWriter) -> None:
    """Prepare the field of the next archival time-stamp, with something that ours do not have."""
    names = [str(one["/T"]) for one in fields(writer)]
    count = sum(1 for name in names if re.fullmatch(r"Archive_\d+", name))
    page = chance.choice(writer.root["/Pages"]["/Kids"])
    entries = {
        "/FT": pdf_name("/Sig"),
        "/T": generic.pdf_string(f"Archive_{count + 1}"),
        "/Type": pdf_name("/Annot"),
        "/Subtype": pdf_name("/Widget"),
        "/F": whole(132),
        "/Rect": numbers(-9999, -9999, -9999, -9999),
        "/TU": generic.pdf_string("Archival time-stamp"),
    }
    field = dictionary(entries)
    for key in chance.sample(WIDGET_EXTRAS, chance.randrange(1, 4)):
        field[pdf_name(key)] = _extra(key, chance, writer)
    holder = chance.choice(pages(writer)) if "/Kids" in page else page
    field[pdf_name("/P")] = reference_to(holder, writer)
    reference = writer.add_object(field)
    listed = writer.root["/AcroForm"]["/Fields"]
    listed.append(reference)
    writer.update_container(listed)
    present = list(holder["/Annots"]) if "/Annots" in holder else []
    holder[pdf_name("/Annots")] = generic.ArrayObject([*present, reference])
    writer.update_container(holder)


def _extra(key: str, chance: Random, writer: ArchivalWriter) -> generic.PdfObject:
    made: dict[str, Callable[[], generic.PdfObject]] = {
        "/Rect": lambda: rectangle(chance),
        "/AP": lambda: drawing(writer),
        "/A": lambda: action(chance),
        "/AA": lambda: dictionary({"/E": action(chance)}),
        "/MK": lambda: dictionary({"/BG": numbers(1, 0, 0), "/CA": generic.pdf_string("Paid")}),
        "/F": lambda: whole(chance.choice([0, 4, 64])),
        "/Parent": lambda: writer.root.raw_get("/AcroForm"),
        "/Kids": lambda: generic.ArrayObject([writer.add_object(dictionary({"/AP": drawing(writer)}))]),
        "/OC": lambda: dictionary({"/Type": pdf_name("/OCG"), "/Name": generic.pdf_string("x")}),
        "/BS": lambda: dictionary({"/W": whole(9)}),
    }
    return made.get(key, lambda: generic.pdf_string("This agreement ends today"))()


STRUCTURES: dict[str, Structure] = {
    "replaced objects": replace_object,
    "annotations": annotate,
    "fields": add_field,
    "fake slots": fake_slot,
    "actions": act,
    "shadowed pages": shadow,
    "validation data": validation_data,
    "unused objects": unused_object,
    "widgets of archival time-stamps": widget,
}
