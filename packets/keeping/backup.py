"""A copy of the embedded mode's folder, made while the service runs, and the way back into an empty folder.

The database comes first, as one consistent moment; then the bytes that it names. Objects are put before they are recorded and
never change, so that what that moment names is there. Keys are left out unless asked for: who has them can sign as the service.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from packets.clock import Clock
from packets.errors import ConflictError, InputError, NotFoundError, PacketsError, Problem
from packets.store.database import Database
from packets.store.modes import copy_private, make_private_folder, open_private, reserve_private_file
from packets.store.objects import ObjectStore, digest_file
from packets.store.objects_files import FileObjects
from packets.store.schema_state import SchemaReport, SchemaState

MANIFEST, DATABASE, OBJECTS, PKI, SECRETS = "backup.json", "esm.db", "objects", "pki", "secrets"
VERSION = 1


@dataclass(slots=True)
class BackupReport:
    """What was copied.

    Attributes:
        gaps: recorded digests whose bytes were not there to be copied, with what they are for.
        keys: whether the service's keys and secrets are in the backup.
        schema: what has to be done with the database before it can be worked on; None where nothing has.
    """

    objects: int = 0
    size: int = 0
    keys: bool = False
    gaps: list[str] = field(default_factory=list)
    schema: Problem | None = None


def back_up(
    database: Database, objects: ObjectStore, folder: Path, to: Path, clock: Clock, *, keys: bool
) -> BackupReport:
    """Copy database, objects and, if asked, keys of a folder into a new one.

    Raises:
        ConflictError: the new folder has something in it.
        InputError: the database is not SQLite; PostgreSQL has tools of its own (docs/operations.md).
    """
    _take_empty(to)
    report, began = BackupReport(keys=keys), clock()
    reserve_private_file(to / DATABASE)
    database.snapshot(to / DATABASE)
    copy, named = FileObjects(to / OBJECTS), _named(to / DATABASE)
    for digest, where in named.items():
        try:
            content = objects.get(digest)
        except PacketsError as error:
            report.gaps.append(f"{where}: {digest}: {error.problems[0].code}")
            continue
        copy.put(content)
        report.objects += 1
        report.size += len(content)
    if keys:
        copy_private(folder / PKI, to / PKI)
        copy_private(folder / SECRETS, to / SECRETS)
    _write_manifest(to, {"at_utc": began.isoformat(), "objects": report.objects, "gaps": report.gaps, "keys": keys})
    return report


def restore(source: Path, to: Path) -> BackupReport:
    """Put a backup into a new folder; everything is read back. What the records name and the backup lacks is told.

    A backup of an older version is restored as it is, and the report says that its schema has to be upgraded.

    Raises:
        NotFoundError: this is no backup.
        ConflictError: the new folder has something in it.
        InputError: the database in the backup is not the one that was written there.
        SchemaError: this program knows nothing of such a database; nothing was restored.
    """
    manifest = _read_manifest(source)
    schema = _inspect(source / DATABASE)
    schema.require(upgradable=True)
    _take_empty(to)
    report = BackupReport(keys=bool(manifest["keys"]), schema=schema.problem)
    reserve_private_file(to / DATABASE)
    shutil.copyfile(source / DATABASE, to / DATABASE)
    kept, copy = FileObjects(source / OBJECTS, read_only=True), FileObjects(to / OBJECTS)
    for digest, where in _named(to / DATABASE).items():
        try:
            content = kept.get(digest)
        except PacketsError as error:
            report.gaps.append(f"{where}: {digest}: {error.problems[0].code}")
            continue
        copy.put(content)
        report.objects += 1
        report.size += len(content)
    for name in (PKI, SECRETS):
        copy_private(source / name, to / name)
    return report


def _take_empty(folder: Path) -> None:
    make_private_folder(folder)
    if any(folder.iterdir()):
        raise ConflictError(
            Problem("folder-not-empty", "There is something in this folder.", "Name a new one.", str(folder))
        )


def _inspect(database: Path) -> SchemaReport:
    with closing(Database(f"sqlite:///{database}")) as opened:
        return opened.inspect_schema()


def _named(database: Path) -> dict[str, str]:
    """What the records name. Those of an older version are asked in a copy that is upgraded, and then removed."""
    if _inspect(database).state is SchemaState.OLDER:
        with TemporaryDirectory(dir=database.parent) as scratch:
            copy = Path(shutil.copy(database, scratch))
            with closing(Database(f"sqlite:///{copy}")) as older:
                older.upgrade()
            return _named(copy)
    with closing(Database(f"sqlite:///{database}")) as opened, opened.read() as records:
        return records.ledger.digests()


def _write_manifest(to: Path, told: Mapping[str, object]) -> None:
    """Last, so that a backup that broke off is none."""
    content = {"version": VERSION, "database_sha256": digest_file(to / DATABASE), **told}
    with open(to / MANIFEST, "x", encoding="utf-8", opener=open_private) as file:
        file.write(json.dumps(content, indent=2) + "\n")


def _read_manifest(source: Path) -> dict[str, object]:
    try:
        manifest: dict[str, object] = json.loads((source / MANIFEST).read_text("utf-8"))
        whole = manifest["version"] == VERSION and "keys" in manifest
        right = whole and digest_file(source / DATABASE) == manifest["database_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        problem = Problem("backup-missing", "There is no whole backup here.", "Name the folder of one.", str(source))
        raise NotFoundError(problem) from None
    if not right:
        problem = Problem("backup-damaged", "The database in the backup was changed.", "Take another.", str(source))
        raise InputError(problem)
    return manifest
