"""Why an object store's certificate is not trusted, told with its issuer; and which authorities a setting names."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from urllib3.util.ssl_match_hostname import CertificateError

from packets.errors import InputError, Problem

LOOK_SECONDS = 3
HTTPS = 443
LONGEST_TEXT = 200
OUT_OF_DATE, OTHER_NAME = {9, 10}, {62, 64}
"""`X509_V_ERR_…` of OpenSSL: not yet valid, expired; for another name, for another address."""
IN_CLEAR = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}


def require_authorities(path: Path, variable: str) -> None:
    """Refuse a file that names no authorities.

    Raises:
        InputError: it cannot be read, or has no certificate in it.
    """
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # of which ssl.SSLError is one
        reason = "it has no certificates (PEM) in it" if isinstance(error, ssl.SSLError) else error.strerror
        sentence = f"The file {path} cannot be used: {reason}."
        remedy = "Name a PEM file with the certificates of the authorities that vouch for the store."
        raise InputError(Problem("objects-ca-unusable", sentence, remedy, variable)) from None


def explain_tls(error: BaseException, endpoint: str, variable: str) -> Problem | None:
    """Tell why no encrypted connection to a store came about; None where TLS was not the reason.

    Args:
        error: what the client raised, with its causes.
        endpoint: address of the store.
        variable: the setting that names authorities for it.
    """
    reason = next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError | CertificateError)), None)
    if isinstance(reason, CertificateError):  # a library above OpenSSL compared the names
        return _explain_certificate(min(OTHER_NAME), endpoint, variable)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return _explain_certificate(reason.verify_code, endpoint, variable)
    if reason is not None and reason.reason in IN_CLEAR:
        sentence, remedy = "The object store does not speak TLS there.", "Name its port for https in the address."
        return Problem("objects-without-tls", sentence, remedy, endpoint)
    return None


def _explain_certificate(code: int, endpoint: str, variable: str) -> Problem:
    certificate = _look_at_certificate(endpoint)
    if code in OUT_OF_DATE:
        remedy = "Renew it at the store; where its dates are right, set the clock of this machine."
        return Problem("objects-certificate-expired", _tell_dates(certificate), remedy, endpoint)
    if code in OTHER_NAME:
        remedy = "Name the store in its address as its certificate does, or give it a certificate for that name."
        return Problem("objects-certificate-misnamed", _tell_names(certificate), remedy, endpoint)
    issuer = _one_line(f'"{certificate.issuer.rfc4514_string()}"' if certificate else "an authority")
    sentence = f"The certificate of the object store was issued by {issuer}, which is not trusted here."
    remedy = f"Where you trust that authority, name a PEM file with its certificate in {variable}."
    return Problem("objects-certificate-untrusted", sentence, remedy, endpoint)


def _tell_dates(certificate: x509.Certificate | None) -> str:
    if certificate is None:
        return "The certificate of the object store is not valid now."
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return f"The certificate of the object store is not valid now, but from {begins:%Y-%m-%d} to {ends:%Y-%m-%d %H:%M} UTC."


def _tell_names(certificate: x509.Certificate | None) -> str:
    names = _one_line(", ".join(_names(certificate)) if certificate else "")
    return f"The certificate of the object store is for {names or 'another name'}, not for the name in its address."


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [str(name.value) for name in names if isinstance(name, x509.DNSName | x509.IPAddress)]


def _look_at_certificate(endpoint: str) -> x509.Certificate | None:
    """Fetch a certificate without trusting it, to tell people about it; None when there is none to be had."""
    parts = urlsplit(endpoint)
    try:
        pem = ssl.get_server_certificate((parts.hostname or "", parts.port or HTTPS), timeout=LOOK_SECONDS)
        return x509.load_pem_x509_certificate(pem.encode("ascii"))
    except (OSError, ValueError):
        return None


def _one_line(text: str) -> str:
    """Show what a stranger wrote into a certificate."""
    return "".join(character if character.isprintable() else "?" for character in text)[:LONGEST_TEXT]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
