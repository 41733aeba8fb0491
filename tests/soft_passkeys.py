"""An authenticator in software for tests: it makes passkeys and answers challenges, and can be told to lie."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
ORIGIN = "http://localhost"


def options_in(page: str) -> dict[str, Any]:
    """The options that a page carries for the browser."""
    found: dict[str, Any] = json.loads(unescape(page.split('data-options="')[1].split('"', maxsplit=1)[0]))
    return found


@dataclass
class SoftPasskey:
    """One passkey on one device.

    Attributes:
        count: how often it says that it was used.
        verifies: whether it says that it has verified the person.
    """

    origin: str = ORIGIN
    rp_id: str = "localhost"
    count: int = 0
    verifies: bool = True
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any]) -> str:
        """Answer options for a new passkey."""
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cose
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + attested}
        return self._answer(
            self._client(options, "webauthn.create"), attestationObject=bytes_to_base64url(cbor2.dumps(attestation))
        )

    def get(self, options: dict[str, Any]) -> str:
        """Answer a challenge."""
        self.count += 1
        client, data = self._client(options, "webauthn.get"), self._data(0)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(client, authenticatorData=bytes_to_base64url(data), signature=bytes_to_base64url(signature))

    def _data(self, flags: int) -> bytes:
        said = PRESENT | flags | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([said]) + self.count.to_bytes(4, "big")

    def _client(self, options: dict[str, Any], kind: str) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        assert base64url_to_bytes(options["challenge"])
        return json.dumps(said).encode()

    def _answer(self, client: bytes, **response: str) -> str:
        name = bytes_to_base64url(self.credential_id)
        answer = {"clientDataJSON": bytes_to_base64url(client), **response}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": answer})
