"""What can be done to a file without any key."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from itertools import product

from asn1crypto import parser
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from attacks.changes import CHANGES, appended, dictionary
from attacks.variant import Variant
from signed_files import life
from signing.revisions import open_writer
from validators import SIGNED

FLIPS = 40
"""Byte flips a container; five containers make some two hundred."""

STATES = ("sealed", "signed-1", "signed-2", "signed-3", "closed")


def states() -> dict[str, bytes]:
    """Every signed revision of the packet's document, by name."""
    return dict(zip(STATES, life().revisions[1:], strict=True))


def ranges(pdf: bytes) -> list[tuple[int, int, int, int]]:
    """The byte ranges of a file, oldest first."""
    found = [tuple(int(one) for one in match) for match in SIGNED.findall(pdf)]
    return sorted(((a, b, c, d) for a, b, c, d in found), key=lambda one: one[2])


def changes_after_each_revision() -> Iterator[Variant]:
    """Page content, annotations, fonts, structure, metadata, form and actions, in a revision of their own."""
    for (state, pdf), (name, change) in product(states().items(), CHANGES.items()):
        yield Variant(f"{name} after {state}", appended(pdf, change))


def incremental_saving() -> Iterator[Variant]:
    """Objects appended with and without a table, a trailer, an end mark, or with a trailer that goes back."""
    overriding = b"\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    for state, pdf in states().items():
        last = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
        back = b"startxref\n%d\n%%%%EOF\n" % last
        yield Variant(f"objects only, after {state}", pdf + overriding)
        yield Variant(f"objects and the old trailer, after {state}", pdf + overriding + back)
        yield Variant(f"the old trailer alone, after {state}", pdf + b"\n" + back)
        yield Variant(f"a table without entries, after {state}", pdf + _empty_table(pdf, last))
        yield Variant(f"an end mark alone, after {state}", pdf + b"%%EOF\n")


def _empty_table(pdf: bytes, last: int) -> bytes:
    root = re.findall(rb"/Root (\d+ 0 R)", pdf)[-1]
    size = re.findall(rb"/Size (\d+)", pdf)[-1]
    table = b"xref\n0 0\ntrailer\n<</Size %s/Root %s/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
    return table % (size, root, last, len(pdf))


def wrapping() -> Iterator[Variant]:
    """Signature wrapping: the signed second part moved away, and something else put where readers look."""
    for state, pdf in states().items():
        for number, (start, first, second, length) in enumerate(ranges(pdf)):
            tail = pdf[second : second + length]
            evil = b"\n9999 0 obj\n<</Evil true>>\nendobj\n"
            moved = pdf[:second] + evil + tail + pdf[second + length :]
            yield Variant(f"moved tail of signature {number}, {state}", moved)
            patched = _with_range(pdf, number, (start, first, second + len(evil), length))
            if patched is not None:
                shifted = patched[:second] + evil + patched[second:]
                yield Variant(f"moved tail with a corrected range, signature {number}, {state}", shifted)


def byte_ranges() -> Iterator[Variant]:
    """Overlapping, short, shifted, negative and swapped ranges of every signature of the closed file."""
    pdf = states()["closed"]
    lies: dict[str, Callable[[int, int, int, int], tuple[int, int, int, int]]] = {
        "overlapping": lambda a, b, c, d: (a, b, b - 50, d + c - b + 50),
        "short": lambda a, b, c, d: (a, b, c, d - 1),
        "wider gap": lambda a, b, c, d: (a, b - 6, c + 6, d - 6),
        "no first part": lambda _a, b, c, d: (b, 0, c, d),
        "no second part": lambda a, b, c, _d: (a, b, c, 0),
        "from 1": lambda _a, b, c, d: (1, b - 1, c, d),
        "negative": lambda a, b, c, d: (a, b, c, -d),
        "beyond the end": lambda a, b, c, d: (a, b, c, d + 9),
        "empty": lambda _a, _b, _c, _d: (0, 0, 0, 0),
    }
    for number, found in enumerate(ranges(pdf)):
        for name, lie in lies.items():
            changed = _with_range(pdf, number, lie(*found))
            if changed is not None:
                yield Variant(f"{name} range of signature {number}", changed)


def _with_range(pdf: bytes, number: int, values: tuple[int, int, int, int]) -> bytes | None:
    """The file with another byte range of the same width; None where it does not fit."""
    wanted = ranges(pdf)[number]
    match = next(one for one in SIGNED.finditer(pdf) if tuple(map(int, one.groups())) == wanted)
    old = match.group()
    head, tail = old[: old.index(b"[") + 1], old[-1:]
    inside = b"%d %d %d %d" % values
    room = len(old) - len(head) - len(tail)
    if len(inside) > room:
        return None
    return pdf[: match.start()] + head + inside.ljust(room) + tail + pdf[match.end() :]


