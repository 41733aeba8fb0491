"""The worker's side of the signer process: asks for a signature over a UNIX socket, and never waits for long."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from dataclasses import dataclass
from pathlib import Path

from packets.errors import Problem
from signing.errors import SigningError
from signing.sources.wire import Deadline, WireError, receive_message, send_message

PATIENCE_SECONDS = 10.0
"""Seconds that one signature may take; a hardware module takes milliseconds, a networked one perhaps a second."""


class SignerUnavailableError(SigningError):
    """The signer process cannot be reached, or does not answer in time; nothing was signed."""

    status_hint = 503


@dataclass(frozen=True, slots=True)
class SocketKey:
    """A key that the signer process holds.

    Attributes:
        path: the socket of the signer process.
        label: the key's label in the hardware module.
        patience: seconds that one signature may take.
    """

    path: Path
    label: str
    patience: float = PATIENCE_SECONDS

    async def ask(self, data: bytes) -> bytes:
        """The ECDSA signature over bytes, DER. Only their digest leaves this process.

        Raises:
            SignerUnavailableError: the signer process is down, hangs, or answers nonsense.
            SigningError: it refuses.
        """
        return await asyncio.to_thread(self.sign_digest, hashlib.sha256(data).digest())

    def sign_digest(self, digest: bytes) -> bytes:
        """The ECDSA signature over a digest of 32 bytes, DER; waits for it.

        Raises:
            SignerUnavailableError, SigningError: as `ask`.
        """
        return self._exchange({"act": "sign", "digest": digest.hex()}, "signature")

    def fetch_public_key(self) -> bytes:
        """The key's public half, DER (SubjectPublicKeyInfo).

        Raises:
            SignerUnavailableError, SigningError: as `ask`.
        """
        return self._exchange({"act": "public-key"}, "public_key")

    def _exchange(self, question: dict[str, str], wanted: str) -> bytes:
        deadline = Deadline(self.patience)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                deadline.apply(connection)
                connection.connect(str(self.path))
                send_message(connection, {**question, "key": self.label}, deadline)
                return self._content_of(receive_message(connection, deadline), wanted)
        except TimeoutError as error:
            raise self._unavailable(f"did not answer within {self.patience:g} s") from error
        except OSError as error:
            raise self._unavailable(f"cannot be reached ({error.strerror or error})") from error
        except WireError as error:
            raise self._unavailable(f"answers nonsense ({error})") from error

    def _content_of(self, answer: dict[str, str], wanted: str) -> bytes:
        if "refusal" in answer:
            sentence = f"The signer process refuses: {answer['refusal']}."
            raise SigningError(Problem("signer-refuses", sentence, "Check its keys and its log.", self.label))
        try:
            return bytes.fromhex(answer[wanted])
        except (KeyError, ValueError) as error:
            raise WireError(f"no {wanted.replace('_', ' ')}") from error

    def _unavailable(self, what: str) -> SignerUnavailableError:
        remedy = "Start the signer process, or look into its log; then sign again."
        return SignerUnavailableError(
            Problem("signer-unavailable", f"The signer process {what}.", remedy, str(self.path))
        )
