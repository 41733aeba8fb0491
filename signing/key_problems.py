"""Why a file of keys or certificates cannot be opened, told apart: gone, closed to us, another passphrase, or garbage.

New keys are the remedy for none of them: what was signed before would not match them.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from asn1crypto import keys

from packets.errors import Problem

MISSING, CLOSED, WRONG_PASSPHRASE, DAMAGED = "pki-missing", "pki-closed", "pki-passphrase", "pki-damaged"
RESTORE = "Bring the whole folder back from one backup; new keys would not match what was signed."
ENCRYPTED = re.compile(rb"-----BEGIN ENCRYPTED PRIVATE KEY-----\s(.+)-----END ENCRYPTED PRIVATE KEY-----\s*", re.DOTALL)


def missing_folder(folder: Path) -> Problem:
    """The problem of a folder of keys that is not there."""
    return Problem(MISSING, "The folder of the keys is not there.", RESTORE, str(folder))


def file_problem(path: Path, error: Exception) -> Problem:
    """The problem of a file that cannot be read, or is no certificate, no list and no key."""
    if isinstance(error, FileNotFoundError):
        return Problem(MISSING, f"{path.name} is not there.", RESTORE, str(path))
    if isinstance(error, OSError):
        sentence = f"{path.name} cannot be read: {error.strerror}."
        mode = "600" if path.suffix else "700"
        return Problem(CLOSED, sentence, f"Give it to the user who runs the service, with mode {mode}.", str(path))
    if path.suffix == ".key" and _is_encrypted(path):
        return Problem(WRONG_PASSPHRASE, f"The passphrase does not open {path.name}.", _GIVE, str(path))
    return Problem(DAMAGED, f"{path.name} is damaged: it is not what was written there.", RESTORE, str(path))


def told_apart(problems: Sequence[Problem], opened: int) -> list[Problem]:
    """The problems of several keys. Where the passphrase opens another key it is right, and the file is damaged."""
    if not opened:
        return list(problems)
    sentence = "{} is damaged: the passphrase opens other keys, and not this one."
    return [
        replace(problem, code=DAMAGED, sentence=sentence.format(Path(problem.where).name), remedy=RESTORE)
        if problem.code == WRONG_PASSPHRASE
        else problem
        for problem in problems
    ]


_GIVE = "Give the right one by ESM_PKI_PASSPHRASE_FILE or ESM_PKI_PASSPHRASE; the keys themselves are there."


def _is_encrypted(path: Path) -> bool:
    """Whether a file has the form of an encrypted key, so that it is the passphrase that does not fit."""
    try:
        found = ENCRYPTED.fullmatch(path.read_bytes().lstrip())
        content = base64.b64decode(b"".join(found[1].split()), validate=True) if found else b""
        return bool(keys.EncryptedPrivateKeyInfo.load(content, strict=True)["encrypted_data"].native)
    except (OSError, binascii.Error, ValueError, TypeError):
        return False
