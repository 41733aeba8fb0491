"""Secrets of the service: from the settings, or made once and kept in the folder."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from packets.disk_errors import disk_errors
from packets.errors import InputError, Problem
from packets.settings import Settings

SECRET_BYTES = 32


def find_secret(settings: Settings, name: str) -> str:
    """A secret from the settings; outside production one is made once and kept in the folder, readable by its owner only.

    Raises:
        InputError: production was given no secret.
        StoreError: the disk refuses.
    """
    given: str = getattr(settings, name).get_secret_value()
    if given:
        return given
    if settings.mode == "production":
        variable = f"ESM_{name.upper()}"
        raise InputError(
            Problem("secret-missing", f"Production needs {variable}.", f"Set {variable} or {variable}_FILE.", variable)
        )
    path = settings.dir / "secrets" / name
    with disk_errors(path):
        return _kept_secret(path)


def _kept_secret(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _keep(path, secrets.token_urlsafe(SECRET_BYTES))
    return path.read_text("ascii")


def _keep(path: Path, secret: str) -> None:
    """Write whole or not at all: a full disk or the end of the process leaves no empty secret; the first of several wins."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-") as file:
        file.write(secret.encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(file.name)
