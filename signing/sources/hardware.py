"""Keys in a hardware module, over PKCS #11 (OASIS, version 2.40). For the signer process only.

The library is told that one thread uses it, so there is one session, one login and one lock. Keys never leave the module. ECDSA
without a hash mechanism (`CKM_ECDSA`) is asked for, because not every module hashes; the digest comes hashed already.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pkcs11
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11.util.ec import encode_ec_public_key

from packets.errors import Problem
from signing.errors import PkiError, SigningError

COORDINATE_DIVISOR = 2
"""The module answers both numbers of a signature, of equal length, one after the other."""


class HardwareKeys:
    """Elliptic-curve keys of one token.

    Args:
        library: the module's PKCS #11 library.
        token: label of the token.
        pin: the user's PIN.
        labels: of the keys that may sign; others in the token may not.

    Raises:
        PkiError: the library, the token or a key is not there, or the PIN is wrong.
    """

    def __init__(self, library: Path, token: str, pin: str, labels: Sequence[str]) -> None:
        self._lock = threading.Lock()
        try:
            self._session = pkcs11.lib(str(library)).get_token(token_label=token).open(user_pin=pin)
            self._keys = {label: self._find(label) for label in labels}
        except (pkcs11.PKCS11Error, RuntimeError) as error:
            raise _unusable(library, token, error) from error

    def sign(self, label: str, digest: bytes) -> bytes:
        """The ECDSA signature over a digest, DER (RFC 3279, 2.2.3).

        Raises:
            SigningError: there is no such key, or the module fails.
        """
        if label not in self._keys:
            raise SigningError(Problem("key-unknown", "There is no key with this label.", "Check the label.", label))
        try:
            with self._lock:
                raw = self._keys[label].sign(digest, mechanism=pkcs11.Mechanism.ECDSA)
        except pkcs11.PKCS11Error as error:
            sentence = f"The hardware module fails: {type(error).__name__}."
            raise SigningError(Problem("module-fails", sentence, "Start the signer process again.", label)) from error
        half = len(raw) // COORDINATE_DIVISOR
        return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))

    def public_key(self, label: str) -> bytes:
        """The public half of a key that may sign, DER.

        Raises:
            SigningError: there is no such key, or the module fails.
        """
        if label not in self._keys:
            raise SigningError(Problem("key-unknown", "There is no key with this label.", "Check the label.", label))
        try:
            with self._lock:
                found = self._session.get_key(
                    object_class=pkcs11.ObjectClass.PUBLIC_KEY, key_type=pkcs11.KeyType.EC, label=label
                )
                if not isinstance(found, pkcs11.PublicKey):
                    raise pkcs11.NoSuchKey(label)
                encoded: bytes = encode_ec_public_key(found)
        except pkcs11.PKCS11Error as error:
            sentence = f"The hardware module gives no public key: {type(error).__name__}."
            raise SigningError(Problem("module-fails", sentence, "Keep both halves in the token.", label)) from error
        return encoded

    def close(self) -> None:
        """End the session, and with it the login."""
        self._session.close()

    def _find(self, label: str) -> pkcs11.SignMixin:
        key = self._session.get_key(
            object_class=pkcs11.ObjectClass.PRIVATE_KEY, key_type=pkcs11.KeyType.EC, label=label
        )
        if not isinstance(key, pkcs11.SignMixin):
            raise pkcs11.NoSuchKey(label)
        return key


def _unusable(library: Path, token: str, error: Exception) -> PkiError:
    sentence = f"The hardware module cannot be used: {type(error).__name__} {error}".rstrip() + "."
    return PkiError(Problem("module-unusable", sentence, "Check library, token, PIN and keys.", f"{library}, {token}"))
