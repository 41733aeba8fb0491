"""The data dictionary names every field of every file, and is up to date."""

from __future__ import annotations

import data_dictionary
from packets.finding.sheets import COLUMNS
from packets.lists.columns import LAYOUTS
from packets.year_files.report import FileKind
from packets.year_files.template import FIELDS, file_name


def test_the_page_is_what_the_layouts_say() -> None:
    """`make dictionary` writes it again."""
    assert data_dictionary.PAGE.read_text("utf-8") == data_dictionary.write_page()


def test_every_list_every_year_file_and_what_is_found_is_told_whole() -> None:
    """A layout or a kind of file that is added later is missed here."""
    told = {one.title: tuple(entry.name for entry in one.entries) for one in data_dictionary.sections()}

    assert tuple(one.heading for one in COLUMNS) in told.values()
    assert {layout.headings for layout in LAYOUTS.values()} <= set(told.values())
    assert {f"Year file {file_name(kind)}" for kind in FileKind} <= set(told)
    for kind, fields in FIELDS.items():
        assert told[f"Year file {file_name(kind)}"] == tuple(one.heading for one in fields)


def test_no_field_is_without_type_meaning_and_source() -> None:
    """A blank cell tells nobody anything."""
    entries = [entry for one in data_dictionary.sections() for entry in one.entries]

    assert all(one.name and one.type and one.meaning and one.source for one in entries)
