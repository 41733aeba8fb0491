"""Settings: from the environment only, every mistake told at once, secrets also from files."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from packets.errors import InputError
from packets.settings import load_settings


def test_defaults_serve_the_embedded_mode() -> None:
    """Without a single variable there is a folder with a SQLite database and an object store in it."""
    settings = load_settings()

    assert settings.database == "sqlite:///esm-data/esm.db"
    assert settings.objects == Path("esm-data/objects")


def test_every_mistake_in_the_environment_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelled name and a value out of range: both problems, each naming its variable."""
    monkeypatch.setenv("ESM_DATABSE_URL", "sqlite://")
    monkeypatch.setenv("ESM_SESSION_HOURS", "99")

    with pytest.raises(InputError) as refusal:
        load_settings()

    assert [(one.code, one.where) for one in refusal.value.problems] == [
        ("setting-unknown", "ESM_DATABSE_URL"),
        ("setting-invalid", "ESM_SESSION_HOURS"),
    ]


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`ESM_PKI_PASSPHRASE_FILE` is read where the plain variable is absent; the plain one wins."""
    secret = tmp_path / "passphrase"
    secret.write_text("from the file\n", encoding="utf-8")
    monkeypatch.setenv("ESM_PKI_PASSPHRASE_FILE", str(secret))

    assert load_settings().pki_passphrase.get_secret_value() == "from the file"
    monkeypatch.setenv("ESM_PKI_PASSPHRASE", "from the variable")
    assert load_settings().pki_passphrase.get_secret_value() == "from the variable"


def test_secrets_do_not_show_in_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing the settings hides the passphrase."""
    monkeypatch.setenv("ESM_PKI_PASSPHRASE", "very secret words")

    assert "very secret words" not in repr(load_settings())


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "postgresql+psycopg://esm_app@/esm?host=/run/x",
            "postgresql+psycopg://esm_app:p%40ss%2Fw%3A%25@/esm?host=/run/x",
        ),
        ("postgresql://esm_app@db:5432/esm", "postgresql://esm_app:p%40ss%2Fw%3A%25@db:5432/esm"),
        ("postgresql://esm_app:own@db/esm", "postgresql://esm_app:own@db/esm"),
        ("sqlite:////srv/esm/esm.db", "sqlite:////srv/esm/esm.db"),
    ],
)
def test_the_databases_password_may_stand_apart_from_its_address(
    address: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is added, quoted, where the address names a user without one; one in the address wins."""
    secret = tmp_path / "password"
    secret.write_text("p@ss/w:%\n", encoding="utf-8")
    monkeypatch.setenv("ESM_DATABASE_URL", address)
    monkeypatch.setenv("ESM_DATABASE_PASSWORD_FILE", str(secret))

    assert load_settings().database == expected


def test_the_driver_gets_the_password_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is added to the address is what PostgreSQL's driver takes from it."""
    monkeypatch.setenv("ESM_DATABASE_URL", "postgresql+psycopg://esm_app@/esm?host=/run/postgresql")
    monkeypatch.setenv("ESM_DATABASE_PASSWORD", "p@ss/w:%é +")

    assert sa.make_url(load_settings().database).password == "p@ss/w:%é +"
