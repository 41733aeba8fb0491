"""Where the private keys of the service are: in encrypted files of its folder, or with the signer process (DESIGN 5).

The file of a key holds it as encrypted PKCS#8, or says under which label the signer process holds it. So one rename replaces a
key, wherever it is, and each part of the service's keys may be in another place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from packets.errors import Problem
from signing.errors import PkiError, SigningError

HELD = b"signer-process: "
"""Begins a key file that names a key of the signer process."""

KeyHolder = Callable[[str], ec.EllipticCurvePrivateKey]
"""Gives the key with a label, usable but not readable, or raises SigningError."""


@dataclass(frozen=True, slots=True)
class Vault:
    """Opens, makes and files private keys.

    Attributes:
        passphrase: encrypts and opens those in files.
        holder: reaches those of the signer process; None where there is none.
        held: labels of keys that the signer process has for parts that are made now.
    """

    passphrase: str
    holder: KeyHolder | None = None
    held: Mapping[str, str] = field(default_factory=dict)

    def make(self, part: str, curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
        """A new key for a part, or the one that the signer process has for it.

        Raises:
            SigningError: the signer process does not have it, or cannot be reached.
            PkiError: there is no signer process.
        """
        return self._reach(self.held[part]) if part in self.held else ec.generate_private_key(curve)

    def encode(self, part: str, key: ec.EllipticCurvePrivateKey) -> bytes:
        """The file of a part's key."""
        if part in self.held:
            return HELD + self.held[part].encode() + b"\n"
        encryption = serialization.BestAvailableEncryption(self.passphrase.encode())
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)

    def open(self, path: Path) -> ec.EllipticCurvePrivateKey:
        """The key of a file.

        Raises:
            OSError, ValueError, TypeError: the file cannot be read, or the passphrase is wrong.
            SigningError: the signer process does not have it, or cannot be reached.
            PkiError: there is no signer process.
        """
        content = path.read_bytes()
        if content.startswith(HELD):
            return self._reach(content.removeprefix(HELD).decode().strip())
        key = serialization.load_pem_private_key(content, self.passphrase.encode())
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("it is no elliptic curve key")
        return key

    def _reach(self, label: str) -> ec.EllipticCurvePrivateKey:
        if self.holder is None:
            remedy = "Set ESM_SIGNER_SOCKET to the socket of the signer process."
            raise PkiError(
                Problem("signer-missing", "A signer process holds the key, and none is named.", remedy, label)
            )
        return self.holder(label)


def holder_problems(error: PkiError | SigningError, path: Path) -> list[Problem]:
    """The reasons why the signer process gave no key, at the file that names it."""
    return [Problem(one.code, one.sentence, one.remedy, str(path)) for one in error.problems]
