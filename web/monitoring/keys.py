"""The keys: whether they open, fit and are closed to others, and until when their certificates are valid.

A certificate is judged by a clock. Where the clock is wrong, that is said, and no key is to be changed.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from packets.errors import PacketsError, Problem
from packets.settings import Settings
from signing.key_problems import MISSING, WRONG_PASSPHRASE
from signing.pki import PARTS, TITLES, Pki
from signing.vault import HELD
from web.hints import program
from web.keys import describe_missing_keys
from web.monitoring.clock import ClockState, ClockVerdict, clock_verdict
from web.monitoring.findings import Finding, State, broken, good, watch
from web.monitoring.installation import Installation

SOON = timedelta(days=90)
ROTATIONS = {"root": "root", "issuing": "authority", "seal": "seal", "tsa": "timestamps"}
"""What `esm pki rotate` calls each part."""
SET_CLOCK = "Set the clock, as the finding on it says, then run `esm doctor` again; change no key before that."


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when the certificate of a part is valid."""

    part: str
    begins: datetime
    ends: datetime

    @property
    def title(self) -> str:
        """What people call the part."""
        return TITLES[self.part].lower()


def examine_keys(installation: Installation) -> Iterator[Finding]:
    """Find whether the keys can be used, and whether others can use them."""
    settings, pki = installation.settings, None
    try:
        pki = installation.pki
    except PacketsError as error:
        yield from _unopened(installation, error.problems)
    if pki is not None:
        yield from judge_certificates(validities(pki), installation.clock(), clock_verdict(installation))
        if pki.is_sample and installation.is_production:
            remedy = "Make keys in the ceremony of docs/operations.md; these are for demonstrations."
            yield broken("Every certificate says that it is a sample.", remedy)
    yield from _open_files(settings)
    if installation.is_production or not (pki and pki.is_sample):
        yield from _root_key(settings)


def examine_certificates(installation: Installation) -> Iterator[Finding]:
    """Find whether every certificate of the service is valid by this machine's clock; nobody else is asked."""
    now = installation.clock()
    for validity in validities(installation.pki):
        if not validity.begins <= now <= validity.ends:
            yield broken(f"The certificate of the {validity.title} is not valid by this machine's clock.", SET_CLOCK)


def validities(pki: Pki) -> list[Validity]:
    """The times of all certificates of the service."""
    found = [(part, pki.certificate(part)) for part in PARTS]
    return [Validity(part, one.not_valid_before_utc, one.not_valid_after_utc) for part, one in found]


def judge_certificates(certificates: Sequence[Validity], now: datetime, clock: ClockVerdict) -> Iterator[Finding]:
    """Judge certificates by a clock, as far as the clock itself can be trusted. Without IO."""
    outside = [one for one in certificates if not one.begins <= now <= one.ends]
    if clock.state is ClockState.WRONG and outside:
        names = ", ".join(f"the {validity.title}" for validity in outside)
        noun = "certificate" if len(outside) == 1 else "certificates"
        yield broken(f"The {noun} of {names} cannot be judged, because this machine's clock is wrong.", SET_CLOCK)
        return
    for validity in certificates:
        yield _judge_certificate(validity, now, clock)


def _judge_certificate(validity: Validity, now: datetime, clock: ClockVerdict) -> Finding:
    title, ends = validity.title, f"{validity.ends:%Y-%m-%d}"
    rotate = f"`{program()} pki rotate {ROTATIONS[validity.part]}`."
    if now < validity.begins:
        sentence = f"The certificate of the {title} is not valid yet, so this machine's clock is behind."
        return broken(sentence, SET_CLOCK)
    if now > validity.ends and clock.state is ClockState.RIGHT:
        return broken(f"The certificate of the {title} ended on {ends}.", f"Run {rotate}")
    if now > validity.ends:
        sentence = f"The certificate of the {title} ended on {ends}, if this machine's clock is right."
        remedy = f"Compare the clock ({now:%Y-%m-%d %H:%M} UTC) with one that you trust. Change no key before that."
        return broken(sentence, remedy)
    if validity.ends - now < SOON and clock.state is not ClockState.WRONG:
        return watch(f"The certificate of the {title} ends on {ends}.", f"Before that day, run {rotate}")
    return good(f"The certificate of the {title} is valid until {ends}.")


def _unopened(installation: Installation, problems: Sequence[Problem]) -> Iterator[Finding]:
    """Why the keys do not open; files of one passphrase are told as one."""
    settings = installation.settings
    if not settings.pki.exists():
        problem = _no_folder(installation, problems[0])
        yield broken(problem.sentence, problem.remedy)
        return
    closed = [problem for problem in problems if problem.code == WRONG_PASSPHRASE]
    if closed:
        names = ", ".join(Path(problem.where).name for problem in closed)
        kept = settings.dir / "secrets" / "pki_passphrase"
        remedy = closed[0].remedy
        if not settings.pki_passphrase.get_secret_value():
            remedy = f"Bring {kept} back from its backup, or give the right one by ESM_PKI_PASSPHRASE_FILE."
        yield broken(f"The passphrase does not open {names}.", remedy)
    for problem in problems:
        if problem.code != WRONG_PASSPHRASE:
            yield broken(problem.sentence, problem.remedy)


def _no_folder(installation: Installation, fallback: Problem) -> Problem:
    """What to do about keys that are not there: new ones are right only where nothing was sealed with others."""
    with suppress(PacketsError, OSError):
        return describe_missing_keys(installation.settings, installation.database)
    return (
        fallback if fallback.code == MISSING else Problem(MISSING, "There are no keys in this folder.", "Bring them.")
    )


def _open_files(settings: Settings) -> Iterator[Finding]:
    """Files with keys and secrets that others than their owner may read."""
    found = [*settings.pki.glob("*.key"), *(settings.dir / "secrets").glob("*")]
    for path in sorted({path for path in found if path.is_file()}):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield broken(f"{path} can be read by others ({mode:o}).", f"Run `chmod 600 {path}`.")


def _is_private_key(path: Path) -> bool:
    """Whether a key lies there, and not the name of one that the signer process has; also one that we may not read."""
    try:
        there = path.is_file()
    except PermissionError:
        return False  # the folder is closed, which is told already
    with suppress(PermissionError):
        return there and not path.read_bytes().startswith(HELD)
    return there


def _root_key(settings: Settings) -> Iterator[Finding]:
    """The root's private key, which no service needs: whoever takes it over could certify anybody."""
    path = settings.pki / "root.key"
    if not _is_private_key(path):
        return
    state = State.BROKEN if settings.mode == "production" else State.WATCH
    remedy = "Move it to the medium of the ceremony (docs/operations.md), and delete it here; no service opens it."
    yield Finding(state, f"The private key of the root lies on this machine: {path}.", remedy)
