"""Where it happens: PostgreSQL and a store with Object Lock, or a folder alone; a prepared year, and its copy for a run."""

from __future__ import annotations

import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

import servers
from packets.settings import load_settings
from packets.store.grants import grant_statements
from scaled.installation import BUCKET, ROLE, Installation, make_bucket
from servers import MissingServerError
from web.bootstrap import initialize

WEBS = 2
READY_SECONDS, LOOK_SECONDS = 240.0, 0.1
PREPARED, RUN = "deadline_prepared", "deadline_run"
COMMON = {"ESM_MODE": "demo", "ESM_SECOND_FACTOR": "required", "ESM_LOG_LEVEL": "warning"}
"""As in production but for TLS, which is a proxy's, and for keys that anybody may see: everybody signs in with two factors."""


@dataclass
class Stage:
    """The two places in which the year can be kept.

    Attributes:
        folder: what is kept between runs.
        name: of the place.
        servers: process ids of database and store.
    """

    folder: Path
    name: str = "SQLite and files"
    servers: dict[str, int] = field(default_factory=dict)

    @property
    def keys(self) -> Path:
        """The folder of keys and secrets, and in the embedded mode of everything."""
        return self.folder / "data"

    def environment(self) -> dict[str, str]:
        """`ESM_*` with which the prepared year is made and looked at."""
        return {**COMMON, "ESM_QUEUE": "worker"}

    def make(self) -> None:
        """Schema and keys for a new year; what a preparation that was cut has left goes."""
        shutil.rmtree(self.keys)
        initialize(load_settings(**settings_of(self.environment(), self.keys)), sample=True)

    def installation(self) -> Installation:
        """A copy of the prepared year, with the schema of today, in which people sign."""
        copy = self.folder / "run"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.keys, copy)
        initialize(load_settings(**settings_of(self.environment(), copy)), sample=True)
        return Installation(copy, self.environment())


@dataclass
class ScaledStage(Stage):
    """PostgreSQL and S3. A run works on a copy of the database; objects are never changed, so that all runs share the bucket."""

    name: str = "PostgreSQL and S3"
    host: str = ""
    port: int = 0
    endpoint: str = ""

    def environment(self, name: str = PREPARED, user: str = ROLE) -> dict[str, str]:
        """`ESM_*` for one of the two databases."""
        return {
            **COMMON,
            "ESM_QUEUE": "procrastinate",
            "ESM_DATABASE_URL": f"postgresql+psycopg://{user}@/{name}?host={self.host}&port={self.port}",
            "ESM_OBJECTS_URL": f"s3://{BUCKET}/deadline/?endpoint={self.endpoint}",
            "ESM_OBJECTS_ACCESS_KEY": "app",
            "ESM_OBJECTS_SECRET_KEY": "app-secret",
        }

    def make(self) -> None:
        """Database, schema, keys, and a role that owns nothing; what a preparation that was cut has left goes."""
        shutil.rmtree(self.keys)
        self._administer(f"DROP DATABASE IF EXISTS {PREPARED} WITH (FORCE)")
        self._administer(f"CREATE DATABASE {PREPARED} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
        initialize(load_settings(**settings_of(self.environment(user="postgres"), self.keys)), sample=True)
        self._administer("; ".join(grant_statements(ROLE, "public")), PREPARED)

    def installation(self) -> Installation:
        """A copy of the prepared database, with the schema of today."""
        self._administer(f"DROP DATABASE IF EXISTS {RUN} WITH (FORCE)")
        self._administer(f"CREATE DATABASE {RUN} TEMPLATE {PREPARED}")
        initialize(load_settings(**settings_of(self.environment(RUN, "postgres"), self.keys)), sample=True)
        return Installation(self.keys, self.environment(RUN))

    def _administer(self, statement: str, name: str = "postgres") -> None:
        with psycopg.connect(
            host=self.host, port=self.port, user="postgres", dbname=name, autocommit=True
        ) as connection:
            connection.execute(statement.encode())


def settings_of(environment: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """The same settings as arguments, for processes that use the service as a library."""
    return {name.removeprefix("ESM_").lower(): value for name, value in environment.items()} | {"dir": folder}


@contextmanager
def stage_in(folder: Path, *, embedded: bool) -> Iterator[Stage]:
    """The place in a folder, with its servers for as long as the block runs.

    Raises:
        MissingServerError: PostgreSQL or SeaweedFS is not on this machine.
    """
    (folder / "data").mkdir(parents=True, exist_ok=True)
    if embedded:
        yield Stage(folder)
        return
    folder.chmod(0o711)  # PostgreSQL's user must reach its own folder in it
    with ExitStack() as stack:
        cluster = folder / "postgresql"
        if not (cluster / "data" / "PG_VERSION").exists():
            servers.make_cluster(cluster)
        database = stack.enter_context(servers.run_postgresql(cluster, servers.free_ports(1)[0], {}))
        store = stack.enter_context(servers.seaweedfs(folder / "seaweedfs"))
        _wait_for_bucket(store.told["endpoint"])
        one = ScaledStage(
            folder, host=database.told["host"], port=database.told["port"], endpoint=store.told["endpoint"]
        )
        one.servers = {"PostgreSQL": database.process.pid, "SeaweedFS": store.process.pid}
        yield one


def are_there() -> str:
    """Empty when both servers can be started on this machine; else what is missing."""
    try:
        servers._postgres_programs()  # noqa: SLF001  the tests' own module
    except MissingServerError as error:
        return str(error)
    weed = Path(servers.sys.executable).parent / "weed"
    return "" if weed.exists() else "SeaweedFS is not installed."


@contextmanager
def serving(one: Installation, workers: int) -> Iterator[dict[str, list[int]]]:
    """Processes that serve, and that work, on a copy of the year; their process ids by kind."""
    ports = servers.free_ports(WEBS)
    with ExitStack() as stack:
        webs = [
            stack.enter_context(one.process(f"web-{number}", "serve", "--port", str(port)))
            for number, port in enumerate(ports, 1)
        ]
        others = [
            stack.enter_context(one.process(f"worker-{number}", "worker", "--threads", "1"))
            for number in range(1, workers + 1)
        ]
        one.addresses = [f"http://127.0.0.1:{port}" for port in ports]
        for number, address in enumerate(one.addresses, 1):
            _until(lambda address=address: _is_ready(address), f"web-{number} does not serve", one)
        yield {"web": [each.pid for each in webs], "workers": [each.pid for each in others]}


def _wait_for_bucket(endpoint: str) -> None:
    ends = time.monotonic() + READY_SECONDS
    while True:
        try:
            make_bucket(endpoint)
        except Exception:
            if time.monotonic() > ends:
                raise
            time.sleep(LOOK_SECONDS)
        else:
            return


def _until(look: Any, otherwise: str, one: Installation) -> None:
    ends = time.monotonic() + READY_SECONDS
    while not look():
        if time.monotonic() > ends:
            raise RuntimeError(f"{otherwise}:\n" + "\n".join(one.log(path.stem) for path in one.folder.glob("*.log")))
        time.sleep(LOOK_SECONDS)


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:  # noqa: S310  our own address
            return bool(answer.status == 200)  # noqa: PLR2004  ready
    except (urllib.error.URLError, OSError):
        return False
