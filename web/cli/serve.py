"""`esm serve`: the web front end."""

from __future__ import annotations

from pathlib import Path

import click

from packets.errors import NotFoundError, Problem
from packets.settings import Settings, load_settings
from web.app import create_app
from web.bootstrap import build_services
from web.logs import configure_logs

THREADS = 4


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-data"),
    show_default=True,
    help="The data folder.",
)
@click.option("--demo", is_flag=True, help="List the sample accounts on the sign-in page.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
def serve(folder: Path, host: str, port: int, *, demo: bool) -> None:
    """Open the data in a folder to browsers, until it is stopped with Ctrl-C."""
    from waitress import create_server  # type: ignore[import-untyped]  # it carries no types

    settings = load_settings(dir=folder.absolute(), **({"mode": "demo"} if demo else {}))
    require_database(settings)
    configure_logs(settings.log_level)
    server = create_server(create_app(build_services(settings)), host=host, port=port, threads=THREADS, ident=None)
    click.echo(f"Open {_address(host, server.effective_port)} in a browser; Ctrl-C stops.", err=True)
    try:
        server.run()
    finally:
        server.close()


def require_database(settings: Settings) -> None:
    """Refuse to open a folder with nothing in it.

    Raises:
        NotFoundError: it has no database; it says how to make one.
    """
    if not settings.database_url and not (settings.dir / "esm.db").exists():
        raise NotFoundError(
            Problem("folder-empty", "There is no database in this folder.", "Run `make demo` first.", str(settings.dir))
        )


def _address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
