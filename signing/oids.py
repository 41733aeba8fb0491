"""Object identifiers of the service.

They stand under 2.25, the arc of UUIDs (ITU-T X.667), which needs no registration: the UUID below was drawn once, for this
service. An agency with an arc of its own puts it here before its first production year, never after.
"""

from __future__ import annotations

SERVICE_ARC = "2.25.77029419620736824589233169081274061702"

SIGNER_POLICY = f"{SERVICE_ARC}.1"
"""Certificate policy of signers: issued for one signature, after a fresh re-authentication, valid for minutes."""

SEAL_POLICY = f"{SERVICE_ARC}.2"
"""Certificate policy of the service seal."""

TIMESTAMP_POLICY = f"{SERVICE_ARC}.3"
"""Policy of the embedded time-stamp authority: certificate policy and TSA policy of its tokens (RFC 3161, 2.4.1)."""

NAME_ATTRIBUTE = "2.5.4.41"
"""X.520 `name`: carries a name that does not fit in the 64 characters of a common name."""

ASSURED_SHORT_TERM = "0.4.0.194121.2.1"
"""ETSI EN 319 412-1, 5.2: the certificate ends before a revocation could be processed."""
