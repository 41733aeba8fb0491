"""Signing in at a provider of single sign-on (OpenID Connect: code flow with PKCE, state and nonce, by the package Authlib).

The provider says which CMS user ID somebody has, in a claim. Only a person who is in the directory already gets in: nothing is
made for strangers. That claim alone links nobody: the first time the provider must have verified the e-mail address of the
directory, or CMS links the account (`esm user link`). Afterwards the provider's name for the person and the user ID must agree.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

import structlog
from flask import Blueprint, Flask, current_app, redirect, request, url_for
from flask import session as form_cookie
from flask.typing import ResponseReturnValue

from packets.audit.log import Act, Outcome
from packets.errors import ForbiddenError, Problem, StoreError
from packets.settings import Settings
from packets.store.records.accounts import Identity
from web.auth.notes import tell_person
from web.auth.origin import Method
from web.auth.provider_claims import (
    ClaimError,
    ProviderIdentity,
    read_identity,
    require_issuer,
    require_strength,
    unknown_person,
)
from web.auth.redirects import safe_target
from web.auth.roles import Audience, open_to
from web.pages.session import admit_person, require_active
from web.visit import guest, services

pages = Blueprint("single_sign_on", __name__)
EXTENSION = "esm-single-sign-on"
DISCOVERY = "/.well-known/openid-configuration"
TAB = "_state_provider_"
"""Under names that begin so Authlib keeps what a tab waits for in the form cookie."""
MOST_TABS = 4
SECRET_BYTES = 32
"""Of state and nonce: 43 characters. Some providers refuse a nonce of less than 22 or 32."""
ERROR_CODE = re.compile(r"[a-z_]{1,40}")
"""Of RFC 6749 and OpenID Connect; what is none could be anything that somebody put into an address."""
CLAIMS = frozenset({"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash", "acr", "amr"})
PATIENCE = 10
"""Seconds that the provider may take for an answer."""


def register(app: Flask, settings: Settings) -> None:
    """Make the provider of the settings known to the application; without one, the pages are not there."""
    if not settings.oidc_issuer:
        return
    from authlib.integrations.flask_client import OAuth  # type: ignore[import-untyped]  # it carries no types

    provider = OAuth(app).register(
        "provider",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value() or None,
        server_metadata_url=settings.oidc_issuer.rstrip("/") + DISCOVERY,
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256", "default_timeout": PATIENCE},
    )
    app.extensions[EXTENSION] = provider


@pages.get("/sign-in/provider")
@open_to(Audience.ANYONE)
def leave_for() -> ResponseReturnValue:
    """Go to the provider; each tab has a state, a nonce and a target of its own."""
    target = safe_target(request.args.get("next", ""), url_for("packets.home"))
    way_back, provider = _way_back(), _provider()
    secrets_of_tab = {"state": secrets.token_urlsafe(SECRET_BYTES), "nonce": secrets.token_urlsafe(SECRET_BYTES)}
    try:
        leaving = provider.create_authorization_url(way_back, **secrets_of_tab, **_strength())
    except _faults() as error:
        _log_refusal("provider-unusable", error)
        raise _away() from error
    _forget_oldest_tabs()
    provider.save_authorize_data(redirect_uri=way_back, target=target, **leaving)
    return redirect(leaving["url"])


@pages.get("/sign-in/provider/back")
@open_to(Audience.ANYONE)
def come_back() -> ResponseReturnValue:
    """Come back from the provider: check what it says, find the person, and open a session."""
    provider, state = _provider(), request.args.get("state", "")
    tab = provider.framework.get_state_data(form_cookie, state)
    if not tab and guest() is not None:  # Back, or a link that was used: whoever is signed in stays so
        return redirect(url_for("packets.home"), 303)
    try:
        identity = _identify()
    except ClaimError as error:
        _log_refusal(error.cause)
        raise
    require_active(identity.user_id)
    others = {name: value for name, value in form_cookie.items() if name.startswith(TAB)}
    answer = admit_person(identity.user_id, Method.SINGLE_SIGN_ON, safe_target(tab["target"], url_for("packets.home")))
    form_cookie.update(others)
    return answer


def _identify() -> ProviderIdentity:
    """Check the way back and the identity token, and find the person whom both mean.

    Raises:
        ForbiddenError: something does not hold.
        StoreError: the provider cannot be reached.
    """
    settings = services().settings
    require_issuer(request.args.get("iss"), settings.oidc_issuer, promised=_promises_issuer())
    claims = _claims()
    identity = read_identity(claims, settings.oidc_claim)
    require_strength(claims, settings.oidc_acr, settings.oidc_amr, second_factor=settings.needs_second_factor)
    _link(identity)
    return identity


def _promises_issuer() -> bool:
    try:
        return _provider().load_server_metadata().get("authorization_response_iss_parameter_supported") is True
    except _faults() as error:
        _log_refusal("provider-unusable", error)
        raise _away() from error


def _claims() -> dict[str, Any]:
    """What the identity token says, after signature, issuer, audience, azp, nonce and times were checked.

    Raises:
        ForbiddenError: there is no token, the provider says no, or what it says does not hold.
        StoreError: it cannot be reached.
    """
    from requests import RequestException

    issuer, client = services().settings.oidc_issuer, services().settings.oidc_client_id
    options = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": client},
        "nonce": {"essential": True},
    }
    problem = Problem("provider-refused", "The single sign-on was not completed.", "Sign in again.")
    try:
        token = _provider().authorize_access_token(claims_options=options)
    except RequestException as error:
        _log_refusal("provider-unusable", error)
        raise _away() from error
    except _faults() as error:
        _log_refusal("token-refused", error)
        raise ForbiddenError(problem) from error
    # Authlib passes on a `userinfo` of the answer itself, which nobody signed; its own comes with an identity token only.
    if not isinstance(token.get("id_token"), str) or not token["id_token"]:
        raise ClaimError("id-token-missing: id_token", problem)
    return dict(token["userinfo"])


def _log_refusal(cause: str, error: Exception | None = None) -> None:
    """Say why in the log: codes and names of claims, no values."""
    code = str(getattr(error, "error", "") or "")
    claim = getattr(error, "claim", None) or getattr(error, "claim_name", None)
    structlog.get_logger().warning(
        "sign-on refused",
        cause=cause,
        code=code if ERROR_CODE.fullmatch(code) else "",
        claim=str(claim) if claim in CLAIMS else "",
        fault=type(error).__name__ if error else "",
    )


def _forget_oldest_tabs() -> None:
    """Keep the cookie small: browsers drop one of more than 4 KB, and with it every tab."""
    tabs = sorted((name for name in form_cookie if name.startswith(TAB)), key=lambda name: form_cookie[name]["exp"])
    for name in tabs[: max(0, len(tabs) - MOST_TABS + 1)]:
        form_cookie.pop(name)


def _strength() -> dict[str, str]:
    """How strongly the provider is asked to authenticate (OpenID Connect Core 3.1.2.1, `acr_values`)."""
    wanted = services().settings.oidc_acr
    return {"acr_values": " ".join(wanted)} if wanted else {}


def _faults() -> tuple[type[Exception], ...]:
    """What Authlib raises on account of a provider or of a forged way back."""
    from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]  # it carries no types
    from joserfc.errors import JoseError
    from requests import RequestException

    return (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError, TypeError, RuntimeError)


def _link(identity: ProviderIdentity) -> None:
    """Find the person here whom the provider means; the first time only by an e-mail address that both know.

    Raises:
        ForbiddenError: nobody in the directory, somebody else than the last time, or not linked yet.
    """
    now, user_id = services().clock(), identity.user_id
    with services().database.write() as records:
        linked = records.accounts.identity(identity.issuer, identity.subject)
        if linked is not None and linked.user_id == user_id:
            return
        person = records.people.get(user_id)
        is_free = linked is None and person is not None and not records.accounts.is_linked(identity.issuer, user_id)
        is_bound = person is not None and identity.verified_email and identity.verified_email == person.email.lower()
        if is_free and is_bound:
            records.accounts.link(Identity(identity.issuer, identity.subject, user_id, now))
            records.journal.log(Act.ACCOUNT_LINK, user_id, user_id, now, issuer=identity.issuer, by="verified e-mail")
            tell_person(records, user_id, "linked", now)
            return
        if subject := linked.user_id if linked else user_id if person else "":
            records.journal.log(Act.ACCOUNT_LINK, subject, subject, now, Outcome.REFUSED, issuer=identity.issuer)
    if is_free:
        sentence = "This account of the single sign-on is not linked to your CMS user ID yet."
        remedy = f"Ask CMS to link it, and tell them that the provider calls you {identity.subject}."
        raise ClaimError("not-linked: email, email_verified", Problem("provider-not-linked", sentence, remedy))
    raise ClaimError("linked-otherwise: sub" if person else "nobody: user ID", unknown_person())


def _provider() -> Any:
    found = current_app.extensions.get(EXTENSION)
    if found is None:
        sentence = "There is no single sign-on here."
        raise ForbiddenError(Problem("provider-missing", sentence, "Sign in with your password."))
    return found


def _way_back() -> str:
    public = services().settings.public_url.rstrip("/")
    path = url_for("single_sign_on.come_back")
    return f"{public}{path}" if public else url_for("single_sign_on.come_back", _external=True)


def _away() -> StoreError:
    sentence = "The provider of the single sign-on cannot be reached."
    return StoreError(Problem("provider-away", sentence, "Try again later, or sign in with your password."))
