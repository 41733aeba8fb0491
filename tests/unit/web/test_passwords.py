"""What a password may be: long, not one that is guessed first, and the same however it is typed (NIST SP 800-63B-4)."""

from __future__ import annotations

import unicodedata

import pytest
from argon2 import Type, extract_parameters
from hypothesis import given, settings
from hypothesis import strategies as st

from web.auth import passwords
from web.auth.passwords import (
    LEAST_WITH_SECOND_FACTOR,
    LONGEST,
    composed,
    hash_password,
    is_right,
    nobodys_hash,
    password_problems,
)

EARNEST = passwords.hasher
"""As it is outside tests: taken before any fixture replaces it."""


def codes(password: str, own: tuple[str, ...] = (), least: int = 15) -> set[str]:
    return {one.code for one in password_problems(password, own, least)}


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "пароль из нескольких слов", "  blanks at both ends  ", "emoji 🐎🔋 are letters too"],
)
def test_long_ones_of_any_characters_are_taken(password: str) -> None:
    """There is no rule about kinds of characters."""
    assert codes(password) == set()


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("fourteen chars", "password-weak"),
        ("x" * 300, "password-weak"),
        ("abababababababab", "password-weak"),
        ("1qaz2wsx3edc4rfv", "password-common"),
        ("vfr4cde3xsw2zaq1", "password-common"),
        ("abcdefghijklmnop", "password-common"),
        ("horse1horse1horse1", "password-common"),
        ("Medicare Shared Savings", "password-expected"),
        ("Maria-Huang-AB12-2026", "password-expected"),
    ],
)
def test_what_is_guessed_first_is_refused_with_its_reason(password: str, code: str) -> None:
    """Too short or too long, leaked, a pattern, or made of what anybody knows about the person and the service."""
    assert codes(password, ("Maria", "Huang", "AB12")) == {code}


def test_with_a_second_factor_eight_characters_are_enough_and_leaked_ones_are_not() -> None:
    """Length is the only thing that changes."""
    assert codes("plum tree", least=LEAST_WITH_SECOND_FACTOR) == set()
    assert codes("plum tree") == {"password-weak"}
    assert codes("sunshine", least=LEAST_WITH_SECOND_FACTOR) == {"password-common"}


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=15, max_size=LONGEST))
def test_the_rules_answer_alike_however_a_password_is_composed(password: str) -> None:
    """Keyboards and systems write the same letter as one code point or as several."""
    assert codes(unicodedata.normalize("NFD", password)) == codes(unicodedata.normalize("NFC", password))
    assert composed(unicodedata.normalize("NFD", password)) == composed(password)


def test_a_password_is_right_in_either_form_and_a_lone_surrogate_is_only_wrong() -> None:
    """What cannot be written is no password, and no failure of ours."""
    hashed = hash_password("ein schönes Wort, älter")
    assert is_right(hashed, unicodedata.normalize("NFD", "ein schönes Wort, älter"))
    assert not is_right(hashed, "ein schönes Wort, \ud800lter")
    assert not is_right(nobodys_hash(), "ein schönes Wort, älter")


def test_passwords_are_hashed_slowly() -> None:
    """Argon2id with at least 19 MiB and two passes (OWASP); other tests hash with less work."""
    made = extract_parameters(EARNEST().hash("correct horse battery"))
    assert made.type is Type.ID
    assert made.memory_cost >= 19 * 1024
    assert made.time_cost >= 2
