"""Attributes that are encoded once are those that pyHanko makes by itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asn1crypto import cms, tsp
from pyhanko.sign.signers import Signer, SimpleSigner
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

from signed_files import NOW, document_type, identity, keys
from signing.attributes import _Encoded, encode_once, make_attribute
from signing.revisions import OneKeySigner, asn1_certificate
from signing.sources.source import OneTimeKeys

DIGEST = b"\x07" * 32


def signer() -> OneKeySigner:
    """Somebody's signer with a one-time key."""
    made = OneTimeKeys(keys().authority, keys().trust).credential(identity(document_type().slots[0]), NOW).signer
    assert isinstance(made, OneKeySigner)
    return made


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"use_pades": True}, id="a signature in a PDF"),
        pytest.param({"use_pades": True, "is_pdf_sig": False}, id="a statement that is no PDF"),
        pytest.param({"use_pades": False}, id="the older form"),
    ],
)
def test_what_is_signed_beside_the_document_is_what_pyhanko_would_have_signed(form: dict[str, Any]) -> None:
    """Every attribute, byte for byte, in every form."""
    ours = signer()
    theirs = SimpleSigner(ours.signing_cert, None, ours.cert_registry)
    made, expected = (asyncio.run(one.signed_attrs(DIGEST, "sha256", **form)) for one in (ours, theirs))
    assert made.dump() == expected.dump()
    assert {"message_digest", "content_type"} < {one["type"].native for one in made}


def test_a_value_that_is_encoded_once_says_the_same() -> None:
    """It is read from its own bytes, and may be changed as before."""
    whole = asn1_certificate(keys().root)
    value = tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2({"cert_hash": whole.sha256})]})
    read = encode_once(value)
    assert read.dump() == value.dump()
    assert read["certs"][0]["cert_hash"].native == whole.sha256
    read["certs"][0]["cert_hash"] = DIGEST
    assert read["certs"][0]["cert_hash"].native == DIGEST


def test_an_attribute_has_one_value() -> None:
    """RFC 5652, 5.3: a type and a set of values."""
    made = make_attribute("message_digest", DIGEST)
    assert made.dump() == cms.CMSAttribute({"type": "message_digest", "values": [DIGEST]}).dump()


def test_pyhanko_still_asks_where_we_answer() -> None:
    """Were its inner method called otherwise, signatures would be the same and take twice as long."""
    assert hasattr(Signer, "_signed_attr_provider_spec")
    settings = PdfCMSSignedAttributes()
    providers = list(signer()._signed_attr_providers(DIGEST, "sha256", settings, use_cades=True))
    assert providers
    assert all(isinstance(one, _Encoded) for one in providers)
