"""Data of every released version is upgraded, and everything that was signed, sealed or begun there goes on here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from browsing import Browser
from packets.documents.reproduction import reproduce
from packets.model.aco import Aco
from packets.model.documents import Document
from packets.model.people import Role
from packets.sample.year import SampleAco, SampleYear
from packets.settings import Settings
from packets.store.database import Database
from packets.store.schema_state import OLDEST_PROGRAM, SchemaState
from signing.checkpoints import verify_log
from signing.facts import expected_of
from signing.verify import verify_pdf
from upgrades.old_databases import KINDS, Rows, opened, rows_of, settings_on
from upgrades.old_folders import COMMITS, DATA, REPOSITORY, has_history, make_folder, run_version, unpack
from web.app import create_app
from web.bootstrap import Services, build_services, upgrade_folder
from web.demo import MARKER
from worlds import MovingClock, World


@dataclass(frozen=True, slots=True)
class UpgradedFolder:
    """A folder of an old version after `esm db upgrade`, opened by this version a minute after its last entry.

    Attributes:
        before: the rows before the upgrade.
        found: the revision before it.
    """

    services: Services
    clock: MovingClock
    before: Rows
    found: str

    @property
    def settings(self) -> Settings:
        """Where it is."""
        return self.services.settings

    @property
    def demonstration(self) -> dict[str, list[object]]:
        """What the old version wrote down of its demonstration."""
        told: dict[str, list[object]] = json.loads((self.settings.dir / MARKER).read_text("utf-8"))
        return told

    def executed(self) -> Iterator[tuple[Document, bytes]]:
        """The documents that the old version carried to their end, with their files."""
        for aco_id, year in self.demonstration["packets"]:  # type: ignore[misc]
            with self.services.database.read() as records:
                documents = records.documents.packet(aco_id, year)  # type: ignore[has-type]
            for document in documents:
                yield document, self.services.objects.get(document.head_digest)

    def passes(self, document: Document, pdf: bytes) -> bool:
        """Whether the verifier says PASSED at the folder's time."""
        return verify_pdf(pdf, self.services.signer.trust, expected=expected_of(document), now=self.clock()).passed

    def world(self) -> tuple[World, SampleAco]:
        """The folder as a world, and the ACO whose packet nobody has signed yet."""
        [aco_id], [[_, year], *_] = self.demonstration["practice"], self.demonstration["packets"]  # type: ignore[misc]
        with self.services.database.read() as records:
            aco, contacts = records.acos.get(str(aco_id), year), records.acos.contacts(str(aco_id), year)  # type: ignore[has-type]
            performance_year = records.years.get(year)  # type: ignore[has-type]
        assert isinstance(aco, Aco)
        assert performance_year is not None
        agency = tuple(self.services.directory.everybody(None))
        sample = SampleAco(aco, tuple(contacts), (), (), None)
        return World(self.services, SampleYear(performance_year, (sample,), agency), self.clock), sample


@pytest.fixture(scope="module", params=[(version, kind) for version in COMMITS for kind in KINDS], ids=" on ".join)
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpgradedFolder]:
    version, kind = request.param
    settings = settings_on(unpack(version, tmp_path_factory.mktemp("old") / "data"), kind)
    with opened(settings) as connection:
        before = rows_of(connection)
    found = upgrade_folder(settings).found
    clock = MovingClock(max(row["at_utc"] for row in before["audit"]) + timedelta(minutes=1))
    services = build_services(settings, clock)
    yield UpgradedFolder(services, clock, before, found)
    services.database.close()


