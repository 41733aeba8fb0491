"""Copies: of every object in a second store, and of the whole folder in a backup; both are put to the test by using them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from packets.audit.log import Act
from packets.errors import ConflictError, InputError, NotFoundError, Problem, StoreError
from packets.jobs.execution import Executor
from packets.jobs.registry import Handler, Registry
from packets.keeping.fixity import COPY_JOB, FixityDesk
from packets.settings import Settings
from packets.store.database import Database
from packets.store.objects import MemoryObjects
from packets.store.objects_copy import CopiedObjects
from packets.store.objects_files import FileObjects
from web.bootstrap import build_services, initialize
from web.cli import esm
from web.keepers import build_fixity
from web.work import build_registry
from worlds import World, build_world

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class Away(MemoryObjects):
    """A store that can be switched off."""

    away: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def put(self, content: bytes) -> str:
        """Store the bytes, unless it is switched off."""
        if self.away:
            raise StoreError(Problem("objects-away", "It is switched off.", "Switch it on."))
        return super().put(content)


def test_an_act_does_not_wait_for_the_copy_and_the_copy_is_made_later(tmp_path: Path) -> None:
    """The second store is away: the object is stored, a job is queued, and does it when the store is back."""
    first, copy = MemoryObjects(), Away(away=True)
    missed: list[str] = []
    store = CopiedObjects(first, copy, missed.append)

    digest = store.put(b"content")
    path = tmp_path / "file"
    path.write_bytes(b"other")
    other = store.put_file(path)
    copy.away = False
    third = store.put(b"third")

    assert missed == [digest, other]
    assert store.get(digest) == first.get(digest) == b"content"
    assert copy.get(third) == b"third"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with keys and a schema, and a copy in a second folder."""
    folder = tmp_path / "data"
    initialize(Settings(dir=folder), sample=True)
    return folder


def settings_of(folder: Path, copy: Path) -> Settings:
    return Settings(dir=folder, objects_copy_url=f"file://{copy}")


def test_what_could_not_be_copied_is_queued_as_a_job(folder: Path, tmp_path: Path) -> None:
    """Built from settings: the disk of the copy is full at first."""
    copy = tmp_path / "copy"
    services = build_services(settings_of(folder, copy))
    shutil.rmtree(copy)
    copy.write_text("a file where the folder should be", encoding="utf-8")
    digest = services.objects.put(b"content")
    with services.database.read() as records:
        job = records.jobs.by_key(f"{COPY_JOB}:{digest}")
    assert job is not None

    copy.unlink()
    FileObjects(copy)
    only = [one for one in build_registry(services).handlers if one.kind == COPY_JOB]
    assert Executor(services.database, Registry(handlers=(*only,)), services.clock).work_off() == 1

    assert FileObjects(copy).get(digest) == b"content"
    assert [one.attempts > 100 for one in only] == [True]
    assert isinstance(only[0], Handler)
    services.database.close()


@pytest.fixture
def world() -> Iterator[World]:
    """A year with assembled documents."""
    world = build_world(2)
    world.document(world.first("current"), "provider-supplier-list")
    world.document(world.first("new"), "provider-supplier-list")
    yield world
    world.services.database.close()


def stores(world: World) -> tuple[MemoryObjects, MemoryObjects]:
    """The store of the world, and a whole copy of it."""
    first, copy = world.services.objects, MemoryObjects()
    assert isinstance(first, MemoryObjects)
    copy._kept = dict(first._kept)
    return first, copy


def test_what_is_missing_or_rotten_is_found_and_mended_from_the_other_store(world: World) -> None:
    """Both ways, and the log tells of it; what neither has is lost, and stays told."""
    first, copy = stores(world)
    gone, rotten, uncopied, lost = sorted(first._kept)[:4]
    del first._kept[gone], copy._kept[uncopied], first._kept[lost], copy._kept[lost]
    first._kept[rotten] = b"rotten"
    desk = FixityDesk(world.services.database, first, copy, world.clock)

    looked = desk.run()
    mended = desk.run(repair=True)
    after = desk.run()

    found = [[one[-64:] for one in kind] for kind in (looked.missing, looked.damaged, looked.missing_copies)]
    assert found == [sorted([gone, lost], key=found[0].index), [rotten], sorted([uncopied, lost], key=found[2].index)]
    assert {one[-64:] for one in mended.mended} == {gone, rotten, uncopied}
    assert not looked.holds
    assert [one[-64:] for one in after.lost] == [lost]
    with world.services.database.read() as records:
        told = [one.details for one in records.journal.entries() if one.act is Act.OBJECTS_MEND]
    assert len(told[1]["mended"]) == 3
    assert first.get(gone)
    assert first.get(rotten)
    assert copy.get(uncopied)