def contents() -> Iterator[Variant]:
    """Containers emptied, zeroed, halved, doubled, or taken from another signature of the file."""
    pdf = states()["closed"]
    found = ranges(pdf)
    for number, (_, first, second, _) in enumerate(found):
        width = second - first - 2
        der = pdf[first + 1 : second - 1]
        other = found[(number + 1) % len(found)]
        theirs = pdf[other[1] + 1 : other[2] - 1].rstrip(b"0")
        fillings = {
            "zeroed": b"0" * width,
            "blank": b" " * width,
            "halved": der[: parser.peek(bytes.fromhex(der.decode("ascii")))].ljust(width, b"0"),
            "another signature's": theirs[: width - width % 2].ljust(width, b"0")[:width],
            "not hexadecimal": b"Z" * width,
            "null": b"0500".ljust(width, b"0"),
        }
        for name, filling in fillings.items():
            yield Variant(f"{name} container {number}", pdf[: first + 1] + filling + pdf[second - 1 :])


def rollback() -> Iterator[Variant]:
    """An older revision in the place of the newest: genuine by itself, and not the record."""
    for state, pdf in list(states().items())[:-1]:
        yield Variant(f"rolled back to {state}", pdf, genuine=True)
    yield Variant("rolled back to the draft", life().draft)


def trailing_bytes() -> Iterator[Variant]:
    """Anything after the end, white space included, and anything before the beginning."""
    tails = {"a space": b" ", "a line": b"\n", "zeros": bytes(16), "a comment": b"%x\n", "a PDF": life().draft}
    for (state, pdf), (name, tail) in product(states().items(), tails.items()):
        yield Variant(f"{name} after {state}", pdf + tail)
        yield Variant(f"{name} before {state}", tail + pdf)


def container_flips() -> Iterator[Variant]:
    """One bit of one byte of each container's CMS, spread over all of it."""
    pdf = states()["closed"]
    chance = random.Random("container flips")  # noqa: S311  the same places every time
    for number, (_, first, second, _) in enumerate(ranges(pdf)):
        length = parser.peek(bytes.fromhex(pdf[first + 1 : second - 1].decode("ascii")))
        for place in sorted(chance.sample(range(length), FLIPS)):
            at, bit = first + 1 + 2 * place, 1 << chance.randrange(8)
            byte = int(pdf[at : at + 2], 16) ^ bit
            digits = b"%02x" % byte if pdf[first + 1 : second - 1].islower() else b"%02X" % byte
            yield Variant(f"bit {bit} of byte {place} of container {number}", pdf[:at] + digits + pdf[at + 2 :])


def extra_fields() -> Iterator[Variant]:
    """A further, empty signature field, and one that pretends to be signed."""
    for state, pdf in states().items():
        for pretends in (False, True):
            yield Variant(
                f"{'a pretended' if pretends else 'an empty'} signature field after {state}", _with_field(pdf, pretends)
            )


def _with_field(pdf: bytes, pretends: bool) -> bytes:
    writer = open_writer(pdf)
    box = generic.ArrayObject(map(generic.NumberObject, [100, 100, 300, 200]))
    entries = {"/FT": pdf_name("/Sig"), "/T": generic.pdf_string("Witness"), "/Type": pdf_name("/Annot")}
    field = dictionary({**entries, "/Subtype": pdf_name("/Widget"), "/Rect": box})
    if pretends:
        value = dictionary({"/Type": pdf_name("/Sig"), "/Filter": pdf_name("/Adobe.PPKLite")})
        field[pdf_name("/V")] = writer.add_object(value)
    fields = writer.root["/AcroForm"]["/Fields"]
    fields.append(writer.add_object(field))
    writer.update_container(fields)
    return appended(b"", lambda _: None, writer=writer)


OUTSIDERS: dict[str, Callable[[], Iterator[Variant]]] = {
    "changes after each revision": changes_after_each_revision,
    "incremental saving": incremental_saving,
    "signature wrapping": wrapping,
    "byte ranges": byte_ranges,
    "emptied and exchanged contents": contents,
    "rollback": rollback,
    "bytes around the file": trailing_bytes,
    "flipped bits of containers": container_flips,
    "extra signature fields": extra_fields,
}
