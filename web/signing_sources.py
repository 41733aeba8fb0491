"""Whose keys and whose time-stamps the settings name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from packets.clock import Clock
from packets.errors import InputError, Problem
from packets.settings import Settings
from signing.pki import Pki
from signing.sources.authorities import AlsoAccepting, KeyAuthority
from signing.sources.register import open_register
from signing.sources.source import HeldKeys, OneTimeKeys, SignerSource
from signing.timestamps import TimeStampSource, local_source, remote_source
from signing.trust import read_trust


def people_keys(settings: Settings, pki: Pki, authorities: Sequence[KeyAuthority]) -> SignerSource:
    """A key of one use for everybody, but for the people whose keys the register names (ADR 9)."""
    one_time = OneTimeKeys(pki.authority, pki.trust)
    if settings.signer_keys is None:
        return one_time
    held = HeldKeys(open_register(settings.signer_keys, settings.signer_socket), one_time)
    return AlsoAccepting(held, authorities) if authorities else held


def time_stamps(settings: Settings, pki: Pki, clock: Clock) -> TimeStampSource:
    """The authorities of the settings, in order; the embedded one where none is named, which production does not accept."""
    if settings.tsa_urls:
        roots = read_trust((), settings.tsa_roots).timestamp_roots
        return remote_source(settings.tsa_urls, replace(pki.trust, timestamp_roots=roots), clock)
    if settings.mode == "production":
        raise InputError(
            Problem(
                "tsa-missing",
                "Production needs an independent time-stamp authority.",
                "Set ESM_TSA_URLS and ESM_TSA_ROOTS.",
                "ESM_TSA_URLS",
            )
        )
    return local_source(pki, clock)
