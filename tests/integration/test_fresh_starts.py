"""The first commands of somebody who has a full disk, a closed folder, a taken port, or was interrupted."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands import ESM, PLAIN, only_sentence, run_esm
from faults.full_disks import may_mount, small_disk
from packets.errors import ConflictError, InputError
from web.cli.serve import listen
from web.demo_folder import IDENTITY, UNFINISHED, FolderState, claimed, inspect_folder

START_SECONDS = 120
needs_mounts = pytest.mark.skipif(not may_mount(), reason="only root can mount a disk of a few megabytes")


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a process has made a file."""
    until = time.monotonic() + START_SECONDS
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


@contextmanager
def demo_at_work(folder: Path, made: str = UNFINISHED) -> Iterator[subprocess.Popen[str]]:
    """A demonstration that has made a file and is not finished; it is killed at the end of the block."""
    # Whoever runs the tests in the background ignores Ctrl-C, and children inherit that.
    command = ["env", "--default-signal=INT", *ESM, "demo", "--dir", str(folder), "--acos", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(folder / made, process)
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("made", ["esm.db", "packets"])
def test_a_demo_that_is_killed_is_begun_anew_and_says_so(tmp_path: Path, made: str) -> None:
    """Early, or when some documents are signed; what is somebody else's stays."""
    folder = tmp_path / "data"
    with demo_at_work(folder, made):
        pass
    assert inspect_folder(folder) is FolderState.UNFINISHED
    (folder / "packets").mkdir(exist_ok=True)
    theirs = folder / "letter.txt", folder / "packets" / "notes.txt"
    for path in theirs:
        path.write_text("mine", "utf-8")

    again = run_esm("demo", "--dir", folder, "--acos", "2")

    assert again.returncode == 0, again.stderr
    assert again.stderr == f"The demonstration in {folder} was interrupted; it is begun anew.\n"
    assert inspect_folder(folder) is FolderState.FINISHED
    assert [path.read_text("utf-8") for path in theirs] == ["mine", "mine"]


def test_ctrl_c_ends_a_demo_in_one_sentence(tmp_path: Path) -> None:
    """With the code that shells expect, and the way on."""
    with demo_at_work(tmp_path / "data", "objects") as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=START_SECONDS)
    assert (process.returncode, out) == (130, "")
    assert err == "Interrupted. Run the same command again: it begins the demonstration anew.\n"


def test_nobody_begins_anew_or_serves_what_another_process_is_making(tmp_path: Path) -> None:
    """Two terminals, one folder: the second one waits."""
    folder = tmp_path / "data"
    with demo_at_work(folder, "esm.db"):
        assert "demo-running" in only_sentence(run_esm("demo", "--dir", folder))
        assert "demo-unfinished" in only_sentence(run_esm("serve", "--dir", folder, "--demo", "--port", "0"))
        assert (folder / "esm.db").exists()


