"""Every command of `esm`, found from the tree of commands, with the least that one has to type after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from web.cli import esm

NUMBER, NAME = "2027", "A9001"
GIVEN = {"due_on": "2027-01-15", "begins": "2027-01-01", "due": "2027-01-15"}


@dataclass(frozen=True, slots=True)
class TypedCommand:
    """A command by its path, such as `esm user list`."""

    words: tuple[str, ...]
    command: click.Command

    @property
    def name(self) -> str:
        """As people type it."""
        return " ".join(self.words)

    @property
    def takes_folder(self) -> bool:
        """Whether it works on a data folder."""
        return any("--dir" in parameter.opts for parameter in self.command.params)

    def typed(self, folder: Path, scratch: Path) -> list[str]:
        """The words with what is required after them: files that exist, new folders, a number, a name."""
        words = list(self.words)
        for parameter in self.command.params:
            if parameter.name == "folder" and isinstance(parameter, click.Option):
                words += ["--dir", str(folder)]
            elif parameter.required:
                values = _values(parameter, scratch)
                words += values if isinstance(parameter, click.Argument) else [parameter.opts[0], *values]
        return words


def all_commands(group: click.Group = esm, words: tuple[str, ...] = ()) -> Iterator[TypedCommand]:
    """Every command that is not a group of others."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from all_commands(command, (*words, name))
        else:
            yield TypedCommand((*words, name), command)


def _values(parameter: click.Parameter, scratch: Path) -> list[str]:
    kind = parameter.type
    if isinstance(kind, click.Path):
        return [str(_path(kind, scratch, str(parameter.name)))]
    if isinstance(kind, click.Choice):
        return [str(kind.choices[0])]
    return [NUMBER if isinstance(kind, click.types.IntParamType) else GIVEN.get(str(parameter.name), NAME)]


def _path(kind: click.Path, scratch: Path, name: str) -> Path:
    path = scratch / name
    if kind.exists and kind.file_okay:
        path.write_text("nothing", "utf-8")
    elif kind.exists:
        path.mkdir(exist_ok=True)
    return path
