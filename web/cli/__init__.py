"""`esm <noun> <verb>`: results on stdout, diagnostics on stderr, exit 0 done, 1 refused or failed, 2 usage."""

from __future__ import annotations

import sys

import click

from packets.errors import PacketsError
from web.cli.archive import archive
from web.cli.audit import audit
from web.cli.db import db
from web.cli.demo import demo
from web.cli.document import document
from web.cli.packet import packet
from web.cli.pki import pki
from web.cli.serve import serve
from web.cli.verify import verify


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="esm-packets", prog_name="esm")
def esm() -> None:
    """Certification packets for Accountable Care Organizations: assemble, sign, countersign, verify."""


for command in (demo, serve, verify, document, packet, audit, db, archive, pki):
    esm.add_command(command)


def main() -> None:
    """Run a command; a refusal is told in full on stderr, without a traceback."""
    try:
        esm()
    except PacketsError as error:
        for problem in error.problems:
            click.echo(f"esm: {problem}", err=True)
        sys.exit(1)
