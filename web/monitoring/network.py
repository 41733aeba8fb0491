"""Why another machine cannot be spoken to, step by step: its name, its port, its certificate. Certificates are named."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

PORTS = {"http": 80, "https": 443}
SECONDS = 3.0
EXPIRED, NOT_YET, OTHER_HOST = 10, 9, {62, 64}
"""Numbers of OpenSSL for what is wrong with a certificate."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where another machine is spoken to.

    Attributes:
        encrypted: whether TLS begins with the connection.
        roots: PEM file with the roots that are trusted; None means those of the machine.
    """

    host: str
    port: int
    encrypted: bool
    roots: Path | None = None


def address_of(url: str, roots: Path | None = None) -> Address | None:
    """The address in a URL of HTTP; None where it is none."""
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.hostname and parts.scheme in PORTS:
            port = parts.port or PORTS[parts.scheme]
            return Address(parts.hostname, port, parts.scheme == "https", roots)
    return None


def connection_fault(address: Address, seconds: float = SECONDS) -> str:
    """Say why an address cannot be spoken to, as a part of a sentence; empty when it can."""
    place = f"{address.host}:{address.port}"
    try:
        with socket.create_connection((address.host, address.port), seconds) as connection:
            return _certificate_fault(address, connection, seconds) if address.encrypted else ""
    except socket.gaierror:
        return f"no machine is known here by the name {address.host}"
    except TimeoutError:
        return f"nothing answers at {place} within {seconds:g} seconds"
    except ConnectionRefusedError:
        return f"nobody listens at {place}"
    except OSError as error:
        return f"{place} cannot be reached ({error.strerror or 'the connection breaks off'})"


def name_certificate(content: bytes) -> str:
    """Name a certificate (DER) by its subject, its issuer and its end."""
    try:
        certificate = x509.load_der_x509_certificate(content)
    except ValueError:
        return "a certificate that cannot be read"
    subject, issuer = _common_name(certificate.subject), _common_name(certificate.issuer)
    return f"{subject}, issued by {issuer}, valid until {certificate.not_valid_after_utc:%Y-%m-%d}"


def certificate_reason(error: ssl.SSLCertVerificationError) -> str:
    """Say what is wrong with a certificate, as a part of a sentence."""
    if error.verify_code == EXPIRED:
        return "has expired, or this machine's clock is wrong"
    if error.verify_code == NOT_YET:
        return "is not valid yet, or this machine's clock is wrong"
    if error.verify_code in OTHER_HOST:
        return "is for another host"
    return "ends at no root that is trusted here"


def presented_certificate(address: Address, seconds: float = SECONDS) -> str:
    """Name the certificate that an address presents, whoever issued it; empty when there is none."""
    context = _trusting_everybody()
    with (
        suppress(OSError),
        socket.create_connection((address.host, address.port), seconds) as connection,
        context.wrap_socket(connection, server_hostname=address.host) as encrypted,
    ):
        content = encrypted.getpeercert(binary_form=True)
        return name_certificate(content) if content else ""
    return ""


def _certificate_fault(address: Address, connection: socket.socket, seconds: float) -> str:
    try:
        context = ssl.create_default_context(cafile=address.roots)
    except (OSError, ssl.SSLError):
        return f"the roots in {address.roots} cannot be read"
    try:
        with context.wrap_socket(connection, server_hostname=address.host):
            return ""
    except ssl.SSLCertVerificationError as error:
        return f"its certificate ({presented_certificate(address, seconds)}) {certificate_reason(error)}"
    except ssl.SSLError:
        return f"{address.host}:{address.port} does not speak TLS"


def _trusting_everybody() -> ssl.SSLContext:
    """For looking at a certificate only: nothing is sent over such a connection."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _common_name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return f"“{common[0].value!s}”" if common else f"“{name.rfc4514_string()}”"
