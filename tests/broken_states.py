"""Folders of a service, each broken in one way, and what has to be said of it; docs/operations.md has a row for each phrase."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from packets.clock import system_clock
from packets.jobs.queue import enqueue
from packets.model.people import Role
from packets.sample.year import sample_year
from packets.settings import Settings
from packets.years.enrollment import Enrollment
from signing.pki import init_pki
from web.bootstrap import build_services, initialize
from web.demo import holder
from web.monitoring.findings import State

NOBODY = 65534
PAGE = 4096
PRODUCTION = {
    "ESM_MODE": "production",
    "ESM_PUBLIC_URL": "https://esm.example.org",
    "ESM_SESSION_SECRET": "a session secret for tests",
    "ESM_PKI_PASSPHRASE": "a passphrase for tests",
    "ESM_TSA_URLS": '["http://127.0.0.1:9/"]',
}


@dataclass(frozen=True)
class BrokenState:
    """A way to break a folder, and the finding that must come of it.

    Attributes:
        part: the part that the finding is about.
        phrase: what its sentence says, as the table in docs/operations.md does.
        remedy: what its remedy says.
        spoil: breaks the folder.
        never: what nobody may be told in this state.
        settings: variables of the environment.
        ordinary: whether it takes a user who may not do everything.
    """

    name: str
    part: str
    phrase: str
    remedy: str
    spoil: Callable[[Path], object]
    state: State = State.BROKEN
    never: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    ordinary: bool = False


@cache
def healthy_folder() -> Path:
    """A folder with a year, one ACO and one document, for its user alone and without the root's key."""
    folder = Path(mkdtemp(prefix="esm-healthy-")) / "data"
    settings = Settings(dir=folder, confinement="off")
    initialize(settings, sample=False)
    services = build_services(settings)
    now = system_clock()
    year = sample_year(now.year + 1, 2, now=now)
    staff, sample = next(one.user_id for one in year.agency if Role.CMS_STAFF in one.cms_roles), year.acos[0]
    services.enrollment.register(year.agency)
    services.enrollment.open_year(year.year, staff)
    lists = {"participants": sample.participants, "provider-supplier": sample.providers}
    services.enrollment.enroll(Enrollment(sample.aco, sample.contacts, lists), staff)
    executive, place = holder(sample, Role.ACO_EXECUTIVE), (sample.aco.aco_id, sample.aco.performance_year)
    services.enrollment.submit_contacts(*place, executive)
    services.enrollment.submit_organization(*place, executive)
    services.assembler.assemble(*place, "participant-list")
    with services.database.write() as records:
        enqueue(records, "waits", {}, "waits", now, due_at=now + timedelta(days=1000))
    services.database.close()
    (settings.pki / "root.key").unlink()
    folder.chmod(0o700)
    return folder


def copy_folder(to: Path) -> Path:
    """A healthy folder of its own."""
    return Path(shutil.copytree(healthy_folder(), to))


@contextmanager
def ordinary_user(folder: Path) -> Iterator[None]:
    """For the block, be a user who owns the folder and may not do everything; root may become root again."""
    if os.geteuid() != 0:
        yield
        return
    opened = [parent for parent in folder.parents if parent.owner() == "root" and not parent.stat().st_mode & 0o001]
    modes = {parent: parent.stat().st_mode for parent in opened}
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    for parent in opened:
        parent.chmod(modes[parent] | 0o011)
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        for parent, mode in modes.items():
            parent.chmod(mode)


