"""What a signer's certificate says, and for how long."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from packets.model.people import Role
from signed_files import NOW, document_type, identity, keys
from signing.errors import SigningError
from signing.identity import (
    CLOCK_SKEW,
    SIGNER_LIFETIME,
    RevokedCertificate,
    SignerIdentity,
    identity_in,
    subject_name,
)
from signing.oids import ASSURED_SHORT_TERM, SIGNER_POLICY

SOMEBODY = identity(document_type().slots[0])
PRINTABLE = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=90)
TEXT = PRINTABLE.filter(lambda text: text.strip() != "" and text.isprintable())


@example(name="é" * 33, organization="Sample", role=Role.ACO_EXECUTIVE, year=2027)
@example(name="a" + "𐀀" * 16, organization="Sample", role=Role.ACO_EXECUTIVE, year=2027)
@given(name=TEXT, organization=TEXT, role=st.sampled_from(Role), year=st.integers(2000, 2999))
def test_an_identity_comes_back_from_its_subject(name: str, organization: str, role: Role, year: int) -> None:
    """Whatever the name, subject and identity say the same."""
    given_identity = SignerIdentity("AB12", name, role, organization, "A1234", year)
    assert identity_in(subject_name(given_identity)) == given_identity


@pytest.mark.parametrize(
    ("field", "broken"),
    [
        ("name", replace(SOMEBODY, name="  ")),
        ("user_id", replace(SOMEBODY, user_id="")),
        ("organization", replace(SOMEBODY, organization="a\nb")),
        ("aco_id", replace(SOMEBODY, aco_id="A1 PY2020")),
    ],
)
def test_an_identity_that_cannot_stand_in_a_certificate_is_refused(field: str, broken: SignerIdentity) -> None:
    """Empty parts, control characters and a forged unit are refused by name."""
    with pytest.raises(SigningError) as error:
        subject_name(broken)
    assert [problem.where for problem in error.value.problems] == [field]


def test_every_fault_of_an_identity_is_told_at_once() -> None:
    """Refusals carry all reasons."""
    with pytest.raises(SigningError) as error:
        subject_name(replace(SOMEBODY, name="", user_id=""))
    assert len(error.value.problems) == 2


def test_a_subject_of_somebody_else_is_no_identity() -> None:
    """A common name alone does not make a signer."""
    assert identity_in(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Somebody")])) is None


def test_a_signers_certificate_lasts_minutes_and_says_that_it_is_short_lived() -> None:
    """One certificate, one signature: it ends before a revocation could matter (EN 319 412-1, 5.2)."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = keys().authority.issue_signer(SOMEBODY, key.public_key(), NOW)
    assert certificate.not_valid_before_utc == NOW - CLOCK_SKEW
    assert certificate.not_valid_after_utc == NOW + SIGNER_LIFETIME
    assert {one.oid.dotted_string for one in certificate.extensions} >= {ASSURED_SHORT_TERM}
    certificate.verify_directly_issued_by(keys().authority.certificate)


def test_a_signers_certificate_commits_to_content_under_our_policy() -> None:
    """Non-repudiation, no authority, policy of this service, no address to call."""
    key = ec.generate_private_key(ec.SECP256R1())
    extensions = keys().authority.issue_signer(SOMEBODY, key.public_key(), NOW).extensions
    assert extensions.get_extension_for_class(x509.KeyUsage).value.content_commitment
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [one.policy_identifier.dotted_string for one in policies] == [SIGNER_POLICY]
    addresses = (x509.AuthorityInformationAccess, x509.CRLDistributionPoints)
    assert not [one for one in extensions if isinstance(one.value, addresses)]


def test_the_revocation_list_names_what_was_revoked() -> None:
    """A revoked serial number is on the list, signed by the authority."""
    authority = replace(keys().authority, revoked=(RevokedCertificate(4711, NOW),))
    listed = x509.load_der_x509_crl(authority.issue_revocation_list(NOW))
    assert [one.serial_number for one in listed] == [4711]
    public_key = authority.certificate.public_key()
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    assert listed.is_signature_valid(public_key)
