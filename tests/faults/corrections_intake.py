"""Random and mutated corrections archives: whatever comes in, the intake answers with rows or with reasons.

What is held of every case:

- only a `PacketsError` is ever raised, and never without a reason and a remedy;
- it is answered within seconds, and memory does not grow from case to case;
- what is accepted is what the standard library reads in the same archive, and comes out again as the same rows;
- what is refused can be shown as a workbook, in which nothing is a formula.
"""

from __future__ import annotations

import io
import random
import resource
import struct
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from packets.errors import InputError
from packets.lists import archive
from packets.lists.annotation import annotate
from packets.lists.columns import CORRECTIONS, Row
from packets.lists.correction_rows import Standing
from packets.lists.corrections import correction_row, examine, read_corrections, write_corrections
from packets.model.identifiers import AcoId, Npi, Tin

ACO, DAY = AcoId("A0001"), date(2026, 11, 25)
BASE = "A0001_ProviderSupCorrection_11252026"
TINS = (Tin("012345678"), Tin("987654321"))
LISTED = tuple(Npi.from_body(body) for body in range(100_000_000, 100_000_006))
UNLISTED = tuple(Npi.from_body(body) for body in range(200_000_000, 200_000_006))
STANDING = Standing(
    ACO,
    frozenset(TINS),
    frozenset((tin, npi) for tin in TINS for npi in LISTED),
    frozenset({(TINS[0], "341028")}),
    frozenset(LISTED[:1]),
)
CASE_SECONDS = 3.0
MOST_GROWTH = 150 * 1024
"""Kilobytes by which the process may grow."""
SHOWN_EVERY = 20
"""So many cases for one that is written as a workbook, which takes most of the time."""
MUTATED, CUT_OFF = 0.25, 0.1
"""How often a text or an archive is changed byte by byte, and then cut off."""
METHODS = (*(zipfile.ZIP_DEFLATED,) * 4, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
MEMBER_NAMES = (
    *(f"{BASE}.txt",) * 6, f"../{BASE}.txt", "a/b.txt", "__MACOSX/x", f"{BASE}.txt/", "C:\\x", "\u202etxt.exe", "é", "x" * 300,
)  # fmt: skip

NASTY = (
    "", " ", "N/A", "=1+1", "@SUM(A1)", "\0", "\x1b[0m", "\u202e", "\u200b", "\ufeff", "\u2028", "Ａ", "é", "e\u0301", "😀",  # noqa: RUF001
    '"', '""', '"a', 'a"b', "\r", "0" * 300, "x" * 12_000, "-1", "1e9", "A", "D", "a", *TINS, *LISTED[:2], "341028", "_x0041_",
)  # fmt: skip
MARKS = (
    b"PK\3\4",
    b"PK\1\2",
    b"PK\5\6",
    b"PK\6\6",
    b"PK\6\7",
    b"PK\7\x08",
    b"PK00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\t",
)
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 99, 12, 14)


@dataclass(frozen=True)
class Case:
    """An upload."""

    name: str
    content: bytes


@dataclass
class Tally:
    """What came of the cases."""

    cases: int = 0
    accepted: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0

    def __str__(self) -> str:
        common = ", ".join(f"{code} {count}" for code, count in self.codes.most_common(8))
        return (
            f"{self.cases:,} cases, {self.accepted:,} accepted, {len(self.codes)} codes of refusal ({common}, …), "
            f"the longest case {self.longest:.2f} s, no fault"
        )


def _chosen(chance: random.Random, *weighted: tuple[int, Callable[[], Any]]) -> Any:
    """What one of some makers makes, each chosen as often as its weight says."""
    (make,) = chance.choices([one for _, one in weighted], [weight for weight, _ in weighted])
    return make()


def _good_rows(chance: random.Random) -> list[Row]:
    """Rows that fit the lists, each about somebody else."""
    pairs = [(tin, npi) for tin in TINS for npi in (*LISTED, *UNLISTED)]
    rows = [_person(chance, tin, npi) for tin, npi in chance.sample(pairs, chance.randint(1, 8))]
    facility = correction_row(aco_id=ACO, action="D", tin=TINS[0], ccn="341028", reason="other")
    return rows + [facility] * chance.randint(0, 1)


def _person(chance: random.Random, tin: str, npi: str) -> Row:
    return correction_row(
        aco_id=ACO,
        action="D" if npi in LISTED else "A",
        tin=tin,
        npi=npi,
        first_name=chance.choice(("Ana", "Đức", "José", 'Jo "Joe"')),
        last_name=chance.choice(("Núñez", "O’Brien", "Smith-Jones", "de la Cruz")),
        reason=chance.choice(("death", "Retirement", "other")),
    )


def _text(chance: random.Random) -> bytes:
    """A text: a good one, or one with changed cells, lines and bytes, in some encoding."""
    table = [list(CORRECTIONS.headings), *([cell or "N/A" for cell in row] for row in _good_rows(chance))]
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 4))):
        _change_cell(chance, chance.choice(table))
    end = chance.choice(("\r\n", "\r\n", "\n", "\n", "\r"))
    encoding = chance.choice((*("utf-8",) * 6, "utf-8-sig", "cp1252", "utf-16", "utf-16-le"))
    text = "".join("\t".join(row) + end for row in table).encode(encoding, "replace")
    return _changed(chance, text) if chance.random() < MUTATED else text


