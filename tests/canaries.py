"""Secrets that the tests give to the service, so that they can be looked for wherever it writes something down.

Every page that a test opens, and everything that a test run writes to its output and its log, is searched for them
(`browsing.py`, `conftest.py`); what stays on disks is searched in `tests/integration/test_canaries.py`.
"""

from __future__ import annotations

import mailboxes
from worlds import PASSPHRASE, PASSWORD, SESSION_SECRET

SECRETS = {
    "a password": PASSWORD,
    "the passphrase of the keys": PASSPHRASE,
    "the secret of sessions": SESSION_SECRET,
    "the password of the mail server": mailboxes.PASSWORD,
}


def leaks(content: bytes | str) -> list[str]:
    """Which of the secrets are in it."""
    text = content if isinstance(content, str) else content.decode("latin-1")
    return [name for name, secret in SECRETS.items() if secret in text]
