"""One-time codes of authenticator apps (RFC 6238, as every app knows them: SHA-1, six digits, 30 seconds). Pure."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_SECONDS, DIGITS, SECRET_BYTES = 30, 6, 20
DRIFT = 1
"""Steps before and after the present one whose code is taken, for clocks that are a little off (RFC 6238, 5.2)."""
ISSUER = "ACO signature packets"


def step_at(now: datetime) -> int:
    """The number of the time step."""
    return int(now.timestamp()) // STEP_SECONDS


def code_at(secret: bytes, step: int) -> str:
    """The code of a time step (RFC 4226, 5.3)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: bytes, code: str, now: datetime) -> int | None:
    """The time step whose code it is, or None. Every step is compared, in constant time."""
    given = "".join(code.split())
    if not (given.isascii() and given.isdigit()):
        return None
    steps = range(step_at(now) - DRIFT, step_at(now) + DRIFT + 1)
    matches = [step for step in steps if hmac.compare_digest(code_at(secret, step), given)]
    return matches[-1] if matches else None


def written(secret: bytes) -> str:
    """The secret as people type it into an app."""
    return base64.b32encode(secret).decode("ascii")


def address_for_app(secret: bytes, user_id: str) -> str:
    """What the picture for the app's camera says."""
    label = quote(f"{ISSUER}:{user_id}")
    return f"otpauth://totp/{label}?{urlencode({'secret': written(secret), 'issuer': ISSUER}, quote_via=quote)}"
