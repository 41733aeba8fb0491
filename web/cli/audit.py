"""`esm audit`: whether the log of acts holds together."""

from __future__ import annotations

from pathlib import Path

import click

from packets.audit.log import chain_problems
from packets.errors import PacketsError
from web.cli.folder import folder_option, open_folder


@click.group()
def audit() -> None:
    """The audit log."""


@audit.command("verify")
@folder_option
def verify_audit(folder: Path) -> None:
    """Check that every entry of the log follows from the one before it."""
    with open_folder(folder).database.read() as records:
        entries = list(records.journal.entries())
    problems = chain_problems(entries)
    if problems:
        raise PacketsError(problems)
    click.echo(f"{len(entries)} entries, one unbroken chain; last digest {entries[-1].digest if entries else 'none'}")
