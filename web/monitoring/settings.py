"""The settings: whether they go together, as far as nothing has to be opened for that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from packets.errors import PacketsError
from packets.settings import Settings
from web.encryption import require_encryption
from web.kept_secrets import find_secret
from web.mail import read_mail
from web.monitoring.findings import Finding, broken, good
from web.monitoring.installation import Installation
from web.provider_settings import require_provider

TOGETHER: tuple[Callable[[Settings], object], ...] = (require_encryption, read_mail, require_provider)
ALWAYS = ("pki_passphrase", "session_secret")
"""Secrets without which production does not start."""


def examine_settings(installation: Installation) -> Iterator[Finding]:
    """Find what production refuses, and what contradicts itself."""
    settings = installation.settings
    checks: list[Callable[[], object]] = [partial(check, settings) for check in TOGETHER]
    if installation.is_production:
        checks += [partial(find_secret, settings, name) for name in ALWAYS]
    findings = [finding for check in checks for finding in _refusals(check)]
    yield from findings
    if not findings:
        yield good(f"They go together, for the mode {settings.mode}.")


def _refusals(check: Callable[[], object]) -> list[Finding]:
    try:
        check()
    except PacketsError as error:
        return [broken(problem.sentence, problem.remedy) for problem in error.problems]
    return []
