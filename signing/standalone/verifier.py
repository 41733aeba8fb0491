"""Check a bag of executed packets, a folder or a zip file, off line: `python3 verify.py [BAG] [--trust ROOT.pem]`.

Needs Python 3.11 or later and the package `cryptography`, and nothing of the service that made the bag. It reads the bag only.
Exit 0: everything holds; 1: something does not, and every finding is named.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import sys
import zipfile
import zlib
from base64 import b64decode
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from signing.standalone.container_forms import (
    INTEGER,
    OCTETS,
    SEQUENCE,
    SET,
    SIGNED_DATA,
    TIME,
    TIME_STAMP,
    TST_INFO,
    Node,
    check_container_form,
    oid_text,
    read_der,
)
from signing.standalone.pdf_values import FormError
from signing.standalone.revision_forms import AppendedRevision, check_revisions
from signing.standalone.validation_forms import check_validation_data

CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
ASSURED_SHORT_TERM = "0.4.0.194121.2.1"
DIGESTS: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    "2.16.840.1.101.3.4.2.1": ("sha256", hashes.SHA256()),
    "2.16.840.1.101.3.4.2.2": ("sha384", hashes.SHA384()),
    "2.16.840.1.101.3.4.2.3": ("sha512", hashes.SHA512()),
}
SIGNATURE_DIGESTS = {
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
SERVICE_ARC = "2.25.77029419620736824589233169081274061702"
SIGNERS, SEALS = {f"{SERVICE_ARC}.1"}, {f"{SERVICE_ARC}.2"}
"""Certificate policies of the service: for people, one signature each, and for its own seal."""
REVISES = {f"document:{one}" for one in ("assemble", "sign", "countersign", "execute", "renew")}
"""Acts of the log that name the digest of the revision that they made."""
RSA_PLAIN = "1.2.840.113549.1.1.1"
LONGEST_PATH = 6
MANIFEST, TAG_MANIFEST, SEAL = "manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-seal.p7s"
READING = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, RecursionError)
FAULTS = (ValueError, KeyError, TypeError, IndexError, AttributeError, InvalidSignature, OSError, *READING)


def attributes(node: Node) -> dict[str, Node]:
    """Attributes by type, each once and with one value."""
    found: dict[str, Node] = {}
    for one in node.children():
        kind, values = one.want(SEQUENCE).children()
        name, (value,) = oid_text(kind), values.want(SET).children()
        if name in found:
            raise ValueError("an attribute stands twice")
        found[name] = value
    return found


@dataclass(frozen=True)
class Container:
    """What a CMS container with one signer says (RFC 5652)."""

    content_type: str
    content: bytes
    certificates: list[x509.Certificate]
    signer: x509.Certificate
    digest: str
    signed_raw: bytes
    signed: dict[str, Node]
    algorithm: str
    signature: bytes
    unsigned: dict[str, Node]


def read_container(data: bytes, *, padded: bool = False) -> Container:
    """A container; behind it only zeros may stand, and those only where it is padded."""
    outer = read_der(data)
    rest = data[len(outer.raw) :]
    if rest.strip(b"\0") or (rest and not padded):
        raise ValueError("something stands behind the container")
    kind, wrapped = outer.want(SEQUENCE).children()
    if oid_text(kind) != SIGNED_DATA:
        raise ValueError("it is no signed data")
    (inner,) = wrapped.want(0xA0).children()
    parts = inner.want(SEQUENCE).children()
    encapsulated = parts[2].want(SEQUENCE).children()
    content = encapsulated[1].children()[0].want(OCTETS).body if len(encapsulated) > 1 else b""
    certificates = [x509.load_der_x509_certificate(one.raw) for one in parts[3].want(0xA0).children()]
    (signer,) = parts[-1].want(SET).children()
    return _signer(signer.want(SEQUENCE).children(), oid_text(encapsulated[0]), content, certificates)


def _signer(fields: list[Node], kind: str, content: bytes, certificates: list[x509.Certificate]) -> Container:
    issuer, serial = fields[1].want(SEQUENCE).children()
    number = int.from_bytes(serial.want(INTEGER).body, "big", signed=True)
    (signer,) = {one for one in certificates if (one.issuer.public_bytes(), one.serial_number) == (issuer.raw, number)}
    signed = fields[3].want(0xA0)
    return Container(
        content_type=kind,
        content=content,
        certificates=certificates,
        signer=signer,
        digest=DIGESTS[oid_text(fields[2].children()[0])][0],
        signed_raw=bytes([SET]) + signed.raw[1:],
        signed=attributes(signed),
        algorithm=oid_text(fields[4].children()[0]),
        signature=fields[5].want(OCTETS).body,
        unsigned=attributes(fields[6].want(0xA1)) if len(fields) > 6 else {},  # noqa: PLR2004  optional, the seventh
    )


def check_container(one: Container, content: bytes) -> None:
    """Signed attributes, the certificate that they name, and the signature over them (RFC 5652, 5.4; RFC 5035)."""
    if oid_text(one.signed[CONTENT_TYPE]) != one.content_type:
        raise ValueError("its content type is another one")
    if one.signed[MESSAGE_DIGEST].want(OCTETS).body != hashlib.new(one.digest, content).digest():
        raise ValueError("its digest is not that of the bytes (messageDigest)")
    first = one.signed[SIGNING_CERTIFICATE_V2].children()[0].children()[0].children()
    named = DIGESTS[oid_text(first[0].children()[0])][0] if first[0].tag == SEQUENCE else "sha256"
    stated = (first[1] if first[0].tag == SEQUENCE else first[0]).want(OCTETS).body
    if hashlib.new(named, one.signer.public_bytes(Encoding.DER)).digest() != stated:
        raise ValueError("it names another certificate (signing-certificate-v2)")
    _verify(one, one.signed_raw)


def _verify(one: Container, data: bytes) -> None:
    name = one.digest if one.algorithm == RSA_PLAIN else SIGNATURE_DIGESTS[one.algorithm]
    algorithm = next(how for known, how in DIGESTS.values() if known == name)
    key = one.signer.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(one.signature, data, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(one.signature, data, padding.PKCS1v15(), algorithm)
        else:
            raise ValueError("its key is of an unknown kind")  # noqa: TRY004  a fault of the bag
    except InvalidSignature:
        raise ValueError("its signature is wrong") from None


@dataclass
class Trust:
    """Anchors and revocation lists; `used` gathers the anchors that something led to.

    `stamps` are anchors that only time-stamps may lead to; `anchors` are for everything. `signers` are the certificate policies
    under which people sign: the service's own, and those that were named. `unlisted` and `unlisted_stamps` gather certificates
    of which no list says whether they were revoked: under an anchor for everything, whose authorities give lists, and others.
    """

    anchors: list[x509.Certificate]
    stamps: list[x509.Certificate] = field(default_factory=list)
    signers: set[str] = field(default_factory=lambda: set(SIGNERS))
    used: set[str] = field(default_factory=set)
    unlisted: set[str] = field(default_factory=set)
    unlisted_stamps: set[str] = field(default_factory=set)
    _lists: dict[bytes, list[x509.CertificateRevocationList]] = field(default_factory=dict)
    _revoked: dict[tuple[bytes, int], list[tuple[x509.CertificateRevocationList, datetime]]] = field(
        default_factory=dict
    )
    _listing: dict[bytes, bool] = field(default_factory=dict)

    def add_list(self, one: x509.CertificateRevocationList) -> None:
        """Believe a revocation list, as far as its issuer signed it."""
        issuer = one.issuer.public_bytes()
        self._lists.setdefault(issuer, []).append(one)
        for entry in one:
            self._revoked.setdefault((issuer, entry.serial_number), []).append((one, entry.revocation_date_utc))

    def check(
        self, leaf: x509.Certificate, pool: list[x509.Certificate], at: datetime, *, stamping: bool = False
    ) -> None:
        """A certificate leads to an anchor, every one on the way valid at that time and not revoked then."""
        current, anchors, unlisted = leaf, [*self.anchors, *(self.stamps if stamping else ())], set[str]()
        for _ in range(LONGEST_PATH):
            issuer = next((one for one in (*anchors, *pool) if _issued(current, one)), None)
            _check_time(current, at)
            if issuer is None:
                break
            if not self._is_listed(current, issuer, at):
                unlisted.add(f"{issuer.subject.rfc4514_string()} that covers {current.subject.rfc4514_string()}")
            if issuer in anchors:
                _check_time(issuer, at)
                self.used.add(
                    f"{issuer.subject.rfc4514_string()} (SHA-256 {issuer.fingerprint(hashes.SHA256()).hex()})"
                )
                (self.unlisted if issuer in self.anchors else self.unlisted_stamps).update(unlisted)
                return
            current = issuer
        raise ValueError("its certificate does not lead to a trust anchor")

    def _is_listed(self, one: x509.Certificate, issuer: x509.Certificate, at: datetime) -> bool:
        """Whether a list of its issuer is there, or the certificate needs none; raises when one says that it was revoked."""
        name, key = issuer.subject.public_bytes(), issuer.public_key()
        for known, since in self._revoked.get((name, one.serial_number), ()):
            if since <= at and known.is_signature_valid(key):  # type: ignore[arg-type]  # what issued is a key that signs
                raise ValueError("its certificate had been revoked")
        issued_by = issuer.fingerprint(hashes.SHA256())
        if issued_by not in self._listing:
            self._listing[issued_by] = any(one.is_signature_valid(key) for one in self._lists.get(name, ()))  # type: ignore[arg-type]
        return self._listing[issued_by] or any(one.oid.dotted_string == ASSURED_SHORT_TERM for one in one.extensions)


def _check_time(one: x509.Certificate, at: datetime) -> None:
    if not one.not_valid_before_utc <= at <= one.not_valid_after_utc:
        raise ValueError(f"a certificate was not valid at {at.isoformat()}: {one.subject.rfc4514_string()}")


def _issued(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
        authority = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        return authority and issuer.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False


def require_policy(one: x509.Certificate, policies: set[str]) -> None:
    """A certificate was issued for the purpose that it was used for, not only by somebody under the root."""
    try:
        stated = one.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        stated = x509.CertificatePolicies([])
    if not policies & {policy.policy_identifier.dotted_string for policy in stated}:
        raise ValueError(f"its certificate was not issued for this: {one.subject.rfc4514_string()}")


def check_time_stamp(data: bytes, stamped: bytes, trust: Trust, *, padded: bool = False) -> datetime:
    """The time of a token over these bytes (RFC 3161)."""
    token = read_container(data, padded=padded)
    if token.content_type != TST_INFO:
        raise ValueError("its time-stamp is none")
    check_container(token, token.content)
    info = read_der(token.content).want(SEQUENCE).children()
    algorithm, imprint = info[2].want(SEQUENCE).children()
    name = DIGESTS[oid_text(algorithm.children()[0])][0]
    if imprint.want(OCTETS).body != hashlib.new(name, stamped).digest():
        raise ValueError("its time-stamp is over something else")
    text = info[4].want(TIME).body.decode("ascii").removesuffix("Z").partition(".")[0]
    at = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    usage = token.signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if x509.oid.ExtendedKeyUsageOID.TIME_STAMPING not in usage:
        raise ValueError("its time-stamp is not from an authority for time-stamps")
    trust.check(token.signer, token.certificates, at, stamping=True)
    return at


def check_signature(pdf: bytes, one: AppendedRevision, trust: Trust, known: Collection[bytes]) -> None:
    """One signature or document time-stamp of a PDF, as of its own time-stamp.

    `known` are the certificates that the file holds under its signatures.
    """
    _, before, after, rest = one.byte_range
    content = pdf[:before] + pdf[after : after + rest]
    data = bytes.fromhex(pdf[before + 1 : after - 1].decode("ascii"))
    encoded = read_der(data).raw
    container = read_container(data, padded=True)
    if (container.content_type == TST_INFO) != (one.kind == "timestamp"):
        raise ValueError("its container is of another kind")
    check_container_form(encoded, {root.subject.public_bytes() for root in trust.anchors}, known)
    if one.kind == "timestamp":
        check_time_stamp(data, content, trust, padded=True)
        return
    check_container(container, content)
    at = check_time_stamp(container.unsigned[TIME_STAMP].raw, container.signature, trust)
    trust.check(container.signer, container.certificates, at)
    require_policy(container.signer, SEALS if one.kind == "seal" else trust.signers)


def canonical(value: Any) -> bytes:
    """Data as the service writes it for digests: sorted names, no spaces, UTF-8."""
    return json.dumps(_sorted(value), ensure_ascii=False, separators=(",", ":")).encode()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=lambda name: name.encode("utf-16-be"))}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def included(leaf: bytes, index: int, size: int, steps: list[bytes], root: bytes) -> bool:
    """Whether an entry is in a tree (RFC 9162, 2.1.3.2)."""
    place, last, found = index, size - 1, hashlib.sha256(b"\0" + leaf).digest()
    for step in steps:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = hashlib.sha256(b"\1" + step + found).digest()
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + step).digest()
        place, last = place >> 1, last >> 1
    return 0 <= index < size and last == 0 and found == root


class Folder:
    """The files of a bag that is a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.names = {one.relative_to(path).as_posix() for one in path.rglob("*") if not one.is_dir()}

    def open(self, name: str) -> IO[bytes]:
        """A file, to be read."""
        return (self._path / name).open("rb")


