"""Keys come from their ceremony, and new ones never take the place of those that sealed something."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from packets.errors import PacketsError
from packets.settings import load_settings
from packets.store.database import Database
from upgrades.old_folders import unpack
from web.bootstrap import initialize
from web.cli import esm

PRODUCTION = {
    "ESM_MODE": "production",
    "ESM_PKI_PASSPHRASE": "a passphrase of these tests",
    "ESM_SESSION_SECRET": "a session secret of these tests",
    "ESM_WEBHOOK_SECRET": "a webhook secret of these tests",
}
NEXT_NEED = ["tsa-missing"]
"""What production lacks here once its keys are opened."""


def run(folder: Path, *words: str) -> Result:
    """`esm` on a folder."""
    return CliRunner().invoke(esm, [*words, "--dir", str(folder)])


def codes(result: Result) -> list[str]:
    """The codes of a refusal."""
    return [problem.code for problem in result.exception.problems] if isinstance(result.exception, PacketsError) else []


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a production service."""
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("production")
def test_an_upgrade_makes_no_keys_in_production(tmp_path: Path) -> None:
    """It names the command of the ceremony, as every command does that needs keys; after it they work."""
    folder = tmp_path / "data"
    upgraded = run(folder, "db", "upgrade")
    assert (upgraded.exit_code, (folder / "pki").exists()) == (0, False)
    assert "esm: pki-missing" in upgraded.output
    assert "esm pki init" in upgraded.output
    refused = run(folder, "user", "list")
    assert codes(refused) == ["pki-missing"]
    assert "esm pki init" in str(refused.exception)
    assert run(folder, "pki", "init").exit_code == 0
    assert codes(run(folder, "user", "list")) == NEXT_NEED
    assert "pki-missing" not in run(folder, "db", "upgrade").output


@pytest.mark.usefixtures("production")
def test_keys_may_come_before_the_schema(tmp_path: Path) -> None:
    """The order of docs/operations.md."""
    folder = tmp_path / "data"
    assert run(folder, "pki", "init").exit_code == 0
    kept = {path.name: path.read_bytes() for path in (folder / "pki").iterdir()}
    assert run(folder, "db", "upgrade").exit_code == 0
    assert {path.name: path.read_bytes() for path in (folder / "pki").iterdir()} == kept
    assert codes(run(folder, "user", "list")) == NEXT_NEED


def test_an_upgrade_needs_no_passphrase_in_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine that migrates has no keys and no secrets."""
    monkeypatch.setenv("ESM_MODE", "production")
    assert run(tmp_path / "data", "db", "upgrade").exit_code == 0


def test_outside_production_a_new_folder_gets_its_keys(tmp_path: Path) -> None:
    """And an upgrade that broke off before they were made makes them the next time."""
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(Database(f"sqlite:///{folder / 'esm.db'}")) as database:
        database.upgrade()
    assert run(folder, "db", "upgrade").exit_code == 0
    assert run(folder, "user", "list").exit_code == 0


@pytest.mark.parametrize("mode", ["demo", "development", "production"])
def test_where_something_was_sealed_no_new_keys_are_made(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup without keys was restored: upgrade, start and demonstration say that the keys are missing, and where they are."""
    if mode == "production":
        for name, value in PRODUCTION.items():
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("ESM_MODE", mode)
    whole, folder = unpack("0.1.0", tmp_path / "whole"), tmp_path / "restored"
    assert run(whole, "db", "upgrade").exit_code == 0
    if mode != "production":
        assert run(whole, "backup", "--to", str(tmp_path / "backup")).exit_code == 0
        assert run(folder, "restore", "--from", str(tmp_path / "backup")).exit_code == 0
    else:
        shutil.copytree(whole, folder, ignore=shutil.ignore_patterns("pki", "secrets"))
    upgraded = run(folder, "db", "upgrade")
    assert (upgraded.exit_code, "pki-missing" in upgraded.output) == (0, True)
    initialize(load_settings(dir=folder), sample=True)
    refused = run(folder, "user", "list")
    assert codes(refused) == ["pki-missing"]
    assert "Copy the folder `pki` here" in str(refused.exception)
    assert not (folder / "pki").exists()
    shutil.copytree(whole / "pki", folder / "pki")
    shutil.copytree(whole / "secrets", folder / "secrets", dirs_exist_ok=True)
    for name in PRODUCTION:
        monkeypatch.delenv(name, raising=False)
    assert run(folder, "fsck", "--processes", "1").exit_code == 0


def test_a_backup_of_an_older_version_is_restored_and_told(tmp_path: Path) -> None:
    """Everything is put back, and the way on is named; the older version's program could open it as it is."""
    folder, backup, target = unpack("0.1.0", tmp_path / "data"), tmp_path / "backup", tmp_path / "restored"
    run(folder, "db", "upgrade")
    assert run(folder, "backup", "--with-keys", "--to", str(backup)).exit_code == 0
    _put_older_database_into(backup, unpack("0.1.0", tmp_path / "again") / "esm.db")
    restored = run(target, "restore", "--from", str(backup))
    assert restored.exit_code == 1
    assert "esm: schema-older" in restored.output
    assert "; 0 missing." in restored.output
    assert sorted(path.name for path in target.iterdir()) == ["esm.db", "objects", "pki", "secrets"]
    assert run(target, "db", "upgrade").exit_code == 0
    assert run(target, "fsck", "--processes", "1").exit_code == 0


def test_a_backup_of_a_database_that_nobody_knows_is_not_restored(tmp_path: Path) -> None:
    """Nothing is put anywhere."""
    folder, backup, target = unpack("0.1.0", tmp_path / "data"), tmp_path / "backup", tmp_path / "restored"
    run(folder, "db", "upgrade")
    run(folder, "backup", "--to", str(backup))
    foreign = tmp_path / "foreign.db"
    foreign.write_text("no database\n", "utf-8")
    _put_older_database_into(backup, foreign)
    restored = run(target, "restore", "--from", str(backup))
    assert (codes(restored), target.exists()) == (["database-not-sqlite"], False)


def test_keys_are_not_rotated_where_the_log_cannot_be_told(tmp_path: Path) -> None:
    """The old ones are left as they are."""
    folder = unpack("0.1.0", tmp_path / "data")
    kept = {path.name: path.read_bytes() for path in (folder / "pki").iterdir()}
    assert codes(run(folder, "pki", "rotate", "seal")) == ["schema-older"]
    assert {path.name: path.read_bytes() for path in (folder / "pki").iterdir()} == kept


def _put_older_database_into(backup: Path, database: Path) -> None:
    """Make a backup one of another database, as an older version would have written it."""
    shutil.copy(database, backup / "esm.db")
    manifest = json.loads((backup / "backup.json").read_text("utf-8"))
    manifest["database_sha256"] = sha256(database.read_bytes()).hexdigest()
    (backup / "backup.json").write_text(json.dumps(manifest), "utf-8")
