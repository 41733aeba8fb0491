"""What a production service would speak in clear to another machine is refused, and nothing else."""

from __future__ import annotations

import pytest

from packets.errors import InputError
from packets.settings import Settings
from web.encryption import connections_in_clear, require_encryption


def codes(**said: str) -> list[str]:
    return [one.code for one in connections_in_clear(Settings(**said))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite:////srv/esm.db",
        "postgresql:///esm?host=/run/postgresql",
        "postgresql+psycopg://esm@localhost/esm",
        "postgresql://esm@127.0.0.1:5432/esm",
        "postgresql://esm@[::1]/esm",
        "postgresql://esm@db.example.org/esm?sslmode=verify-full",
        "postgresql://esm@db.example.org/esm?sslmode=require",
    ],
)
def test_a_database_here_or_behind_tls_is_accepted(url: str) -> None:
    """Files, sockets and loopback addresses cross no network."""
    assert codes(database_url=url) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://esm@db.example.org/esm",
        "postgresql://esm@10.0.0.5/esm?sslmode=prefer",
        "postgresql://db.example.org/esm?sslmode=disable",
        "postgresql+psycopg:///esm?host=db.example.org",
        "postgresql://esm@127.0.0.1.example.org/esm",
    ],
)
def test_a_database_elsewhere_needs_tls_that_cannot_be_talked_away(url: str) -> None:
    """The driver's default speaks in clear where the server wishes."""
    assert codes(database_url=url) == ["database-in-clear"]


def test_every_store_in_clear_is_told_at_once() -> None:
    """Both addresses, each with its variable; endpoints here or with https are accepted."""
    clear, closed = "s3://records?endpoint=http://s3.example.org", "s3://records?endpoint=https://s3.example.org"
    found = connections_in_clear(Settings(objects_url=clear, objects_copy_url=clear))
    assert [one.where for one in found] == ["ESM_OBJECTS_URL", "ESM_OBJECTS_COPY_URL"]
    assert codes(objects_url=closed, objects_copy_url="s3://records?endpoint=http://127.0.0.1:8333") == []
    assert codes(objects_url="s3://records", objects_copy_url="file:///copies") == []


def test_production_alone_refuses() -> None:
    """Whoever develops may speak in clear."""
    url = "postgresql://db.example.org/esm"
    require_encryption(Settings(mode="development", database_url=url))
    with pytest.raises(InputError, match="database-in-clear"):
        require_encryption(Settings(mode="production", database_url=url))


def test_the_direct_address_of_the_queue_is_looked_at_as_well() -> None:
    """It leads to the same records, past the pooler."""
    pooled, direct = "postgresql://app@pooler/esm?sslmode=verify-full", "postgresql://app@db/esm"

    found = connections_in_clear(Settings(database_url=pooled, queue_database_url=direct))

    assert [(problem.code, problem.where) for problem in found] == [("database-in-clear", "ESM_QUEUE_DATABASE_URL")]
