"""Secrets of endpoints and the signature of messages, as Standard Webhooks has them: HMAC-SHA256 over id, time and body. Pure.

A secret is derived from a secret of the service, the endpoint and its generation: nothing that could be stolen is stored, and an
endpoint's secret is replaced by counting on.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from datetime import datetime, timedelta

from packets.model.webhooks import Endpoint

BOTH_COUNT = timedelta(hours=24)
"""How long the secret before signs too after it was replaced."""
SHOWN = "whsec_"


def show_secret(master: str, endpoint: Endpoint) -> str:
    """The endpoint's present secret, as receivers are given it."""
    return SHOWN + b64encode(_secret(master, endpoint.endpoint_id, endpoint.generation)).decode("ascii")


def sign_message(master: str, endpoint: Endpoint, message_id: str, body: str, now: datetime) -> dict[str, str]:
    """The headers of a message: its id, the time of this attempt, and a signature by each secret that counts."""
    stamp = str(int(now.timestamp()))
    content = f"{message_id}.{stamp}.{body}".encode()
    signatures = [
        "v1," + b64encode(hmac.digest(_secret(master, endpoint.endpoint_id, one), content, "sha256")).decode("ascii")
        for one in _generations(endpoint, now)
    ]
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": " ".join(signatures)}


def _generations(endpoint: Endpoint, now: datetime) -> tuple[int, ...]:
    rotated = endpoint.rotated_at_utc
    if rotated is None or now - rotated > BOTH_COUNT:
        return (endpoint.generation,)
    return endpoint.generation, endpoint.generation - 1


def _secret(master: str, endpoint_id: str, generation: int) -> bytes:
    return hmac.digest(master.encode(), f"webhook {endpoint_id} {generation}".encode(), hashlib.sha256)
