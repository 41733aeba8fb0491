"""Lint names everything that is wrong with a document type at once, each thing with its line, and nothing that is right."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner

from packets.documents.catalog import load_catalog
from packets.documents.lint import Finding, lint_types
from packets.errors import InputError
from web.cli import esm

KIND = "test-notice"
MANIFEST = """title = "Notice"
short_title = "Notice"
edition = "2027.1"
step = 7
cohorts = ["current"]
prerequisites = []
gates = []
citations = []
takes_effect = "on-last-signature"
language = "en-US"
sections = ["aco"]

[[slots]]
name = "Signer"
party = "aco"
label = "For the ACO"
roles = ["aco-executive"]
purpose = "I agree."

[[rosters]]
name = "people"
source = "people"
title = "People"
columns = [{ key = "name", label = "Name", width = 1 }]
"""
BODY = """<document>
  <p>{{ aco.legal_name }}</p>
  {% for row in rosters.people.rows %}
  <p>{{ row[0] }}</p>
  {% endfor %}
  <roster name="people"/>
  <signature slot="Signer"/>
</document>
"""
SAMPLE = {
    "document": {"kind": KIND, "title": "Notice", "edition": "2027.1", "performance_year": 2027},
    "sample": True,
    "aco": load_catalog()["participant-list"].sample["aco"],
    "rosters": {"people": {"rows": [["Ann"], ["Bob"]], "excluded": []}},
}

Lint: TypeAlias = Callable[..., list[Finding]]


@pytest.fixture
def lint(tmp_path: Path) -> Lint:
    """What lint finds in a folder with one type, some of whose files are changed."""

    def run(*, manifest: str = MANIFEST, body: str = BODY, sample: Any = SAMPLE) -> list[Finding]:
        folder = tmp_path / "types" / KIND
        folder.mkdir(parents=True)
        (folder / "document.toml").write_text(manifest, "utf-8")
        (folder / "body.xml.j2").write_text(body, "utf-8")
        (folder / "sample.json").write_text(sample if isinstance(sample, str) else json.dumps(sample), "utf-8")
        return list(lint_types(folder=folder.parent).findings)

    return run


def codes(findings: list[Finding]) -> list[tuple[str, int | None]]:
    """Code and line of each finding."""
    return [(one.problem.code, one.line) for one in findings]


def test_a_type_that_is_right_has_no_findings(lint: Lint) -> None:
    """The type that the other tests spoil is right as it is."""
    assert lint() == []


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        ("<p>{{ aco.legal_nam }}</p>", "template-name", 2),
        ("<p>{{ nobody }}</p>", "template-name", 2),
        ("{% if false %}<p>{{ aco.address.street }}</p>{% endif %}", "template-name", 2),
        ("<p>{{ record.days }}</p>", "template-name", 2),
        ("<p>{{ counts.persons.rows }}</p>", "template-name", 2),
        ("<p>{{ aco.legal_name|shout }}</p>", "template-syntax", 2),
        ("{% if aco %}", "template-syntax", None),
        ("<p>{{ 1 / 0 }}</p>", "template-name", 2),
        ("<paragraph>x</paragraph>", "template-dialect", 2),
        ('<p class="x">x</p>', "template-dialect", 2),
        ("<p>x</b>", "template-xml", 2),
        ("<p>王</p>", "glyph-missing", 2),
        ('<signature slot="Nobody"/>', "slot-unknown", 2),
        ('<signature slot="Signer"/>', "slot-placement", 7),
        ('<roster name="nobodies"/>', "roster-unknown", 2),
    ],
)
def test_a_fault_in_the_body_is_named_with_its_line(lint: Lint, words: str, code: str, line: int | None) -> None:
    """What is put into the second line is found there, and nothing else is found."""
    found = lint(body=BODY.replace("<document>\n", f"<document>\n{words}"))
    assert [one.kind for one in found] == [KIND]
    assert codes(found)[0][0] == code
    assert line is None or codes(found)[0][1] == line


def test_a_fault_behind_a_loop_is_named_with_the_line_of_the_body(lint: Lint) -> None:
    """What the loop wrote does not shift the lines that follow it; a fault inside is named once, whatever the rows."""
    body = BODY.replace("<p>{{ row[0] }}</p>", '<p bad="1">{{ row[0] }}</p>').replace("  <roster", "  <rooster")
    found = lint(body=body)
    assert sorted(codes(found), key=str) == [("template-dialect", 4), ("template-dialect", 6)]
    shown = {one.line: set(one.variants) for one in found}
    assert shown[6] - shown[4] == {"no rows"}


def test_a_fault_that_some_data_only_shows_is_told_with_that_data(lint: Lint) -> None:
    """A body that counts on a row fails for an empty list alone."""
    (found,) = lint(body=BODY.replace("<document>\n", "<document><p>{{ rosters.people.rows[0][0] }}</p>\n"))
    assert (found.line, found.variants) == (1, ("no rows",))


def test_a_slot_that_is_not_placed_is_found(lint: Lint) -> None:
    """A type without a place for its signature could never be signed."""
    (found,) = lint(body=BODY.replace('<signature slot="Signer"/>', ""))
    assert (found.problem.code, found.problem.where) == ("slot-placement", "Signer")


def test_a_roster_that_is_never_printed_is_found(lint: Lint) -> None:
    """What is certified must be in the document."""
    (found,) = lint(body=BODY.replace('<roster name="people"/>', ""))
    assert found.problem.code == "roster-unplaced"


def test_a_section_that_is_never_used_is_found(lint: Lint) -> None:
    """Facts that nobody reads are not frozen."""
    (found,) = lint(body=BODY.replace("aco.legal_name", "document.title"))
    assert found.problem.code == "section-unused"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('edition = "2027.1"', 'edition = ""', "edition"),
        ('edition = "2027.1"\n', "", "'edition' is a required property"),
        ("[[rosters]]", "[[rostrs]]", "rostrs"),
        ('"current"', '"former"', "cohorts[0]: 'former'"),
        ('"aco-executive"', '"king"', "slots[0].roles[0]: 'king'"),
        ('sections = ["aco"]', 'sections = ["aco", "weather"]', "section weather"),
        ("gates = []", 'gates = ["money"]', "gates[0]: 'money'"),
        ('name = "Signer"', 'name = "Seal"', "slot name Seal is reserved"),
        ('purpose = "I agree."', 'purpose = "I agree."\ndifferent_from = ["X"]', "must differ from X"),
        ("step = 7", 'step = "seven"', "step: 'seven'"),
        ("width = 1 ", "width = 0 ", "width"),
        ("prerequisites = []", 'prerequisites = ["nothing"]', "prerequisite nothing"),
    ],
)
def test_a_fault_in_the_manifest_is_named_with_its_key(lint: Lint, old: str, new: str, fault: str) -> None:
    """Misspelt keys, unknown names and values of a wrong type are told with where they stand."""
    found = lint(manifest=MANIFEST.replace(old, new))
    assert [(one.kind, one.problem.code) for one in found if fault in one.problem.sentence] == [
        (KIND, "manifest-invalid")
    ]


def test_every_fault_of_a_folder_is_told_at_once(lint: Lint) -> None:
    """A broken manifest with its line, and sample data that is not JSON with its own."""
    found = lint(manifest=MANIFEST.replace("step = 7", "step = = 7"), sample='{\n"a": 1,\n"b" 2}')
    assert codes(found) == [("manifest-unreadable", 4), ("manifest-unreadable", 3)]
    assert [one.problem.where for one in found] == [f"{KIND}/document.toml line 4", f"{KIND}/sample.json line 3"]


def test_sample_data_that_does_not_fit_is_told_with_its_paths(lint: Lint) -> None:
    """Two fields, two problems, and no variants of data that is wrong itself."""
    sample = {**SAMPLE, "sample": "yes", "rosters": {"people": {"rows": [["a", "b"]], "excluded": []}}}
    assert {one.problem.where for one in lint(sample=sample)} == {"sample", "rosters.people.rows[0]"}


def test_a_body_without_a_manifest_is_not_overlooked(tmp_path: Path) -> None:
    """A folder with half a type is told."""
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "body.xml.j2").write_text("<document/>", "utf-8")
    found = lint_types(folder=tmp_path).findings
    assert {one.problem.where for one in found} == {"half/document.toml", "half/sample.json"}


def test_a_kind_that_does_not_exist_is_refused() -> None:
    """A misspelt kind is not a type without faults."""
    with pytest.raises(InputError, match="no document type participant-lost"):
        lint_types(kind="participant-lost")


def test_the_command_tells_faults_as_json_and_exits_with_one(lint: Lint, tmp_path: Path) -> None:
    """For machines: code, sentence, remedy, kind and line; the exit status says that something is wrong."""
    lint(body=BODY.replace("legal_name", "legal_nam"))
    told = CliRunner().invoke(esm, ["document", "lint", KIND, "--templates", str(tmp_path / "types"), "--json"])
    assert told.exit_code == 1
    (problem,) = json.loads(told.output)["problems"]
    assert (problem["kind"], problem["code"], problem["line"]) == (KIND, "template-name", 2)
    assert problem["sentence"]
    assert problem["remedy"]


def test_the_types_of_record_have_no_findings() -> None:
    """The command finds nothing wrong with the five, in all their variants."""
    told = CliRunner().invoke(esm, ["document", "lint"])
    assert told.exit_code == 0, told.output
    assert told.output.endswith(" renderings, 0 problems\n")
