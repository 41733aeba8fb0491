"""Asking each time-stamp authority by itself, for those who examine the service: which answers, with which time, until when.

A token is judged as of its own time, so that an honest authority is told from a clock that is wrong.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import cms

from packets.clock import Clock
from signing.timestamps import Authority, TimeStampSource, make_request
from signing.tokens import Imprint, authority_faults, generation_time, granted_token, token_info
from signing.waiting import wait_for


@dataclass(frozen=True, slots=True)
class AuthorityAnswer:
    """What one authority answered.

    Attributes:
        name: its address, or `local`.
        before: our time when it was asked.
        after: our time when its answer was there.
        at: the time that its token attests; None when there is no token that holds.
        ends: when its certificate ends; None when it is not known.
        fault: what is wrong with the answer, as half a sentence; empty when nothing is, or when there is no answer.
        failure: why there is no answer; None when there is one.
    """

    name: str
    before: datetime
    after: datetime
    at: datetime | None = None
    ends: datetime | None = None
    fault: str = ""
    failure: OSError | None = None

    @property
    def distance(self) -> timedelta:
        """How far its time lies outside the interval in which it was asked; authorities round down to a second."""
        if self.at is None:
            return timedelta(0)
        if self.at > self.after:
            return self.at - self.after
        return min(self.at - self.before + timedelta(seconds=1), timedelta(0))


def ask_authorities(source: TimeStampSource, clock: Clock) -> list[AuthorityAnswer]:
    """Ask every authority of a source for a time-stamp of random bytes."""
    return [_ask(authority, source, clock) for authority in source.authorities]


def _ask(authority: Authority, source: TimeStampSource, clock: Clock) -> AuthorityAnswer:
    imprint, before = Imprint(secrets.token_bytes(32), "sha256", secrets.randbits(63)), clock()
    try:
        token = granted_token(authority.answer(make_request(imprint)))
    except OSError as error:
        return AuthorityAnswer(authority.name, before, clock(), failure=error)
    except (ValueError, TypeError, KeyError, AttributeError):
        return AuthorityAnswer(authority.name, before, clock(), fault="what it sends is no time-stamp response")
    after = clock()
    if isinstance(token, str):
        return AuthorityAnswer(authority.name, before, after, fault=f"it refuses ({token})")
    try:
        at, ends = generation_time(token).astimezone(UTC), _end(token)
        faults = _faults(token, imprint, source, at)
    except (ValueError, TypeError, KeyError, AttributeError):
        return AuthorityAnswer(authority.name, before, after, fault="its token cannot be read")
    return AuthorityAnswer(authority.name, before, after, None if faults else at, ends, "; ".join(faults))


def _faults(token: cms.ContentInfo, imprint: Imprint, source: TimeStampSource, at: datetime) -> list[str]:
    info = token_info(token)
    stamped, nonce = info["message_imprint"]["hashed_message"].native, info["nonce"].native
    faults = [] if (stamped, nonce) == (imprint.digest, imprint.nonce) else ["it answers another request"]
    return faults + wait_for(authority_faults(token, imprint.digest, source.trust, at))


def _end(token: cms.ContentInfo) -> datetime | None:
    """When the certificate of the token's signer ends."""
    signed = token["content"]
    signer = signed["signer_infos"][0]["sid"]
    if signer.name != "issuer_and_serial_number":
        return None
    for choice in signed["certificates"]:
        certificate = choice.chosen
        named = (certificate.issuer, certificate.serial_number)
        if named == (signer.chosen["issuer"], signer.chosen["serial_number"].native):
            ends: datetime = certificate.not_valid_after
            return ends.astimezone(UTC)
    return None
