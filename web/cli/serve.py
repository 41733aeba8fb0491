"""`esm serve`: the web front end."""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path

import click

from packets.disk_errors import disk_errors
from packets.errors import ConflictError, InputError, Problem
from web.app import create_app
from web.cli.folder import folder_option, open_folder_when_ready, wait_option
from web.cli.worker import end_politely, keep_what_is_there, working
from web.demo_folder import is_unfinished
from web.hints import get_look, name_command
from web.logs import configure_logs
from web.look.packages import is_there

ABOUT_THE_PORT = {errno.EADDRINUSE, errno.EACCES, errno.EPERM}
CHOSEN_PORTS = (8181, 8282)


@click.command()
@folder_option
@click.option("--demo", is_flag=True, help="List the sample accounts on the sign-in page.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--socket",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Listen on a Unix socket at this path, instead of an address: for a proxy on the same machine.",
)
@wait_option
def serve(folder: Path, host: str, port: int, path: Path | None, seconds: int, *, demo: bool) -> None:
    """Open the data in a folder to browsers, until it is stopped with Ctrl-C.

    Jobs are done by threads of the same process, unless `ESM_QUEUE=worker` leaves them to `esm worker`.
    """
    from web.server import SWITCH_SECONDS, make_server

    if not is_there():
        click.echo(f"The pages have no style; they work without it. {get_look()}", err=True)
    with disk_errors(folder):
        _refuse_unfinished(folder)
    services = open_folder_when_ready(folder, seconds, demo=demo)
    configure_logs(services.settings.log_level)
    sys.setswitchinterval(SWITCH_SECONDS)
    end_politely()
    services.reconciler.run()
    with (
        listen_at(path) if path else listen(host, port) as door,
        working(services, enabled=services.settings.queue == "embedded"),
    ):
        server = make_server(create_app(services), door, services.settings.trusted_proxies)
        keep_what_is_there()
        where = f"{path} is open to a proxy" if path else f"Open {_address(host, door.getsockname()[1])} in a browser"
        click.echo(f"{where}; Ctrl-C stops.", err=True)
        try:
            server.run()
        finally:
            server.close()
    services.database.close()


def _refuse_unfinished(folder: Path) -> None:
    if is_unfinished(folder):
        raise ConflictError(
            Problem(
                "demo-unfinished",
                "The demonstration in this folder is being made, or was interrupted.",
                f"Wait until it has ended, or begin it anew with {name_command('demo', 'demo')}.",
                str(folder),
            )
        )


def listen(host: str, port: int) -> socket.socket:
    """Take the address before anything else is started.

    Raises:
        InputError: somebody else has it, or it is not an address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        what, remedy = ("port", _choose_port(port)) if error.errno in ABOUT_THE_PORT else ("address", _choose_host())
        sentence = f"The {what} cannot be listened on: {reason}."
        raise InputError(Problem("address-unusable", sentence, remedy, f"{host}:{port}")) from None


def listen_at(path: Path) -> socket.socket:
    """Take a path as a Unix socket that this user and group may connect to; one that was left behind is replaced.

    Raises:
        InputError: something else is there, somebody listens there, or it cannot be made.
    """
    door = socket.socket(socket.AF_UNIX)
    try:
        if path.is_socket() and not _has_listener(path):
            path.unlink()
        door.bind(str(path))
        path.chmod(0o660)
        door.listen()
    except OSError as error:
        door.close()
        reason = os.strerror(error.errno) if error.errno else str(error)
        sentence = f"The socket cannot be listened on: {reason}."
        raise InputError(Problem("address-unusable", sentence, "Choose another path.", str(path))) from None
    return door


def _has_listener(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _choose_port(port: int) -> str:
    other = next(chosen for chosen in CHOSEN_PORTS if chosen != port)
    return f"Choose another port: {name_command(f'serve PORT={other}', f'serve --port {other}')}."


def _choose_host() -> str:
    command = name_command("serve HOST=127.0.0.1", "serve --host 127.0.0.1")
    return f"Choose an address of this machine: {command}."


def _address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
