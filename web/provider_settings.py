"""The settings of single sign-on, checked together before anything is started."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from packets.errors import InputError, Problem
from packets.settings import Settings


def require_provider(settings: Settings) -> None:
    """Refuse a provider of single sign-on that does not know what this service is called there.

    Raises:
        InputError: an issuer without a client ID, a client without an issuer, or an issuer without TLS.
    """
    if settings.oidc_issuer and not settings.oidc_client_id.strip():
        sentence = "The provider of single sign-on is named, and not what it calls this service."
        raise InputError(Problem("oidc-client-missing", sentence, "Set ESM_OIDC_CLIENT_ID.", "ESM_OIDC_CLIENT_ID"))
    if settings.oidc_client_id.strip() and not settings.oidc_issuer:
        sentence = "A client of single sign-on is named, and no provider."
        remedy = "Set ESM_OIDC_ISSUER, or unset ESM_OIDC_CLIENT_ID."
        raise InputError(Problem("oidc-issuer-missing", sentence, remedy, "ESM_OIDC_ISSUER"))
    if settings.oidc_issuer and not _is_encrypted(settings.oidc_issuer, production=settings.mode == "production"):
        sentence = "The provider of single sign-on would be spoken to without encryption."
        remedy = "Name an issuer that begins with https://."
        raise InputError(Problem("oidc-in-clear", sentence, remedy, "ESM_OIDC_ISSUER"))


def _is_encrypted(issuer: str, *, production: bool) -> bool:
    parts = urlsplit(issuer)
    return parts.scheme == "https" or (parts.scheme == "http" and not production and _is_loopback(parts.hostname or ""))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
