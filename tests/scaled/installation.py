"""The service spread out on this machine: PostgreSQL, an S3 store with Object Lock, processes that serve, processes that work.

Everything is started here and ends here: with the block, on Ctrl-C, on a failure, and with this process if it is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psycopg
from botocore.config import Config

import servers
from packets.settings import Settings
from web.bootstrap import Services, build_services

BUCKET, ROLE = "esm", "esm_app"
START_SECONDS, END_SECONDS, LOOK_SECONDS = 60.0, 40.0, 0.1
ESM = (sys.executable, "-c", "from web.cli import main; main()")
_LIBC = ctypes.CDLL(None)


@dataclass
class Installation:
    """What runs, and how it is reached.

    Attributes:
        folder: keys and secrets, which every process reads; and one log for each.
        environment: `ESM_*` for every process.
        addresses: of the processes that serve.
        workers: the processes that work.
    """

    folder: Path
    environment: dict[str, str]
    addresses: list[str] = field(default_factory=list)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def open(self) -> Services:
        """The service as a library, on the same settings, for what no door shows."""
        values: dict[str, Any] = {name.removeprefix("ESM_").lower(): value for name, value in self.environment.items()}
        return build_services(Settings(**values, dir=self.folder))

    def esm(self, *arguments: str | Path) -> str:
        """Run a command of the service and answer what it prints; its errors come with ours.

        Raises:
            RuntimeError: it says that something is wrong.
        """
        done = subprocess.run(
            [*ESM, *arguments], env=self._all, capture_output=True, text=True, check=False, cwd=self.folder
        )
        if done.returncode:
            raise RuntimeError(f"esm {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    @contextmanager
    def process(self, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process of the service for as long as the block runs; asked to end politely, and killed when it does not."""
        command = [*ESM, *arguments, "--dir", str(self.folder)]
        with (self.folder / f"{name}.log").open("wb") as log:
            started = subprocess.Popen(
                command,
                env=self._all,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: _LIBC.prctl(servers.PARENT_DIED, signal.SIGKILL),  # noqa: PLW1509  one call into libc
            )
        try:
            yield started
        finally:
            started.terminate()
            try:
                started.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()

    def log(self, name: str) -> str:
        """What a process has said lately."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")[-3000:]

    @property
    def _all(self) -> dict[str, str]:
        return {**os.environ, **self.environment}  # noqa: TID251  the processes are other people's


@contextmanager
def installed(
    folder: Path, postgresql: Mapping[str, Any], store: Mapping[str, Any], *, webs: int, workers: int
) -> Iterator[Installation]:
    """The service on two servers that run: set up by its own commands, with a role that owns nothing.

    Args:
        folder: an empty folder for keys, secrets and logs.
        postgresql: host and port of the server; it gets a database of its own.
        store: endpoint of the store, and `prefix` for the objects of this installation.
        webs: how many processes serve.
        workers: how many processes work.
    """
    name = f"esm_{folder.name}".replace("-", "_").lower()
    owner = {"ESM_DATABASE_URL": _database_url(postgresql, name, "postgres")}
    common = {
        "ESM_MODE": "demo",
        "ESM_QUEUE": "procrastinate",
        "ESM_OBJECTS_URL": f"s3://{BUCKET}/{store.get('prefix', '')}?endpoint={store['endpoint']}",
        "ESM_OBJECTS_ACCESS_KEY": "app",
        "ESM_OBJECTS_SECRET_KEY": "app-secret",
    }
    _create(postgresql, name)
    make_bucket(store["endpoint"])
    Installation(folder, common | owner).esm("db", "upgrade", "--dir", folder)
    grants = Installation(folder, common | owner).esm("db", "grants", ROLE)
    with _administration(postgresql, name) as connection:
        connection.execute(grants.encode())
    one = Installation(folder, common | {"ESM_DATABASE_URL": _database_url(postgresql, name, ROLE)})
    with ExitStack() as stack:
        ports = servers.free_ports(webs)
        serving = [
            stack.enter_context(one.process(f"web-{number}", "serve", "--port", str(port)))
            for number, port in enumerate(ports, 1)
        ]
        one.workers = [
            stack.enter_context(one.process(f"worker-{number}", "worker", "--threads", "1"))
            for number in range(1, workers + 1)
        ]
        one.addresses = [f"http://127.0.0.1:{port}" for port in ports]
        for number, process in enumerate(serving, 1):
            _wait(one, number, process)
        try:
            yield one
        except RuntimeError as error:
            said = "".join(f"\n--- {path.stem} ---\n{one.log(path.stem)}" for path in sorted(folder.glob("*.log")))
            raise RuntimeError(f"{error}{said}") from error


@contextmanager
def own_servers(folder: Path) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """PostgreSQL with everything on that makes it durable, and the store, both in a folder and for us alone."""
    folder.chmod(0o711)  # PostgreSQL's user must reach its own folder in it
    with servers.postgresql(folder / "postgresql", {}) as database, servers.seaweedfs(folder / "seaweedfs") as store:
        yield database.told, store.told


def make_bucket(endpoint: str) -> None:
    """The bucket with Object Lock, where it is not there yet; the service makes none."""
    admin = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="admin",
        aws_secret_access_key="admin-secret",
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    if BUCKET not in {one["Name"] for one in admin.list_buckets()["Buckets"]}:
        admin.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    admin.close()


def _wait(one: Installation, number: int, process: subprocess.Popen[bytes]) -> None:
    """Until a serving process says that everything which it needs can be used."""
    ends = time.monotonic() + START_SECONDS
    while not _is_ready(one.addresses[number - 1]):
        if process.poll() is not None or time.monotonic() > ends:
            raise RuntimeError(f"web-{number} does not serve:\n{one.log(f'web-{number}')}")
        time.sleep(LOOK_SECONDS)


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:  # noqa: S310  our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _database_url(server: Mapping[str, Any], name: str, user: str) -> str:
    return f"postgresql+psycopg://{user}@/{name}?host={server['host']}&port={server['port']}"


def _create(server: Mapping[str, Any], name: str) -> None:
    with _administration(server, "postgres") as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'".encode())


@contextmanager
def _administration(server: Mapping[str, Any], name: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(
        host=server["host"], port=server["port"], user="postgres", dbname=name, autocommit=True
    ) as connection:
        yield connection
