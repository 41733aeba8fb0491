"""Secrets and personal data in everything that stays behind a day's work: databases, dumps, logs, exports, backups, files."""

from __future__ import annotations

import logging
import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from browsing import Site, open_site
from canaries import leaks
from databases import sqlite_file
from packets.audit.transcript import write_entries
from packets.lists.columns import PARTICIPANTS
from packets.model.people import Role
from packets.store.objects import MemoryObjects
from signing.pki import init_pki
from worlds import PASSPHRASE, PASSWORD, START

KIND, SLOT = "provider-supplier-list", "AuthorizedSigner"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str, Path]]:
    """Wrong and right passwords, a signature, refusals, downloads, corrections; and all that was logged meanwhile."""
    folder = tmp_path_factory.mktemp("day")
    messages: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(self.format(record))

    handler = Keep(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    site = open_site(folder, database=sqlite_file(folder))
    _work(site)
    logging.getLogger().removeHandler(handler)
    yield site, "\n".join(messages), folder
    site.world.services.database.close()


def _work(site: Site) -> None:
    executive = site.holder(Role.ACO_EXECUTIVE)
    browser = site.browser()
    browser.sign_in(executive, PASSWORD[::-1])
    browser.sign_in(executive, PASSWORD)
    document = site.document(KIND)
    site.sign(browser, document, SLOT, password=PASSWORD + "!")
    site.sign(browser, document, SLOT)
    browser.get(f"/documents/{document.document_id}/pdf")
    browser.get("/nowhere")
    assert site.document(KIND).signatures
    site.world.services.checkpoints.make()


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def test_no_secret_is_in_what_was_recorded_or_logged(day: tuple[Site, str, Path]) -> None:
    """Neither in the database's own files, nor in the log of the process, nor in any stored object."""
    site, logged, folder = day
    found = {name: leaks(content) for name, content in _files(folder)}
    assert [name for name in found if name.endswith(".db")]
    assert {name: what for name, what in found.items() if what} == {}
    assert leaks(logged) == []
    objects = site.world.services.objects
    assert isinstance(objects, MemoryObjects)
    assert leaks(pickle.dumps(objects.__dict__)) == []


def test_no_secret_is_in_an_export_of_the_log_or_a_copy_of_the_database(
    day: tuple[Site, str, Path], tmp_path: Path
) -> None:
    """What is taken away can be given away."""
    site, _, _ = day
    with site.world.services.database.read() as records:
        lines = b"".join(write_entries(records.journal.entries()))
    assert lines
    assert leaks(lines) == []
    target = tmp_path / "esm.db"
    site.world.services.database.snapshot(target)
    assert leaks(target.read_bytes()) == []


def test_keys_are_encrypted_where_they_lie_and_no_key_tells_its_passphrase(tmp_path: Path) -> None:
    """Whoever has the folder and not the passphrase has no key."""
    init_pki(tmp_path / "pki", PASSPHRASE, START, sample=True)
    found = dict(_files(tmp_path / "pki"))
    private = [content for name, content in found.items() if name.endswith(".key")]
    assert private
    assert all(b"BEGIN ENCRYPTED PRIVATE KEY" in one for one in private)
    assert [name for name, content in found.items() if leaks(content)] == []


def test_the_log_names_people_by_reference_and_never_lists(day: tuple[Site, str, Path]) -> None:
    """Names, addresses, telephone numbers and TINs stay where they can be disposed of; the log of ten years has user IDs."""
    site, logged, _ = day
    with site.world.services.database.read() as records:
        entries = b"".join(write_entries(records.journal.entries())).decode()
    people = site.world.year.people
    personal = {one.email for one in people} | {one.phone for one in people} | {one.full_name for one in people}
    tins = {row[PARTICIPANTS.place("tin")] for sample in site.world.year.acos for row in sample.participants}
    assert len(tins) > 3
    assert [one for one in sorted(personal | tins) if one and (one in entries or one in logged)] == []
    assert site.holder(Role.ACO_EXECUTIVE) in entries


LIST_TABLES = {"list_rows"}
"""Where rows of lists are kept, and nothing else."""


def test_tins_are_in_the_tables_of_lists_and_in_no_other(day: tuple[Site, str, Path]) -> None:
    """Mail that waits, events for machines, notices, refusals and sessions can be read by people who may not see a list."""
    site, _, folder = day
    tins = {row[PARTICIPANTS.place("tin")] for sample in site.world.year.acos for row in sample.participants}
    with closing(sqlite3.connect(next(folder.glob("*.db")))) as connection:
        connection.text_factory = bytes
        names = [row[0].decode() for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        held = {name: repr(connection.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names}  # noqa: S608

    assert len(held) > 20
    assert {name for name, content in held.items() if any(tin in content for tin in tins)} == LIST_TABLES
