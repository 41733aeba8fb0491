"""Where a year is kept in the fault runs: SQLite and files, or PostgreSQL and S3, with real servers that the run starts itself.

A column makes one place, the pattern, and copies of it. No connection may be open while a worker is forked, so that a place can
let go of all that it has; whoever uses it next connects anew.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias
from unittest.mock import patch

import boto3
import psycopg
from botocore.config import Config

import servers
from buckets import in_an_hour
from connections import Door
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.objects_files import FileObjects
from packets.store.objects_s3 import Bucket, Keys, S3Objects

BUCKET = "esm-faults"
IMPATIENT = 1
"""Seconds to wait for an answer of the store behind a door, so that a run does not take all day."""
RESTART_TRIES, RESTART_PAUSE = 100, 0.05


@dataclass(frozen=True, slots=True)
class Place:
    """One copy of the year.

    Attributes:
        stored: the digests of all objects that are there.
        let_go: ends every connection.
        remove: takes the copy away.
    """

    database: Database
    objects: ObjectStore
    stored: Callable[[], set[str]]
    let_go: Callable[[], None]
    remove: Callable[[], None]


Copier: TypeAlias = Callable[..., Place]
"""Makes a copy; its arguments say what is elsewhere, or what is in between."""


class Column(Protocol):
    """One of the two."""

    name: str

    def pattern(self) -> tuple[Place, Copier]:
        """An empty place without a schema, and what makes copies of it as it is by then."""


class Embedded:
    """SQLite in WAL mode, and files."""

    name = "SQLite and files"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pattern(self) -> tuple[Place, Copier]:
        """Two folders. Objects are never written twice, and are copied as further names of the same bytes where that can be."""
        pattern = self._folder / uuid.uuid4().hex
        (pattern / "database").mkdir(parents=True)

        def copy(*, database: Path | None = None, objects: Path | None = None) -> Place:
            folder = self._folder / uuid.uuid4().hex
            folder.mkdir()
            shutil.copytree(pattern / "database", database or folder / "database")
            link: Callable[[str, str], Any] = os.link if objects is None else shutil.copy2
            shutil.copytree(pattern / "objects", objects or folder / "objects", copy_function=link)
            return _embedded(folder, database or folder / "database", objects or folder / "objects")

        return _embedded(pattern, pattern / "database", pattern / "objects"), copy


def _embedded(folder: Path, database: Path, objects: Path) -> Place:
    opened = Database(f"sqlite:///{database / 'esm.db'}")

    def remove() -> None:
        opened.close()
        shutil.rmtree(folder)

    return Place(
        opened,
        FileObjects(objects),
        lambda: {path.name for path in objects.glob("??/*")},
        opened.close,
        remove,
    )


class Scaled:
    """PostgreSQL with everything on that makes it durable, and an S3 store with Object Lock; both are ours alone.

    Attributes:
        database_door: a way to the database that can be cut.
        store_door: a way to the store that can be cut, slowed, or made to lie.
    """

    name = "PostgreSQL and S3"

    def __init__(self, folder: Path, *, database: Path | None = None, objects: Path | None = None) -> None:
        """The servers keep what they keep in the folder, or in one that is named for each."""
        own = Path(tempfile.mkdtemp(prefix="esm-servers-", dir=folder))
        for one in (folder, own):
            one.chmod(0o711)  # PostgreSQL's user must reach it
        self._stack = ExitStack()
        self._cluster = (database or own) / "postgresql"
        servers.make_cluster(self._cluster)
        self.port = servers.free_ports(1)[0]
        self._running = ExitStack()
        self.postgresql = self._start()
        self._s3 = self._stack.enter_context(servers.seaweedfs((objects or own) / "seaweedfs")).told
        self._admin = _client(self._s3["endpoint"], "admin")
        self._admin.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        self._count = 0
        self.database_door, self.store_door = Door(self.port), Door(self._s3["port"])

    def close(self) -> None:
        """End both servers."""
        self.database_door.close()
        self.store_door.close()
        self._running.close()
        self._stack.close()

    def pattern(self) -> tuple[Place, Copier]:
        """A database of its own, and the bucket, which serves all copies, as nothing in it is ever changed."""
        pattern = self._new_database()

        def copy(*, doors: bool = False) -> Place:
            name = self._new_database(pattern)
            if not doors:
                return self._place(name, self.port, self._s3["endpoint"])
            with patch("packets.store.objects_s3.ANSWER_SECONDS", IMPATIENT):
                return self._place(name, self.database_door.port, f"http://127.0.0.1:{self.store_door.port}")

        return self._place(pattern, self.port, self._s3["endpoint"]), copy

    def _new_database(self, template: str = "template1") -> str:
        self._count += 1
        name = f"year_{self._count}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def kill_database(self) -> None:
        """SIGKILL to the postmaster."""
        self.postgresql.process.kill()
        self.postgresql.process.wait()

    def restart_database(self) -> None:
        """Start it again on what is there; its orphans let go of their shared memory soon after it died."""
        self._running.close()
        for _ in range(RESTART_TRIES):
            try:
                self.postgresql = self._start()
            except AssertionError:
                time.sleep(RESTART_PAUSE)
            else:
                return
        raise AssertionError("PostgreSQL does not start again")

    def revive_database(self) -> None:
        """Start it again if it has died."""
        if self.postgresql.process.poll() is not None:
            self.restart_database()

    def _start(self) -> servers.Server:
        self._running = ExitStack()
        return self._running.enter_context(servers.run_postgresql(self._cluster, self.port, {}))

    def _place(self, name: str, port: int, endpoint: str) -> Place:
        database = Database(f"postgresql+psycopg://postgres@127.0.0.1:{port}/{name}")
        store = S3Objects(Bucket(BUCKET, "", endpoint), Keys("app", "app-secret"), in_an_hour)
        before = self._listed()

        def let_go() -> None:
            database.close()
            store._client.close()
            self._admin.close()

        def remove() -> None:
            let_go()
            self._administer(f"DROP DATABASE {name} WITH (FORCE)")

        return Place(database, store, lambda: self._listed() - before, let_go, remove)

    def _listed(self) -> set[str]:
        pages = self._admin.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return {one["Key"].rpartition("/")[2] for page in pages for one in page.get("Contents", [])}

    def _administer(self, statement: str) -> None:
        with psycopg.connect(
            host=str(self._cluster), port=self.port, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())


def _client(endpoint: str, identity: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=identity,
        aws_secret_access_key=f"{identity}-secret",
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )


@contextmanager
def embedded(folder: Path) -> Iterator[Embedded]:
    """Needs nothing."""
    yield Embedded(folder)


@contextmanager
def scaled(folder: Path, *, database: Path | None = None, objects: Path | None = None) -> Iterator[Scaled]:
    """With its servers, which end with the block."""
    column = Scaled(folder, database=database, objects=objects)
    try:
        yield column
    finally:
        column.close()


COLUMNS: dict[str, Callable[[Path], Any]] = {"embedded": embedded, "scaled": scaled}
"""By the name that `--column` takes."""
