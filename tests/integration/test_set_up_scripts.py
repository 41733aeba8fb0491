"""The scripts behind `make setup`, where something is missing: each refusal is one sentence that names the remedy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from commands import PLAIN
from faults.full_disks import may_mount, small_disk

ROOT = Path(__file__).parents[2]
FOUND = "/usr/bin:/bin"
NO_NETWORK = """\
WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(': Failed to establish a new connection')'
ERROR: Could not find a version that satisfies the requirement click==8.5.0 (from versions: none)
ERROR: No matching distribution found for click==8.5.0
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The Makefile and its scripts, in a folder with a space in its name."""
    folder = tmp_path / "my clone"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    shutil.copytree(ROOT / ".ci", folder / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder of programs that come before those of the machine."""
    folder = tmp_path / "programs"
    folder.mkdir()
    return folder


def run(clone: Path, *command: str, programs: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a clone, with no more settings than somebody has who has just logged in."""
    path = f"{programs}:{FOUND}" if programs else FOUND
    environment = {"PATH": path, "HOME": str(clone.parent), "LANG": "C.UTF-8"}
    return subprocess.run([*PLAIN, *command], cwd=clone, env=environment, capture_output=True, text=True, check=False)


def only_refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence on stderr of a script that failed."""
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines)) == (1, 1), done.stderr
    assert lines[0].startswith("esm-packets: ")
    return lines[0]


def write_program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)


def test_a_machine_without_python_is_told(clone: Path) -> None:
    """And how another one is named."""
    sentence = only_refusal(run(clone, "sh", ".ci/venv", "no-python", ".venv"))
    assert "There is no no-python on this machine. Install Python 3.11 or later" in sentence
    assert not (clone / ".venv").exists()


def test_an_old_python_is_told_with_its_version(clone: Path, programs: Path) -> None:
    """It has to parse nothing of ours for that."""
    answers = 'case "$*" in *python_version*) echo 3.9.2;; *version_info*) exit 1;; esac'
    write_program(programs / "python3", answers)
    sentence = only_refusal(run(clone, "sh", ".ci/venv", "python3", ".venv", programs=programs))
    assert "Python 3.11 or later is needed, and python3 is Python 3.9.2." in sentence


def test_a_python_without_a_part_of_its_library_is_told(clone: Path, programs: Path) -> None:
    """Such as one that was compiled on a machine without SQLite."""
    write_program(
        programs / "python3",
        f'case "$*" in *sqlite3*) echo "E: No module named \'x\'" >&2;; *) exec {sys.executable} "$@";; esac',
    )
    sentence = only_refusal(run(clone, "sh", ".ci/venv", "python3", ".venv", programs=programs))
    assert "without a part of Python's library (No module named 'x')" in sentence


def be_without_pip(clone: Path, programs: Path) -> None:
    """Debian without python3-venv, and with an apt that reaches nobody."""
    (clone / "ensurepip.py").write_text("raise SystemExit('not here')", "utf-8")
    words = "W: Failed to fetch InRelease: Temporary failure resolving 'mirror'"
    write_program(programs / "apt-get", f'echo "{words}"; exit 100')


def test_an_environment_that_works_is_left_alone(clone: Path) -> None:
    """Made once, with pip in it."""
    make = ("sh", ".ci/venv", sys.executable, ".venv")
    first = run(clone, *make)
    assert first.returncode == 0, first.stderr
    subprocess.run([clone / ".venv/bin/python", "-m", "pip", "--version"], check=True, capture_output=True)
    before = (clone / ".venv/.made").stat().st_mtime_ns
    assert run(clone, *make).stdout == ""
    assert (clone / ".venv/.made").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        ({".unfinished": "", ".made": "{clone}"}, "An earlier set-up was cut off: the environment is made anew."),
        ({".made": "/elsewhere"}, "The environment was made in another place or for another Python: it is made anew."),
        ({}, "The environment was made in another place or for another Python: it is made anew."),
    ],
)
def test_an_environment_that_does_not_work_is_made_anew_and_says_why(
    clone: Path, programs: Path, marks: dict[str, str], told: str
) -> None:
    """One that was cut off, one that was moved with its clone, one whose Python has gone."""
    be_without_pip(clone, programs)
    (clone / ".venv").mkdir()
    (clone / ".venv/old").touch()
    (clone / ".venv/pyvenv.cfg").touch()
    for name, content in marks.items():
        (clone / ".venv" / name).write_text(content.format(clone=clone), "utf-8")
    assert run(clone, "sh", ".ci/venv", sys.executable, ".venv", programs=programs).stdout.startswith(told)
    assert not (clone / ".venv/old").exists()


