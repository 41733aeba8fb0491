"""Certificate profiles: the extensions that each kind of certificate of the service carries (RFC 5280, 4.2; DESIGN 5).

No certificate carries an AIA or a CDP: validation data is embedded in every signed file, nothing is ever fetched, and some
validators misjudge trust when a certificate names an address that they cannot reach.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.oids import SEAL_POLICY, SIGNER_POLICY, TIMESTAMP_POLICY


def authority_profile(
    builder: x509.CertificateBuilder, public_key: ec.EllipticCurvePublicKey, *, path_length: int
) -> x509.CertificateBuilder:
    """A certificate authority: signs certificates and revocation lists, nothing else."""
    return (
        _identified(builder, public_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
    )


def issuing_profile(builder: x509.CertificateBuilder, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    """The issuing authority: may issue under the service's policies for signers and the seal only."""
    return authority_profile(builder, public_key, path_length=0).add_extension(
        _policies(SIGNER_POLICY, SEAL_POLICY), critical=False
    )


def signing_profile(
    builder: x509.CertificateBuilder, public_key: ec.EllipticCurvePublicKey, policy: str
) -> x509.CertificateBuilder:
    """A certificate that signs documents: digital signature and content commitment (non-repudiation), under one policy."""
    return (
        _identified(builder, public_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True, content_commitment=True), critical=True)
        .add_extension(_policies(policy), critical=False)
    )


def timestamp_profile(
    builder: x509.CertificateBuilder, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """A time-stamp authority: time-stamping is its only extended use, and critical (RFC 3161, 2.3)."""
    return (
        _identified(builder, public_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(_policies(TIMESTAMP_POLICY), critical=False)
    )


def authority_key_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """The identifier by which certificates and lists name the key of their issuer (RFC 5280, 4.2.1.1)."""
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _identified(builder: x509.CertificateBuilder, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return builder.public_key(public_key).add_extension(
        x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False
    )


def _policies(*oids: str) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in oids])


def _key_usage(
    *, digital_signature: bool = False, content_commitment: bool = False, authority: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
