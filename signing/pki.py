"""The keys and certificates of one service: a root, an issuing authority, the service seal, the embedded time-stamp authority.

They live in one folder, each private key as encrypted PKCS#8. The service never opens the root's key: it signs at
`init_pki` only, and belongs off line afterwards. The passphrase opens every key, so it should be drawn at random.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from packets.errors import Problem
from signing.errors import PkiError
from signing.identity import CertificateAuthority
from signing.oids import SEAL_POLICY
from signing.profiles import authority_profile, issuing_profile, signing_profile, timestamp_profile
from signing.trust import Trust

YEAR = timedelta(days=365)
ROOT_YEARS, ISSUING_YEARS, TIMESTAMP_YEARS, SEAL_YEARS = 25, 20, 20, 5
"""The time-stamp authority outlives the records' retention (42 CFR 425.314: ten years and more); the seal is renewed."""

PARTS = ("root", "issuing", "seal", "tsa")
OPENED = ("issuing", "seal", "tsa")
TRUST_FILE = "trust.pem"
ROOT_LIST_FILE = "root.crl"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key and the certificate of its public half."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class Pki:
    """What the service signs with, opened.

    Attributes:
        root: the root's certificate; its key is not here.
        root_list: the root's revocation list, DER.
        authority: issues the signers' certificates.
        seal: signs every document first.
        timestamps: the embedded time-stamp authority.
    """

    root: x509.Certificate
    root_list: bytes
    authority: CertificateAuthority
    seal: KeyPair
    timestamps: KeyPair

    @property
    def trust(self) -> Trust:
        """The trust of a verifier that trusts this service and nobody else."""
        return Trust(roots=(self.root.public_bytes(serialization.Encoding.DER),))


def init_pki(folder: Path, passphrase: str, now: datetime, *, sample: bool) -> None:
    """Make all keys and certificates, in one step or not at all.

    Args:
        folder: where to; it must not exist, or be empty.
        passphrase: encrypts the private keys.
        now: start of validity.
        sample: names the authorities as samples, so that no certificate of a demonstration is taken for a real one.

    Raises:
        PkiError: the folder has something in it, the passphrase is empty, or the disk refuses.
    """
    _refuse_unusable(folder, passphrase)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            for name, content in _pki_files(passphrase, now, sample=sample).items():
                _write_private(draft / name, content)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        _sync(folder.parent)
    except OSError as error:
        remedy = "Give a folder that can be written."
        raise PkiError(
            Problem("pki-unwritable", f"The keys cannot be written: {error}.", remedy, str(folder))
        ) from error


def load_pki(folder: Path, passphrase: str) -> Pki:
    """Open the keys that the service signs with, and check that keys and certificates belong together.

    Raises:
        PkiError: with every file that is missing, cannot be opened or does not fit.
    """
    problems: list[Problem] = []
    certificates = {part: one for part in PARTS if (one := _load_certificate(folder / f"{part}.pem", problems))}
    keys = {part: key for part in OPENED if (key := _load_key(folder / f"{part}.key", passphrase, problems))}
    root_list = _load_root_list(folder / ROOT_LIST_FILE, problems)
    if not problems:
        problems = _misfits(certificates, keys, folder)
    if problems:
        raise PkiError(problems)
    pairs = {part: KeyPair(keys[part], certificates[part]) for part in OPENED}
    authority = CertificateAuthority(pairs["issuing"].certificate, pairs["issuing"].key)
    return Pki(certificates["root"], root_list, authority, pairs["seal"], pairs["tsa"])


def _refuse_unusable(folder: Path, passphrase: str) -> None:
    problems = []
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        problems.append(
            Problem("pki-exists", "There are keys or other files already.", "Give an empty folder.", str(folder))
        )
    if not passphrase.strip():
        problems.append(
            Problem("pki-passphrase-missing", "The passphrase is empty.", "Set ESM_PKI_PASSPHRASE to a random text.")
        )
    if problems:
        raise PkiError(problems)


