"""`esm <noun> <verb>`: results on stdout, diagnostics on stderr, exit 0 done, 1 refused or failed, 2 usage.

A command's module is imported when the command is asked for: `esm verify` starts without the database and the renderer.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import cast

import click

from packets.disk_errors import describe_disk_error
from packets.errors import InternalError, PacketsError, Problem

COMMANDS = (
    "archive",
    "audit",
    "backup",
    "copies",
    "db",
    "demo",
    "doctor",
    "document",
    "fsck",
    "notices",
    "packet",
    "pki",
    "reconcile",
    "restore",
    "serve",
    "token",
    "user",
    "verify",
    "worker",
    "year",
)
"""Each is a module of this package, with a command of the same name."""


class Commands(click.Group):
    """The group of commands by their names."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  Click's interface
        """Every command's name, in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  Click's interface
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        return cast("click.Command", getattr(import_module(f"{__name__}.{cmd_name}"), cmd_name))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _option, wanted: _print_version(context, wanted=wanted),
    help="Print the version, the commit and the digest of the locked packages, and exit.",
)
def esm() -> None:
    """Certification packets for Accountable Care Organizations: assemble, sign, countersign, verify."""


def _print_version(context: click.Context, *, wanted: bool) -> None:
    from web.build_info import version_line

    if wanted and not context.resilient_parsing:
        click.echo(version_line())
        context.exit()


def main() -> None:
    """Run a command; whatever ends it is told in full on stderr, without a traceback."""
    try:
        esm()
    except PacketsError as error:
        _refuse(*error.problems)
    except InternalError as error:
        _refuse(error.problem)
    except Exception as error:  # noqa: BLE001  the rim: beyond it there is only Python's own traceback
        _refuse((isinstance(error, OSError) and describe_disk_error(error)) or _report_fault(error))


def _refuse(*problems: Problem) -> None:
    for problem in problems:
        click.echo(f"esm: {problem}", err=True)
    sys.exit(1)


def _report_fault(error: Exception) -> Problem:
    from web.cli.faults import report_fault

    return report_fault(error)
