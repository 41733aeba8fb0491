"""The four floors are ours: no other distribution in the environment brings a package of the same name."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
KINDS = {"Added", "Changed", "Fixed", "Security"}


@pytest.mark.parametrize("floor", ["packets", "signing", "templates", "web"])
def test_a_floor_belongs_to_this_distribution_alone(floor: str) -> None:
    """`signing`, `templates` and `web` are names that others use too; here they must be ours."""
    owners = set(packages_distributions().get(floor, []))

    assert owners <= {"esm-packets"}


def test_the_console_script_is_esm() -> None:
    """`esm` is what the distribution installs."""
    scripts = [one for one in distribution("esm-packets").entry_points if one.group == "console_scripts"]

    assert [(one.name, one.value) for one in scripts] == [("esm", "web.cli:main")]


def versions() -> dict[str, str]:
    """The changelog's text by version, the newest first."""
    parts = re.split(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_newest_version_of_the_changelog_is_the_one_that_is_built() -> None:
    """It has a day, or says that it is not released; the versions before it all have one."""
    newest, *before = versions()

    assert re.fullmatch(rf"{re.escape(PROJECT['version'])} (\(unreleased\)|- \d{{4}}-\d\d-\d\d)", newest)
    assert before[-1] == "0.1.0 - 2026-11-26"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d", heading) for heading in before)


def test_every_version_says_what_kind_of_change_each_is() -> None:
    """Added, Changed, Fixed, Security, and nothing else."""
    for text in versions().values():
        assert {*re.findall(r"^### (.+)$", text, re.MULTILINE)} <= KINDS
        assert re.match(r"\n*### ", text)


def test_what_only_builds_is_not_needed_to_run() -> None:
    """A wheel carries fonts that are cut, so an installation has nothing that cuts them."""
    lock = (ROOT / "requirements" / "wheel.lock").read_text("utf-8")
    locked = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE))
    built = {re.split(r"[>=<\[]", name)[0] for name in PROJECT["optional-dependencies"]["build"]}

    assert "fonttools" in built
    assert not built & locked
    assert {re.split(r"[>=<\[]", name)[0] for name in PROJECT["dependencies"]} <= locked