def _pki_files(passphrase: str, now: datetime, *, sample: bool) -> dict[str, bytes]:
    """Every file of the folder by name: keys, certificates, the root's revocation list and the trust of verifiers."""
    keys = {part: ec.generate_private_key(ec.SECP384R1() if part == "root" else ec.SECP256R1()) for part in PARTS}
    certificates = _certificates(keys, now, sample=sample)
    root = CertificateAuthority(certificates["root"], keys["root"])
    encryption = serialization.BestAvailableEncryption(passphrase.encode())
    pem = serialization.Encoding.PEM
    files = {
        f"{part}.key": key.private_bytes(pem, serialization.PrivateFormat.PKCS8, encryption)
        for part, key in keys.items()
    }
    files |= {f"{part}.pem": certificate.public_bytes(pem) for part, certificate in certificates.items()}
    files[ROOT_LIST_FILE] = root.issue_revocation_list(now, lifetime=ROOT_YEARS * YEAR)
    files[TRUST_FILE] = files["root.pem"]
    return files


def _certificates(
    keys: Mapping[str, ec.EllipticCurvePrivateKey], now: datetime, *, sample: bool
) -> dict[str, x509.Certificate]:
    mark = " (SAMPLE)" if sample else ""
    fingerprint = x509.SubjectKeyIdentifier.from_public_key(keys["root"].public_key()).digest[:4].hex()
    public = {part: key.public_key() for part, key in keys.items()}

    def name(title: str) -> x509.Name:
        return _service_name(f"ESM Packets {title} {fingerprint}{mark}")

    def draft(title: str, years: int) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(name(title))
        return builder.not_valid_before(now).not_valid_after(now + years * YEAR)

    root_draft = authority_profile(draft("Root", ROOT_YEARS), public["root"], path_length=1).issuer_name(name("Root"))
    root = root_draft.serial_number(x509.random_serial_number()).sign(keys["root"], hashes.SHA256())
    root_authority = CertificateAuthority(root, keys["root"])
    issuing = root_authority.complete(issuing_profile(draft("Issuing Authority", ISSUING_YEARS), public["issuing"]))
    issuing_authority = CertificateAuthority(issuing, keys["issuing"])
    return {
        "root": root,
        "issuing": issuing,
        "seal": issuing_authority.complete(signing_profile(draft("Seal", SEAL_YEARS), public["seal"], SEAL_POLICY)),
        "tsa": root_authority.complete(
            timestamp_profile(draft("Time-Stamp Authority", TIMESTAMP_YEARS), public["tsa"])
        ),
    }


def _service_name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ESM Packets"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, and wait until the disk has it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _load_certificate(path: Path, problems: list[Problem]) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        problems.append(_unreadable(path, error))
        return None


def _load_key(path: Path, passphrase: str, problems: list[Problem]) -> ec.EllipticCurvePrivateKey | None:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase.encode())
    except (OSError, ValueError, TypeError) as error:
        problems.append(_unreadable(path, error))
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key
    problems.append(_unreadable(path, ValueError("not an elliptic curve key")))
    return None


def _load_root_list(path: Path, problems: list[Problem]) -> bytes:
    try:
        content = path.read_bytes()
        x509.load_der_x509_crl(content)
    except (OSError, ValueError) as error:
        problems.append(_unreadable(path, error))
        return b""
    return content


def _unreadable(path: Path, error: Exception) -> Problem:
    remedy = "Check the passphrase and the folder, or make the keys with `esm pki init`."
    return Problem("pki-unreadable", f"The file cannot be opened: {error}.", remedy, str(path))


def _misfits(
    certificates: Mapping[str, x509.Certificate], keys: Mapping[str, ec.EllipticCurvePrivateKey], folder: Path
) -> list[Problem]:
    """Keys that are not of their certificate, and certificates that are not of their issuer."""
    issuers = {"root": "root", "issuing": "root", "seal": "issuing", "tsa": "root"}
    faulty = {part for part, key in keys.items() if key.public_key() != certificates[part].public_key()}
    faulty |= {part for part, issuer in issuers.items() if not _issued_by(certificates[part], certificates[issuer])}
    remedy = "Restore the whole folder from one backup."
    return [
        Problem(
            "pki-misfit",
            f"Key, certificate and issuer of {part} do not belong together.",
            remedy,
            str(folder / f"{part}.pem"),
        )
        for part in sorted(faulty)
    ]


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
