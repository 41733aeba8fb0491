"""One-time codes: those of the standard, taken a little early or late, and never for another time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.errors import StoreError
from web.auth.secret_box import SecretBox
from web.auth.totp import STEP_SECONDS, address_for_app, code_at, matching_step, step_at

STANDARD = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """The values of RFC 6238, appendix B, in six digits."""
    now = datetime.fromtimestamp(seconds, UTC)
    assert code_at(STANDARD, step_at(now)) == code
    assert matching_step(STANDARD, f" {code[:3]} {code[3:]} ", now) == step_at(now)


@given(st.binary(min_size=20, max_size=20), st.integers(min_value=-5, max_value=5))
def test_a_code_counts_one_step_early_or_late_and_not_more(secret: bytes, away: int) -> None:
    """Clocks may be half a minute off; unless two steps happen to have the same code."""
    now = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)
    near = {code_at(secret, step_at(now) + drift) for drift in (-1, 0, 1)}
    code = code_at(secret, step_at(now + timedelta(seconds=away * STEP_SECONDS)))
    assert (matching_step(secret, code, now) is not None) == (code in near)


@pytest.mark.parametrize("code", ["", "abcdef", "12345", "١٢٣٤٥٦", "\ud800", "1" * 500])
def test_what_is_no_code_is_wrong_and_breaks_nothing(code: str) -> None:
    """Letters, other digits, too many."""
    assert matching_step(STANDARD, code, datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_the_picture_for_the_app_says_whose_code_it_is() -> None:
    """The address has the issuer twice, as apps want it, and the secret in base32."""
    parts = urlsplit(address_for_app(STANDARD, "AB12"))
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/ACO%20signature%20packets%3AAB12")
    assert parse_qs(parts.query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["ACO signature packets"],
    }


def test_a_kept_secret_opens_for_its_owner_and_under_its_passphrase_only() -> None:
    """A copy of the database, or of another person's row, gives nothing away."""
    box = SecretBox("a passphrase")
    kept = box.close(STANDARD, "AB12")
    assert box.open(kept, "AB12") == STANDARD
    assert kept != box.close(STANDARD, "AB12")
    for other, owner, text in ((box, "AB13", kept), (SecretBox("another"), "AB12", kept), (box, "AB12", "%%%")):
        with pytest.raises(StoreError, match="authenticator-unreadable"):
            other.open(text, owner)
