"""The object stores: something new is put, read back and removed, and what the newest record names is there."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from packets.errors import NotFoundError, PacketsError, Problem
from packets.settings import Settings
from packets.store.objects import ProbedStore
from web.monitoring.findings import Finding, broken, good, watch
from web.monitoring.installation import COPY, STORE, Installation, NeedError
from web.monitoring.network import Address, address_of, connection_fault

PROBE_BYTES = 64
NAMES = {STORE: "The object store", COPY: "The second store"}
VARIABLES = {STORE: "ESM_OBJECTS_URL", COPY: "ESM_OBJECTS_COPY_URL"}
AWAY = "objects-away"
"""Code of a refusal behind which a connection may be that cannot be had."""


def examine_objects(installation: Installation) -> Iterator[Finding]:
    """Find whether each store takes, gives back and locks, and is the one that belongs to the records."""
    for name in installation.store_names:
        try:
            store = installation.store(name)
            yield _probe(name, store)
            yield from _compare_newest(installation, name, store)
        except PacketsError as error:
            yield from (_refusal(installation.settings, name, problem) for problem in error.problems)


def _probe(name: str, store: ProbedStore) -> Finding:
    """Put random bytes, so that nothing that was there before can answer for them."""
    store.require_lock()
    if store.probe(secrets.token_bytes(PROBE_BYTES)):
        return good(f"{NAMES[name]} took something new, gave it back and removed it.")
    return good(
        f"{NAMES[name]} took something new and gave it back; its key removes nothing, so it stays under probe/."
    )


def _compare_newest(installation: Installation, name: str, store: ProbedStore) -> Iterator[Finding]:
    """Whether the store is the one that the records are about: it has the file that was recorded last."""
    try:
        digest = installation.records.digest
    except NeedError:
        return
    if not digest:
        return
    try:
        store.get(digest)
    except NotFoundError:
        if name == COPY:
            remedy = "Run `esm archive fixity --repair`, where no job makes the copy by itself."
            yield watch("The second store has no copy of the newest document.", remedy)
        else:
            remedy = f"Look at {VARIABLES[name]} and at --dir; run `esm archive fixity` for all that is missing."
            yield broken(
                "The object store does not have the newest document: it is another one, or has lost files.", remedy
            )


def _refusal(settings: Settings, name: str, problem: Problem) -> Finding:
    """The refusal of a store; where it cannot be reached, with what the network says. Certificates are told by the store."""
    sentence, remedy = problem.sentence, problem.remedy
    address = store_address(settings, name)
    if problem.code == AWAY and address is not None and (fault := connection_fault(address)):
        return broken(f"{NAMES[name]} cannot be reached: {fault}.", f"Look at the store, and at {VARIABLES[name]}.")
    if problem.where and Path(problem.where).is_absolute():
        sentence = f"{sentence.rstrip('.')} ({problem.where})."
    return broken(f"{NAMES[name]}: {sentence}" if name == COPY else sentence, remedy)


def store_address(settings: Settings, name: str) -> Address | None:
    """Where a bucket of the settings is spoken to; None for a folder, and for the machine's own region."""
    url = settings.objects_url if name == STORE else settings.objects_copy_url
    address = address_of(dict(parse_qsl(urlsplit(url).query)).get("endpoint", ""))
    return replace(address, encrypted=False) if address else None
