"""The packages that the look comes from, fetched by name with npm, checked by digest, unpacked to what is served.

An installed wheel carries them: its build fetches them. For a source checkout `python -m web.look.packages` does it (`make
look` calls it). Nothing of theirs is in the repository, and nothing is fetched by a running service. The folder beside the
Python environment is named by a digest of the packages and of what is kept of them, so an installation has either exactly
these files or none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packets.errors import InputError, PacketsError, Problem
from packets.file_digests import (
    FILE_LIST,
    FileChange,
    FileState,
    find_changes,
    list_digest,
    make_shared_folder,
    open_for_reading,
    read_file_list,
    write_file_list,
)
from web import hints

CARRIED = Path(__file__).with_name("files")
"""Where a wheel has the files; there is no such folder in a source checkout."""

FETCH_SECONDS = 300
QUIETLY = ("--loglevel=error", "--no-update-notifier", "--ignore-scripts", "--fetch-retries=1")
MOST_WORDS = 500
"""Longest part of npm's own words that is passed on."""

MOST_BYTES = 40 * 1024 * 1024
"""Longest package file; the larger one has 9 MB."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the npm registry.

    Attributes:
        integrity: SHA-512 of the package file as npm writes it down (Subresource Integrity).
        keep: what is served of it, as patterns of paths inside the package.
        folder: where it lies among the served files.
    """

    name: str
    version: str
    integrity: str
    keep: tuple[str, ...]
    folder: str


PACKAGES = (
    Package(
        "@uswds/uswds",
        "3.14.0",
        "sha512-kwZ50TqGszxj3+MQhm+c84hI0y8rIKoc7ZLKbuHg+8rTkFisp9lXOMRD2wclyyuYZahpADxMvaPong7bwL7cew==",
        (
            r"dist/css/uswds\.min\.css",
            r"dist/js/uswds(-init)?\.min\.js",
            r"dist/fonts/(source-sans-pro|merriweather|roboto-mono)/[^/]+\.woff2",
            r"dist/img/[^/]+\.svg",
            r"dist/img/usa-icons(-bg)?/[^/]+\.svg",
            r"LICENSE\.md",
        ),
        "uswds",
    ),
    Package(
        "htmx.org",
        "4.0.1",
        "sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg==",
        (r"dist/htmx\.min\.js", r"LICENSE"),
        "htmx",
    ),
)


FILES_SHA256 = "2a9771e874a3bb68e93fc68169704516bebce891cf24007be91628fabfc9e038"
"""SHA-256 of the list of all files that are kept of these packages, which was written when they were looked at."""


def look_folder() -> Path:
    """Where the files of these packages lie in this installation, whether or not they are there."""
    return CARRIED if CARRIED.is_dir() else fetched_folder()


def fetched_folder() -> Path:
    """Where a source checkout has them: beside its Python environment."""
    digest = hashlib.sha256(repr((PACKAGES, FILES_SHA256)).encode()).hexdigest()[:16]
    return Path(sys.prefix, "share", "esm-packets", "look", digest)


def is_there() -> bool:
    """Whether the look was fetched, or came with the wheel."""
    return look_folder().is_dir()


def find_look_changes() -> tuple[FileChange, ...]:
    """Compare every file of the look with the list that was written down: what is missing or changed.

    Raises:
        OSError: the list cannot be read.
        InputError: the list is damaged.
    """
    folder = look_folder()
    if list_digest(folder) != FILES_SHA256:
        return (FileChange(FILE_LIST, FileState.CHANGED),)
    return tuple(find_changes(folder, read_file_list(folder)))


def fetch_look() -> Path:
    """Fetch, check and unpack what is missing; the folder.

    Raises:
        PacketsError: npm is missing or could not fetch, a package is not the one whose digest is written down here, or the
            folder cannot be written.
    """
    target = look_folder()
    if target.is_dir():
        return target
    try:
        make_shared_folder(target.parent, Path(sys.prefix))
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetching-") as scratch:
            work = Path(scratch, "look")
            unpack_look(work)
            open_for_reading(work)
            if not target.exists():
                work.rename(target)
    except OSError as error:
        sentence = f"The look of the pages cannot be written: {error.strerror or error}."
        raise PacketsError(
            Problem("look-folder", sentence, "Ask whoever owns the environment to run `make look`.", str(target.parent))
        ) from None
    return target


def unpack_look(folder: Path) -> None:
    """Fetch the packages, and unpack what is kept of them into a folder with a list of all files.

    Raises:
        PacketsError: npm is missing or could not fetch, or a package is not the one that is expected.
        OSError: the folder cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="esm-look-") as scratch:
        for package in PACKAGES:
            _unpack(package, _fetch(package, Path(scratch)), folder / package.folder)
    write_file_list(folder)


def _fetch(package: Package, scratch: Path) -> Path:
    """The package file, as npm fetches it from wherever this machine's npm is told to."""
    npm = shutil.which("npm", path=f"{Path(sys.executable).parent}") or shutil.which("npm")
    what = f"{package.name}@{package.version}"
    if npm is None:
        raise PacketsError(
            Problem("npm-missing", "There is no npm to fetch the look of the pages with.", hints.get_look())
        )
    command = [npm, "pack", what, *QUIETLY, f"--pack-destination={scratch}"]
    try:
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _npm_failed(what, str(error)) from None
    archives = sorted(scratch.glob("*.tgz"))
    if done.returncode or not archives:
        raise _npm_failed(what, _find_cause(done.stderr))
    return archives[0]


def _find_cause(words: str) -> str:
    """Find the line with the reason among all that npm says about a failure."""
    lines = [line.removeprefix("npm error").strip() for line in words.splitlines()]
    reasons = [line for line in lines if "reason:" in line] or [line for line in lines if line]
    return reasons[0][:MOST_WORDS] if reasons else ""


def _npm_failed(what: str, reason: str) -> PacketsError:
    remedy = "Look at the network and at npm's settings, then try again."
    return PacketsError(Problem("npm-failed", f"npm could not fetch {what}.", remedy, reason))


def _unpack(package: Package, archive: Path, target: Path) -> None:
    """Unpack what is served, after the digest of the whole package file was checked; the package file is removed."""
    content = archive.read_bytes()
    archive.unlink()
    require_integrity(package, content)
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:gz") as members:
            for member in members:
                path = member.name.removeprefix("package/")
                if member.isfile() and _is_kept(package, path) and (found := members.extractfile(member)):
                    place = target / path
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(found.read())


def require_integrity(package: Package, content: bytes) -> None:
    """Refuse a package file that is not byte by byte the one that was looked at when its digest was written down.

    Raises:
        InputError: it is another one.
    """
    digest = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if len(content) > MOST_BYTES or not hmac.compare_digest(digest, package.integrity):
        sentence = f"The package {package.name} {package.version} that was fetched is not the one that is expected."
        raise InputError(Problem("package-changed", sentence, "Find out why before you go on.", digest))


def _is_kept(package: Package, path: str) -> bool:
    return ".." not in PurePosixPath(path).parts and any(re.fullmatch(one, path) for one in package.keep)


if __name__ == "__main__":
    try:
        fetch_look()
    except PacketsError as failure:
        sys.exit("\n".join(f"{problem.sentence} {problem.remedy} {problem.where}" for problem in failure.problems))
