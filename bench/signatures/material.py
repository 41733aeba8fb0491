"""What everybody signs and signs with: three files, one key with its chain and lists, one time-stamp authority over HTTP."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from reportlab.lib.pagesizes import LETTER
from reportlab.pdfgen.canvas import Canvas

from authorities import serving
from packets.clock import system_clock
from signing.identity import CLOCK_SKEW
from signing.oids import SEAL_POLICY
from signing.pki import Pki, init_pki, load_pki
from signing.profiles import authority_key_identifier
from signing.timestamps import LocalTimeStampAuthority

PAGES = {"3 KB": 0, "10 pages": 10, "150 pages": 150}
LINES = 58
KEY_BITS = 3072
PASSPHRASE = "bench"  # noqa: S105  of keys that live as long as a race
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER


def prepare(folder: Path) -> Pki:
    """Make the material in a folder; the keys of the service are among it."""
    init_pki(folder / "pki", PASSPHRASE, system_clock() - timedelta(hours=1), sample=True)
    pki = load_pki(folder / "pki", PASSPHRASE)
    _write_keys(folder, pki)
    for name, pages in PAGES.items():
        file_of(folder, name).write_bytes(draw(pages))
    return pki


def file_of(folder: Path, name: str) -> Path:
    """The file of a size."""
    return folder / f"{name.replace(' ', '-')}.pdf"


def draw(pages: int) -> bytes:
    """A PDF with so many pages of text; none means one page with hardly any."""
    output = BytesIO()
    canvas = Canvas(output, pagesize=LETTER, pageCompression=1, invariant=1)
    for page in range(max(pages, 1)):
        for line in range(LINES if pages else 1):
            canvas.drawString(
                54, 750 - 12 * line, f"Page {page + 1}, line {line + 1}: provider {page * LINES + line:07d}"
            )
        canvas.showPage()
    canvas.save()
    return output.getvalue()


@contextmanager
def time_stamps(pki: Pki) -> Iterator[str]:
    """The address of the authority that everybody asks."""
    authority = LocalTimeStampAuthority(pki.timestamps, system_clock)
    with serving(lambda wire, body: wire.reply(authority.answer(tsp.TimeStampReq.load(body)).dump())) as address:
        yield address


def describe(folder: Path, address: str) -> Path:
    """A file that tells an engine where everything is."""
    target = folder / "material.json"
    target.write_text(json.dumps({"folder": str(folder), "tsa": address, "passphrase": PASSPHRASE}), "utf-8")
    return target


def _write_keys(folder: Path, pki: Pki) -> None:
    key = rsa.generate_private_key(65537, KEY_BITS)
    certificate = _certify(pki, key.public_key())
    alone = _certify_alone(key)
    plain = serialization.NoEncryption()
    chain = [pki.authority.certificate, pki.root]
    form = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2_000)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())  # noqa: S303  what node-forge reads
        .build(PASSPHRASE.encode())
    )
    files = {
        "key.pem": key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain),
        "certificate.pem": certificate.public_bytes(PEM),
        "chain.pem": b"".join(one.public_bytes(PEM) for one in chain),
        "root.pem": pki.root.public_bytes(PEM),
        "issuing.pem": pki.authority.certificate.public_bytes(PEM),
        "key.p12": pkcs12.serialize_key_and_certificates(b"bench", key, certificate, chain, form),
        "alone.p12": pkcs12.serialize_key_and_certificates(b"bench", key, alone, None, form),
        "alone.pem": alone.public_bytes(PEM),
        "root.crl": pki.root_list,
        "issuing.crl": pki.authority.issue_revocation_list(system_clock()),
        "passphrase": PASSPHRASE.encode(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _certify(pki: Pki, public_key: rsa.RSAPublicKey) -> x509.Certificate:
    """A certificate like the seal's, for the key that everybody can use: node-forge and its users know RSA only."""
    now = system_clock()
    subject = x509.Name.from_rfc4514_string(f"CN=Bench {secrets.token_hex(4)},O=ESM Packets")
    usage = pki.seal.certificate.extensions.get_extension_for_class(x509.KeyUsage)
    policies = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(SEAL_POLICY), None)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(pki.authority.certificate.subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=1))
        .public_key(public_key)
        .add_extension(usage.value, critical=True)
        .add_extension(policies, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(authority_key_identifier(pki.authority.certificate), critical=False)
        .sign(pki.authority.key, hashes.SHA256())
    )


def _certify_alone(key: rsa.RSAPrivateKey) -> x509.Certificate:
    """The same key under its own signature: node-forge reads no certificate that an elliptic curve has signed."""
    now = system_clock()
    name = x509.Name.from_rfc4514_string(f"CN=Bench alone {secrets.token_hex(4)}")
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    validity = builder.not_valid_before(now - CLOCK_SKEW).not_valid_after(now + timedelta(days=1))
    return validity.add_extension(usage, critical=True).sign(key, hashes.SHA256())
