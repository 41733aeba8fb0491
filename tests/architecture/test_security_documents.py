"""The threat model and the table of security requirements name tests; each of them must be there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCUMENTS = ("docs/threat-model.md", "docs/asvs.md")
TEST = re.compile(r"`((?:[a-z0-9_]+/)*test_[a-z0-9_]+\.py)::(test_[a-z0-9_]+)`")
REQUIREMENT = re.compile(r"^\| (\d+\.\d+\.\d+) \|", re.MULTILINE)
SPANS = re.compile(r"`[^`\n]*::[^`\n]*`")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_test_that_a_security_document_names_exists(name: str) -> None:
    """Nobody is told of a proof that was renamed away."""
    text = Path(name).read_text("utf-8")
    found = TEST.findall(text)
    assert len(found) > 20
    assert len(SPANS.findall(text)) == len(found), "a test is named in another form"
    missing = [
        f"{path}::{test}"
        for path, test in found
        if not (Path("tests") / path).exists() or f"def {test}(" not in (Path("tests") / path).read_text("utf-8")
    ]
    assert missing == []


def test_every_threat_has_a_test_or_says_that_it_is_not_met() -> None:
    """A line of the table without either would be a wish."""
    rows = [line for line in Path("docs/threat-model.md").read_text("utf-8").splitlines() if line.startswith("| T")]
    assert len(rows) > 25
    assert [row for row in rows if not TEST.search(row) and "not met" not in row] == []


def test_each_requirement_is_in_the_table_once() -> None:
    """And every line is met with a proof, in part or not with a reason, or does not apply."""
    text = Path("docs/asvs.md").read_text("utf-8")
    numbers = REQUIREMENT.findall(text)
    assert len(numbers) == len(set(numbers))
    assert len(numbers) > 150
    for line in (one for one in text.splitlines() if REQUIREMENT.match(one)):
        _, _, words, state, proof, _ = (cell.strip() for cell in line.split("|"))
        assert words
        assert state in {"met", "in part", "not met", "not ours"}
        assert proof
        assert state != "met" or TEST.search(proof) or "](" in proof or "`" in proof, line