def test_every_released_version_is_tried() -> None:
    """Each has an archive, and a version with a tag has a row here."""
    assert {path.name.removesuffix(".tar.xz") for path in DATA.glob("*.tar.xz")} == set(COMMITS)
    tags = subprocess.run(["git", "tag", "--list", "v*"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert {tag.removeprefix("v") for tag in tags.stdout.split()} - set(COMMITS) == set()


def test_nothing_that_was_recorded_is_lost_or_changed(upgraded: UpgradedFolder) -> None:
    """Every row of every table is there, with what stood in it; signing on only adds."""
    with opened(upgraded.settings) as connection:
        after = rows_of(connection, like=upgraded.before)
    assert upgraded.services.database.inspect_schema().state is SchemaState.READY
    for table in ("audit", "revisions", "signatures", "checkpoints", "people", "list_rows", "windows"):
        rows = after[table]
        assert [row for row in upgraded.before[table] if row not in rows] == [], table
        assert upgraded.before[table] or table == "checkpoints"
    assert upgraded.before.keys() == after.keys()


def test_the_checker_finds_no_problem_and_the_log_is_one_chain(upgraded: UpgradedFolder) -> None:
    """`esm fsck` and `esm audit verify`."""
    services = upgraded.services
    assert services.checker.run().problems == []
    services.checkpoints.make()
    with services.database.read() as records:
        verdict = verify_log(
            records.journal.entries(), services.checkpoints.bundles(), services.signer.trust, services.clock()
        )
    assert (verdict.problems, verdict.covered) == ((), verdict.entries)
    assert verdict.entries >= len(upgraded.before["audit"])


def test_every_document_passes_and_is_made_again_byte_for_byte(upgraded: UpgradedFolder) -> None:
    """By the verifier and the renderer of this version."""
    documents = list(upgraded.executed())
    assert len(documents) == 8
    for document, pdf in documents:
        assert document.executed_at is not None
        assert upgraded.passes(document, pdf)
        assert reproduce(upgraded.services.assembler, pdf).reproduced


def test_what_was_begun_there_is_signed_to_its_end_here(upgraded: UpgradedFolder) -> None:
    """The packet that the old version assembled and nobody signed: every slot of every document, CMS's too."""
    world, sample = upgraded.world()
    with world.services.database.read() as records:
        waiting = {one.document_id for one in records.documents.packet(sample.aco.aco_id, sample.aco.performance_year)}
    world.settle_agreement(sample)
    done = world.finish(sample)
    assert {one.document_id for one in done} == waiting
    assert all(one.executed_at for one in done)
    for document in done:
        assert upgraded.passes(document, world.services.objects.get(document.head_digest))
    assert world.services.checker.run().problems == []


def test_people_sign_in_with_their_passwords_and_see_their_packets(upgraded: UpgradedFolder) -> None:
    """The pages of this version on the records of that one."""
    world, sample = upgraded.world()
    app = create_app(replace(world.services, clock=upgraded.clock))
    browser, password = Browser(app), str(upgraded.demonstration["password"])
    user_id = next(contact.person.user_id for contact in sample.contacts if contact.role is Role.ACO_EXECUTIVE)
    assert browser.sign_in(user_id, password).status_code == 303
    page = browser.get("/")
    page = browser.get(page.location) if page.location else page
    assert (page.status_code, sample.aco.aco_id in page.text) == (200, True)
    assert app.test_client().get("/readyz").status_code == 200


@pytest.mark.parametrize("version", COMMITS)
def test_the_commands_of_this_version_work_on_the_folder_of_that_one(version: str, tmp_path: Path) -> None:
    """Typed one after the other, as processes of their own."""
    folder = unpack(version, tmp_path / "data")
    for words, code, said in (
        (("fsck", "--processes", "1"), 1, "schema-older"),
        (("demo",), 1, "schema-older"),
        (("db", "upgrade"), 0, "it was"),
        (("fsck", "--processes", "1"), 0, ": 0 problems."),
        (("audit", "verify"), 0, "one unbroken chain"),
        (("demo",), 0, "PASSED"),
        (("user", "list"), 0, "ACO"),
    ):
        done = _esm(*words, "--dir", str(folder))
        assert (done.returncode, said in done.stdout + done.stderr) == (code, True), (words, done)


@pytest.mark.parametrize("version", COMMITS)
def test_the_folder_that_is_kept_is_what_that_version_makes(version: str, tmp_path: Path) -> None:
    """Made anew by its own program, where the history has it: the same tables, and as many rows of each kind."""
    if not has_history(version):
        pytest.skip(f"The git history that is here does not have the commit of {version}.")
    make_folder(version, tmp_path / "new")
    shapes = []
    for folder in (unpack(version, tmp_path / "kept"), tmp_path / "new"):
        with opened(Settings(dir=folder)) as connection:
            shapes.append({table: len(rows) for table, rows in rows_of(connection).items()})
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("version", COMMITS)
def test_the_old_version_works_on_the_schema_of_this_one(version: str, tmp_path: Path) -> None:
    """The way back, and what runs beside the new one meanwhile: as long as the upgrade wrote down that it may."""
    if not has_history(version):
        pytest.skip(f"The git history that is here does not have the commit of {version}.")
    folder = unpack(version, tmp_path / "data")
    settings = Settings(dir=folder)
    old = upgrade_folder(settings).found
    if old < OLDEST_PROGRAM:
        pytest.skip(f"Version {version} has to end before the upgrade, as docs/operations.md says.")
    assert ": 0 problems." in run_version(version, "fsck", "--processes", "1", "--dir", str(folder))
    assert "one unbroken chain" in run_version(version, "audit", "verify", "--dir", str(folder))
    assert run_version(version, "audit", "checkpoint", "--dir", str(folder))
    services = build_services(settings)
    assert services.checker.run().problems == []
    services.database.close()


def test_a_folder_of_this_version_needs_no_upgrade(tmp_path: Path) -> None:
    """And says which version made its schema."""
    with_schema = Database(f"sqlite:///{tmp_path / 'esm.db'}")
    assert with_schema.upgrade().state is SchemaState.EMPTY
    assert with_schema.upgrade().state is SchemaState.READY
    with_schema.close()


def _esm(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from web.cli import main; main()", *words]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}  # noqa: TID251  for a process of its own
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=REPOSITORY)
