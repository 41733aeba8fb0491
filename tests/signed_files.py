"""Signed files for tests: a service with a clock that stands still, and one document through its whole life."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from packets.clock import Clock
from packets.documents.catalog import load_catalog
from packets.model.documents import DocumentType, Slot
from packets.render.document import render_document
from signing.fields import field_dictionaries
from signing.identity import SignerIdentity
from signing.pades import SigningService
from signing.pki import Pki, init_pki, load_pki

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
PASSPHRASE = "a passphrase for tests"
KIND = "data-use-agreement"


class StillClock:
    """A clock that shows one time until a test sets it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.now


@dataclass(frozen=True, slots=True)
class Life:
    """Every revision of one document, in order.

    Attributes:
        draft, sealed, closed: first and last.
        signed: after each signature.
    """

    draft: bytes
    sealed: bytes
    signed: tuple[bytes, ...]
    closed: bytes

    @property
    def revisions(self) -> tuple[bytes, ...]:
        """All of them."""
        return (self.draft, self.sealed, *self.signed, self.closed)


@cache
def document_type() -> DocumentType:
    """A type with three slots: two of the ACO, in any order, and one of CMS."""
    return load_catalog()[KIND]


@cache
def draft() -> bytes:
    """An unsigned document of that type, its fields in place."""
    return render_document(document_type(), document_type().sample, field_dictionaries(document_type())).pdf


def keys_folder(name: str = "ours") -> Path:
    """A folder of keys, made once a test session; another name gives keys of somebody else."""
    return _make_keys(name)


@cache
def _make_keys(name: str) -> Path:
    parent = Path(tempfile.mkdtemp(prefix=f"esm-keys-{name}-"))
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    folder = parent / "pki"
    init_pki(folder, PASSPHRASE, NOW - timedelta(days=30), sample=True)
    return folder


def keys(name: str = "ours") -> Pki:
    """The keys of that folder."""
    return _open_keys(name)


@cache
def _open_keys(name: str) -> Pki:
    return load_pki(keys_folder(name), PASSPHRASE)


def identity(slot: Slot, number: int = 0) -> SignerIdentity:
    """A person who may sign a slot; another number is another person."""
    return SignerIdentity(
        user_id=f"QA{number:02}",
        name=f"Renée Test-Signer {number}",
        role=slot.roles[0],
        organization="Sample Care Partners, LLC",
        aco_id="A1234",
        performance_year=2027,
    )


def live(service: SigningService, *, order: tuple[int, ...] = (0, 1, 2)) -> Life:
    """Take a document from its draft to its end, its slots signed in that order."""
    sealed = service.seal(draft())
    signed: list[bytes] = []
    head = sealed
    for place in order:
        slot = document_type().slots[place]
        viewed = hashlib.sha256(head).hexdigest()
        head = service.sign(head, slot=slot, identity=identity(slot, place), viewed_digest=viewed).pdf
        signed.append(head)
    return Life(draft(), sealed, tuple(signed), service.close(head))


def life(name: str = "ours") -> Life:
    """A document's life at `NOW`, made once a test session."""
    return _live_once(name)


@cache
def _live_once(name: str) -> Life:
    return live(service(StillClock(), name))


def service(clock: Clock, name: str = "ours") -> SigningService:
    """A service with those keys."""
    return SigningService(keys(name), clock)