def test_an_environment_of_an_earlier_version_is_adopted(clone: Path) -> None:
    """It has no mark of ours, and works: nobody has to fetch everything again."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=clone, check=True)
    (clone / ".venv/lib").joinpath(f"python3.{sys.version_info.minor}/site-packages/pip").mkdir()
    done = run(clone, "sh", ".ci/venv", sys.executable, ".venv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (clone / ".venv" / ".made").exists()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_no_environment_is_not_overwritten(clone: Path, kind: str) -> None:
    """A file of that name, or a folder with something else in it."""
    place = clone / ".venv"
    if kind == "folder":
        place.mkdir()
        (place / "letter.txt").write_text("mine", "utf-8")
    else:
        place.write_text("mine", "utf-8")
    sentence = only_refusal(run(clone, "sh", ".ci/venv", sys.executable, ".venv"))
    assert "ove " in sentence
    assert (place / "letter.txt" if kind == "folder" else place).read_text("utf-8") == "mine"


def test_a_clone_that_this_user_cannot_write_is_told(clone: Path) -> None:
    """Nobody is asked for a password, and nothing is installed."""
    clone.chmod(0o555)
    sentence = only_refusal(run(clone, "sh", ".ci/venv", sys.executable, ".venv"))
    clone.chmod(0o755)
    assert f"cannot write {clone} (Permission denied)" in sentence


@pytest.mark.skipif(not may_mount(), reason="only root can mount a disk of a few megabytes")
def test_a_disk_without_space_is_told_with_figures_before_anything_is_fetched(clone: Path, tmp_path: Path) -> None:
    """What there is, and what it takes."""
    with small_disk(tmp_path / "small", 30) as disk:
        small = Path(shutil.copytree(clone, disk / "clone"))
        sentence = only_refusal(run(small, "sh", ".ci/venv", sys.executable, ".venv"))
        assert f"The disk of {small} has 29 MB left, and set-up takes about 500 MB." in sentence


def test_a_machine_without_pip_and_network_is_told_both_ways_out(clone: Path, programs: Path) -> None:
    """Debian without python3-venv, whose apt cannot fetch; nothing is left behind."""
    be_without_pip(clone, programs)
    done = run(clone, "sh", ".ci/venv", sys.executable, ".venv", programs=programs)
    sentence = only_refusal(done)
    assert (
        "Connect it, or install pip (Debian, as root: apt-get install python3-venv), then run make again." in sentence
    )
    assert "Temporary failure resolving 'mirror'" in sentence
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize(
    ("said", "told", "stays"),
    [
        (
            NO_NETWORK,
            "this machine has no network. Connect it, then run make again. (pip: No matching distribution found",
            False,
        ),
        ("ReadTimeoutError: Read timed out.", "this machine has no network", False),
        ("ERROR: [Errno 28] No space left on device", "is full, with ", True),
        ("ERROR: [Errno 13] Permission denied: 'x'", "cannot write ", True),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that the lock file names", False),
        ("SSLError(CERTIFICATE_VERIFY_FAILED)", "does not trust the certificate of the package index", False),
        ("ERROR: No such thing", "Mend what pip names, then run make again. (pip: No such thing)", False),
    ],
)
def test_why_packages_could_not_be_installed_is_told(clone: Path, said: str, told: str, *, stays: bool) -> None:
    """By what pip says; an environment into which half was written is made anew next time."""
    (clone / "said").write_text(said, "utf-8")
    write_program(clone / ".venv/bin/python", "cat said; exit 1")
    assert told in only_refusal(run(clone, "sh", ".ci/pip", ".venv", "click"))
    assert (clone / ".venv/.unfinished").exists() is stays


def test_a_connection_that_breaks_off_is_tried_again_and_a_missing_one_is_not(clone: Path) -> None:
    """A slow network gets all the patience that pip has; somebody without one waits for nothing."""
    script = 'echo "$*" >>asked; case "$*" in *--retries*) cat said; exit 1;; esac'
    write_program(clone / ".venv/bin/python", script)
    (clone / "said").write_text("ReadTimeoutError: Read timed out.", "utf-8")
    assert run(clone, "sh", ".ci/pip", ".venv", "click").returncode == 0
    assert [("--retries 1" in line) for line in (clone / "asked").read_text("utf-8").splitlines()] == [True, False]

    (clone / "said").write_text(NO_NETWORK, "utf-8")
    only_refusal(run(clone, "sh", ".ci/pip", ".venv", "click"))
    assert len((clone / "asked").read_text("utf-8").splitlines()) == 3


def test_pip_itself_without_an_index_is_told_within_seconds(clone: Path) -> None:
    """Nobody listens there; the real pip, in the words of its version."""
    write_program(clone / ".venv/bin/python", f'PIP_INDEX_URL=http://127.0.0.1:9/simple exec {sys.executable} "$@"')
    sentence = only_refusal(run(clone, "sh", ".ci/pip", ".venv", "no-such-package-of-esm"))
    assert "most likely because this machine has no network" in sentence
    assert "(pip: No matching distribution found for no-such-package-of-esm)" in sentence


def test_a_look_that_cannot_be_fetched_is_told_with_its_cause_and_stops_nothing(clone: Path, programs: Path) -> None:
    """`make setup` goes on; `make look` fails."""
    answers = 'case "$*" in *packages) echo "npm could not fetch it. ENOTFOUND" >&2; exit 1;; *is_there*) exit 1;; esac'
    write_program(clone / ".venv/bin/python", answers)
    write_program(programs / "npm", "exit 1")
    sentence = only_refusal(run(clone, "sh", ".ci/look", ".venv/bin/python", programs=programs))
    assert "`make look` has fetched it; everything works without. npm could not fetch it. ENOTFOUND" in sentence
    assert run(clone, "sh", ".ci/prepare", ".venv/bin/python", programs=programs).returncode == 0
    assert not list((clone / ".venv").glob(".scratch*"))


def test_tools_that_only_root_can_install_are_named_to_everybody_else(clone: Path, programs: Path) -> None:
    """Where there is no sudo."""
    for name in ("sh", "id", "pwd", "ls", "env", "apt-get"):
        found = shutil.which(name)
        (programs / name).symlink_to(found) if found else write_program(programs / name, "exit 1")
    (programs / "id").unlink()
    write_program(programs / "id", "echo 1000")
    environment = {"PATH": str(programs)}
    done = subprocess.run(["sh", ".ci/tools"], cwd=clone, env=environment, capture_output=True, text=True, check=False)
    sentence = only_refusal(done)
    assert "only root can install them: poppler-utils qpdf" in sentence
    assert "(apt-get install poppler-utils qpdf" in sentence


def test_make_serve_passes_host_port_and_folder_on(clone: Path) -> None:
    """With spaces in them, too."""
    done = run(clone, "make", "-n", "serve", "PORT=8181", "HOST=0.0.0.0", "DIR=my data")
    assert '.venv/bin/esm serve --dir "my data" --demo --host "0.0.0.0" --port "8181"' in done.stdout


def test_packages_of_elsewhere_do_not_pass_for_installed_ones(clone: Path) -> None:
    """PYTHONPATH of whoever calls make reaches neither pip nor esm."""
    write_program(clone / ".venv/bin/python", 'echo "[$PYTHONPATH]" >seen')
    environment = {**os.environ, "PYTHONPATH": "/elsewhere"}  # noqa: TID251  the child's
    subprocess.run(["sh", ".ci/pip", ".venv", "click"], cwd=clone, env=environment, check=True)
    assert (clone / "seen").read_text("utf-8") == "[]\n"