def _write(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def _chmod(name: str, mode: int) -> Callable[[Path], object]:
    return lambda folder: (folder / name).chmod(mode)


def _unlink(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def _remove(name: str) -> Callable[[Path], object]:
    return lambda folder: shutil.rmtree(folder / name)


def _without_database(folder: Path) -> None:
    for path in folder.glob("esm.db*"):
        path.unlink()


def _noise(folder: Path) -> None:
    """Overwrite five pages of the database, none of them its first, with noise."""
    path, dice = folder / "esm.db", random.Random(17)  # noqa: S311  the same noise in every run
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages = path.stat().st_size // PAGE
    with path.open("r+b") as file:
        for page in range(10, pages, pages // 5):
            file.seek(page * PAGE)
            file.write(dice.randbytes(PAGE))


def _execute(statement: str) -> Callable[[Path], object]:
    def run(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "esm.db")) as connection:
            connection.execute(statement)
            connection.commit()

    return run


def _other_seal(folder: Path) -> None:
    """The seal's key and certificate of another service under the same passphrase, the certificate alone."""
    passphrase = (folder / "secrets" / "pki_passphrase").read_text("ascii")
    init_pki(folder / "other", passphrase, system_clock(), sample=False)
    shutil.copy(folder / "other" / "seal.pem", folder / "pki" / "seal.pem")


def _flip(name: str) -> Callable[[Path], object]:
    """Change some letters inside the armor of a key."""

    def change(folder: Path) -> None:
        lines = (folder / name).read_bytes().split(b"\n")
        lines[-4] = lines[-4].swapcase()
        (folder / name).write_bytes(b"\n".join(lines))

    return change


def _root_key(folder: Path) -> None:
    shutil.copy(folder / "pki" / "seal.key", folder / "pki" / "root.key")


def _production(folder: Path) -> None:
    """Nothing is broken but what the settings are."""
    (folder / "secrets").mkdir(exist_ok=True)


def _empty_in_production(folder: Path) -> None:
    """A new service: a database without documents, and no keys yet."""
    shutil.rmtree(folder / "pki")
    _without_database(folder)
    initialize(Settings(dir=folder, mode="development"), sample=False)
    shutil.rmtree(folder / "pki")


def _forget(folder: Path) -> None:
    """Objects of another service, as when another folder is mounted."""
    shutil.rmtree(folder / "objects")
    (folder / "objects").mkdir()


def _without_incoming(folder: Path) -> None:
    (folder / "objects" / "incoming").rmdir()
    (folder / "objects").chmod(0o555)


NEW_KEYS = ("pki init", "make the keys", "make demo", "make look", "rotate")
STATES = (
    BrokenState("a key that others may read", "keys", "can be read by others", "chmod 600", _chmod("pki/seal.key", 0o644)),
    BrokenState(
        "a key that the service may not read", "keys", "cannot be read", "Give it to the user who runs the service",
        _chmod("pki/seal.key", 0), never=NEW_KEYS, ordinary=True,
    ),
    BrokenState(
        "another passphrase", "keys", "The passphrase does not open", "back from its backup",
        _write("secrets/pki_passphrase", b"another"), never=NEW_KEYS,
    ),
    BrokenState(
        "another passphrase in production", "keys", "The passphrase does not open", "ESM_PKI_PASSPHRASE_FILE",
        _production, never=NEW_KEYS, settings=PRODUCTION,
    ),
    BrokenState(
        "no passphrase", "keys", "The passphrase of the keys is not there", "back from its backup",
        _unlink("secrets/pki_passphrase"), never=NEW_KEYS,
    ),
    BrokenState(
        "no keys, and documents that were sealed with them", "keys", "There are no keys in this folder",
        "Copy the folder `pki` here", _remove("pki"), never=NEW_KEYS,
    ),
    BrokenState(
        "no keys in a new service", "keys", "There are no keys in this folder", "docs/operations.md",
        _empty_in_production, never=("demo", "make look"), settings=PRODUCTION,
    ),
    BrokenState(
        "a certificate of garbage", "keys", "is damaged", "from one backup", _write("pki/seal.pem", b"no PEM"), never=NEW_KEYS
    ),
    BrokenState("a key of garbage", "keys", "is damaged", "from one backup", _write("pki/seal.key", b"no PEM"), never=NEW_KEYS),
    BrokenState("a changed key", "keys", "is damaged", "from one backup", _flip("pki/seal.key"), never=NEW_KEYS),
    BrokenState("a missing certificate", "keys", "is not there", "from one backup", _unlink("pki/tsa.pem"), never=NEW_KEYS),
    BrokenState(
        "a certificate of another key", "keys", "do not belong together", "from one backup", _other_seal, never=NEW_KEYS
    ),
    BrokenState(
        "the root's key on a machine of production", "keys", "The private key of the root lies on this machine", "Move it",
        _root_key, settings=PRODUCTION,
    ),
    BrokenState(
        "the root's key where keys are not samples", "keys", "The private key of the root lies on this machine", "Move it",
        _root_key, State.WATCH,
    ),
    BrokenState(
        "no database", "database", "There is no database in", "Name the right folder", _without_database, never=("make demo",)
    ),
    BrokenState(
        "no database in production", "database", "There is no database in", "Name the right folder", _without_database,
        never=("demo", "make look"), settings=PRODUCTION,
    ),
    BrokenState("five pages of noise", "database", "is damaged", "restore the last backup", _noise),
    BrokenState(
        "a database of garbage", "database", "is not one of SQLite", "restore the last backup", _write("esm.db", b"?" * 9000)
    ),
    BrokenState(
        "a database without tables", "database", "The database has no tables", "esm db upgrade", _write("esm.db", b"")
    ),
    BrokenState(
        "a database that is read only", "database", "can be read only", "Let the service's user write",
        _chmod("esm.db", 0o444), ordinary=True,
    ),
    BrokenState(
        "a trigger that was removed", "database", "Nothing keeps the table", "esm fsck", _execute("DROP TRIGGER audit_no_update")
    ),
    BrokenState(
        "objects that are read only", "objects", "The file store refused", "Let the service's user write",
        _chmod("objects", 0o555), ordinary=True,
    ),
    BrokenState(
        "no folder for what comes into the store", "objects", "The file store refused", "Let the service's user write",
        _without_incoming, ordinary=True,
    ),
    BrokenState(
        "objects of another service", "objects", "does not have the newest document", "esm archive fixity", _forget
    ),
    BrokenState(
        "an embedded queue that nobody serves", "queue", "No service runs on this folder", "serve",
        _execute("UPDATE jobs SET due_at_utc = '2026-01-01 00:00:00.000000', state = 'queued'"), State.WATCH,
    ),
    BrokenState(
        "a worker that does not run", "queue", "The oldest due job has been waiting", "worker",
        _execute("UPDATE jobs SET due_at_utc = '2026-01-01 00:00:00.000000', state = 'queued'"),
        settings={"ESM_QUEUE": "worker"},
    ),
    BrokenState(
        "documents of a type that is not installed", "assets", "whose types are not installed", "ESM_TEMPLATES_DIR",
        _execute("UPDATE documents SET kind = 'a-retired-type'"),
    ),
    BrokenState(
        "records that the search does not know", "search", "not found by what is recorded", "archive index",
        _execute("DELETE FROM record_entries"), State.WATCH,
    ),
    BrokenState(
        "a folder that everybody may see", "disk", "Every user of this machine", "chmod 700", _chmod(".", 0o755), State.WATCH
    ),
    BrokenState(
        "no sandbox in production", "sandbox", "is read by the service itself", "Unset ESM_CONFINEMENT", _production,
        settings=PRODUCTION,
    ),
    BrokenState(
        "a mail server that is not there", "mail", "cannot be reached: nobody listens at 127.0.0.1:9", "ESM_MAIL_URL",
        _production, settings={
            "ESM_MAIL_URL": "smtp://127.0.0.1:9", "ESM_MAIL_FROM": "a@b.example", "ESM_PUBLIC_URL": "https://esm.example",
        },
    ),
    BrokenState(
        "time-stamp authorities that are not there", "time-stamps", "gives no token that can be used: nobody listens",
        "ESM_TSA_URLS", _production, settings={"ESM_TSA_URLS": '["http://127.0.0.1:9/"]'},
    ),
    BrokenState(
        "a provider that is not there", "sign-on", "The provider of single sign-on cannot be reached: nobody listens",
        "ESM_OIDC_ISSUER", _production, settings={"ESM_OIDC_ISSUER": "https://127.0.0.1:9", "ESM_OIDC_CLIENT_ID": "esm"},
    ),
    BrokenState(
        "a provider without a name for this service", "settings", "not what it calls this service", "ESM_OIDC_CLIENT_ID",
        _production, settings={"ESM_OIDC_ISSUER": "https://127.0.0.1:9"},
    ),
    BrokenState(
        "a store that is not there", "objects", "The object store cannot be reached: nobody listens", "ESM_OBJECTS_URL",
        _production, settings={"ESM_OBJECTS_URL": "s3://esm?endpoint=https://127.0.0.1:9"},
    ),
    BrokenState(
        "a setting that nobody knows", "settings", "There is no setting ESM_MISSPELLED", "Correct its name", _production,
        settings={"ESM_MISSPELLED": "x"},
    ),
)  # fmt: skip
