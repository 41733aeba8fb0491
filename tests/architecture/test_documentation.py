"""The documentation is true: what exists is named, what is named exists."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from packets.settings import SECRETS, Settings
from web.cli import esm

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def commands(group: click.Group, path: str = "esm") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


@pytest.mark.parametrize("name", [name for name, _ in commands(esm)])
def test_every_command_stands_in_the_readme(name: str) -> None:
    """A command that the README does not name does not exist for its readers."""
    assert f"`{name}" in README


@pytest.mark.parametrize(("name", "command"), list(commands(esm)))
def test_every_command_and_option_has_help(name: str, command: click.Command) -> None:
    """`--help` says what a command does and what each option means."""
    assert command.help, name
    assert all(one.help for one in command.params if isinstance(one, click.Option)), name


def test_the_readme_names_no_command_that_does_not_exist() -> None:
    """Every `esm …` in code marks begins with a real command."""
    real = {name for name, _ in commands(esm)}
    named = set(re.findall(r"`(esm [a-z]+(?: [a-z]+)?)", README))

    assert {
        one
        for one in named
        if not any(one == name or name.startswith(one + " ") or one.startswith(name + " ") for name in real)
    } == set()


def test_every_make_target_that_is_named_exists() -> None:
    """README, CONTRIBUTING and docs speak of real targets only."""
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    texts = [README, *(path.read_text("utf-8") for path in (*(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md"))]

    assert {name for text in texts for name in re.findall(r"`make ([a-z0-9-]+)", text)} <= targets


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_stands_in_the_documentation(field: str) -> None:
    """docs/settings.md has a row for each, and says of a secret that it is one."""
    rows = [
        line
        for line in (ROOT / "docs" / "settings.md").read_text("utf-8").splitlines()
        if f"`ESM_{field.upper()}`" in line
    ]

    assert len(rows) == 1
    assert ("(secret)" in rows[0]) == (field in SECRETS)


def test_links_in_the_documentation_lead_somewhere() -> None:
    """Every relative link or picture in a Markdown file names a file of the project."""
    pages = (ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"))
    links = [
        (page, one) for page in pages for one in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    ]

    assert [(str(page), one) for page, one in links if not (page.parent / one).exists()] == []


def test_the_figures_of_the_readme_stand_in_the_reports_that_it_names() -> None:
    """Whoever measures again and commits the report must say the new figure in the README too."""
    table = README.partition("## Measured")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if "](bench/results/" in line]

    assert len(rows) >= 5
    for row in rows:
        told = "".join((ROOT / one).read_text("utf-8") for one in re.findall(r"\]\((bench/results/[^)]+)\)", row))
        figures = re.findall(r"\d[\d,.]*\d|\d", " ".join(row.split("|")[2:4]))
        assert [one for one in figures if not re.search(rf"(?<![\d.,]){re.escape(one)}(?![\d])", told)] == [], row


def test_the_short_comparison_says_what_the_long_one_has_sources_for() -> None:
    """Each peer of the README has its column in docs/comparison.md."""
    heads = README.partition("## Beside others\n")[2].splitlines()[0]
    long = (ROOT / "docs" / "comparison.md").read_text("utf-8").splitlines()
    columns = [set(line.split(" | ")) for line in long if line.startswith("| |")]

    assert columns
    assert all(set(heads.strip("| ").split(" | ")) <= column for column in columns)


def test_lock_files_pin_by_hash_and_carry_no_address() -> None:
    """Each package has a hash; no line names a server."""
    for path in (ROOT / "requirements").glob("*.lock"):
        text = path.read_text("utf-8")
        assert "://" not in text
        pinned = re.findall(
            r"^[a-z0-9][^\n]*==[^\n]*\\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", text, re.MULTILINE
        )
        assert len(pinned) == len(re.findall(r"^[a-z0-9]\S*==", text, re.MULTILINE))


def test_the_repository_carries_nothing_that_is_made() -> None:
    """No database, key, environment or font is tracked."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files"], capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert [name for name in listed if name.endswith((".db", ".pem", ".ttf", ".otf", ".woff2", ".pyc"))] == []
