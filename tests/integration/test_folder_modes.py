"""What the service makes can be read by its own user only, whatever the umask: data folder, backups, exports."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from packets.keeping.export_files import ExportFiles
from packets.settings import Settings
from packets.store.modes import OTHERS, open_private
from signing.bag_writing import ZipSink
from web.bootstrap import Services, build_services, initialize
from web.cli import esm

CONTENT = b"a list with tax numbers"
UMASKS = (0o000, 0o022, 0o077)


@contextmanager
def masked(mask: int) -> Iterator[None]:
    """Another umask for as long as the block runs."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def wide(folder: Path) -> list[str]:
    """What others may do anything with, of a folder and everything in it."""
    paths = (folder, *folder.rglob("*"))
    return [f"{path.relative_to(folder)} {path.stat().st_mode:o}" for path in paths if path.stat().st_mode & OTHERS]


def run_esm(*arguments: str | Path) -> Result:
    """A command that has to end well."""
    done = CliRunner().invoke(esm, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done


def fill(folder: Path) -> Services:
    """Set a data folder up, with an object and the file of an export in it."""
    settings = Settings(dir=folder)
    initialize(settings, sample=True)
    services = build_services(settings)
    services.objects.put(CONTENT)
    (folder / "content").write_bytes(CONTENT)
    services.objects.put_file(folder / "content")
    (folder / "content").unlink()
    with ZipSink(ExportFiles(settings.exports).part("an-export", 1), "bag", open_private) as sink:
        with sink.open("list") as file:
            file.write(CONTENT)
        sink.finish()
    return services


@pytest.mark.parametrize("mask", UMASKS)
def test_data_folder_backup_and_restored_folder_are_for_their_owner_only(tmp_path: Path, mask: int) -> None:
    """Database with the files beside it, objects, exports, keys, secrets and manifest; `fsck` leaves them so."""
    data, backup, restored = tmp_path / "data", tmp_path / "backup", tmp_path / "restored"
    with masked(mask):
        services = fill(data)
        with services.database.read():  # so that the files beside the database are there
            assert (data / "esm.db-wal").exists()
            assert wide(data) == []
        services.database.close()
        run_esm("backup", "--dir", data, "--to", backup, "--with-keys")
        run_esm("restore", "--from", backup, "--dir", restored)
        run_esm("fsck", "--dir", restored)

    assert [wide(folder) for folder in (data, backup, restored)] == [[], [], []]
    assert {path.name for path in restored.iterdir()} >= {"esm.db", "objects", "pki", "secrets"}


def test_nothing_is_wide_first_and_narrowed_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With umask 000 and no way to change a mode, everything is private all the same: it was so from its first moment."""
    monkeypatch.setattr(os, "chmod", lambda *_arguments, **_options: None)
    data, backup, restored = tmp_path / "data", tmp_path / "backup", tmp_path / "restored"
    with masked(0o000):
        fill(data).database.close()
        run_esm("backup", "--dir", data, "--to", backup, "--with-keys")
        run_esm("restore", "--from", backup, "--dir", restored)

    assert [wide(folder) for folder in (data, backup, restored)] == [[], [], []]


def test_an_empty_folder_that_is_given_is_narrowed(tmp_path: Path) -> None:
    """Somebody made it before, with the usual mode."""
    data, backup = tmp_path / "data", tmp_path / "backup"
    for folder in (data, backup):
        folder.mkdir(mode=0o755)

    fill(data).database.close()
    run_esm("backup", "--dir", data, "--to", backup)

    assert [wide(folder) for folder in (data, backup)] == [[], []]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder as earlier versions left it, and a file of a person's in it."""
    data = tmp_path / "data"
    fill(data).database.close()
    for path in (data, *data.rglob("*")):
        path.chmod(0o2755 if path.is_dir() else 0o644)
    (data / "packets").mkdir()
    (data / "packets" / "mine.pdf").write_bytes(CONTENT)
    (data / "packets" / "mine.pdf").chmod(0o644)
    (data / "objects" / "elsewhere").symlink_to(tmp_path / "outside")
    (tmp_path / "outside").write_bytes(CONTENT)
    (tmp_path / "outside").chmod(0o644)
    return data


def test_an_upgrade_narrows_a_folder_of_before_and_says_so(old: Path) -> None:
    """Once: what is narrow is not told again. Files of people and what links lead to are left alone; setgid stays."""
    said = run_esm("db", "upgrade", "--dir", old).output
    again = run_esm("db", "upgrade", "--dir", old).output

    left = {line.split()[0] for line in wide(old)}
    assert f"files and folders in {old} could be read by others; now only their owner can." in said
    assert len(again.splitlines()) == 1
    assert again.startswith("The schema is up to date")
    assert left == {"packets", "packets/mine.pdf", "objects/elsewhere"}
    assert stat.S_IMODE(old.stat().st_mode) == 0o2700


def test_a_start_narrows_nothing(old: Path) -> None:
    """An operator who has reasons for other modes is asked at upgrades only."""
    before = wide(old)

    run_esm("fsck", "--dir", old)

    assert set(before) <= set(wide(old))


def test_what_belongs_to_another_user_is_told_and_left(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container whose user does not own its volume works all the same."""

    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chmod", refuse)

    said = run_esm("db", "upgrade", "--dir", old).output

    assert "Files and folders of another user that others can read: " in said
    assert f", such as {old}" in said
    assert "The schema is up to date" in said