def test_a_file_that_only_has_the_name_of_the_mark_is_somebody_elses(tmp_path: Path) -> None:
    """Nothing is removed without the demonstration's own words in it."""
    (tmp_path / UNFINISHED).write_text("my list of demos", "utf-8")
    (tmp_path / "objects").mkdir()
    assert "folder-not-empty" in only_sentence(run_esm("demo", "--dir", tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [UNFINISHED, "objects"]


@pytest.mark.parametrize("written", ["", IDENTITY[:20], IDENTITY])
def test_a_mark_alone_is_ours_even_when_it_was_cut_off(tmp_path: Path, written: str) -> None:
    """A process may be killed between making the file and writing it."""
    (tmp_path / UNFINISHED).write_text(written, "utf-8")
    with claimed(tmp_path) as interrupted:
        assert interrupted
        assert (tmp_path / UNFINISHED).read_text("utf-8") == IDENTITY
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_another_process_finished_meanwhile_stays_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the folder and the mark in it."""
    (tmp_path / "demo.json").write_text("{}", "utf-8")
    monkeypatch.setattr("web.demo_folder.inspect_folder", lambda _folder: FolderState.EMPTY)
    with pytest.raises(ConflictError, match="demo-running"), claimed(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["demo.json"]


def test_what_an_interrupted_demo_wrote_into_a_database_elsewhere_is_not_removed(tmp_path: Path) -> None:
    """Nobody can say there which rows were the demonstration's."""
    (tmp_path / UNFINISHED).write_text(IDENTITY, "utf-8")
    environment = {"ESM_DATABASE_URL": f"sqlite:///{tmp_path}/elsewhere.db"}
    assert "demo-interrupted" in only_sentence(run_esm("demo", "--dir", tmp_path, environment=environment))
    assert [path.name for path in tmp_path.iterdir()] == [UNFINISHED]


@needs_mounts
@pytest.mark.parametrize("megabytes", [1, 3])
def test_a_full_disk_is_told_and_space_heals_the_demo(tmp_path: Path, megabytes: int) -> None:
    """Whatever could not be written first: the database, the keys, the documents."""
    with small_disk(tmp_path / "small", megabytes) as disk:
        sentence = only_sentence(run_esm("demo", "--dir", disk / "data", "--acos", "2"))
        assert "is full" in sentence or "No space left" in sentence
        assert "Free space" in sentence
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        healed = run_esm("demo", "--dir", disk / "data", "--acos", "2")
        assert (healed.returncode, "begun anew" in healed.stderr) == (0, True), healed.stderr


@needs_mounts
def test_a_disk_that_can_be_read_only_is_told(tmp_path: Path) -> None:
    """Such as a medium, or a clone on a share."""
    with small_disk(tmp_path / "small", 1) as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        sentence = only_sentence(run_esm("demo", "--dir", disk / "data"))
        assert f"disk-read-only [{disk / 'data'}]" in sentence


@pytest.mark.parametrize("mode", [0o000, 0o555])
def test_a_folder_that_is_closed_to_this_user_is_told(tmp_path: Path, mode: int) -> None:
    """One that may not be written, or not even be looked into."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=mode)
    sentence = only_sentence(run_esm("demo", "--dir", closed, before=PLAIN))
    assert f"folder-closed [{closed}" in sentence
    below = only_sentence(run_esm("demo", "--dir", closed / "data", before=PLAIN))
    assert f"folder-closed [{closed / 'data'}" in below


@pytest.mark.parametrize("command", [("demo",), ("serve",), ("user", "list")])
def test_a_file_in_the_place_of_the_folder_is_told_by_every_command(tmp_path: Path, command: tuple[str, ...]) -> None:
    """It is not overwritten either."""
    path = tmp_path / "data"
    path.write_text("mine", "utf-8")
    assert "folder-blocked" in only_sentence(run_esm(*command, "--dir", path))
    assert path.read_text("utf-8") == "mine"


@pytest.mark.parametrize("command", [("serve",), ("fsck",)])
def test_data_that_this_user_may_not_look_at_are_not_called_missing(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Python 3.12 and later say of a closed folder that nothing is in it."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    assert "folder-closed" in only_sentence(run_esm(*command, "--dir", closed, before=PLAIN))


def test_a_taken_port_is_told_with_both_ways_to_choose_another() -> None:
    """`make serve` has a PORT, `esm serve` a --port."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputError) as refusal:
        listen("127.0.0.1", taken.getsockname()[1])
    assert "`make serve PORT=8181` or `esm serve --port 8181`" in str(refusal.value)
    with pytest.raises(InputError, match=r"make serve HOST=.* or `esm serve --host"):
        listen("192.0.2.1", 0)


def test_a_secret_whose_file_cannot_be_read_is_told_by_its_setting(tmp_path: Path) -> None:
    """Every such setting at once."""
    (tmp_path / "latin").write_bytes(b"\xe4")
    environment = {
        "ESM_PKI_PASSPHRASE_FILE": str(tmp_path / "none"),
        "ESM_SESSION_SECRET_FILE": str(tmp_path / "latin"),
    }
    refused = run_esm("user", "list", "--dir", tmp_path, environment=environment)
    assert refused.returncode == 1
    first, second = refused.stderr.splitlines()
    assert f"setting-unread [{tmp_path / 'none'}]: The file that ESM_PKI_PASSPHRASE_FILE names cannot be read" in first
    assert (
        f"setting-unread [{tmp_path / 'latin'}]: The file that ESM_SESSION_SECRET_FILE names cannot be read" in second
    )


def test_a_fault_of_ours_is_told_as_one_and_its_details_are_kept_for_those_who_mend_it(tmp_path: Path) -> None:
    """One sentence, exit 1; the file is for this user's eyes only."""
    program = "import web.cli; web.cli.esm = lambda: 1 / 0; web.cli.main()"
    settings = {**os.environ, "TMPDIR": str(tmp_path)}  # noqa: TID251  the child's, with a folder of ours
    command = [ESM[0], "-c", program]
    sentence = only_sentence(subprocess.run(command, capture_output=True, text=True, check=False, env=settings))
    (path,) = tmp_path.iterdir()
    assert "this is a fault of esm-packets, not yours" in sentence
    assert str(path) in sentence
    assert "ZeroDivisionError" in path.read_text("utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
