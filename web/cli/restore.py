"""`esm restore`: a backup becomes a folder again."""

from __future__ import annotations

from pathlib import Path

import click

from packets.keeping.backup import restore as put_back
from web.cli.backup import print_report
from web.cli.folder import folder_option


@click.command()
@folder_option
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="The folder that `esm backup` made.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def restore(folder: Path, source: Path, *, as_json: bool) -> None:
    """Put a backup into a new folder, reading every file back. A backup without keys needs the folder `pki` from elsewhere.

    Then run `esm fsck` on it. Exit 0: everything is there; 1: the records name files that the backup lacks, or the database is
    that of an older version and has to be upgraded (`esm db upgrade`); it is told.
    """
    print_report(put_back(source, folder.absolute()), as_json=as_json, to=folder)