def _change_cell(chance: random.Random, row: list[str]) -> None:
    """Another text in a cell, a cell more, or one less."""
    place, odd = chance.randrange(len(row) + 1), chance.choice(NASTY)
    cell = _chosen(chance, (3, lambda: odd), (1, lambda: chr(chance.randrange(0xD800))))
    change = chance.randrange(6)
    if change == 0:
        del row[place:]
    else:
        row[place : place + (change > 1)] = [cell]
    row[:] = row or [""]


def _changed(chance: random.Random, content: bytes) -> bytes:
    """A few bytes replaced, removed, doubled, cut off or put in."""
    for _ in range(chance.randint(1, 3)):
        place, length = chance.randrange(len(content) + 1), chance.choice((0, 1, 2, 4, 8))
        piece = _chosen(
            chance,
            (3, lambda: chance.choice(MARKS)),
            (3, lambda: struct.pack("<L", chance.choice(NUMBERS))[: chance.choice((1, 2, 4))]),
            (2, lambda: chance.randbytes(chance.randrange(6))),
            (1, lambda: content[chance.randrange(len(content) + 1) :][: chance.randrange(60)]),  # noqa: B023  used at once
        )
        content = content[:place] + piece + content[place + length :]
    return content[: chance.randrange(len(content) + 1)] if chance.random() < CUT_OFF else content


def _archive(chance: random.Random) -> bytes:
    """An archive: ours, one with whatever the standard library can write, a mutated one, or none at all."""
    content: bytes = _chosen(
        chance,
        (6, lambda: archive.pack(f"{BASE}.txt", _text(chance), DAY)),
        (3, lambda: _odd_archive(chance)),
        (1, lambda: chance.randbytes(chance.randrange(200))),
    )
    return _changed(chance, content) if chance.random() < MUTATED else content


def _odd_archive(chance: random.Random) -> bytes:
    """None, one or several members, with names, kinds, methods and comments that an archive may have."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.comment = chance.choice((b"", b"", b"hello", b"PK\5\6"))
        for number in range(chance.choice((0, 1, 1, 1, 2, 4))):
            info = zipfile.ZipInfo(f"{number or ''}{chance.choice(MEMBER_NAMES)}")
            info.external_attr = chance.choice((0, 0o100644 << 16, 0o120777 << 16, 0o040755 << 16, 0x10))
            info.extra = chance.choice((b"", b"", struct.pack("<2HBL", 0x5455, 5, 1, 0), struct.pack("<2H", 0x9901, 0)))
            content = chance.choice((_text(chance), _text(chance), bytes(30_000)))
            file.writestr(info, content, chance.choice(METHODS))
    return chance.choice((*(b"",) * 9, b"MZ")) + target.getvalue()


def make_case(number: int) -> Case:
    """The case of a number, always the same."""
    chance = random.Random(number)  # noqa: S311  cases, not keys
    names = (*(f"{BASE}.zip",) * 12, f"{BASE}.ZIP", BASE.replace("_", " ") + ".zip", "x.zip", "\u202e.zip")
    return Case(chance.choice(names), _archive(chance))


def run(seconds: float, seed: int) -> str:
    """Try cases until the time is up.

    Raises:
        AssertionError: a promise was broken; the note says by which case.
    """
    tally, end, number, before = Tally(), time.monotonic() + seconds, seed, _memory()
    while time.monotonic() < end:
        try:
            check(make_case(number), tally)
        except Exception as error:
            error.add_note(f"The case is faults.corrections_intake.make_case({number}).")
            raise
        number += 1
    grown = _memory() - before
    assert grown < MOST_GROWTH, f"the process grew by {grown} kB"
    return str(tally)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def check(case: Case, tally: Tally) -> None:
    """Hold all that is promised of one case."""
    start = time.process_time()
    try:
        corrections = read_corrections(case.content, case.name, STANDING)
    except InputError as error:
        _check_refusal(case, error, tally)
    else:
        tally.accepted += 1
        with zipfile.ZipFile(io.BytesIO(case.content)) as file:
            (name,) = file.namelist()
            member = archive.unpack(case.content)
            assert (member.name, bytes(member.content)) == (name, file.read(name))
        again_name, again = write_corrections(corrections.rows, ACO, DAY)
        assert read_corrections(again, again_name, STANDING).rows == corrections.rows
        assert write_corrections(corrections.rows, ACO, DAY)[1] == again
    took = time.process_time() - start
    tally.cases, tally.longest = tally.cases + 1, max(tally.longest, took)
    assert took < CASE_SECONDS, f"the case took {took:.1f} s"


def _check_refusal(case: Case, error: InputError, tally: Tally) -> None:
    assert error.count >= len(error.problems) - 1 >= 0
    assert all(one.code and one.sentence and one.remedy for one in error.problems)
    tally.codes.update({one.code for one in error.problems})
    found = examine(case.content, case.name, STANDING)
    assert found.findings.count == error.count
    if not found.text or tally.cases % SHOWN_EVERY:
        return
    with zipfile.ZipFile(io.BytesIO(annotate(found))) as workbook:
        sheets = [workbook.read(name) for name in workbook.namelist() if name.startswith("xl/worksheets/")]
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)
