"""Tokens of the JSON API: what they look like, what they allow, when they count. Pure.

A token is `esm_`, forty characters drawn at random and six that check them, so that a mistyped one, and one that was pasted into
a public place, is recognized without asking anybody. It is kept as a digest; nobody can read it back.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PREFIX = "esm_"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DRAWN, CHECKED = 40, 6
FORM = re.compile(rf"{PREFIX}([{ALPHABET}]{{{DRAWN}}})([{ALPHABET}]{{{CHECKED}}})")
LONGEST_LIFE = timedelta(days=366)


class Scope(StrEnum):
    """What a token may be used for, at most; the roles of its person decide about the rest."""

    READ = "read"
    EDIT = "edit"
    CORRECT = "correct"
    SIGN = "sign"
    MANAGE = "manage"
    VERIFY = "verify"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is kept of a token.

    Attributes:
        token_id: by which it is listed and revoked; no secret.
        label: what it is for, in the words of whoever made it.
    """

    token_id: str
    user_id: str
    label: str
    scopes: frozenset[Scope]
    created_by: str
    created_at_utc: datetime
    expires_at_utc: datetime
    revoked_at_utc: datetime | None = None
    used_at_utc: datetime | None = None

    def counts(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at_utc is None and now < self.expires_at_utc


def draw_token() -> str:
    """A new token with 238 bits that nobody can guess."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(DRAWN))
    return f"{PREFIX}{drawn}{check_of(drawn)}"


def check_of(drawn: str) -> str:
    """The characters that check the drawn ones: CRC-32 in base 62."""
    number = zlib.crc32(drawn.encode("ascii"))
    digits = []
    for _ in range(CHECKED):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def is_token(text: str) -> bool:
    """Whether a text has the form of a token and its check fits; a mistyped one never has the database asked."""
    found = FORM.fullmatch(text)
    return found is not None and check_of(found[1]) == found[2]


def token_digest(text: str) -> str:
    """Under what a token is kept: SHA-256, hex. A fast digest suffices for what was drawn at random."""
    return hashlib.sha256(text.encode()).hexdigest()