def test_a_store_that_is_whole_holds_and_one_that_is_away_is_not_called_damaged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not reached is not lost, and nothing is mended because of it."""
    first, copy = stores(world)
    desk = FixityDesk(world.services.database, first, copy, world.clock)
    assert desk.run(repair=True).holds

    def away(_digest: str) -> bytes:
        raise StoreError(Problem("objects-away", "It is switched off.", "Switch it on."))

    monkeypatch.setattr(copy, "get", away)
    report = desk.run()

    assert not report.holds
    assert len(report.unreachable) == report.examined
    assert (report.missing_copies, report.damaged_copies) == ([], [])


def run(*arguments: str | Path, code: int = 0) -> str:
    """A command's result."""
    result = CliRunner().invoke(esm, [str(one) for one in arguments])
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo has carried packets to their end."""
    folder = tmp_path_factory.mktemp("served") / "data"
    run("demo", "--dir", folder, "--acos", "2")
    return folder


def test_a_backup_is_rehearsed_into_an_empty_folder(served: Path, tmp_path: Path) -> None:
    """Backup, restore, and the checker finds nothing amiss: every document, signature, entry and byte."""
    told = json.loads(run("backup", "--dir", served, "--to", tmp_path / "copy", "--with-keys", "--json"))
    back = json.loads(run("restore", "--from", tmp_path / "copy", "--dir", tmp_path / "new", "--json"))
    checked = json.loads(run("fsck", "--dir", tmp_path / "new", "--json"))
    fixity = json.loads(run("archive", "fixity", "--dir", tmp_path / "new", "--json"))

    assert (told["objects"], told["gaps"]) == (back["objects"], back["gaps"]) == (fixity["examined"], [])
    assert (checked["problems"], checked["documents"] > 0, checked["signatures"] > 0) == ([], True, True)
    assert fixity["holds"]
    assert (tmp_path / "new" / "pki" / "root.key").stat().st_mode & 0o077 == 0


def test_a_backup_without_keys_has_none(served: Path, tmp_path: Path) -> None:
    """Neither keys nor kept secrets, unless they are asked for; with the keys from elsewhere it is whole again."""
    run("backup", "--dir", served, "--to", tmp_path / "copy")
    run("restore", "--from", tmp_path / "copy", "--dir", tmp_path / "new")
    assert {one.name for one in (tmp_path / "copy").iterdir()} == {"backup.json", "esm.db", "objects"}

    for name in ("pki", "secrets"):
        shutil.copytree(served / name, tmp_path / "new" / name)
    assert json.loads(run("fsck", "--dir", tmp_path / "new", "--json"))["problems"] == []


def test_a_database_that_is_newer_than_the_store_is_told_exactly(
    served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Database and bytes from different moments: each recorded digest that has no bytes is named, and no other.

    Two processes that share the work find what one finds.
    """
    run("backup", "--dir", served, "--to", tmp_path / "copy", "--with-keys")
    with_bytes = sorted(path for path in (tmp_path / "copy" / "objects").rglob("*") if len(path.name) == 64)
    lost = {with_bytes[0].name, with_bytes[-1].name}
    for path in (with_bytes[0], with_bytes[-1]):
        path.unlink()

    back = json.loads(run("restore", "--from", tmp_path / "copy", "--dir", tmp_path / "new", "--json", code=1))

    assert {one.split(": ")[1] for one in back["gaps"]} == lost
    alone = json.loads(run("fsck", "--dir", tmp_path / "new", "--json", "--processes", "1", code=1))
    assert "bytes-lost" in {one["code"] for one in alone["problems"]}
    monkeypatch.setattr("web.cli.fsck.MANY", 1)
    assert json.loads(run("fsck", "--dir", tmp_path / "new", "--json", "--processes", "2", code=1)) == alone


def test_what_is_no_backup_and_what_is_in_the_way_is_refused(served: Path, tmp_path: Path) -> None:
    """A folder with something in it, a folder without a manifest, a database that was changed."""
    from packets.keeping.backup import restore

    run("backup", "--dir", served, "--to", tmp_path / "copy")
    full = tmp_path / "full"
    full.mkdir()
    (full / "something").touch()
    with pytest.raises(ConflictError):
        restore(tmp_path / "copy", full)
    with pytest.raises(NotFoundError):
        restore(full, tmp_path / "new")
    with (tmp_path / "copy" / "esm.db").open("ab") as file:
        file.write(b"x")
    with pytest.raises(InputError):
        restore(tmp_path / "copy", tmp_path / "other")


def test_postgresql_is_copied_by_its_own_tools(new_database: object, tmp_path: Path) -> None:
    """The service says so, and makes nothing."""
    assert callable(new_database)
    database = new_database()
    assert isinstance(database, Database)
    database.upgrade()
    if database._engine.dialect.name == "sqlite":
        database.snapshot(tmp_path / "copy.db")
        assert (tmp_path / "copy.db").exists()
    else:
        with pytest.raises(InputError) as refusal:
            database.snapshot(tmp_path / "copy.db")
        assert refusal.value.problems[0].code == "not-embedded"


def test_fixity_is_built_on_both_stores(folder: Path, tmp_path: Path) -> None:
    """With a copy in the settings the desk knows both."""
    services = build_services(settings_of(folder, tmp_path / "copy"))

    assert build_fixity(services).copy is not None
    services.database.close()
