"""What the signing floor refuses, each refusal with every reason (packets.errors)."""

from __future__ import annotations

from packets.errors import PacketsError


class SigningError(PacketsError):
    """The bytes cannot be sealed, signed or closed as asked; nothing was made."""

    status_hint = 409


class ContainerTooSmallError(SigningError):
    """The place that was reserved for a signature does not hold it; a second try with a larger one may."""


class TimeStampError(PacketsError):
    """No authority gave a time-stamp that holds, so there is no signature (DESIGN 5: never degrade silently)."""

    status_hint = 503


class PkiError(PacketsError):
    """The keys and certificates of the service cannot be made or opened."""

    status_hint = 503
