"""What validation data may be: certificates that lead to what is trusted, and lists that such authorities signed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from signing.standalone.pdf_values import FormError
from signing.standalone.revision_forms import AppendedRevision


def check_validation_data(revisions: Iterable[AppendedRevision], anchors: Sequence[x509.Certificate]) -> None:
    """See that revisions add nothing to the security store but what is of use under these anchors.

    Raises:
        FormError: a certificate leads to none of them, or a list was signed by nobody whose certificate is known.
    """
    known = list(anchors)
    for number, revision in enumerate(revisions, start=2):
        try:
            known += _leading([x509.load_der_x509_certificate(encoding) for encoding in revision.certificates], known)
            for content in revision.lists:
                _check_list(x509.load_der_x509_crl(content), known)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            reason = str(error) if isinstance(error, FormError) else "it cannot be read"
            raise FormError(f"revision {number} holds validation data of no use: {reason}") from error


def _leading(added: list[x509.Certificate], known: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """The same certificates, when each of them is known or was issued by one that is."""
    found: list[x509.Certificate] = []
    waiting = added
    while waiting:
        pool = (*known, *found)
        leading = [
            certificate
            for certificate in waiting
            if certificate in pool or any(_issued_by(certificate, issuer) for issuer in pool)
        ]
        if not leading:
            raise FormError("a certificate leads to nothing that is trusted")
        found += leading
        waiting = [certificate for certificate in waiting if certificate not in leading]
    return found


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _check_list(revoked: x509.CertificateRevocationList, known: Sequence[x509.Certificate]) -> None:
    keys = [certificate.public_key() for certificate in known if certificate.subject == revoked.issuer]
    if not any(revoked.is_signature_valid(key) for key in keys):  # type: ignore[arg-type]  # authorities have keys that sign
        raise FormError("a revocation list was signed by none of its authorities")
