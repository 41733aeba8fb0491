"""Time-stamp tokens: what must hold of one before it counts (RFC 3161, 2.4.2; ETSI EN 319 102-1, 5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from asn1crypto import cms, tsp
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import ades_timestamp_validation

from packets.errors import Problem
from signing.identity import CLOCK_SKEW
from signing.paths import instant, validation_policy

if TYPE_CHECKING:
    from signing.trust import Trust

GRANTED = frozenset({"granted", "granted_with_mods"})


@dataclass(frozen=True, slots=True)
class Imprint:
    """What is to be time-stamped, and the nonce that ties the answer to the question.

    Attributes:
        digest: digest of the time-stamped bytes.
        algorithm: its algorithm, e.g. `sha256`.
        nonce: the random number of the request.
    """

    digest: bytes
    algorithm: str
    nonce: int


def token_info(token: cms.ContentInfo) -> tsp.TSTInfo:
    """The signed statement of a token: what, when, by which policy."""
    return token["content"]["encap_content_info"]["content"].parsed


def generation_time(token: cms.ContentInfo) -> datetime:
    """The time that a token attests, aware."""
    time: datetime = token_info(token)["gen_time"].native
    return time


def granted_token(response: tsp.TimeStampResp) -> cms.ContentInfo | str:
    """The token of a response, or why the authority refused, in its own words."""
    status = response["status"]
    if status["status"].native in GRANTED:
        return response["time_stamp_token"]
    words = [*(status["status_string"].native or ()), *sorted(status["fail_info"].native or ())]
    return "; ".join(words) or status["status"].native


async def token_faults(token: cms.ContentInfo, imprint: Imprint, trust: Trust, now: datetime) -> list[str]:
    """Everything that is wrong with a token; empty when it holds.

    Checked: it time-stamps this digest, answers this request, its time is within five minutes of ours, and it is signed
    by a time-stamp authority that we trust now.
    """
    return [
        *_statement_faults(token_info(token), imprint, now),
        *await authority_faults(token, imprint.digest, trust, now),
    ]


async def authority_faults(token: cms.ContentInfo, digest: bytes, trust: Trust, now: datetime) -> list[str]:
    """What is wrong with a token's imprint, signature and authority, as of now; empty when they hold."""
    result = await ades_timestamp_validation(
        token["content"],
        validation_policy(trust, revocation=False).signature_validation_spec,
        lambda _algorithm: digest,
        timing_info=instant(now),
    )
    if result.ades_subindic is AdESPassed.OK:
        return []
    return [f"its signature or certificate does not hold ({result.ades_subindic.standard_name})"]


def _statement_faults(info: tsp.TSTInfo, imprint: Imprint, now: datetime) -> list[str]:
    stamped = info["message_imprint"]
    faults = []
    if (
        stamped["hashed_message"].native != imprint.digest
        or stamped["hash_algorithm"]["algorithm"].native != imprint.algorithm
    ):
        faults.append("it time-stamps something else")
    if info["nonce"].native != imprint.nonce:
        faults.append("it does not answer this request (nonce)")
    if abs(info["gen_time"].native - now) > CLOCK_SKEW:
        minutes = CLOCK_SKEW // timedelta(minutes=1)
        faults.append(f"its time is more than {minutes} minutes from ours")
    return faults


def authority_problem(name: str, fault: str) -> Problem:
    """One authority's failure, as a problem."""
    return Problem(
        "time-stamp-refused",
        f"The time-stamp authority gave no time-stamp that can be used: {fault}.",
        "Try again; if it stays, check the authority's address and this machine's clock.",
        name,
    )
