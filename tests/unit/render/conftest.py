"""A document type that uses every element of the dialect, and ways to read what was rendered."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import page
import pytest
from pypdf import PdfReader

from packets.model.aco import Cohort
from packets.model.documents import DocumentType, Party, Roster, RosterColumn, Slot
from packets.model.people import Role

BODY = """<document>
  <lead>Opening words of {{ aco.name }}.</lead>
  <p>Plain, <b>bold</b>, <i>italic</i>, <b><i>both</i></b>,<br/>a new line and
     <a href="https://example.org/rules">a link that is long enough to go over the end of the line it begins in, I think</a>.</p>
  <note>A note on {{ "2027-01-01"|date }} about {{ 12345|number }} things.</note>
  <section title="First &amp; foremost" numbered="yes">
    <list style="bullet"><item>One</item><item><p>Two</p><list style="decimal"><item>Inner</item></list></item></list>
    <list style="alpha"><item>Alpha</item><item>Beta</item></list>
    <section title="Deeper" numbered="yes"><p>Below the first.</p></section>
  </section>
  <section title="Second" numbered="yes">
    <facts><fact label="Name">{{ aco.name }}</fact><fact label="Rows">{{ counts.people.rows }}</fact></facts>
    <table caption="Fruit" row-heads="yes">
      <columns><column width="2">Kind</column><column align="right">Count</column></columns>
      <row><cell>Apple</cell><cell>3</cell></row>
      <row><cell>Pear</cell><cell></cell></row>
    </table>
    <table><columns><column>Only</column></columns>{% for x in range(60) %}<row><cell>Row {{ x }}</cell></row>{% endfor %}</table>
  </section>
  <page-break/>
  <section title="People">
    <roster name="people"/>
    <roster name="plain"/>
  </section>
  <keep>
    <p>Before signing.</p>
    <signature slot="Signer"/>
    <signature slot="CMS"/>
  </keep>
</document>
"""

_ROW = {"type": "array"}
_ROSTER = {"type": "object", "required": ["rows", "excluded"], "properties": {"rows": _ROW, "excluded": _ROW}}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["document", "sample", "aco", "rosters"],
    "properties": {
        "document": {
            "type": "object",
            "required": ["performance_year"],
            "properties": {"performance_year": {"type": "integer"}},
        },
        "sample": {"type": "boolean"},
        "aco": {"type": "object", "required": ["aco_id", "name"], "properties": {"name": {"type": "string"}}},
        "rosters": {
            "type": "object",
            "required": ["people", "plain"],
            "properties": {"people": _ROSTER, "plain": _ROSTER},
        },
    },
}
COLUMNS = (RosterColumn("npi", "NPI", 1.0), RosterColumn("name", "Name", 2.0), RosterColumn("kind", "Kind", 1.0))

Data: TypeAlias = dict[str, Any]


def _slot(name: str, party: Party) -> Slot:
    return Slot(name, party, f"Label of {name}", (Role.ACO_EXECUTIVE,), f"I agree as {name}.")


@pytest.fixture
def everything() -> DocumentType:
    """A document type that uses every element of the dialect."""
    return DocumentType(
        kind="everything", title="Everything at once", short_title="Everything", edition="2027.1", step=2,
        cohorts=(Cohort.CURRENT,), prerequisites=(), gates=(), slots=(_slot("Signer", Party.ACO), _slot("CMS", Party.CMS)),
        citations=(), takes_effect="on-last-signature", language="en-US", sections=("aco",), schema=SCHEMA,
        rosters=(
            Roster("people", "provider-supplier", "The people", COLUMNS, "tin", "tin_name", "excluded"),
            Roster("plain", "participants", "Plain list", COLUMNS),
        ),
        body=BODY, template_digest="ab" * 32,
    )  # fmt: skip


@pytest.fixture
def facts() -> Data:
    """Frozen data for the document type with everything."""
    people = [
        [f"{tin}", f"Group {tin}", f"1{index:09}", f"Person {index}", "RHC"]
        for tin in (111, 222)
        for index in range(70)
    ]
    return {
        "document": {
            "kind": "everything",
            "title": "Everything at once",
            "edition": "2027.1",
            "performance_year": 2027,
        },
        "sample": True,
        "aco": {"aco_id": "A9001", "name": "Øresund & Ελλάδα Care"},
        "rosters": {
            "people": {"rows": people, "excluded": [["111", "Group 111", "1999999999", "Left Out", "N/A"]]},
            "plain": {"rows": [["1", "Имя", ""]], "excluded": []},
        },
    }


@pytest.fixture
def with_body(everything: DocumentType) -> Callable[..., DocumentType]:
    """The same type with other words, its slots and rosters placed unless the words place them."""

    def make(words: str, *, placed: str = '<signature slot="Signer"/><signature slot="CMS"/>') -> DocumentType:
        return replace(everything, body=f"<document>{words}{placed}</document>")

    return make


@pytest.fixture
def words_of(tmp_path: Path) -> Callable[[bytes], str]:
    """The text of a PDF as poppler reads it, spaces collapsed."""

    def read(pdf: bytes) -> str:
        path = tmp_path / "read.pdf"
        path.write_bytes(pdf)
        text = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True, text=True).stdout
        return " ".join(text.split())

    return read


@pytest.fixture
def reader_of() -> Callable[[bytes], Any]:
    """A PDF as pypdf reads it."""
    return lambda pdf: PdfReader(io.BytesIO(pdf), strict=True)


@pytest.fixture
def judge(tmp_path: Path) -> Callable[[bytes], list[str]]:
    """Everything that independent judges find wrong: PDF/A-2a, PDF/UA-1, and qpdf on the syntax."""

    def find(pdf: bytes) -> list[str]:
        limits = page.SafetyLimits(max_table_grid_rows=200_000, max_table_grid_cells=10**7)
        profiles = (page.ValidationProfile.PDF_A_2A, page.ValidationProfile.PDF_UA_1)
        reports = [page.validate_pdf_bytes(pdf, profile=profile, limits=limits) for profile in profiles]
        found = [str(failure) for report in reports for failure in report.failures]
        path = tmp_path / "judged.pdf"
        path.write_bytes(pdf)
        checked = subprocess.run(["qpdf", "--check", str(path)], capture_output=True, check=False, text=True)
        return found + ([checked.stdout + checked.stderr] if checked.returncode else [])

    return find
