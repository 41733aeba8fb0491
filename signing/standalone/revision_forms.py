"""The one form of every revision that the service appends, byte for byte: whatever else a revision holds is refused.

A signed file is a draft, its seal, signatures of people in the draft's own fields, and archival time-stamps. This module reads
each appended revision by itself and permits exactly the objects, keys and values that the service writes. It needs the
standard library alone, so that the verifier of the service and the program in a bag hold the same rules.

The draft and the seal's revision are the service's own bytes: the seal vouches for what they say. Only their layout is read.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from signing.standalone.pdf_values import (
    FormError,
    Name,
    Number,
    Ref,
    Stream,
    Text,
    is_same,
    parse_value,
    refuse_unless,
    skip_gap,
    write_value,
)
from signing.standalone.revision_layout import (
    FREE,
    LARGEST_STREAM,
    STANDARD,
    RevisionLayout,
    inflate,
    read_layouts,
)

_RANGE = re.compile(rb"\[0 (\d{1,10}) (\d{1,10}) (\d{1,10})\] *")
_CONTENTS, _BYTE_RANGE = b"/Contents <", b"/ByteRange ["
SEAL_FIELD = "Seal"
ARCHIVE_FIELD = "Archive_"
TRAILER = {"W", "Type", "Filter", "Size", "Root", "Info", "ID", "Prev", "Index", "Length"}
STAMP_OPERATORS = {b"rg", b"BT", b"Tm", b"Tf", b"TL", b"Td", b"Tj", b"T*", b"ET"}
BLANK = b"q Q"
SHOWN = rb"q q /BackgroundGS gs 1 0 0 1 0 0 cm /Stamp Do Q Q"
WIDGET: Mapping[str, Any] = {
    "FT": Name("Sig"),
    "Type": Name("Annot"),
    "Subtype": Name("Widget"),
    "F": Number(132.0, b"132"),
    "Rect": [Number(-9999.0, b"-9999")] * 4,
    "TU": Text(b"Archival time-stamp", b""),
}
FONT = {
    "BaseFont", "Encoding", "FirstChar", "FontDescriptor", "LastChar", "Name", "Subtype", "ToUnicode", "Type", "Widths",
}  # fmt: skip
DESCRIPTOR = {
    "Ascent", "CapHeight", "Descent", "Flags", "FontBBox", "FontFile2", "FontName", "ItalicAngle", "MissingWidth", "StemV",
    "Type",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AppendedRevision:
    """What one revision appended.

    Attributes:
        kind: `seal`, `signature` or `timestamp`.
        field: name of the field that it filled.
        byte_range: of its signature.
        certificates, lists: validation data that it added, DER.
    """

    kind: str
    field: str
    byte_range: tuple[int, int, int, int]
    certificates: tuple[bytes, ...]
    lists: tuple[bytes, ...]


def check_revisions(pdf: bytes) -> list[AppendedRevision]:
    """Read every revision after the draft, in order.

    Raises:
        FormError: one of them is not of the form that the service writes.
    """
    layouts = read_layouts(pdf)
    revisions: list[AppendedRevision] = []
    for number, (earlier, later) in enumerate(pairwise(layouts), start=1):
        try:
            revisions.append(_RevisionReader(earlier, later, revisions).read())
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, zlib.error, RecursionError) as error:
            reason = str(error) if isinstance(error, FormError) else "it cannot be read"
            raise FormError(f"revision {number + 1} is not of the form that the service writes: {reason}") from error
    if not revisions:
        raise FormError("there is no revision after the draft")
    return revisions


class _RevisionReader:
    """One appended revision beside what stood before it."""

    def __init__(self, old: RevisionLayout, new: RevisionLayout, earlier: list[AppendedRevision]) -> None:
        self._old, self._new, self._earlier = old, new, earlier
        self._objects: dict[int, Any] = {}
        self._ends: dict[int, tuple[int, int]] = {}
        self._unexplained: set[int] = set()

    def read(self) -> AppendedRevision:
        """What the revision appended, all of it explained."""
        self._read_layout()
        self._unexplained = set(self._objects)
        self._root = self._old.trailer["Root"]
        catalogs = self._old.follow(self._root), self._new.follow(self._root)
        forms = tuple(
            side.follow(catalog.get("AcroForm")) for side, catalog in zip((self._old, self._new), catalogs, strict=True)
        )
        if not self._earlier:
            return self._read_seal(forms[1])
        refuse_unless(self._root.number not in self._objects, "it replaced the catalog")
        certificates, lists = self._read_store(catalogs[0].get("DSS"))
        fields = self._old.follow(forms[0]["Fields"]), self._new.follow(forms[1]["Fields"])
        filled = [
            reference for reference in fields[0] if isinstance(reference, Ref) and reference.number in self._objects
        ]
        if filled:
            name, byte_range = self._read_signature(filled)
            kind = "signature"
        else:
            name, byte_range = self._read_timestamp(catalogs[0]["AcroForm"], fields)
            kind = "timestamp"
        refuse_unless(not self._unexplained, f"it holds objects of no use: {sorted(self._unexplained)[:5]}")
        return AppendedRevision(kind, name, byte_range, certificates, lists)

    # --- its layout

    def _read_layout(self) -> None:
        """Its bytes are objects in the order of their numbers, the table and the end, and nothing between them."""
        old, new = self._old, self._new
        refuse_unless(set(new.trailer) == TRAILER, "its trailer has other keys")
        refuse_unless(is_same([new.trailer[key] for key in ("Root", "Info")], [old.trailer[key] for key in ("Root", "Info")])
                       and is_same(new.trailer["ID"][0], old.trailer["ID"][0]) and len(new.trailer["ID"]) == 2,  # noqa: PLR2004
                       "its trailer leads elsewhere")  # fmt: skip
        rows = dict(new.entries())
        refuse_unless(rows.pop(0, None) == (FREE, 0, 0xFFFF), "its table does not begin as the service's do")
        refuse_unless(all(kind == STANDARD and not generation for kind, _, generation in rows.values()),
                       "objects were deleted or packed")  # fmt: skip
        refuse_unless(rows.pop(new.table, None) == (STANDARD, new.table_at, 0), "its table names itself elsewhere")
        fresh = {number for number in rows if number >= old.size}
        refuse_unless(new.size == new.table + 1 and fresh == set(range(old.size + 1, new.table)),
                       "its numbers are not the next ones")  # fmt: skip
        at = new.start
        for number, (_, where, _) in sorted(rows.items()):
            refuse_unless(where == at, "something stands between its objects")
            value, end = new.read_at(number, where)
            self._objects[number], self._ends[number] = value, (at, end)
            at = end
            if not self._holds_signature(value):
                self._refuse_unlike_written(number)
        refuse_unless(at == new.table_at, "something stands before its table")

    @staticmethod
    def _holds_signature(value: Any) -> bool:
        return isinstance(value, dict) and "ByteRange" in value

    def _refuse_unlike_written(self, number: int) -> None:
        """The bytes of an object are those that the service's writer writes for it."""
        value, (start, end) = self._objects[number], self._ends[number]
        entries = value.entries if isinstance(value, Stream) else value
        head = b"%d 0 obj\n%b" % (number, write_value(entries))
        refuse_unless(self._new.pdf.startswith(head, start), f"object {number} is written in another way")
        if not isinstance(value, Stream):
            refuse_unless(end - start == len(head) + 8, f"object {number} is written in another way")

    # --- seal

    def _read_seal(self, form: Any) -> AppendedRevision:
        """The seal: one new field of that name; what else its revision says is under its signature."""
        references = [reference for reference in self._new.follow(form["Fields"]) if isinstance(reference, Ref)]
        fresh = [reference for reference in references if reference.number >= self._old.size]
        refuse_unless(len(fresh) == 1, "it does not add the seal's field alone")
        entries = self._objects[fresh[0].number]
        refuse_unless(entries["T"].words == SEAL_FIELD, "it does not begin with the seal")
        signed = [number for number, value in self._objects.items() if self._holds_signature(value)]
        refuse_unless(signed == [entries["V"].number], "it holds another signature")
        value, byte_range = self._read_value(entries["V"])
        refuse_unless(value["Type"] == "Sig", "its seal is of another kind")
        store = self._new.follow(self._new.follow(self._root).get("DSS")) or {}
        added = [tuple(self._bytes_of(reference) for reference in store.get(key, [])) for key in ("Certs", "CRLs")]
        return AppendedRevision("seal", SEAL_FIELD, byte_range, added[0], added[1])

    def _bytes_of(self, reference: Any) -> bytes:
        return inflate(self._new.follow(reference), LARGEST_STREAM)

    # --- a signature in a field of the draft

    def _read_signature(self, filled: list[Ref]) -> tuple[str, tuple[int, int, int, int]]:
        refuse_unless(len(filled) == 1, "it fills several fields")
        refuse_unless(all(revision.kind != "timestamp" for revision in self._earlier), "the file was closed before")
        number = filled[0].number
        old, new = self._old.get(number), self._explain(number)
        free = {"V", "AP"}
        refuse_unless(is_same({key: old[key] for key in old if key not in free},
                             {key: new[key] for key in new if key not in free}),
                       "its field changed in something else than its value")  # fmt: skip
        refuse_unless(old.get("FT") == "Sig" and "V" not in old, "it fills something else than an empty field")
        value, byte_range = self._read_value(new["V"])
        self._read_approval(value, old)
        if not is_same(old.get("AP"), new.get("AP")):
            self._read_appearance(new["AP"], old["Rect"])
        return old["T"].words, byte_range

    def _read_approval(self, value: dict[str, Any], field_entries: dict[str, Any]) -> None:
        lock = self._old.follow(field_entries["Lock"])
        optional = {key: value.pop(key) for key in ("M", "Name", "Reason") if key in value}
        refuse_unless(all(isinstance(text, Text) for text in optional.values()), "its signature says more than it may")
        parameters = {"Type": Name("TransformParams"), "V": Name("1.2")}
        parameters |= {key: lock[key] for key in ("Action", "Fields") if key in lock}
        reference = {"Type": Name("SigRef"), "TransformMethod": Name("FieldMDP"), "Data": self._root}
        wanted = {
            "Type": Name("Sig"),
            "Filter": Name("Adobe.PPKLite"),
            "SubFilter": Name("ETSI.CAdES.detached"),
            "Reference": [reference | {"TransformParams": parameters}],
        }
        refuse_unless(is_same(value, wanted), "its signature says something else than ours do")

    def _read_appearance(self, appearance: Any, rectangle: list[Number]) -> None:
        """What the field shows: a page of text, in the field's own rectangle."""
        refuse_unless(isinstance(appearance, dict) and set(appearance) == {"N"}, "its field shows several things")
        width, height = (abs(rectangle[place + 2].value - rectangle[place].value) for place in (0, 1))
        shown = self._fresh_stream(appearance["N"])
        entries = {key: shown.entries[key] for key in shown.entries if key not in {"Length", "Resources"}}
        refuse_unless(_same_form(entries, [0, height, width, 0]), "its appearance is of another form")
        resources = shown.entries.get("Resources", {})
        if not resources and shown.data == BLANK:
            return
        state = {"BackgroundGS": {"CA": Number(1, b""), "ca": Number(1, b"")}}
        refuse_unless(set(resources) == {"ExtGState", "XObject"} and is_same(resources["ExtGState"], state)
                       and set(resources["XObject"]) == {"Stamp"} and shown.data == SHOWN,
                       "its appearance draws something else")  # fmt: skip
        self._read_stamp(resources["XObject"]["Stamp"], width, height)

    def _read_stamp(self, reference: Any, width: float, height: float) -> None:
        stamp = self._fresh_stream(reference)
        free = {"Length", "Resources", "Filter"}
        entries = {key: stamp.entries[key] for key in stamp.entries if key not in free}
        refuse_unless(_same_form(entries, [0, 0, width, height]), "its stamp is of another form")
        refuse_unless(set(stamp.entries["Resources"]) == {"Font"}, "its stamp uses something else than fonts")
        refuse_unless(_is_text(inflate(stamp, LARGEST_STREAM)), "its stamp draws something else than text")
        fonts = stamp.entries["Resources"]["Font"]
        if isinstance(fonts, Ref):
            fonts = self._explain(fonts.number)
        for font in fonts.values():
            self._read_font(self._explain(font.number))

    def _read_font(self, font: dict[str, Any]) -> None:
        kinds = font.get("Type"), font.get("Subtype")
        refuse_unless(set(font) <= FONT and kinds == ("Font", "TrueType"), "its stamp has a font of another kind")
        descriptor = self._explain(font["FontDescriptor"].number)
        refuse_unless(set(descriptor) <= DESCRIPTOR, "its stamp has a font of another kind")
        for reference in (font["ToUnicode"], descriptor["FontFile2"]):
            stream = self._fresh_stream(reference)
            refuse_unless(set(stream.entries) <= {"Length", "Length1", "Filter"}, "its font says more than it may")
        for key, value in (*font.items(), *descriptor.items()):
            refuse_unless(key in {"FontDescriptor", "ToUnicode", "FontFile2"} or _is_plain(value),
                           "its font says more than it may")  # fmt: skip

    # --- an archival time-stamp

    def _read_timestamp(self, form: Any, fields: tuple[list[Any], list[Any]]) -> tuple[str, tuple[int, int, int, int]]:
        old_form, new_form = self._old.follow(form), self._new.follow(form)
        reference = self._read_longer(old_form, new_form, "Fields", form, "form")
        before = sum(revision.kind == "timestamp" for revision in self._earlier)
        name = f"{ARCHIVE_FIELD}{before + 1}"
        named = [self._old.follow(reference) for reference in fields[0]]
        seal = next(entry for entry in named if "T" in entry and entry["T"].words == SEAL_FIELD)
        entries = self._explain(reference.number)
        wanted = {**WIDGET, "T": Text(name.encode(), b""), "P": seal["P"], "V": entries.get("V")}
        refuse_unless(is_same(entries, wanted), "its field is not that of an archival time-stamp")
        pages = self._old.get(seal["P"].number), self._new.get(seal["P"].number)
        widget = self._read_longer(*pages, "Annots", seal["P"], "page")
        refuse_unless(widget == reference, "it adds something else to the page")
        value, byte_range = self._read_value(entries["V"])
        kinds = {"Type": Name("DocTimeStamp"), "Filter": Name("Adobe.PPKLite"), "SubFilter": Name("ETSI.RFC3161")}
        refuse_unless(is_same(value, kinds), "its time-stamp says something else than ours do")
        return name, byte_range

    def _read_longer(self, old: dict[str, Any], new: dict[str, Any], key: str, holder: Ref, what: str) -> Ref:
        """The one new member of a list that a dictionary has, or refers to; nothing else of it changed."""
        inside = old.get(key)
        if isinstance(inside, Ref):
            refuse_unless(holder.number not in self._objects, f"it replaced the {what}")
            before, after = self._old.follow(inside), self._explain(inside.number)
        else:
            refuse_unless(holder == Ref(holder.number) and self._explain(holder.number) is not None, "no such object")
            same = is_same({k: old[k] for k in old if k != key}, {k: new[k] for k in new if k != key})
            refuse_unless(same, f"it changed something else of the {what}")
            before, after = inside or [], new[key]
        refuse_unless(is_same(before, after[:-1]) and isinstance(after[-1], Ref), f"it changed a list of the {what}")
        member: Ref = after[-1]
        refuse_unless(member.number >= self._old.size, f"it put something older into the {what}")
        return member

    # --- what signatures and time-stamps have in common

    def _explain(self, number: int) -> Any:
        """An object of this revision, which is now explained; each only once."""
        refuse_unless(number in self._unexplained, "it uses an object that it does not hold, or one twice")
        self._unexplained.discard(number)
        return self._objects[number]

    def _fresh_stream(self, reference: Any) -> Stream:
        refuse_unless(isinstance(reference, Ref) and reference.number >= self._old.size, "it uses an older object")
        stream = self._explain(reference.number)
        if not isinstance(stream, Stream):
            raise FormError("a stream is none")
        return stream

    def _read_value(self, reference: Any) -> tuple[dict[str, Any], tuple[int, int, int, int]]:
        """A signature's dictionary without container and range, both of which stand as the service writes them."""
        refuse_unless(isinstance(reference, Ref) and reference.number >= self._old.size, "it uses an older signature")
        number = reference.number
        value = dict(self._explain(number))
        start, end = self._ends[number]
        pdf = self._new.pdf
        contents = value.pop("Contents")
        del value["ByteRange"]
        first = pdf.index(_CONTENTS, start, end) + len(_CONTENTS) - 1
        second = first + len(contents.raw)
        ranges = pdf.index(_BYTE_RANGE, second, end) + len(_BYTE_RANGE) - 1
        found = _RANGE.match(pdf, ranges, end)
        if found is None:
            raise FormError("its range is written in another way")
        byte_range = (0, int(found[1]), int(found[2]), int(found[3]))
        refuse_unless(byte_range == (0, first, second, self._new.end - second), "its range is not this revision")
        head = b"%d 0 obj\n<<\n%b%b\n%b%b\n" % (number, _CONTENTS[:-1], contents.raw, _BYTE_RANGE[:-1], found[0])
        rest = write_value(value).removeprefix(b"<<\n") + b"\nendobj\n"
        refuse_unless(pdf[start:end] == head + rest, "its signature is written in another way")
        refuse_unless(contents.raw == b"<" + contents.content.hex().upper().encode() + b">",
                       "its container is not in capital letters")  # fmt: skip
        return value, byte_range

    def _read_store(self, reference: Any) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """The validation data that it adds at the ends of the lists of the store."""
        if not isinstance(reference, Ref) or reference.number not in self._objects:
            return (), ()
        old, new = self._old.get(reference.number), self._explain(reference.number)
        refuse_unless(set(new) <= {"Certs", "CRLs"}, "its validation data has other keys")
        added = []
        for key in ("Certs", "CRLs"):
            before, after = old.get(key, []), new.get(key, [])
            refuse_unless(is_same(before, after[: len(before)]), "it changed earlier validation data")
            streams = [self._fresh_stream(reference) for reference in after[len(before) :]]
            refuse_unless(
                all(set(stream.entries) == {"Length"} for stream in streams), "its validation data has other keys"
            )
            added.append(tuple(stream.data for stream in streams))
        return added[0], added[1]


def _same_form(entries: dict[str, Any], box: list[float]) -> bool:
    """Whether a form's dictionary has exactly its type and that box."""
    if set(entries) != {"BBox", "Type", "Subtype"} or (entries["Type"], entries["Subtype"]) != ("XObject", "Form"):
        return False
    return all(abs(number.value - wanted) < 0.01 for number, wanted in zip(entries["BBox"], box, strict=True))  # noqa: PLR2004


def _is_plain(value: Any) -> bool:
    """Whether a value is a name, a number or a list of numbers."""
    return isinstance(value, Name | Number) or (
        isinstance(value, list) and all(isinstance(number, Number) for number in value)
    )


def _is_text(content: bytes) -> bool:
    """Whether a page holds text, its place and its color, and no other operator."""
    at = skip_gap(content, 0)
    while at < len(content):
        if found := re.compile(rb"[A-Za-z*'\"]+").match(content, at):
            if found[0] not in STAMP_OPERATORS:
                return False
            at = found.end()
        else:
            value, at = parse_value(content, at)
            if not isinstance(value, Name | Number | Text):
                return False
        at = skip_gap(content, at)
    return True
