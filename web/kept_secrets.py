"""Secrets of the installation: given by settings, or made once and kept in the folder."""

from __future__ import annotations

import secrets
from pathlib import Path

from packets.errors import InputError, Problem
from packets.settings import Settings

SECRET_BYTES = 32
OWNER_ONLY = 0o600


def find_secret(settings: Settings, name: str) -> str:
    """A secret from the settings; outside production one is made once and kept in the folder, readable by its owner only.

    Raises:
        InputError: production was given no secret.
    """
    given: str = getattr(settings, name).get_secret_value()
    if given:
        return given
    if settings.mode == "production":
        variable = f"ESM_{name.upper()}"
        raise InputError(
            Problem("secret-missing", f"Production needs {variable}.", f"Set {variable} or {variable}_FILE.", variable)
        )
    return _kept_secret(settings.dir / "secrets" / name)


def _kept_secret(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=OWNER_ONLY)
        path.write_text(secrets.token_urlsafe(SECRET_BYTES), encoding="ascii")
    return path.read_text("ascii")
