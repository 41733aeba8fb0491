"""What stands around the composed service and is somebody else's: a time-stamp authority, certificates, a bucket.

Each is a command that runs in the service's own image, which has all the libraries: `python neighbors.py WHAT ARGUMENTS`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
from asn1crypto import tsp
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from packets.clock import system_clock
from signing.pki import init_pki, load_pki
from signing.timestamps import LocalTimeStampAuthority

PASSPHRASE = "a passphrase of the tests"
VALID = timedelta(days=2)
Pair = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]


def make_authority_keys(folder: Path) -> None:
    """Make the keys of a time-stamp authority under a root of its own, and `tsa-roots.pem` beside them."""
    init_pki(folder / "pki", PASSPHRASE, system_clock(), sample=True)
    (folder / "tsa-roots.pem").write_bytes((folder / "pki" / "trust.pem").read_bytes())
    for path in (folder / "pki").iterdir():
        path.chmod(0o644)
    (folder / "pki").chmod(0o755)


def serve_authority(folder: Path, port: str) -> None:
    """Answer time-stamp requests over HTTP for ever."""
    authority = LocalTimeStampAuthority(load_pki(folder / "pki", PASSPHRASE).timestamps, system_clock)

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = authority.answer(tsp.TimeStampReq.load(body)).dump()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    ThreadingHTTPServer(("", int(port)), Answering).serve_forever()


def make_certificates(folder: Path, *names: str) -> None:
    """Make an authority, `ca.pem`, and for each name a certificate and a key that it vouches for: NAME.pem and NAME.key."""
    authority = _issue("Authority of the tests", None)
    (folder / "ca.pem").write_bytes(authority[1].public_bytes(serialization.Encoding.PEM))
    for name in names:
        key, certificate = _issue(name, authority)
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / f"{name}.key").write_bytes(key.private_bytes(*encoding))


def make_bucket(endpoint: str, name: str) -> None:
    """Make the bucket with Object Lock; the service makes none."""
    admin = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="admin",
        aws_secret_access_key="admin-secret",
        region_name="us-east-1",
        verify=os.environ["CA"],  # noqa: TID251  not a setting of the service
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 10, "mode": "standard"}),
    )
    admin.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)


def _issue(name: str, issuer: Pair | None) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)  # noqa: TID251  certificates of the tests
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[1].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[0].public_key())
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        builder = builder.add_extension(identifier, critical=False)
    else:
        builder = builder.add_extension(_signs_certificates(), critical=True)
    return key, builder.sign(issuer[0] if issuer else key, hashes.SHA256())


def _signs_certificates() -> x509.KeyUsage:
    others = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    more = ("encipher_only", "decipher_only")
    return x509.KeyUsage(key_cert_sign=True, crl_sign=True, **dict.fromkeys((*others, *more), False))


COMMANDS: dict[str, Callable[..., None]] = {
    "authority-keys": lambda folder: make_authority_keys(Path(folder)),
    "authority": lambda folder, port: serve_authority(Path(folder), port),
    "certificates": lambda folder, *names: make_certificates(Path(folder), *names),
    "bucket": make_bucket,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
