"""`esm --version` names the commit and the lock: of a wheel as they were written, of a checkout as they are."""

from __future__ import annotations

import hashlib
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from web.build_info import LOCK, ROOT, BuildInfo, read_build_info
from web.cli import esm


def test_the_version_names_release_commit_and_lock() -> None:
    """In one line, which starts with the name of the program."""
    result = CliRunner().invoke(esm, ["--version"])
    lock = hashlib.sha256((ROOT / LOCK).read_bytes()).hexdigest()[:12]
    assert result.output.startswith(f"esm {version('esm-packets')} (commit ")
    assert result.output.endswith(f", lock sha256:{lock})\n")


def test_a_wheel_says_what_was_written_when_it_was_built(tmp_path: Path) -> None:
    """Whatever git would say of the folder it was installed into."""
    built = tmp_path / "build.json"
    built.write_text('{"commit": "0123456789ab", "lock": "ba9876543210"}')
    assert read_build_info(built) == BuildInfo("0123456789ab", "ba9876543210")


def test_a_folder_inside_somebody_elses_repository_has_no_commit(tmp_path: Path) -> None:
    """A commit of theirs would say nothing of us."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    inside = tmp_path / "inside"
    inside.mkdir()
    assert read_build_info(tmp_path / "none", inside) == BuildInfo("unknown", "unknown")


def test_without_git_the_commit_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing fails."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_build_info(tmp_path / "none", ROOT).commit == "unknown"
