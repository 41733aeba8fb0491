"""A signature that held is known; one that does not hold is refused every time."""

from __future__ import annotations

from typing import Any

import pytest
from asn1crypto.algos import SignedDigestAlgorithm
from asn1crypto.keys import PublicKeyInfo
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext

from signing import known_signatures
from signing.known_signatures import KnownSignatures, _digested

DATA = b"a certificate"
ALGORITHM = SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})


class Counting(DefaultSignatureValidator):
    """pyHanko's, and how often it was asked."""

    asked = 0

    def validate_signature(self, *arguments: Any, **named: Any) -> None:
        """As pyHanko does."""
        self.asked += 1
        super().validate_signature(*arguments, **named)


def key_pair() -> tuple[ec.EllipticCurvePrivateKey, PublicKeyInfo]:
    """A key, and its public half as validators see it."""
    key = ec.generate_private_key(ec.SECP256R1())
    encoded = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key, PublicKeyInfo.load(encoded)


def test_what_held_is_not_checked_again() -> None:
    """The second file that brings the same list costs nothing."""
    key, public = key_pair()
    signature, inner = key.sign(DATA, ec.ECDSA(hashes.SHA256())), Counting()
    known = KnownSignatures(inner)
    for _ in range(3):
        known.validate_signature(signature, DATA, public, ALGORITHM)
    assert inner.asked == 1


def test_what_does_not_hold_is_refused_each_time_also_after_the_same_signature_held() -> None:
    """Other data, another key, another signature, another algorithm: nothing is taken for what was known."""
    key, public = key_pair()
    signature, known = key.sign(DATA, ec.ECDSA(hashes.SHA256())), KnownSignatures()
    known.validate_signature(signature, DATA, public, ALGORITHM)
    _, stranger = key_pair()
    sha512 = SignedDigestAlgorithm({"algorithm": "sha512_ecdsa"})
    for tried in (
        (signature, DATA + b"!", public, ALGORITHM),
        (signature[:-1] + bytes([signature[-1] ^ 1]), DATA, public, ALGORITHM),
        (signature, DATA, stranger, ALGORITHM),
        (signature, DATA, public, sha512),
    ):
        for _ in range(2):
            with pytest.raises(InvalidSignature):
                known.validate_signature(*tried)


def test_what_held_over_a_digest_does_not_hold_over_the_data() -> None:
    """The context belongs to what is known."""
    key, public = key_pair()
    signature, inner = key.sign(DATA, ec.ECDSA(hashes.SHA256())), Counting()
    known = KnownSignatures(inner)
    known.validate_signature(signature, DATA, public, ALGORITHM)
    with pytest.raises((InvalidSignature, ValueError)):
        known.validate_signature(signature, DATA, public, ALGORITHM, SignatureValidationContext(prehashed=True))
    assert inner.asked == 2


def test_what_is_known_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that verifies for years does not grow."""
    monkeypatch.setattr(known_signatures, "MOST", 2)
    key, public = key_pair()
    known = KnownSignatures()
    for number in range(9):
        data = bytes([number])
        known.validate_signature(key.sign(data, ec.ECDSA(hashes.SHA256())), data, public, ALGORITHM)
        assert len(known._held) <= 2


@given(st.lists(st.binary(max_size=9), max_size=5), st.lists(st.binary(max_size=9), max_size=5))
def test_other_parts_have_another_digest(one: list[bytes], other: list[bytes]) -> None:
    """No part can stand for the beginning of the next."""
    assert (_digested(*one) == _digested(*other)) == (one == other)
