"""Single sign-on: what the provider tells of itself, its keys, and whether it knows this service by its ID and secret.

The client is tried with a code that nobody was given: a provider that knows the client refuses the code (`invalid_grant`), one
that does not refuses the client (`invalid_client`, RFC 6749, 5.2). Nobody is signed in.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from packets.settings import Settings
from web.monitoring.findings import Finding, State, broken, good, watch
from web.monitoring.installation import Installation
from web.monitoring.network import address_of, connection_fault

DISCOVERY = "/.well-known/openid-configuration"
SECONDS = 5.0
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
SIGNED = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
"""Algorithms of tokens that only the provider can make."""
KEYS = {"RSA", "EC", "OKP"}
REFUSED_CLIENT, REFUSED_CODE = {"invalid_client", "unauthorized_client"}, {"invalid_grant"}
HERE = {"localhost", "127.0.0.1", "::1"}
LOOK = "Look at ESM_OIDC_ISSUER, and at the provider."


@dataclass(frozen=True, slots=True)
class ClientAnswer:
    """What the provider said to a code that nobody was given."""

    status: int
    error: str


def examine_sign_on(installation: Installation) -> Iterator[Finding]:
    """Find whether people can sign in at the provider of the settings."""
    from requests import RequestException, Session

    settings = installation.settings
    if not settings.oidc_issuer:
        yield good("No provider of single sign-on is set; people sign in here.")
        return
    yield from judge_strength(settings)
    with Session() as session:
        try:
            yield from _ask(session, settings, production=installation.is_production)
        except RequestException:
            yield _unreached(settings.oidc_issuer)


def judge_strength(settings: Settings) -> Iterator[Finding]:
    """Judge whether a second factor of the provider could be known. Without IO."""
    if settings.needs_second_factor and not settings.oidc_acr and not settings.oidc_amr:
        sentence = (
            "A second factor is required, and nothing says how the provider tells of one: nobody can sign in there."
        )
        yield broken(sentence, "Set ESM_OIDC_ACR or ESM_OIDC_AMR to what the provider sends after a second factor.")


def judge_discovery(issuer: str, told: Mapping[str, Any], *, production: bool) -> Iterator[Finding]:
    """Judge what a provider tells of itself (OpenID Connect Discovery 1.0, 3). Without IO."""
    name = str(told.get("issuer", ""))
    if name != issuer:
        slash = " They differ by the slash at the end." if name.rstrip("/") == issuer.rstrip("/") else ""
        sentence = f"The provider calls itself {name or 'nothing'}, and the setting calls it {issuer}.{slash}"
        yield broken(sentence, f"Set ESM_OIDC_ISSUER to {name}." if name else LOOK)
    for endpoint in ENDPOINTS:
        address = str(told.get(endpoint, ""))
        parts = urlsplit(address)
        if not address:
            yield broken(f"The provider does not name its {endpoint}.", LOOK)
        elif parts.scheme != "https" and (production or parts.hostname not in HERE):
            yield broken(f"The {endpoint} of the provider is not encrypted: {address}.", LOOK)
    algorithms = told.get("id_token_signing_alg_values_supported")
    if algorithms and not SIGNED & set(algorithms):
        yield broken(f"The provider signs with {', '.join(algorithms)} only, which is not accepted here.", LOOK)
    methods = told.get("code_challenge_methods_supported")
    if methods is None:
        yield watch("The provider does not say that it checks PKCE.", "Switch PKCE with S256 on there.")
    elif "S256" not in methods:
        yield broken("The provider does not know PKCE with S256.", "Switch it on there.")


def judge_authentication(told: Mapping[str, Any], *, has_secret: bool) -> Iterator[Finding]:
    """Judge how the provider lets this service prove who it is. Without IO."""
    known = told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    wanted = "client_secret_basic" if has_secret else "none"
    if has_secret and wanted not in known:
        remedy = "Switch it on for this client there."
        yield broken(f"The provider takes {', '.join(known)} of a client, and this service sends {wanted}.", remedy)


def judge_keys(told: Mapping[str, Any]) -> Finding:
    """Judge the keys with which a provider signs. Without IO."""
    keys = told.get("keys") or []
    usable = [key for key in keys if key.get("kty") in KEYS and key.get("use", "sig") == "sig"]
    if not usable:
        return broken("The provider publishes no key with which its tokens could be checked.", LOOK)
    return good(f"The provider publishes {len(usable)} key{'s' if len(usable) > 1 else ''} for its tokens.")


def judge_client(answer: ClientAnswer, *, has_secret: bool) -> Finding:
    """Judge what the provider said to a code that nobody was given. Without IO."""
    if answer.error in REFUSED_CODE:
        how = "its ID and secret" if has_secret else "its ID"
        return good(f"The provider knows this service by {how}.")
    if answer.error in REFUSED_CLIENT or answer.status == HTTPStatus.UNAUTHORIZED:
        secret = "the secret is another one" if has_secret else "it wants a secret, and none is set"
        sentence = f"The provider refuses this service: it does not know the ID, or {secret}."
        return broken(sentence, "Correct ESM_OIDC_CLIENT_ID and ESM_OIDC_CLIENT_SECRET_FILE.")
    said = answer.error or f"HTTP status {answer.status}"
    remedy = "Sign in once, and look at the log of the provider."
    return watch(f"Whether the provider knows this service cannot be told: it answers {said}.", remedy)


def _ask(session: Any, settings: Settings, *, production: bool) -> Iterator[Finding]:
    reply = session.get(settings.oidc_issuer.rstrip("/") + DISCOVERY, timeout=SECONDS)
    told = _object(reply)
    if told is None:
        sentence = f"What {reply.url} answers (HTTP status {reply.status_code}) is no description of a provider."
        yield broken(sentence, LOOK)
        return
    secret = settings.oidc_client_secret.get_secret_value()
    findings = [
        *judge_discovery(settings.oidc_issuer, told, production=production),
        *judge_authentication(told, has_secret=bool(secret)),
    ]
    yield from findings
    if not any(finding.state is State.BROKEN for finding in findings):
        yield good(f"The provider {settings.oidc_issuer} describes itself as it should.")
    if told.get("jwks_uri"):
        yield judge_keys(_object(session.get(told["jwks_uri"], timeout=SECONDS)) or {})
    if told.get("token_endpoint"):
        yield judge_client(_try_client(session, told["token_endpoint"], settings, secret), has_secret=bool(secret))


def _try_client(session: Any, endpoint: str, settings: Settings, secret: str) -> ClientAnswer:
    """Ask for a token with a code that nobody was given."""
    form = {
        "grant_type": "authorization_code",
        "code": secrets.token_urlsafe(),
        "code_verifier": secrets.token_urlsafe(48),
        "redirect_uri": f"{settings.public_url.rstrip('/')}/sign-in/provider/back",
        "client_id": settings.oidc_client_id,
    }
    if secret:
        del form["client_id"]
    basic = (settings.oidc_client_id, secret) if secret else None
    reply = session.post(endpoint, data=form, auth=basic, timeout=SECONDS, allow_redirects=False)
    told = _object(reply) or {}
    return ClientAnswer(reply.status_code, str(told.get("error", "")))


def _object(reply: Any) -> dict[str, Any] | None:
    """The JSON object of a reply; None where it is none. An error of the token endpoint is one, too."""
    try:
        told = reply.json()
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _unreached(issuer: str) -> Finding:
    address = address_of(issuer)
    fault = connection_fault(address) if address else "its address is not http:// or https://"
    remedy = "Name the root of that certificate with REQUESTS_CA_BUNDLE." if "certificate" in fault else LOOK
    return broken(f"The provider of single sign-on cannot be reached: {fault or 'it breaks off'}.", remedy)
