"""What was built: version, commit, and the lock file whose packages it was tried with."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILT = Path(__file__).with_name("build.json")
"""Written into a wheel when it is built; there is no such file in a source checkout."""

LOCK = Path("requirements", "wheel.lock")
UNKNOWN = "unknown"
_GIT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """Where a build comes from.

    Attributes:
        commit: abbreviated, with `-dirty` where files were changed since; `unknown` without git.
        lock: the first twelve digits of the SHA-256 of the lock file.
    """

    commit: str
    lock: str

    def __str__(self) -> str:
        return f"commit {self.commit}, lock sha256:{self.lock}"


def version_line() -> str:
    """Name the version and the build, as `esm --version` prints them."""
    return f"esm {version('esm-packets')} ({read_build_info()})"


def read_build_info(built: Path = BUILT, root: Path = ROOT) -> BuildInfo:
    """Return what was written when the wheel was built; in a source checkout what git and the lock file say now."""
    if built.is_file():
        return BuildInfo(**json.loads(built.read_text("utf-8")))
    return BuildInfo(_ask_git(root), _lock_digest(root))


def _lock_digest(root: Path) -> str:
    lock = root / LOCK
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:12] if lock.is_file() else UNKNOWN


def _ask_git(root: Path) -> str:
    """Ask for the commit of this folder, and of no folder around it."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return UNKNOWN
    command = [git, "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_SECONDS, check=False)  # noqa: S603  git alone
    except (OSError, subprocess.TimeoutExpired):
        return UNKNOWN
    return answer.stdout.strip() or UNKNOWN
