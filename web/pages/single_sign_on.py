"""Signing in at a provider of single sign-on (OpenID Connect: code flow with PKCE, state and nonce, by the package Authlib).

The provider says which CMS user ID somebody has, in a claim. Only a person who is in the directory already gets in: nothing is
made for strangers. The first time the provider's own name for the person is kept; afterwards both must agree.
"""

from __future__ import annotations

from typing import Any, cast

import structlog
from flask import Blueprint, Flask, current_app, request, url_for
from flask import session as form_cookie
from flask.typing import ResponseReturnValue

from packets.audit.log import Act, Outcome
from packets.errors import ForbiddenError, Problem, StoreError
from packets.settings import Settings
from packets.store.records.accounts import Identity
from web.auth.notes import tell_person
from web.auth.origin import Method
from web.auth.redirects import safe_target
from web.auth.roles import Audience, open_to
from web.pages.session import admit_person, require_active
from web.visit import services

pages = Blueprint("single_sign_on", __name__)
EXTENSION = "esm-single-sign-on"
DISCOVERY = "/.well-known/openid-configuration"
TARGET = "esm-target"
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
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "default_timeout": PATIENCE},
    )
    app.extensions[EXTENSION] = provider


@pages.get("/sign-in/provider")
@open_to(Audience.ANYONE)
def leave_for() -> ResponseReturnValue:
    """Go to the provider."""
    form_cookie[TARGET] = safe_target(request.args.get("next", ""), url_for("packets.home"))
    try:
        return cast("ResponseReturnValue", _provider().authorize_redirect(_way_back(), **_strength()))
    except _faults() as error:
        raise _away() from error


@pages.get("/sign-in/provider/back")
@open_to(Audience.ANYONE)
def come_back() -> ResponseReturnValue:
    """Come back from the provider: check what it says, find the person, and open a session."""
    target = safe_target(str(form_cookie.get(TARGET, "")), url_for("packets.home"))
    claims = _claims()
    user_id = str(claims.get(services().settings.oidc_claim, "")).strip().upper()
    _require_strength(str(claims.get("acr", "")))
    _link(str(claims["iss"]), str(claims["sub"]), user_id)
    require_active(user_id)
    return admit_person(user_id, Method.SINGLE_SIGN_ON, target)


def _claims() -> dict[str, Any]:
    """What the provider says of whoever comes back, after signature, issuer, audience, nonce and times were checked.

    Raises:
        ForbiddenError: it says no, or what it says does not hold.
        StoreError: it cannot be reached.
    """
    from requests import RequestException

    issuer, client = services().settings.oidc_issuer, services().settings.oidc_client_id
    options = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": client},
        "nonce": {"essential": True},
    }
    try:
        token = _provider().authorize_access_token(claims_options=options)
        return dict(token["userinfo"])
    except RequestException as error:
        raise _away() from error
    except _faults() as error:
        cause = getattr(error, "error", "") or type(error).__name__
        structlog.get_logger().warning("sign-on refused", cause=cause, said=getattr(error, "description", "") or "")
        problem = Problem("provider-refused", "The single sign-on was not completed.", "Sign in again.")
        raise ForbiddenError(problem) from error


def _strength() -> dict[str, str]:
    """How strongly the provider is asked to authenticate (OpenID Connect Core 3.1.2.1, `acr_values`)."""
    wanted = services().settings.oidc_acr
    return {"acr_values": " ".join(wanted)} if wanted else {}


def _require_strength(reached: str) -> None:
    """What was asked for is a wish to the provider: what it says that it did is compared (ASVS 6.8.4).

    Raises:
        ForbiddenError: it authenticated the person in another way.
    """
    wanted = services().settings.oidc_acr
    if wanted and reached not in wanted:
        sentence = "The single sign-on did not ask for as much proof as this service needs."
        raise ForbiddenError(
            Problem("provider-too-weak", sentence, "Sign in again there, with your second factor or your card.")
        )


def _faults() -> tuple[type[Exception], ...]:
    """What Authlib raises on account of a provider or of a forged way back."""
    from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]  # it carries no types
    from joserfc.errors import JoseError
    from requests import RequestException

    return (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError, TypeError, RuntimeError)


def _link(issuer: str, subject: str, user_id: str) -> None:
    """Find the person here whom the provider means, or remember it the first time.

    Raises:
        ForbiddenError: nobody in the directory, or somebody else than the last time.
    """
    now = services().clock()
    with services().database.write() as records:
        known = records.accounts.identity(issuer, subject)
        if known is not None and known.user_id == user_id:
            return
        fits = known is None and not records.accounts.is_linked(issuer, user_id)
        if fits and records.people.get(user_id) is not None:
            records.accounts.link(Identity(issuer, subject, user_id, now))
            records.journal.log(Act.ACCOUNT_LINK, user_id, user_id, now, issuer=issuer)
            tell_person(records, user_id, "linked", now)
            return
        if known is not None:
            records.journal.log(Act.ACCOUNT_LINK, known.user_id, known.user_id, now, Outcome.REFUSED, issuer=issuer)
    sentence = "The single sign-on does not lead to a person in the directory."
    raise ForbiddenError(
        Problem("provider-unknown-person", sentence, "Ask CMS which user ID the provider has for you.")
    )


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
