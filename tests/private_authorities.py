"""A certificate authority of nobody but the tests, and certificates of servers that it vouches for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PrivateAuthority:
    """An authority.

    Attributes:
        name: its common name.
        root: PEM file of its certificate.
        key: with which it signs.
    """

    name: x509.Name
    root: Path
    key: ec.EllipticCurvePrivateKey

    def issue(self, folder: Path, host: str, *, ended: bool = False) -> tuple[Path, Path]:
        """Make PEM files of a certificate for an address or a name, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            name: x509.GeneralName = x509.IPAddress(ip_address(host))
        except ValueError:
            name = x509.DNSName(host)
        builder = _builder(_name(host), self.name, key, -1 if ended else 1)
        builder = builder.add_extension(x509.SubjectAlternativeName([name]), critical=False)
        builder = builder.add_extension(_issued_by(self.key), critical=False)
        files = folder / f"{host}-{ended}.pem", folder / f"{host}-{ended}.key"
        files[0].write_bytes(_pem(builder.sign(self.key, hashes.SHA256())))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files


SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _issued_by(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    """Which key has signed: Python 3.13 wants to be told (RFC 5280, 4.2.1.1)."""
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def make_authority(folder: Path, name: str) -> PrivateAuthority:
    """Make an authority whose root lies in a folder."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), _name(name)
    builder = _builder(subject, subject, key, 30).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    builder = builder.add_extension(_issued_by(key), critical=False).add_extension(SIGNS_CERTIFICATES, critical=True)
    root = folder / f"{name}.pem"
    root.write_bytes(_pem(builder.sign(key, hashes.SHA256())))
    return PrivateAuthority(subject, root, key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)  # noqa: TID251  the other end looks at the real time
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return (
        builder.serial_number(x509.random_serial_number())
        .not_valid_before(now - 3 * DAY)
        .not_valid_after(now + days * DAY)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
