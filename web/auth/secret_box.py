"""Keeps the secrets of authenticator apps encrypted, under a key that is made from the passphrase of the service's keys.

A copy of the database alone gives nothing away. With another passphrase the secrets cannot be read any more: people sign in with
a passkey or a recovery code then, and set up their app again.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from packets.errors import Problem, StoreError

SALT = b"esm-packets: secrets of authenticator apps, 1"
KEY_BYTES, NONCE_BYTES = 32, 12
COST, BLOCK, LANES = 2**14, 8, 1


@dataclass(frozen=True)
class SecretBox:
    """Encrypts (AES-256-GCM) under a key from a passphrase (scrypt); each secret is bound to whom it belongs."""

    passphrase: str

    @cached_property
    def _cipher(self) -> AESGCM:
        derived = Scrypt(salt=SALT, length=KEY_BYTES, n=COST, r=BLOCK, p=LANES).derive(self.passphrase.encode())
        return AESGCM(derived)

    def close(self, secret: bytes, owner: str) -> str:
        """The secret, encrypted."""
        nonce = os.urandom(NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, secret, owner.encode())).decode("ascii")

    def open(self, text: str, owner: str) -> bytes:
        """The secret.

        Raises:
            StoreError: it was encrypted under another passphrase, or for somebody else.
        """
        try:
            raw = base64.b64decode(text, validate=True)
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], owner.encode())
        except (InvalidTag, ValueError):
            sentence = "The secret of the authenticator app cannot be read any more."
            remedy = "Use a recovery code or a passkey, and set up the app again."
            raise StoreError(Problem("authenticator-unreadable", sentence, remedy)) from None
