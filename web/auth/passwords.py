"""What a password may be (NIST SP 800-63B-4, 3.1.1.2), and how it is kept: length counts, characters are free.

Passwords are compared in Unicode's composed form (NFC). Refused are those that are known to be common (the list of the package
`zxcvbn`, from leaked passwords), and those that consist of little more than the names that anybody would try here first.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from packets.errors import Problem
from packets.model.people import Person

LEAST_ALONE, LEAST_WITH_SECOND_FACTOR, LONGEST = 15, 8, 256
LEAST_VARIETY, LEAST_OWN_LETTERS, LEAST_WORD = 5, 5, 3
SERVICE_WORDS = (
    "esm", "packets", "packet", "signature", "electronic", "aco", "accountable", "care", "organization", "medicare",
    "medicaid", "cms", "shared", "savings", "program", "password", "passphrase", "welcome", "certification",
)  # fmt: skip
"""What this service is about: the first that a guesser would try."""


@cache
def hasher() -> PasswordHasher:
    """Argon2id with the parameters that its package recommends (RFC 9106, low memory)."""
    return PasswordHasher()


@cache
def nobodys_hash() -> str:
    """Is compared for user IDs that do not exist, so that they take as long as others."""
    return hasher().hash(secrets.token_hex())


def composed(password: str) -> str:
    """The password in the form in which it is compared."""
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """How a password is kept."""
    return hasher().hash(composed(password).encode("utf-8", "surrogatepass"))


def is_right(hashed: str, password: str) -> bool:
    """Whether it is the password. Takes as long for a wrong one."""
    try:
        return hasher().verify(hashed, composed(password[: LONGEST + 1]).encode("utf-8", "surrogatepass"))
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


def password_problems(password: str, own_words: Iterable[str] = (), least: int = LEAST_ALONE) -> list[Problem]:
    """Everything that is wrong with a new password.

    Args:
        password: as it was typed.
        own_words: what belongs to the person: names, user ID, organization.
        least: fewest characters: 15 where it is the only factor, 8 with a second one.
    """
    text = composed(password)
    if not least <= len(text) <= LONGEST or len(set(text)) < LEAST_VARIETY:
        sentence = f"The password has not {least} to {LONGEST} characters, or too few different ones."
        return [Problem("password-weak", sentence, "Choose a longer one, e.g. several words.", "new_password")]
    folded = text.casefold()
    if folded in common_passwords() or folded in common_passwords(backwards=True) or _repeats(folded):
        remedy = (
            "Choose one that nobody else would think of, e.g. several words that have nothing to do with each other."
        )
        return [
            Problem("password-common", "This password is among those that are guessed first.", remedy, "new_password")
        ]
    if len(_own_letters(folded, own_words)) < LEAST_OWN_LETTERS:
        sentence = "The password is made of names that anybody would try here first."
        remedy = "Choose words that have nothing to do with you or this service."
        return [Problem("password-expected", sentence, remedy, "new_password")]
    return []


def words_of(person: Person) -> tuple[str, ...]:
    """What a guesser who knows the person would try."""
    names = (person.given_name, person.family_name, person.organization, person.title, person.email)
    words = [part for name in names for part in "".join(c if c.isalnum() else " " for c in name).split()]
    return (person.user_id, *words)


@cache
def common_passwords(*, backwards: bool = False) -> frozenset[str]:
    """Passwords that are guessed first, in lower case."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]  # it carries no types

    found: list[str] = [one for one in FREQUENCY_LISTS["passwords"] if len(one) >= LEAST_WITH_SECOND_FACTOR]
    return frozenset(one[::-1] for one in found) if backwards else frozenset(found)


def _repeats(text: str) -> bool:
    """Whether it is a short piece again and again, or counts up or down."""
    half = len(text) // 2
    piece = any(text == (text[:size] * len(text))[: len(text)] for size in range(1, min(half, 8) + 1))
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return piece or len(steps) == 1


def _own_letters(text: str, own_words: Iterable[str]) -> set[str]:
    """The different letters that are left when the words that anybody would try are taken out."""
    words = {word.casefold() for word in (*own_words, *SERVICE_WORDS) if len(word) >= LEAST_WORD}
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, " ")
    return {one for one in text if one.isalpha()}
