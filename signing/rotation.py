"""Rotating keys: a new key and certificate take over, what the old ones signed stays valid (RFC 5280; R4: records outlive keys).

The former certificates are kept, and every root stays in the trust of verifiers. The former private key is gone from the folder
once the new one is there: nobody can sign with it any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from packets.errors import Problem
from signing.errors import PkiError
from signing.key_files import hold, replace_files
from signing.pki import (
    ISSUERS,
    PARTS,
    ROOT_KEY_FILE,
    TITLES,
    TRUST_FILE,
    KeyPair,
    Pki,
    load_key,
    make_pairs,
    open_pki,
    pair_files,
    put_root_key,
    root_list_file,
    unwritable,
)
from signing.vault import Vault

FORMER_FILE = "former.pem"
"""Certificates that were replaced, the newest first."""


class Rotation(StrEnum):
    """What can be rotated. What it issues is rotated with it."""

    SEAL = "seal"
    TIMESTAMPS = "timestamps"
    AUTHORITY = "authority"
    ROOT = "root"


ROTATED: Mapping[Rotation, tuple[str, ...]] = {
    Rotation.SEAL: ("seal",),
    Rotation.TIMESTAMPS: ("tsa",),
    Rotation.AUTHORITY: ("issuing", "seal"),
    Rotation.ROOT: PARTS,
}


def rotate_pki(folder: Path, vault: Vault, rotation: Rotation, now: datetime, *, root_key: Path | None = None) -> Pki:
    """Replace keys and certificates, in one step or not at all, and open the result.

    Args:
        folder: the folder of keys.
        vault: opens the keys, and makes and files the new ones.
        rotation: what to replace.
        now: start of validity.
        root_key: the root's private key where it is kept elsewhere; for a new root, a new file that its key is put into.

    Raises:
        PkiError: a key is missing or does not fit, its issuer has expired, or the disk refuses; nothing was replaced.
    """
    try:
        with hold(folder):
            present = open_pki(folder, vault)
            issuers = _issuers(present, rotation, root_key or folder / ROOT_KEY_FILE, vault, now)
            made = make_pairs(ROTATED[rotation], issuers, now, sample=present.is_sample, vault=vault)
            files = pair_files(made, vault) | _kept(folder, made)
            if root := made.get("root") or issuers.get("root"):
                files |= root_list_file(root, now)
            with put_root_key(files, root_key):
                replace_files(folder, files)
            if root_key and "root" in made:
                (folder / ROOT_KEY_FILE).unlink(missing_ok=True)
            return open_pki(folder, vault)
    except OSError as error:
        raise unwritable(folder, error) from error


def _issuers(pki: Pki, rotation: Rotation, root_key: Path, vault: Vault, now: datetime) -> dict[str, KeyPair]:
    """The issuer of the first part that is replaced; it issues in its own name still, so it must not have expired."""
    first = ROTATED[rotation][0]
    if first == "root":
        return {}
    issuer = ISSUERS[first]
    pair = _root_pair(pki, root_key, vault) if issuer == "root" else _authority_pair(pki)
    if pair.certificate.not_valid_after_utc <= now:
        remedy = f"Rotate the {Rotation.ROOT if issuer == 'root' else Rotation.AUTHORITY} first."
        raise PkiError(Problem("issuer-expired", f"The certificate of the {TITLES[issuer]} has expired.", remedy))
    return {issuer: pair}


def _authority_pair(pki: Pki) -> KeyPair:
    return KeyPair(pki.authority.key, pki.authority.certificate)


def _root_pair(pki: Pki, root_key: Path, vault: Vault) -> KeyPair:
    problems: list[Problem] = []
    key = load_key(root_key, vault, problems)
    if key is not None and key.public_key() != pki.root.public_key():
        remedy = "Give the key that belongs to root.pem."
        problems.append(Problem("pki-misfit", "This is not the key of the service's root.", remedy, str(root_key)))
    if problems or key is None:
        raise PkiError(problems)
    return KeyPair(key, pki.root)


def _kept(folder: Path, made: Mapping[str, KeyPair]) -> dict[str, bytes]:
    """The replaced certificates among the former ones and, with a new root, the trust in every root."""
    former = folder / FORMER_FILE
    replaced = b"".join((folder / f"{part}.pem").read_bytes() for part in made)
    kept = {FORMER_FILE: replaced + (former.read_bytes() if former.exists() else b"")}
    if "root" in made:
        root = made["root"].certificate.public_bytes(serialization.Encoding.PEM)
        kept[TRUST_FILE] = root + (folder / TRUST_FILE).read_bytes()
    return kept
