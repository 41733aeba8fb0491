"""The keys and certificates of one service: a root, an issuing authority, the service seal, the embedded time-stamp authority.

They live in one folder, each private key as encrypted PKCS#8. The service never opens the root's key: it signs when keys are
made or rotated only, and belongs off line otherwise. The passphrase opens every key, so it should be drawn at random.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from packets.errors import Problem
from signing.errors import PkiError, SigningError
from signing.identity import CLOCK_SKEW, CertificateAuthority
from signing.key_files import create_file, create_folder, hold
from signing.key_problems import file_problem, missing_folder, told_apart
from signing.oids import SEAL_POLICY
from signing.profiles import authority_profile, issuing_profile, signing_profile, timestamp_profile
from signing.trust import Trust
from signing.vault import KeyHolder, Vault, holder_problems

YEAR = timedelta(days=365)
YEARS = {"root": 25, "issuing": 20, "seal": 5, "tsa": 20}
"""The time-stamp authority outlives the records' retention (42 CFR 425.314: ten years and more); the seal is renewed."""

TITLES = {"root": "Root", "issuing": "Issuing Authority", "seal": "Seal", "tsa": "Time-Stamp Authority"}
ISSUERS = {"root": "root", "issuing": "root", "seal": "issuing", "tsa": "root"}
PARTS = ("root", "issuing", "seal", "tsa")
OPENED = ("issuing", "seal", "tsa")
TRUST_FILE = "trust.pem"
"""Every root that the service ever had, the newest first: what a verifier needs."""

ROOT_LIST_FILE, ROOT_KEY_FILE = "root.crl", "root.key"
SAMPLE_MARK = " (SAMPLE)"


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
        former_roots: roots of the service's past, for what was signed under them.
    """

    root: x509.Certificate
    root_list: bytes
    authority: CertificateAuthority
    seal: KeyPair
    timestamps: KeyPair
    former_roots: tuple[x509.Certificate, ...] = ()

    @property
    def trust(self) -> Trust:
        """The trust of a verifier that trusts this service and nobody else."""
        roots = (self.root, *self.former_roots)
        return Trust(roots=tuple(one.public_bytes(serialization.Encoding.DER) for one in roots))

    def certificate(self, part: str) -> x509.Certificate:
        """The certificate of one of `PARTS`."""
        certificates = (self.root, self.authority.certificate, self.seal.certificate, self.timestamps.certificate)
        return dict(zip(PARTS, certificates, strict=True))[part]

    @property
    def is_sample(self) -> bool:
        """Whether its certificates say that they are samples."""
        return SAMPLE_MARK in self.root.subject.rfc4514_string()


def init_pki(
    folder: Path,
    passphrase: str,
    now: datetime,
    *,
    sample: bool,
    holder: KeyHolder | None = None,
    held: Mapping[str, str] | None = None,
    root_key: Path | None = None,
) -> None:
    """Make all keys and certificates, in one step or not at all.

    Args:
        folder: where to; it must not exist, or be empty.
        passphrase: encrypts the private keys.
        now: the time; validity starts `CLOCK_SKEW` earlier, with the first revocation lists, never after them.
        sample: names the authorities as samples, so that no certificate of a demonstration is taken for a real one.
        holder: reaches keys of the signer process.
        held: labels of keys that the signer process has, by the part of `OPENED` that they are for.
        root_key: file for the root's private key, where it is not to come into the folder at all.

    Raises:
        PkiError: the folder has something in it, the passphrase is empty, or the disk refuses.
        SigningError: the signer process does not have a key, or cannot be reached.
    """
    _refuse_unusable(folder, passphrase)
    vault = Vault(passphrase, holder, held or {})
    pairs = make_pairs(PARTS, {}, now, sample=sample, vault=vault)
    files = pair_files(pairs, vault) | root_list_file(pairs["root"], now)
    files[TRUST_FILE] = files["root.pem"]
    try:
        with put_root_key(files, root_key):
            create_folder(folder, files)
    except OSError as error:
        raise unwritable(folder, error) from error


def put_root_key(files: dict[str, bytes], path: Path | None) -> AbstractContextManager[None]:
    """Take the root's new key out of the files of a folder and put it elsewhere, for as long as the block does not fail.

    Raises:
        PkiError: there is something already.
    """
    if path is None or ROOT_KEY_FILE not in files:
        return nullcontext()
    if path.exists():
        sentence, remedy = "There is a file already where the key of the root is to be put.", "Name a new file."
        raise PkiError(Problem("root-key-exists", sentence, remedy, str(path)))
    return create_file(path, files.pop(ROOT_KEY_FILE))


def load_pki(folder: Path, passphrase: str, holder: KeyHolder | None = None) -> Pki:
    """Open the keys that the service signs with, and check that keys and certificates belong together.

    Keys of the signer process are reached through `holder`.

    Raises:
        PkiError: with every file that is missing, cannot be opened or does not fit.
    """
    if not folder.is_dir():
        raise PkiError(missing_folder(folder))
    try:
        with hold(folder):
            return open_pki(folder, Vault(passphrase, holder))
    except OSError as error:
        raise PkiError(file_problem(folder, error)) from error


def open_pki(folder: Path, vault: Vault) -> Pki:
    """The same for a caller who holds the folder.

    Raises:
        PkiError: with every file that is missing, cannot be opened or does not fit.
    """
    problems: list[Problem] = []
    certificates = {part: one for part in PARTS if (one := _load_certificate(folder / f"{part}.pem", problems))}
    keys = {part: key for part in OPENED if (key := load_key(folder / f"{part}.key", vault, problems))}
    root_list = _load_root_list(folder / ROOT_LIST_FILE, problems)
    roots = _load_roots(folder / TRUST_FILE, problems)
    if not problems:
        problems = _misfits(certificates, keys, roots, folder)
    if problems:
        raise PkiError(told_apart(problems, len(keys)))
    pairs = {part: KeyPair(keys[part], certificates[part]) for part in OPENED}
    authority = CertificateAuthority(pairs["issuing"].certificate, pairs["issuing"].key)
    former = tuple(one for one in roots if one != certificates["root"])
    return Pki(certificates["root"], root_list, authority, pairs["seal"], pairs["tsa"], former)


def make_pairs(
    parts: tuple[str, ...], issuers: Mapping[str, KeyPair], now: datetime, *, sample: bool, vault: Vault
) -> dict[str, KeyPair]:
    """New keys and certificates.

    Args:
        parts: which, issuers before what they issue.
        issuers: the issuers among the other parts.
        now: the time; validity starts `CLOCK_SKEW` earlier, and none ends later than its issuer's.
        sample: whether the certificates say that they are samples.
        vault: makes the keys.
    """
    made: dict[str, KeyPair] = {}
    for part in parts:
        known = {**issuers, **made}
        key = vault.make(part, ec.SECP384R1() if part == "root" else ec.SECP256R1())
        made[part] = _make_pair(part, key, None if part == "root" else known[ISSUERS[part]], now, sample=sample)
    return made


def pair_files(pairs: Mapping[str, KeyPair], vault: Vault) -> dict[str, bytes]:
    """The files of keys and certificates, by name; the keys are encrypted, or elsewhere."""
    keys = {f"{part}.key": vault.encode(part, pair.key) for part, pair in pairs.items()}
    pem = serialization.Encoding.PEM
    return keys | {f"{part}.pem": pair.certificate.public_bytes(pem) for part, pair in pairs.items()}


def root_list_file(root: KeyPair, now: datetime) -> dict[str, bytes]:
    """The root's revocation list as of `now`, by the name of its file. It lasts as long as anything that the root issues."""
    authority = CertificateAuthority(root.certificate, root.key)
    return {ROOT_LIST_FILE: authority.issue_revocation_list(now, lifetime=YEARS["root"] * YEAR)}


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