class Zipped:
    """The files of a bag that is a zip file: one folder with everything in it."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path)
        every = [one.filename for one in self._archive.infolist() if not one.is_dir()]
        tops = {one.partition("/")[0] for one in every}
        if len(tops) != 1 or len(set(every)) != len(every):
            raise ValueError("it is not one folder in which each file stands once")
        self._top = f"{tops.pop()}/"
        self.names = {one.removeprefix(self._top) for one in every}

    def open(self, name: str) -> IO[bytes]:
        """A file, to be read."""
        return self._archive.open(self._top + name)


@dataclass
class Bag:
    """A bag that is being checked, and what was found."""

    place: Path
    roots: list[Path]
    findings: list[str] = field(default_factory=list)
    trust: Trust = field(default_factory=lambda: Trust([]))
    stamp_roots: list[Path] = field(default_factory=list)
    sealed: str = ""
    """Who sealed it and when; empty when that does not hold."""
    _told: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What the log tells of the revisions of each document."""

    def check(self) -> list[str]:
        """Everything that does not hold; empty when all of it does."""
        self._try(self.place.name, self._open)
        if self.findings:
            return self.findings
        for name in (MANIFEST, TAG_MANIFEST):
            self._try(name, lambda name=name: self._manifest(name))
        for where, work in (("trust", self._load_trust), (SEAL, self._seal), ("index", self._contents)):
            self._try(where, work)
        self.findings += [f"trust: there is no revocation list of {one}" for one in sorted(self.trust.unlisted)]
        return self.findings

    def _try(self, where: str, work: Any) -> None:
        try:
            work()
        except FAULTS as error:
            self.findings.append(f"{where}: {str(error) or type(error).__name__}")

    def _open(self) -> None:
        self._files: Folder | Zipped = Folder(self.place) if self.place.is_dir() else Zipped(self.place)

    def _read(self, name: str) -> bytes:
        if name not in self._files.names:
            raise ValueError(f"{name} is not there")
        with self._files.open(name) as file:
            return file.read()

    def _like(self, start: str, ending: str) -> list[bytes]:
        """The files below a folder of the bag, by name."""
        found = sorted(one for one in self._files.names if one.startswith(start) and one.endswith(ending))
        return [self._read(one) for one in found]

    def _manifest(self, name: str) -> None:
        lines = self._read(name).decode("utf-8").splitlines()
        told = {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
        payload = name == MANIFEST
        there = {one for one in self._files.names if one.startswith("data/") == payload} - {TAG_MANIFEST, SEAL}
        self.findings += [f"{one}: the file is missing" for one in sorted(told.keys() - there)]
        self.findings += [f"{one}: the file was added" for one in sorted(there - told.keys())]
        for one in sorted(told.keys() & there):
            with self._files.open(one) as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != told[one]:  # type: ignore[arg-type]  # both can
                    self.findings.append(f"{one}: the file was changed")

    def _load_trust(self) -> None:
        given = [one.read_bytes() for one in self.roots] or self._like("data/trust/anchors/", ".pem")
        stamps = [one.read_bytes() for one in self.stamp_roots]
        for content in given:
            self.trust.anchors += x509.load_pem_x509_certificates(content)
        for content in stamps if self.roots else self._like("data/trust/time-stamp-anchors/", ".pem"):
            self.trust.stamps += x509.load_pem_x509_certificates(content)
        for content in self._like("data/trust/lists/", ".crl"):
            self.trust.add_list(x509.load_der_x509_crl(content))

    def _seal(self) -> None:
        """The service sealed the manifest of the manifests, and so everything that stands in the bag."""
        one = read_container(self._read(SEAL))
        check_container(one, self._read(TAG_MANIFEST))
        at = check_time_stamp(one.unsigned[TIME_STAMP].raw, one.signature, self.trust)
        self.trust.check(one.signer, one.certificates, at)
        require_policy(one.signer, SEALS)
        self.sealed = f"{one.signer.subject.rfc4514_string()}, {at:%Y-%m-%d %H:%M:%S} UTC"

    def _contents(self) -> None:
        index = json.loads(self._read("data/index.json"))
        self._try("log", self._log)
        there = {one["document_id"] for one in index["documents"]}
        missing = sorted(self._told.keys() - there - {""})
        self.findings += [f"document {one}: the log tells of it, and it is not here" for one in missing]
        for one in index["documents"]:
            self._try(one["folder"], lambda one=one: self._document(one, self._told.get(one["document_id"], [])))

    def _log(self) -> None:
        stated: dict[str, dict[str, Any]] = {}
        last = 0
        with self._files.open("data/log/entries.jsonl") as entries, self._files.open("data/log/proofs.jsonl") as proofs:
            for line, proven in zip(entries, proofs, strict=True):
                entry, proof = json.loads(line), json.loads(proven)
                if not last < entry["sequence"] == proof["sequence"]:
                    raise ValueError(f"entry {entry['sequence']} does not stand in its place, or has no proof")
                last = entry["sequence"]
                if entry["act"] in REVISES:
                    self._told.setdefault(entry["details"].get("document", ""), []).append(entry)
                name = proof["checkpoint"]
                if name not in stated:
                    stated[name] = self._checkpoint(name)
                self._try(f"log entry {last}", lambda e=entry, p=proof: self._entry(e, p, stated))

    def _entry(self, entry: dict[str, Any], proof: dict[str, Any], stated: dict[str, dict[str, Any]]) -> None:
        names = ("sequence", "at_utc", "act", "actor", "subject", "outcome", "details", "previous")
        digest = hashlib.sha256(canonical([entry[one] for one in names])).digest()
        if digest.hex() != entry["digest"]:
            raise ValueError("the entry was changed")
        over, steps = stated[proof["checkpoint"]], [bytes.fromhex(one) for one in proof["steps"]]
        if not included(digest, entry["sequence"] - 1, over["size"], steps, bytes.fromhex(over["root"])):
            raise ValueError("the proof does not lead to the root of its checkpoint")

    def _checkpoint(self, name: str) -> dict[str, Any]:
        content = self._read(f"data/log/checkpoints/{name}.json")
        data = json.loads(content)
        statement, signature = data["statement"].encode(), b64decode(data["signature"], validate=True)
        stated: dict[str, Any] = json.loads(statement)
        try:
            seal, *between = [x509.load_pem_x509_certificate(one.encode()) for one in data["certificates"]]
            key: Any = seal.public_key()
            key.verify(signature, statement, ec.ECDSA(hashes.SHA256()))
            at = check_time_stamp(b64decode(data["time_stamp"], validate=True), signature, self.trust)
            self.trust.check(seal, between, at)
            require_policy(seal, SEALS)
        except FAULTS as error:
            self.findings.append(f"checkpoint {name}: {str(error) or 'its signature is wrong'}")
        return stated

    def _document(self, told: dict[str, Any], log: list[dict[str, Any]]) -> None:
        place = f"data/{told['folder']}"
        revisions = [self._read(f"{place}/{one['file']}") for one in told["revisions"]]
        for earlier, later, one in zip(revisions, revisions[1:], told["revisions"][1:], strict=False):
            if len(earlier) >= len(later) or not later.startswith(earlier):
                self.findings.append(f"{told['folder']}/{one['file']}: the revision before it is no prefix of it")
        facts = self._read(f"{place}/facts.json")
        self._try(f"{told['folder']}/facts.json", lambda: self._facts(place, facts))
        self._history(
            told, [hashlib.sha256(one).hexdigest() for one in revisions], hashlib.sha256(facts).hexdigest(), log
        )
        self._signatures(told["folder"], revisions)

    def _history(self, told: dict[str, Any], digests: list[str], facts: str, log: list[dict[str, Any]]) -> None:
        """The files are the revisions that the log tells of, all of them and no other, made from these facts."""
        mine = [one for one in log if one["outcome"] == "done"]
        stated = {one["details"]["digest"] for one in mine}
        if stated != set(digests[1:]) or digests != [one["sha256"] for one in told["revisions"]]:
            self.findings.append(f"{told['folder']}: the revisions are not those that the log tells of")
        if facts not in {one["details"].get("data") for one in mine if one["act"] == "document:assemble"}:
            self.findings.append(f"{told['folder']}: the facts are not those that the log tells of")

    def _signatures(self, name: str, revisions: list[bytes]) -> None:
        """Each revision holds what the service appends, and nothing else; each signature in them holds."""
        newest = revisions[-1]
        try:
            found = check_revisions(newest)
            check_validation_data(found, [*self.trust.anchors, *self.trust.stamps])
        except FormError as error:
            raise ValueError(f"no signature can be relied on: {error}") from error
        if [one.byte_range[2] + one.byte_range[3] for one in found] != [len(one) for one in revisions[1:]]:
            self.findings.append(f"{name}: signatures and revisions do not belong together")
        known: set[bytes] = set()
        for number, one in enumerate(found, start=1):
            known |= set(one.certificates)
            work = partial(check_signature, newest, one, self.trust, known)
            self._try(f"{name}: signature {number}", work)

    def _facts(self, place: str, content: bytes) -> None:
        facts = json.loads(content)
        if canonical(facts) != content:
            raise ValueError("the facts are not canonical JSON")
        for name, roster in facts["rosters"].items():
            if "columns" not in roster:  # an edition that did not name them: its rows are in facts.json alone
                continue
            rows = list(csv.reader(io.StringIO(self._read(f"{place}/{name}.csv").decode(), newline="")))
            marked = [[*one, "0"] for one in roster["rows"]] + [[*one, "1"] for one in roster["excluded"]]
            if rows != [[*roster["columns"], "excluded"], *marked]:
                raise ValueError(f"{name}.csv is not the list of the facts")


def main() -> int:
    """Check a bag and say what was found."""
    parser = argparse.ArgumentParser(description="Check a bag of executed packets, off line.")
    here = Path(__file__).resolve().parent.parent
    parser.add_argument("bag", nargs="?", type=Path, default=here, help="a folder or a zip file")
    parser.add_argument("--trust", action="append", type=Path, default=[], help="root certificate to trust, PEM")
    words = "root certificate of an authority for time-stamps, PEM, beside --trust"
    parser.add_argument("--time-trust", action="append", type=Path, default=[], help=words)
    words = "certificate policy (OID) of signers whom another authority certified"
    parser.add_argument("--signer-policy", action="append", default=[], help=words)
    given = parser.parse_args()
    return report(given.bag, given.trust, given.signer_policy, given.time_trust)


def report(place: Path, roots: list[Path], policies: Iterable[str] = (), stamp_roots: Iterable[Path] = ()) -> int:
    """Check a bag, a folder or a zip file, against these roots, or those that it carries; say what was found. 0: all holds."""
    bag = Bag(place, roots, stamp_roots=list(stamp_roots))
    bag.trust.signers |= set(policies)
    findings = bag.check()
    for one in findings:
        sys.stderr.write(f"WRONG {one}\n")
    for one in sorted(bag.trust.unlisted_stamps):
        sys.stderr.write(f"NOTE there is no revocation list of {one}\n")
    if bag.sealed:
        sys.stdout.write(f"Sealed by {bag.sealed}\n")
    source = "given with --trust" if roots else "shipped in the bag: compare its digest with one from elsewhere"
    for name in sorted(bag.trust.used):
        sys.stdout.write(f"Trust anchor ({source}): {name}\n")
    sys.stdout.write(f"{len(findings)} findings.\n" if findings else "Everything in this bag holds.\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
