"""What a provider of single sign-on says of a person, judged against OpenID Connect Core 1.0 and RFC 9207. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packets.errors import ForbiddenError, Problem

USER_ID = re.compile(r"[A-Za-z0-9]{4}")
"""ASCII only: upper case of other alphabets maps onto it (U+017F becomes S), so that two people would be one."""
SUBJECT = re.compile(r"[\x20-\x7e]{1,255}")
"""OpenID Connect Core 1.0, section 2: at most 255 ASCII characters; one that is empty names nobody."""


class ClaimError(ForbiddenError):
    """A refused single sign-on.

    Attributes:
        cause: for the log: a code and the name of the claim, never its value.
    """

    def __init__(self, cause: str, problem: Problem) -> None:
        super().__init__(problem)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class ProviderIdentity:
    """A person as a provider knows them.

    Attributes:
        verified_email: in lower case; empty unless the provider says that it has verified it.
    """

    issuer: str
    subject: str
    user_id: str
    verified_email: str


def require_issuer(returned: str | None, issuer: str, *, promised: bool) -> None:
    """Refuse a way back that another provider sent (RFC 9207, 2.4).

    Args:
        returned: the parameter `iss`; None where there is none.
        issuer: the provider of the settings.
        promised: the provider says that it sends the parameter.

    Raises:
        ClaimError: it is another one, or it is missing though promised.
    """
    if returned is None and promised:
        raise _refusal("iss-missing: response parameter iss")
    if returned is not None and returned != issuer:
        raise _refusal("iss-differs: response parameter iss")


def read_identity(claims: Mapping[str, Any], claim: str) -> ProviderIdentity:
    """Read who the provider means.

    Args:
        claims: of an identity token whose signature, issuer, audience, nonce and times were checked.
        claim: the name of the claim that holds the CMS user ID.

    Raises:
        ClaimError: a claim is missing or unusable.
    """
    subject, user_id = claims.get("sub"), claims.get(claim)
    if not isinstance(subject, str) or not SUBJECT.fullmatch(subject) or not subject.strip():
        raise _refusal("claim-unusable: sub")
    user_id = user_id.strip(" ") if isinstance(user_id, str) else ""
    if not USER_ID.fullmatch(user_id):
        cause = f"claim-{'unusable' if claim in claims else 'missing'}: {claim}"
        raise ClaimError(cause, unknown_person())
    email = claims.get("email")
    verified = claims.get("email_verified") is True and isinstance(email, str)
    return ProviderIdentity(str(claims["iss"]), subject, user_id.upper(), str(email).lower() if verified else "")


def require_strength(
    claims: Mapping[str, Any], acr: tuple[str, ...], amr: tuple[str, ...], *, second_factor: bool
) -> None:
    """Compare how the provider authenticated the person with what the settings ask (ASVS 6.8.4).

    Raises:
        ClaimError: it did so in another way, or nothing is set by which a second factor could be known.
    """
    if second_factor and not acr and not amr:
        sentence = "This service needs a second factor, and cannot tell whether the single sign-on asked for one."
        remedy = "Sign in with your password. The operator can set ESM_OIDC_ACR or ESM_OIDC_AMR."
        raise ClaimError("strength-not-set: acr, amr", Problem("provider-strength-unset", sentence, remedy))
    methods = claims.get("amr")
    reached = {method for method in methods if isinstance(method, str)} if isinstance(methods, list) else set()
    weak = [
        name
        for name, wanted, there in (
            ("acr", acr, {claims.get("acr")} if isinstance(claims.get("acr"), str) else set()),
            ("amr", amr, reached),
        )
        if wanted and not there & set(wanted)
    ]
    if weak:
        sentence = "The single sign-on did not ask for as much proof as this service needs."
        remedy = "Sign in again there, with your second factor or your card."
        raise ClaimError(f"too-weak: {', '.join(weak)}", Problem("provider-too-weak", sentence, remedy))


def unknown_person() -> Problem:
    """Say that the provider's claim leads to nobody, without saying which user IDs exist."""
    sentence = "The single sign-on does not lead to a person in the directory."
    return Problem("provider-unknown-person", sentence, "Ask CMS which user ID the provider has for you.")


def _refusal(cause: str) -> ClaimError:
    return ClaimError(cause, Problem("provider-refused", "The single sign-on was not completed.", "Sign in again."))
