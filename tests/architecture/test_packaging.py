"""The four floors are ours: no other distribution in the environment brings a package of the same name."""

from __future__ import annotations

from importlib.metadata import distribution, packages_distributions

import pytest


@pytest.mark.parametrize("floor", ["packets", "signing", "templates", "web"])
def test_a_floor_belongs_to_this_distribution_alone(floor: str) -> None:
    """`signing`, `templates` and `web` are names that others use too; here they must be ours."""
    owners = set(packages_distributions().get(floor, []))

    assert owners <= {"esm-packets"}


def test_the_console_script_is_esm() -> None:
    """`esm` is what the distribution installs."""
    scripts = [one for one in distribution("esm-packets").entry_points if one.group == "console_scripts"]

    assert [(one.name, one.value) for one in scripts] == [("esm", "web.cli:main")]
