"""`esm document render`: one report of all that is wrong with the data, and no file unless it is right."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner

from packets.documents.catalog import load_catalog
from packets.errors import PacketsError, Problem
from packets.render.document import render_document
from packets.settings import PREFIX
from signing.fields import field_dictionaries
from web.cli import esm

KIND = "provider-supplier-list"
Change: TypeAlias = Callable[[dict[str, Any]], None]


def render(tmp_path: Path, content: str | bytes, kind: str = KIND) -> tuple[int, list[Problem], Path]:
    """Exit status, problems and the file that was asked for."""
    data, out = tmp_path / "data.json", tmp_path / "out.pdf"
    data.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = CliRunner().invoke(esm, ["document", "render", kind, "--data", str(data), "--out", str(out)])
    assert result.exception is None or isinstance(result.exception, PacketsError | SystemExit), result.exception
    problems = list(result.exception.problems) if isinstance(result.exception, PacketsError) else []
    return result.exit_code, problems, out


def changed(*changes: Change) -> str:
    """The sample data with something spoilt, as JSON."""
    data = copy.deepcopy(dict(load_catalog()[KIND].sample))
    for change in changes:
        change(data)
    return json.dumps(data)


def test_right_data_makes_the_document_with_its_fields(tmp_path: Path) -> None:
    """The command makes the same bytes as the library does."""
    code, _, out = render(tmp_path, changed())
    document_type = load_catalog()[KIND]
    assert code == 0
    assert (
        out.read_bytes() == render_document(document_type, document_type.sample, field_dictionaries(document_type)).pdf
    )


def without_legal_name(data: dict[str, Any]) -> None:
    del data["aco"]["legal_name"]


def with_an_unknown_field(data: dict[str, Any]) -> None:
    data["aco"]["nickname"] = "x"


def with_a_number_for_a_name(data: dict[str, Any]) -> None:
    data["aco"]["tax_status"] = 7


def with_a_name_for_a_number(data: dict[str, Any]) -> None:
    data["document"]["performance_year"] = "2027"


def with_a_bad_date(data: dict[str, Any]) -> None:
    data["aco"]["agreement"]["start_date"] = "January 1"


def with_a_short_row(data: dict[str, Any]) -> None:
    data["rosters"]["providers"]["rows"][2] = ["1"]


def with_an_overlong_name(data: dict[str, Any]) -> None:
    data["aco"]["trade_name"] = "x" * 501


def without_a_roster(data: dict[str, Any]) -> None:
    del data["rosters"]["corrections"]


FAULTS: dict[Change, str] = {
    without_legal_name: "aco",
    with_an_unknown_field: "aco",
    with_a_number_for_a_name: "aco.tax_status",
    with_a_name_for_a_number: "document.performance_year",
    with_a_bad_date: "aco.agreement.start_date",
    with_a_short_row: "rosters.providers.rows[2]",
    with_an_overlong_name: "aco.trade_name",
    without_a_roster: "rosters",
}


@pytest.mark.parametrize("change", FAULTS, ids=lambda one: one.__name__)
def test_a_fault_is_told_with_its_path_and_remedy(tmp_path: Path, change: Change) -> None:
    """One fault, one problem: kind and field path, how to mend it, and nothing written."""
    code, (problem,), out = render(tmp_path, changed(change))
    assert code == 1
    assert problem.where == f"{KIND} {FAULTS[change]}"
    assert problem.remedy
    assert not out.exists()


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """Eight faults, eight problems."""
    code, problems, out = render(tmp_path, changed(*FAULTS))
    assert code == 1
    assert sorted(one.where for one in problems) == sorted(f"{KIND} {where}" for where in FAULTS.values())
    assert not out.exists()


def test_characters_that_cannot_be_printed_are_all_named(tmp_path: Path) -> None:
    """Letters without a glyph, controls and half a surrogate pair, each by its name and place."""

    def spoil(data: dict[str, Any]) -> None:
        data["aco"] |= {"legal_name": "王 Care", "trade_name": "a\u202eb"}
        data["rosters"]["providers"]["rows"][0][3] = "half \ud83d"

    code, problems, out = render(tmp_path, changed(spoil))
    assert code == 1
    assert [(one.where, one.sentence.split()[2]) for one in problems] == [
        (f"{KIND} aco.legal_name", "U+738B"),
        (f"{KIND} aco.trade_name", "U+202E"),
        (f"{KIND} rosters.providers.rows[0][3]", "U+D83D"),
    ]
    assert not out.exists()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", b"\xff\xfe\x00", '{"a": 1,}', "[" * 100_000, "'single'"],
    ids=["empty", "open", "a list", "null", "bytes", "comma", "deep", "quotes"],
)
def test_what_is_not_a_json_object_is_refused(tmp_path: Path, content: str | bytes) -> None:
    """One problem that says so, whatever the bytes."""
    code, (problem,), out = render(tmp_path, content)
    assert (code, problem.code) == (1, "data-unreadable")
    assert problem.where.startswith(f"{KIND} ")
    assert not out.exists()


@pytest.mark.parametrize(
    "content", ['{"document": null}', '{"rosters": []}', '{"aco": [[]], "rosters": {"providers": 1}}', "{}"]
)
def test_data_of_another_shape_is_refused_with_paths(tmp_path: Path, content: str) -> None:
    """Objects where lists should be and the other way round are problems, never a traceback."""
    code, problems, out = render(tmp_path, content)
    assert code == 1
    assert problems
    assert {one.code for one in problems} <= {"data-invalid", "document-mismatch"}
    assert not out.exists()


def test_a_year_must_be_a_whole_number_as_it_is_written(tmp_path: Path) -> None:
    """2027.0 would be printed as such."""

    def spoil(data: dict[str, Any]) -> None:
        data["document"]["performance_year"] = 2027.0

    code, problems, out = render(tmp_path, changed(spoil))
    assert code == 1
    assert [one.where for one in problems] == [f"{KIND} document.performance_year"]
    assert not out.exists()


def test_an_unknown_kind_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    """The remedy names the kinds."""
    code, (problem,), out = render(tmp_path, changed(), "participant-lost")
    assert (code, problem.code, problem.where) == (1, "kind-unknown", "participant-lost")
    assert "participant-list" in problem.remedy
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A folder that does not exist is a refusal, not a traceback."""
    out = tmp_path / "missing" / "out.pdf"
    told = CliRunner().invoke(esm, ["document", "render", KIND, "--out", str(out)])
    assert told.exit_code == 1
    assert isinstance(told.exception, PacketsError)
    assert told.exception.problems[0].where == str(out)


def test_the_setting_for_the_fonts_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ESM_FONTS_DIR` decides where the faces are kept, and does not change a byte."""
    monkeypatch.setenv(f"{PREFIX}FONTS_DIR", str(tmp_path / "fonts"))
    code, _, out = render(tmp_path, changed())
    assert code == 0
    assert list((tmp_path / "fonts").iterdir())
    monkeypatch.delenv(f"{PREFIX}FONTS_DIR")
    one = out.read_bytes()
    render(tmp_path, changed())
    assert out.read_bytes() == one
