"""Data folders of every released version: each was made once by that version's own demonstration, and is kept as an archive.

`python tests/upgrades/old_folders.py 0.1.0` makes the archive of a version again, where the git history has its commit. A version
whose pinned packages are not those of this environment needs its own: name its interpreter with `--python`.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
COMMITS = {"0.1.0": "f75446aa45e487299ce735f80ca2c0bd7ecfed3d"}
"""The commit of each released version."""
ACOS = "2"
LEFT_OUT = "packets"
"""Copies of documents for people; the objects have the same bytes."""


def archive_of(version: str) -> Path:
    """Name the archive of a version's folder."""
    return DATA / f"{version}.tar.xz"


def unpack(version: str, target: Path) -> Path:
    """Unpack the folder of a version into a new place."""
    with tarfile.open(archive_of(version)) as archive:
        _extract(archive, target)
    return target


def has_history(version: str) -> bool:
    """Tell whether the commit of a version is in the git history that is here."""
    command = ["git", "cat-file", "-e", f"{COMMITS[version]}^{{commit}}"]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False).returncode == 0


def make_folder(version: str, folder: Path, python: str = sys.executable) -> None:
    """Have a version make a folder with its own demonstration.

    Args:
        version: one of `COMMITS`.
        folder: a new folder.
        python: an interpreter that has the packages which that version needs.
    """
    run_version(version, "demo", "--json", "--dir", str(folder), "--acos", ACOS, python=python)
    shutil.rmtree(folder / LEFT_OUT)


def run_version(version: str, *words: str, python: str = sys.executable) -> str:
    """Run `esm` as it was in a version, from its commit; answer what it printed.

    Raises:
        CalledProcessError: it ended with another code than 0.
    """
    with tempfile.TemporaryDirectory() as source:
        _check_out(COMMITS[version], Path(source))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ESM_")}  # noqa: TID251
        environment["PYTHONPATH"] = source
        command = [python, "-c", "from web.cli import main; main()", *words]
        done = subprocess.run(command, check=True, cwd=source, env=environment, stdout=subprocess.PIPE, text=True)
        return done.stdout


def pack(folder: Path, archive: Path) -> None:
    """Write a folder into an archive, owned by nobody, in the order of names."""
    with tarfile.open(archive, "w:xz", preset=9) as written:
        for path in sorted(folder.rglob("*")):
            written.add(path, path.relative_to(folder), recursive=False, filter=_without_owner)


def _check_out(commit: str, target: Path) -> None:
    packed = subprocess.run(["git", "archive", commit], cwd=REPOSITORY, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        _extract(archive, target)


def _extract(archive: tarfile.TarFile, target: Path) -> None:
    """Lay out an archive that this repository made, with its modes."""
    keep_modes = {"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}  # older Pythons know no other way
    archive.extractall(target, **keep_modes)  # type: ignore[arg-type]  # noqa: S202


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main() -> None:
    """Make the archives of versions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="+", choices=COMMITS)
    parser.add_argument("--python", default=sys.executable)
    given = parser.parse_args()
    for version in given.versions:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "folder"
            make_folder(version, folder, given.python)
            pack(folder, archive_of(version))
        sys.stdout.write(f"{archive_of(version)}: {archive_of(version).stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
