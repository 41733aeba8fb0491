"""What docs/operations.md tells operators to do can be done: its commands and settings exist, and it knows every finding."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from broken_states import STATES, BrokenState
from packets.settings import PREFIX, SECRETS, Settings
from web.cli import esm
from web.monitoring.examiner import CHECKS

TEXT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
LINES = [one.split("#")[0] for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for one in block.splitlines()]
NAMED = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL))
COMMANDS = sorted(
    {one.split("|")[0].strip(" …") for line in (*LINES, *NAMED) for one in re.findall(r"(?:^|\s)(esm [a-z].*)$", line)}
)


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_and_options_exist(line: str) -> None:
    """Typed as it stands, it is not refused for a name that nobody knows."""
    command: click.Command = esm
    words = shlex.split(line)[1:]
    while words and isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None, line
        command = found
    flags = {flag for one in command.params for flag in one.opts}
    assert [one for one in words if one.startswith("--") and one not in flags] == []


def test_there_are_commands_to_look_at() -> None:
    """The reading of the document finds them."""
    assert {"esm db upgrade", "esm fsck", "esm doctor --dir /srv/esm"} <= set(COMMANDS)


@pytest.mark.parametrize("variable", sorted(set(re.findall(rf"\b{PREFIX}[A-Z_]+", TEXT))))
def test_settings_exist(variable: str) -> None:
    """A misspelled one would stop the service."""
    field = variable.removeprefix(PREFIX).lower()
    assert field in Settings.model_fields or field.removesuffix("_file") in SECRETS


@pytest.mark.parametrize("part", CHECKS)
def test_every_part_that_the_doctor_examines_has_something_to_do(part: str) -> None:
    """A finding without a row leaves its reader alone."""
    assert f"\n| {part} | " in TEXT


def test_figures_of_the_sizing_stand_in_the_reports_that_they_name() -> None:
    """Nobody rounds them into something else."""
    results = Path(__file__).parents[2] / "bench" / "results"
    for report, figures in {
        "sign.md": ("14.2",),
        "render.md": ("0.56", "59.5", "2.19", "| 117"),
        "lists.md": ("1.37", "115"),
        "find.md": ("**Above it: 0.**", "| 18.2 |", "| 35.6 |"),
        "nation.md": ("99.5", "320.8", "232 MB", "146 MB", "1.86 times", "870,510"),
        "deadline.md": ("p50 222 ms, p95 384 ms, 538 times", "| **all** | 8,506 | 22 | 169 |"),
    }.items():
        text = (results / report).read_text("utf-8")
        assert [one for one in figures if one not in text] == []


TABLE = TEXT[TEXT.index("## What the doctor finds") :]
ROWS = [
    row
    for row in re.findall(r"^\| ([a-z-]+) \| ([^|]+?) \| [^|]+ \|$", TABLE, re.MULTILINE)
    if row[0] in {*CHECKS, "any"}
]
SOURCES = "".join(
    path.read_text("utf-8")
    for folder in ("web", "signing", "packets/store", "packets/render", "packets")
    for path in sorted((Path(__file__).parents[2] / folder).glob("**/*.py" if folder != "packets" else "*.py"))
)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_every_broken_state_that_is_tried_has_a_row(state: BrokenState) -> None:
    """What the doctor says of it stands in the table, under the same part."""
    assert [phrase for part, phrase in ROWS if part == state.part and phrase in state.phrase] != []


@pytest.mark.parametrize(("part", "phrase"), ROWS)
def test_every_row_quotes_a_sentence_of_the_program(part: str, phrase: str) -> None:
    """Nobody looks for words that are never said."""
    assert phrase in SOURCES, part