def _make_pair(
    part: str, key: ec.EllipticCurvePrivateKey, issuer: KeyPair | None, now: datetime, *, sample: bool
) -> KeyPair:
    subject, ends = _service_name(part, key.public_key(), sample=sample), now + YEARS[part] * YEAR
    if issuer is not None:
        ends = min(ends, issuer.certificate.not_valid_after_utc)
    builder = x509.CertificateBuilder().subject_name(subject).not_valid_before(now - CLOCK_SKEW).not_valid_after(ends)
    builder = _profiled(builder, part, key.public_key())
    if issuer is not None:
        return KeyPair(key, CertificateAuthority(issuer.certificate, issuer.key).complete(builder))
    own = builder.issuer_name(subject).serial_number(x509.random_serial_number())
    return KeyPair(key, own.sign(key, hashes.SHA256()))


def _profiled(
    builder: x509.CertificateBuilder, part: str, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    if part == "root":
        return authority_profile(builder, public_key, path_length=1)
    if part == "issuing":
        return issuing_profile(builder, public_key)
    if part == "seal":
        return signing_profile(builder, public_key, SEAL_POLICY)
    return timestamp_profile(builder, public_key)


def _service_name(part: str, public_key: ec.EllipticCurvePublicKey, *, sample: bool) -> x509.Name:
    """A name that carries a fingerprint of the key, so that no two generations of a part share one."""
    fingerprint = x509.SubjectKeyIdentifier.from_public_key(public_key).digest[:4].hex()
    common_name = f"ESM Packets {TITLES[part]} {fingerprint}{SAMPLE_MARK if sample else ''}"
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ESM Packets"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _load_certificate(path: Path, problems: list[Problem]) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        problems.append(file_problem(path, error))
        return None


def load_key(path: Path, vault: Vault, problems: list[Problem]) -> ec.EllipticCurvePrivateKey | None:
    """The private key of a file; None, and further problems, when it cannot be opened."""
    try:
        return vault.open(path)
    except (OSError, ValueError, TypeError) as error:
        problems.append(file_problem(path, error))
    except (PkiError, SigningError) as error:
        problems += holder_problems(error, path)
    return None


def _load_root_list(path: Path, problems: list[Problem]) -> bytes:
    try:
        content = path.read_bytes()
        x509.load_der_x509_crl(content)
    except (OSError, ValueError) as error:
        problems.append(file_problem(path, error))
        return b""
    return content


def _load_roots(path: Path, problems: list[Problem]) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        problems.append(file_problem(path, error))
        return []


def unwritable(folder: Path, error: OSError) -> PkiError:
    """The refusal of a disk."""
    remedy = "Give a folder that can be written."
    return PkiError(Problem("pki-unwritable", f"The keys cannot be written: {error}.", remedy, str(folder)))


def _misfits(
    certificates: Mapping[str, x509.Certificate],
    keys: Mapping[str, ec.EllipticCurvePrivateKey],
    roots: list[x509.Certificate],
    folder: Path,
) -> list[Problem]:
    """Keys that are not of their certificate, certificates that are not of their issuer, a root that is not trusted."""
    faulty = {part for part, key in keys.items() if key.public_key() != certificates[part].public_key()}
    faulty |= {part for part, issuer in ISSUERS.items() if not issued_by(certificates[part], certificates[issuer])}
    if certificates["root"] not in roots:
        faulty.add("root")
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


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether a certificate was issued by this issuer: its name, and its key's signature."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
