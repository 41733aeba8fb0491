"""Mutants: documents of every type and state, changed at random; the same seed gives the same change.

`python -m attacks.mutants SEED` (with tests/ on the path) makes the mutant of a seed again and says what becomes of it. Keys are
made anew in each run, so its bytes differ from run to run, and what was done to them does not.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from pyhanko.pdf_utils.misc import PdfError

from attacks.changes import appended
from attacks.container_bytes import changed_container, exchanged_token
from attacks.structures import STRUCTURES
from attacks.subjects import EXECUTED, Subject, closed_by_others, subjects
from packets.errors import PacketsError
from signing.fields import ARCHIVE_FIELD
from signing.revisions import ArchivalWriter, open_writer, signature_fields

TABLES, BYTES, CONTAINERS, EXCHANGED = "cross-references", "bytes", "containers", "exchanged time-stamps"
ROLLED_BACK, COMBINED = "rolled back", "combinations"
UNCHANGEABLE = (PdfError, PacketsError, ValueError, LookupError, TypeError, AttributeError, AssertionError)
"""What our tools raise where a change makes no file."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed document.

    Attributes:
        seed: makes it again.
        family: what kind of change it is.
        subject: what it was made of.
        base: the genuine file that it must look like if it passes.
        pdf: the file.
    """

    seed: int
    family: str
    subject: str
    base: bytes
    pdf: bytes


def next_field(writer: ArchivalWriter) -> str:
    """The name of the next archival time-stamp, as far as it is not there yet, waiting to be filled."""
    names = [
        name for name, state in signature_fields(writer.prev).items() if ARCHIVE_FIELD.fullmatch(name) and state.filled
    ]
    return f"Archive_{len(names) + 1}"


def finished(chance: Random, pdf: bytes, writer: ArchivalWriter, how: int | None = None) -> bytes:
    """What a writer holds as a file: as it is, closed by another authority in the same revision, or in one of its own."""
    how = chance.randrange(3) if how is None else how
    if how == 0:
        return closed_by_others(writer, next_field(writer))
    changed = appended(pdf, lambda _: None, writer=writer)
    if how == 1:
        return changed
    again = open_writer(changed)
    return closed_by_others(again, next_field(again))


def _structural(family: str) -> Callable[[Random, Subject], tuple[bytes, bytes]]:
    def make(chance: Random, subject: Subject) -> tuple[bytes, bytes]:
        base = chance.choice(subject.revisions)
        writer = open_writer(base)
        STRUCTURES[family](chance, writer)
        return base, finished(chance, base, writer, 0 if family.startswith("widgets") else None)

    return make


def _rolled_back(chance: Random, subject: Subject) -> tuple[bytes, bytes]:
    base = chance.choice(subject.revisions)
    writer = open_writer(base)
    if chance.random() < 0.8:
        STRUCTURES[chance.choice(list(STRUCTURES))](chance, writer)
    return base, closed_by_others(writer, chance.choice([next_field(writer), "Archive_7", "Archive_01", "Witness"]))


def _combined(chance: Random, subject: Subject) -> tuple[bytes, bytes]:
    base = chance.choice(subject.revisions)
    writer = open_writer(base)
    for family in chance.choices(list(STRUCTURES), k=chance.randrange(2, 4)):
        STRUCTURES[family](chance, writer)
    pdf = finished(chance, base, writer)
    return base, _broken(chance, pdf) if chance.random() < 0.3 else pdf


def _tables(chance: Random, subject: Subject) -> tuple[bytes, bytes]:
    """A further section of cross-references: objects that lie elsewhere, sections that go back, hybrid files."""
    pdf = subject.pdf
    last = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    root, size = re.findall(rb"/Root (\d+) 0 R", pdf)[-1], int(re.findall(rb"/Size (\d+)", pdf)[-1])
    number = chance.choice([int(root), chance.randrange(1, size), size])
    body = b"%d 0 obj\n<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(x)>>>>\nendobj\n" % number
    where = chance.choice([len(pdf), chance.randrange(len(pdf))])
    table = b"xref\n%d 1\n%010d 00000 n \n" % (number, where)
    previous = chance.choice([last, 0, len(pdf) + len(body), chance.randrange(len(pdf))])
    more = b"/XRefStm %d" % last if chance.random() < 0.3 else b""
    trailer = b"trailer\n<</Size %d/Root %s 0 R/Prev %d%s>>\n" % (size + 1, root, previous, more)
    changed = pdf + body + table + trailer + b"startxref\n%d\n%%%%EOF\n" % (len(pdf) + len(body))
    if chance.random() < 0.5:
        return pdf, changed
    try:
        writer = open_writer(changed)
        return pdf, closed_by_others(writer, next_field(writer))
    except UNCHANGEABLE:
        return pdf, changed


def _broken(chance: Random, pdf: bytes) -> bytes:
    """The file with some bytes of its end changed, left out, doubled or added."""
    at = len(pdf) - 1 - min(int(chance.expovariate(1 / 2000)), len(pdf) - 2)
    length = chance.randrange(1, 30)
    how = chance.randrange(4)
    if how == 0:
        return pdf[:at] + bytes([pdf[at] ^ 1 << chance.randrange(8)]) + pdf[at + 1 :]
    if how == 1:
        return pdf[:at] + pdf[at + length :]
    if how == 2:
        return pdf[:at] + pdf[at : at + length] * 2 + pdf[at + length :]
    return pdf[:at] + chance.choice([b" ", b"\n", b"%", b"\0", b"(", b"/A ", chance.randbytes(length)]) + pdf[at:]


MAKERS: dict[str, Callable[[Random, Subject], tuple[bytes, bytes]]] = {
    **{family: _structural(family) for family in STRUCTURES},
    ROLLED_BACK: _rolled_back,
    TABLES: _tables,
    CONTAINERS: lambda chance, subject: (subject.pdf, changed_container(chance, subject.pdf)),
    EXCHANGED: lambda chance, subject: (subject.pdf, exchanged_token(chance, subject.pdf)),
    BYTES: lambda chance, subject: (subject.pdf, _broken(chance, subject.pdf)),
    COMBINED: _combined,
}


def mutate(seed: int, family: str | None = None) -> Mutant | None:
    """The mutant of a seed; None where the change leads to no file, or to a genuine one."""
    chance = Random(seed)  # noqa: S311  the same places every time
    family = family or chance.choice(list(MAKERS))
    subject = chance.choice(subjects())
    if family == EXCHANGED:
        subject = chance.choice([one for one in subjects() if one.name.endswith(EXECUTED)])
    try:
        base, pdf = MAKERS[family](chance, subject)
    except UNCHANGEABLE:
        return None
    if pdf in subject.revisions:
        return None
    return Mutant(seed, family, subject.name, base, pdf)


def main() -> None:
    """Make one mutant again."""
    from attacks.oracle import judge

    logging.disable(logging.CRITICAL)
    mutant = mutate(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
    if mutant is None:
        sys.stdout.write("That seed makes no file.\n")
        return
    judged = judge(mutant)
    sys.stdout.write(
        f"{mutant.family}, {mutant.subject}: alone {judged.alone}, with another authority {judged.helped}\n"
    )
    sys.stdout.write("".join(f"{line}\n" for line in judged.differences))


if __name__ == "__main__":
    main()
