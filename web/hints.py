"""Commands that exist where the person is: in a source checkout those of its Makefile, elsewhere those of `esm`."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The folder that holds the packages: the checkout, or the folder into which a wheel was installed."""


def is_checkout(root: Path = ROOT) -> bool:
    """Tell whether the program runs from a source checkout with its Makefile."""
    return (root / "Makefile").is_file() and (root / "pyproject.toml").is_file()


def program() -> str:
    """Name the program `esm` as it can be called here: by its path where the shell would not find it."""
    called = Path(sys.argv[0])
    if called.name != "esm" or shutil.which("esm") == str(called.absolute()):
        return "esm"
    return shlex.quote(sys.argv[0])


def name_command(target: str, arguments: str, root: Path = ROOT) -> str:
    """Name a command of `esm`, and before it the target that does the same where there is a Makefile."""
    command = f"`{program()} {arguments}`"
    return f"`make {target}` or {command}" if is_checkout(root) else command


def serve_demo(folder: Path, root: Path = ROOT) -> str:
    """Name the command that opens a demo's data in a browser."""
    here, place = Path.cwd(), folder.absolute()
    short = shlex.quote(str(place.relative_to(here) if place.is_relative_to(here) else place))
    if is_checkout(root) and here == root:
        return "make serve" if place == root / "demo-data" else f"make serve DIR={short}"
    return f"{program()} serve --demo --dir {short}"


def fill_folder(folder: Path, mode: str) -> str:
    """Say how a folder without a database gets one: in production never by a demo."""
    place = shlex.quote(str(folder))
    upgrade = f"`{program()} db upgrade --dir {place}`"
    if mode == "production":
        return f"Name the right folder with --dir, or make a new service with {upgrade}."
    return f"Name the right folder with --dir, or run `{program()} demo --dir {place}` for sample data or {upgrade} for your own."


def get_look(root: Path = ROOT) -> str:
    """Say how the pages get their style."""
    if is_checkout(root):
        return "Run `make look` in the source folder, then start the service again."
    return "Install esm-packets from a released wheel, which has the style, then start the service again."


def get_validator(package: str, root: Path = ROOT) -> str:
    """Say how a validator that is not ours gets onto the machine, by the name of its Debian package."""
    return "`make tools` installs it" if is_checkout(root) else f"Debian's package {package} has it"
