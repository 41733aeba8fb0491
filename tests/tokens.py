"""A PKCS #11 token in software (SoftHSM), with keys made inside it, and the signer process on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")
"""Where Debian's `softhsm2` puts it."""

PIN, TOKEN = "87654321", "packets"
MAKE_KEYS = """
import sys, pkcs11
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
library, token, pin, *labels = sys.argv[1:]
curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
with pkcs11.lib(library).get_token(token_label=token).open(rw=True, user_pin=pin) as session:
    for label in labels:
        parameters = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
        public, _ = parameters.generate_keypair(store=True, label=label, id=label.encode())
        print(encode_ec_public_key(public).hex())
"""


@dataclass(frozen=True, slots=True)
class Token:
    """A token with its keys.

    Attributes:
        settings: the module's own settings file.
        public_keys: by label.
    """

    settings: Path
    public_keys: dict[str, ec.EllipticCurvePublicKey]

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find the token."""
        return {"SOFTHSM2_CONF": str(self.settings), "PATH": os.defpath}

    def command(self, path: Path, labels: Sequence[str], *, token: str = TOKEN) -> list[str]:
        """The signer process, for these keys only."""
        keys = [argument for label in labels for argument in ("--key", label)]
        place = ["--library", str(LIBRARY), "--token", token, "--socket", str(path)]
        return [sys.executable, "-m", "signing.sources.process", *place, *keys]


def make_token(folder: Path, labels: Sequence[str]) -> Token:
    """A fresh token in a folder, with a key of its own making for each label."""
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    made = Token(settings, {})
    initial = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--so-pin", "12345678", "--pin", PIN]
    subprocess.run(initial, env=made.environment, check=True, capture_output=True)
    command = [sys.executable, "-c", MAKE_KEYS, str(LIBRARY), TOKEN, PIN, *labels]
    done = subprocess.run(command, env=made.environment, check=True, capture_output=True, text=True)
    for label, encoded in zip(labels, done.stdout.split(), strict=True):
        key = load_der_public_key(bytes.fromhex(encoded))
        assert isinstance(key, ec.EllipticCurvePublicKey)
        made.public_keys[label] = key
    return made


@contextmanager
def running(token: Token, path: Path, labels: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """The signer process, ready to sign."""
    pipe = subprocess.PIPE
    command = token.command(path, labels)
    with subprocess.Popen(command, env=token.environment, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{PIN}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)
