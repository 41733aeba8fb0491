"""The files of a year as text: what is written is what is read, and nothing that stands in a file makes reading fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.lists.text import FORMULA_STARTS, clean
from packets.model.aco import Aco
from packets.sample.year import sample_year
from packets.year_files.agreements import read_agreements, year_later
from packets.year_files.contacts import read_contacts
from packets.year_files.intake import read_material
from packets.year_files.layouts import (
    AGREEMENTS,
    CONTACTS,
    PARTICIPANT_FIELDS,
    PROVIDER_FIELDS,
    Field,
    day_of,
    headings,
)
from packets.year_files.material import GivenFile, Known
from packets.year_files.participants import read_participants
from packets.year_files.providers import read_providers
from packets.year_files.report import FileKind, Reading
from packets.year_files.template import file_name, write_files

NOW = datetime(2026, 11, 16, 15, tzinfo=UTC)
SAMPLE = sample_year(2027, 3, now=NOW)
NAMES = st.text(min_size=1, max_size=60).filter(
    lambda text: (
        text.isprintable() and text == clean(text) and text.upper() != "N/A" and not text.startswith(FORMULA_STARTS)
    )
)


def reading(kind: FileKind) -> Reading:
    return Reading(kind, file_name(kind), "0" * 64, 0)


def acos_read(folder: Path, acos: list[Aco]) -> list[Aco]:
    path = folder / "agreements.csv"
    path.write_bytes(write_files(acos, {}, (), (), ())["agreements.csv"])
    found = reading(FileKind.AGREEMENTS)
    read = read_agreements(path, 2027, found, sample=True)
    assert found.errors.problems == ()
    return [one.aco for one in read.values()]


@given(NAMES, NAMES, NAMES)
def test_acos_survive_being_written_and_read(
    tmp_path_factory: pytest.TempPathFactory, legal: str, trade: str, city: str
) -> None:
    """Commas, quotation marks and letters of any alphabet in names and addresses."""
    aco = SAMPLE.acos[0].aco
    changed = replace(aco, legal_name=legal, trade_name=trade, address=replace(aco.address, city=city))
    assert acos_read(tmp_path_factory.mktemp("acos"), [changed]) == [changed]


def test_a_whole_year_survives_being_written_and_read(tmp_path: Path) -> None:
    """ACOs, contacts and both lists are the same afterwards, and the report has nothing to say against them."""
    files = write_files(
        [one.aco for one in SAMPLE.acos],
        {one.aco.aco_id: one.contacts for one in SAMPLE.acos},
        [row for one in SAMPLE.acos for row in one.participants],
        [row for one in SAMPLE.acos for row in one.providers],
        SAMPLE.year.windows,
    )
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    given_files = {kind: GivenFile(file_name(kind), tmp_path / file_name(kind)) for kind in FileKind}
    found = read_material(2027, given_files, Known(), tmp_path, sample=True)

    assert found.report().errors == 0
    assert found.participants is not None
    assert found.providers is not None
    assert found.contacts is not None
    for one in SAMPLE.acos:
        aco_id = one.aco.aco_id
        assert found.agreements[aco_id].aco == one.aco
        assert set(found.contacts[aco_id]) == set(one.contacts)
        assert tuple(found.participants.rows[aco_id]) == one.participants
        rows = [(at, cells) for owner, at, _, cells in found.providers.rows() if owner == aco_id]
        assert rows == list(enumerate(one.providers))
    assert set(found.windows) == set(SAMPLE.year.windows)


LAYOUTS: list[tuple[FileKind, tuple[Field, ...]]] = [
    (FileKind.AGREEMENTS, AGREEMENTS),
    (FileKind.PARTICIPANTS, PARTICIPANT_FIELDS),
    (FileKind.PROVIDERS, PROVIDER_FIELDS),
    (FileKind.CONTACTS, CONTACTS),
]


def read(kind: FileKind, path: Path, folder: Path) -> Reading:
    found = reading(kind)
    match kind:
        case FileKind.AGREEMENTS:
            read_agreements(path, 2027, found, sample=False)
        case FileKind.PARTICIPANTS:
            read_participants(path, found)
        case FileKind.PROVIDERS:
            read_providers(path, folder, found)
        case FileKind.CONTACTS:
            read_contacts(path, {}, found, sample=False)
        case FileKind.WINDOWS:
            raise AssertionError(kind)
    return found


@pytest.mark.parametrize(("kind", "fields"), LAYOUTS)
@given(st.binary(max_size=300), st.booleans())
def test_garbage_is_refused_with_a_place_and_never_fails(
    tmp_path_factory: pytest.TempPathFactory, kind: FileKind, fields: tuple[Field, ...], garbage: bytes, headed: bool
) -> None:
    """Under good headings or under none: so many good cells cannot come out of chance."""
    folder = tmp_path_factory.mktemp("garbage")
    path = folder / "file.csv"
    head = (",".join(headings(fields)) + "\n").encode() if headed else b""
    path.write_bytes(head + garbage)
    found = read(kind, path, folder)
    assert found.errors.count > 0
    assert all(one.code and one.sentence and one.remedy for one in found.errors.problems)


@pytest.mark.parametrize(("kind", "fields"), LAYOUTS)
@given(st.lists(st.lists(st.text(max_size=12), max_size=20), max_size=4))
def test_cells_of_any_text_are_judged_and_never_fail(
    tmp_path_factory: pytest.TempPathFactory, kind: FileKind, fields: tuple[Field, ...], rows: list[list[str]]
) -> None:
    """Each row that is not good leaves an error; the number of rows is told."""
    folder = tmp_path_factory.mktemp("cells")
    path = folder / "file.csv"
    lines = ["\t".join(headings(fields)), *("\t".join(one) for one in rows)]
    path.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    assert read(kind, path, folder).errors.count > 0


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-31", date(2026, 12, 31)), ("12/31/2026", date(2026, 12, 31)), ("1/5/2026", date(2026, 1, 5)),
        ("2026-02-30", None), ("31/12/2026", None), ("20261231", None), ("2026-W01-1", None), ("٢٠٢٦-12-31", None), ("", None),
    ],
)  # fmt: skip
def test_a_date_is_written_in_one_of_two_ways(text: str, day: date | None) -> None:
    """With the year first, or as Americans do; nothing else is guessed."""
    assert day_of(text) == day


@pytest.mark.parametrize(
    ("day", "later"), [(date(2026, 12, 31), date(2027, 12, 31)), (date(2028, 2, 29), date(2029, 2, 28))]
)
def test_a_dua_is_extended_by_a_year(day: date, later: date) -> None:
    """The same day of the next year, also after a leap day."""
    assert year_later(day) == later


def test_a_file_of_another_layout_is_refused_with_the_headings_that_it_should_have(tmp_path: Path) -> None:
    """The public-use file has no TINs: it is no list of participants, and the report says what one looks like."""
    path = tmp_path / "participants.csv"
    path.write_text("ACO_ID,ACO_Name,Par_LBN\nA1001,One,Practice\n", encoding="utf-8")
    found = read(FileKind.PARTICIPANTS, path, tmp_path)
    assert [one.code for one in found.errors.problems] == ["file-headings"]
    assert "Participant TIN" in found.errors.problems[0].remedy
    assert not found.whole
