"""In production, what is spoken over a network is encrypted: database and object stores (ASVS 12.3.1, 12.3.3)."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from packets.errors import InputError, Problem
from packets.settings import Settings

ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
"""Values of `sslmode` with which PostgreSQL's driver never speaks in clear; its default does where the server likes it."""


def require_encryption(settings: Settings) -> None:
    """Refuse addresses at which a production service would speak in clear to another machine.

    Raises:
        InputError: with every such address.
    """
    if settings.mode == "production" and (problems := connections_in_clear(settings)):
        raise InputError(problems)


def connections_in_clear(settings: Settings) -> list[Problem]:
    """What would cross a network without encryption, one problem an address; nothing is connected."""
    stores = {"ESM_OBJECTS_URL": settings.objects_url, "ESM_OBJECTS_COPY_URL": settings.objects_copy_url}
    problems = [_store_in_clear(name) for name, url in stores.items() if _is_clear_endpoint(url)]
    databases = {"ESM_DATABASE_URL": settings.database, "ESM_QUEUE_DATABASE_URL": settings.queue_database_url}
    return [_database_in_clear(name) for name, url in databases.items() if _is_clear_database(url)] + problems


def _is_clear_database(url: str) -> bool:
    address = urlsplit(url)
    options = parse_qs(address.query)
    host = address.hostname or options.get("host", [""])[-1]
    if not address.scheme.startswith("postgresql") or _is_here(host):
        return False
    return options.get("sslmode", [""])[-1] not in ENCRYPTED


def _is_clear_endpoint(url: str) -> bool:
    endpoint = urlsplit(parse_qs(urlsplit(url).query).get("endpoint", [""])[-1])
    return endpoint.scheme == "http" and not _is_here(endpoint.hostname or "")


def _is_here(host: str) -> bool:
    """Whether a host is this machine: no name, the folder of a socket, or a loopback address."""
    if host in {"", "localhost"} or host.startswith("/"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _database_in_clear(name: str) -> Problem:
    sentence = "The database would be spoken to without encryption."
    remedy = "Add ?sslmode=verify-full&sslrootcert=FILE to its address."
    return Problem("database-in-clear", sentence, remedy, name)


def _store_in_clear(name: str) -> Problem:
    sentence = "The object store would be spoken to without encryption."
    return Problem("objects-in-clear", sentence, "Name an endpoint that begins with https.", name)
