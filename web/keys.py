"""The keys of a data folder: opened, made where there are none, replaced, and told when they are missing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing, nullcontext
from pathlib import Path

from packets.audit.log import SERVICE, Act
from packets.clock import Clock, system_clock
from packets.errors import Problem
from packets.settings import Settings
from packets.store.database import Database
from signing.errors import PkiError
from signing.pki import Pki, init_pki, load_pki
from signing.rotation import ROTATED, Rotation, rotate_pki
from signing.sources.held_private_key import HeldPrivateKey
from signing.sources.socket_client import SocketKey
from signing.vault import KeyHolder, Vault
from web.carriers import open_database
from web.kept_secrets import find_secret


def open_keys(settings: Settings, database: Database) -> Pki:
    """Open the keys of the settings' folder.

    Raises:
        PkiError: they are missing, with the way to make or to bring them, or cannot be opened.
        InputError: production was given no passphrase.
    """
    if not settings.pki.exists():
        raise PkiError(describe_missing_keys(settings, database))
    return load_pki(settings.pki, find_secret(settings, "pki_passphrase"), key_holder(settings))


def describe_missing_keys(settings: Settings, database: Database) -> Problem:
    """Say that a folder has no keys, and how it gets some: new ones only where nothing was sealed with others."""
    sealed = database.inspect_schema().state.is_usable and has_sealed(database)
    make = "Make them with `esm pki init --dir …`, as docs/operations.md says."
    bring = (
        "Copy the folder `pki` here from where its copy is kept; new keys are not the ones that sealed its documents."
    )
    return Problem("pki-missing", "There are no keys in this folder.", bring if sealed else make, str(settings.pki))


def has_sealed(database: Database) -> bool:
    """Whether anything in the records was sealed with the keys of a service."""
    with database.read() as records:
        return records.ledger.has_sealed()


def make_keys(
    settings: Settings,
    clock: Clock = system_clock,
    *,
    sample: bool,
    held: Mapping[str, str] | None = None,
    root_key: Path | None = None,
) -> Pki:
    """Make the keys of a folder that has none yet, and open them; those that are held stay with the signer process.

    Raises:
        PkiError: there are keys already, or the disk refuses.
        SigningError: the signer process does not have a key, or cannot be reached.
        InputError: production was given no passphrase.
    """
    passphrase, holder = find_secret(settings, "pki_passphrase"), key_holder(settings)
    init_pki(settings.pki, passphrase, clock(), sample=sample, holder=holder, held=held, root_key=root_key)
    return load_pki(settings.pki, passphrase, holder)


def key_holder(settings: Settings) -> KeyHolder | None:
    """Reaches keys of the signer process that the settings name; None where they name none."""
    path = settings.signer_socket
    return None if path is None else lambda label: HeldPrivateKey(SocketKey(path, label))


def rotate_keys(
    settings: Settings,
    rotation: Rotation,
    clock: Clock = system_clock,
    *,
    root_key: Path | None = None,
    held: Mapping[str, str] | None = None,
) -> Pki:
    """Replace keys of the settings' folder, open the new ones, and tell the audit log where there is one.

    Raises:
        PkiError: a key is missing or does not fit, its issuer has expired, or the disk refuses; nothing was replaced.
        SchemaError: the log cannot be told of it; nothing was replaced.
        InputError: production was given no passphrase.
    """
    now = clock()
    with closing(open_database(settings)) if settings.has_database else nullcontext() as database:
        if database:
            database.inspect_schema().require()
        vault = Vault(find_secret(settings, "pki_passphrase"), key_holder(settings), held or {})
        pki = rotate_pki(settings.pki, vault, rotation, now, root_key=root_key)
        serials = {part: f"{pki.certificate(part).serial_number:x}" for part in ROTATED[rotation]}
        if database:
            with database.write() as records:
                records.journal.log(Act.KEYS_ROTATE, SERVICE, f"keys/{rotation}", now, certificates=serials)
    return pki
