"""The container and compose files keep what docs/operations.md promises, as far as that can be read off them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml  # type: ignore[import-untyped]  # it carries no types

from packets.settings import PREFIX, SECRETS, Settings
from web.cli import esm

FOLDER = Path(__file__).parents[2] / "docs" / "deploy"
CONTAINERFILE = (FOLDER / "Containerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
OURS = ("set-up", "web", "worker")


def instructions(name: str) -> list[str]:
    """What follows an instruction of the container file, wherever it stands."""
    return re.findall(rf"^{name} (.*)$", CONTAINERFILE, re.MULTILINE)


def resolves(arguments: list[str]) -> bool:
    """Whether these arguments are a command of the service whose options exist."""
    command: click.Command = esm
    while arguments and isinstance(command, click.Group):
        found = command.get_command(click.Context(command), arguments[0])
        if found is None:
            return False
        command, arguments = found, arguments[1:]
    options = {flag for one in command.params for flag in one.opts}
    return not isinstance(command, click.Group) and all(one in options for one in arguments if one.startswith("--"))


def test_the_image_runs_as_somebody_who_owns_nothing() -> None:
    """The last user is not root, and the code belongs to root."""
    assert instructions("USER") == ["10001"]
    assert not [one for one in instructions("COPY") if "--chown" in one]


def test_the_image_takes_only_what_the_locks_name() -> None:
    """Every package that is installed has a hash; nothing is copied that was not named."""
    installs = re.findall(r"pip install [^\n\\]*", CONTAINERFILE)
    assert installs
    assert all("--require-hashes" in one for one in installs)
    assert ". ." not in instructions("COPY")
    root = FOLDER.parents[1]
    named = [part for one in instructions("COPY") if "--from" not in one for part in one.split()[:-1]]
    assert [one for one in named if not (root / one).exists()] == []


@pytest.mark.parametrize("name", OURS)
def test_every_container_of_the_service_is_closed_in(name: str) -> None:
    """Not root, nothing to write but its folder and what is gone with it, no capability, no way to more."""
    one = COMPOSE["services"][name]
    assert (one["user"], one["read_only"], one["cap_drop"]) == ("10001:10001", True, ["ALL"])
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in one
    assert "ports" not in one


def test_the_database_is_reached_by_its_socket_only() -> None:
    """It listens on no port, and is closed in as the service is."""
    one = COMPOSE["services"]["database"]
    assert "listen_addresses=" in one["command"]
    assert "ports" not in one
    assert one["read_only"]
    assert one["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", OURS)
def test_settings_are_real_and_secrets_stand_in_files(name: str) -> None:
    """A misspelled setting would stop the service; a secret in the environment would be seen by whoever looks."""
    for variable in COMPOSE["services"][name]["environment"]:
        field = variable.removeprefix(PREFIX).lower()
        assert field in Settings.model_fields or field.removesuffix("_file") in SECRETS
        assert field not in SECRETS
    assert set(COMPOSE["services"][name]["secrets"]) <= set(COMPOSE["secrets"])


def test_commands_are_commands_of_the_service() -> None:
    """What the files run exists, with these options."""
    commands = [COMPOSE["services"][one]["command"] for one in ("set-up", "worker")]
    (standing,) = re.findall(r"^CMD (\[.*\])$", CONTAINERFILE, re.MULTILINE)
    assert all(map(resolves, [*commands, yaml.safe_load(standing)]))
    assert not resolves(shlex.split("serve --no-such-option"))


def test_there_are_as_many_processes_as_make_scaled_starts_and_each_is_looked_after() -> None:
    """Two serve, four work, on the same queue; what serves is asked whether it can."""
    services = COMPOSE["services"]
    assert (services["web"]["deploy"]["replicas"], services["worker"]["deploy"]["replicas"]) == (2, 4)
    assert {services[one]["environment"]["ESM_QUEUE"] for one in OURS} == {"procrastinate"}
    assert "/readyz" in " ".join(services["web"]["healthcheck"]["test"])
    assert services["database"]["healthcheck"]["test"][1] == "pg_isready"


@pytest.mark.parametrize("text", [CONTAINERFILE, (FOLDER / "compose.yaml").read_text("utf-8")])
def test_the_files_say_that_nobody_built_them_yet(text: str) -> None:
    """Whoever uses them should know."""
    assert "never" in text
