"""Examining the service itself, part by part: what is in order, what is not, and how to mend it.

`/readyz` asks the parts without which nothing can be done; `esm doctor` asks all of them.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from packets.errors import PacketsError, StoreError
from packets.jobs.queue import enqueue
from packets.model.jobs import JobState
from packets.render.fonts import ensure_fonts
from packets.settings import Settings
from signing.pki import PARTS, TITLES
from web.bootstrap import Services
from web.carriers import ENGINE, load_engine
from web.hints import get_look
from web.look.assets import load_look
from web.mail import read_mail

PROBE = b"esm-packets: this object shows that objects can be written and read back.\n"
SOON, LATE, SKEW = timedelta(days=90), timedelta(minutes=5), timedelta(seconds=2)
SILENCE = timedelta(seconds=60)
LEAST_BYTES, FEW_BYTES = 500 * 1024**2, 5 * 1024**3


class State(StrEnum):
    """How a part is."""

    GOOD = "good"
    WATCH = "watch"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part: one sentence, and how to mend it; empty where nothing is to be mended."""

    part: str
    state: State
    sentence: str
    remedy: str = ""


class _UndoneError(Exception):
    """Takes a trial back."""


Found = Iterable[tuple[State, str, str]]
Check = Callable[[Services], Found]


def examine(services: Services, checks: Mapping[str, Check]) -> list[Finding]:
    """What these checks find, each of its part."""
    return [Finding(name, *one) for name, check in checks.items() for one in _ask(check, services)]


def _ask(check: Check, services: Services) -> list[tuple[State, str, str]]:
    try:
        return list(check(services))
    except PacketsError as error:
        return [(State.BROKEN, one.sentence, one.remedy) for one in error.problems]
    except OSError as error:
        return [(State.BROKEN, f"It cannot be examined: {error.strerror or error}.", "Look at the machine.")]


def _schema(services: Services) -> Found:
    """The database answers, and this program can work on its schema; nobody who writes is waited for."""
    report = services.database.inspect_schema()
    if report.problem is None:
        yield State.GOOD, f"Its schema is {report.found}.", ""
    else:
        state = State.WATCH if report.state.is_usable else State.BROKEN
        yield state, report.problem.sentence, report.problem.remedy


def _database(services: Services) -> Found:
    """The schema is the newest, and something can be written; the trial is taken back."""
    findings = list(_schema(services))
    yield from findings
    if findings[0][0] is State.BROKEN:
        return
    with suppress(_UndoneError), services.database.write() as records:
        enqueue(records, "doctor", {}, "doctor", services.clock())
        raise _UndoneError
    yield State.GOOD, "It reads and writes.", ""


def _objects(services: Services) -> Found:
    digest = services.objects.put(PROBE)
    if services.objects.get(digest) != PROBE:  # a store that answers something else has lost its mind
        raise StoreError(())
    yield State.GOOD, "An object was put and read back.", ""


def _queue(services: Services) -> Found:
    now = services.clock()
    with services.database.read() as records:
        stalled, due, counts = records.jobs.stalled(now), records.jobs.oldest_due(now), records.jobs.counts()
    failed = sum(count for (_, state), count in counts.items() if state is JobState.FAILED)
    if stalled:
        remedy = "Start `esm worker`, or `esm serve` with ESM_QUEUE=embedded; it takes them over."
        yield State.WATCH, f"{stalled} jobs are held by workers that are not heard of.", remedy
    if due is not None and now - due > LATE:
        minutes = int((now - due).total_seconds() // 60)
        remedy = "Start `esm worker`, or more of them."
        yield State.BROKEN, f"The oldest due job has been waiting for {minutes} minutes.", remedy
    if failed:
        yield (
            State.WATCH,
            f"{failed} jobs have failed for good.",
            "Look at their errors: GET /api/v1/jobs?state=failed.",
        )
    if not stalled and (due is None or now - due <= LATE):
        yield State.GOOD, "No due job waits for long.", ""
    if services.settings.queue == ENGINE:
        yield from _engine(services)


def _engine(services: Services) -> Found:
    """The engine that carries jobs has its schema in our database, and workers of it are alive."""
    version, workers = services.database.engine(SILENCE.total_seconds())
    needed = load_engine().engine_schema().version
    if version < needed:
        yield (
            State.BROKEN,
            f"The schema of procrastinate is {version or 'none'}, and {needed} is needed.",
            ("Run `esm db upgrade`, and `esm db grants` after it."),
        )
    elif not workers:
        yield State.WATCH, "No worker of procrastinate has been heard of lately.", "Start `esm worker`."
    else:
        yield State.GOOD, f"procrastinate has {workers} workers.", ""


def _keys(services: Services) -> Found:
    yield from _certificates(services)
    yield from _open_files(services.settings)


def _certificates(services: Services) -> Found:
    now, remedy = services.clock(), "Run `esm pki rotate` with the part's name."
    for part, title in ((one, TITLES[one].lower()) for one in PARTS):
        certificate = services.pki.certificate(part)
        ends = certificate.not_valid_after_utc
        if not certificate.not_valid_before_utc <= now <= ends:
            yield State.BROKEN, f"The certificate of the {title} is not valid now.", remedy
        elif ends - now < SOON:
            yield State.WATCH, f"The certificate of the {title} ends on {ends:%Y-%m-%d}.", remedy
        else:
            yield State.GOOD, f"The certificate of the {title} is valid until {ends:%Y-%m-%d}.", ""


def _open_files(settings: Settings) -> Found:
    """Files with keys and secrets that others than their owner may read."""
    for path in _secret_files(settings):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield State.BROKEN, f"{path} can be read by others ({mode:o}).", f"Run `chmod 600 {path}`."


def _secret_files(settings: Settings) -> list[Path]:
    kept = [*settings.pki.glob("*.key"), *(settings.dir / "secrets").glob("*")]
    return sorted({path for path in kept if path.is_file()})


def _time_stamps(services: Services) -> Found:
    at = services.signer.timestamps.attest(hashlib.sha256(PROBE).digest())
    local = services.signer.timestamps.is_local
    if local:
        remedy = "For production, set ESM_TSA_URLS and ESM_TSA_ROOTS."
        yield State.WATCH, "A token was given by the service's own authority only.", remedy
    else:
        yield State.GOOD, f"A token was given, and it holds; it says {at:%Y-%m-%d %H:%M:%S} UTC.", ""


def _clock(services: Services) -> Found:
    if services.signer.timestamps.is_local:
        yield State.WATCH, "There is no independent time to compare with.", "Keep the machine's clock with NTP or PTP."
        return
    before = services.clock()
    at = services.signer.timestamps.attest(hashlib.sha256(PROBE).digest())
    off = _distance(at, before, services.clock())
    state = State.GOOD if off <= SKEW else State.BROKEN
    remedy = "" if state is State.GOOD else "Set the machine's clock, and keep it with NTP or PTP."
    yield state, f"The clock is {off.total_seconds():.1f} s from the time-stamp authority's.", remedy


def _distance(at: datetime, before: datetime, after: datetime) -> timedelta:
    """How far a time lies outside the interval in which it was asked for; authorities round down to a second."""
    return max(before - at - timedelta(seconds=1), at - after, timedelta(0))


def _mail(services: Services) -> Found:
    server = read_mail(services.settings).server
    if server is None:
        yield State.WATCH, "There is no mail server; notices stand in the inbox only.", "Set ESM_MAIL_URL for mail."
        return
    with server.connect():
        yield State.GOOD, "The mail server greets.", ""


def _disk(services: Services) -> Found:
    free = shutil.disk_usage(services.settings.dir).free
    state = State.BROKEN if free < LEAST_BYTES else State.WATCH if free < FEW_BYTES else State.GOOD
    remedy = "" if state is State.GOOD else "Free space, or move the folder to a larger disk."
    yield state, f"{free / 1024**3:.1f} GB are free where the folder is.", remedy


def _search(services: Services) -> Found:
    """Whether every document is found by what is recorded of it."""
    if outdated := services.finding.outdated():
        yield (
            State.WATCH,
            f"{outdated} documents are not found by what is recorded of them.",
            "Run `esm archive index`.",
        )
    else:
        yield State.GOOD, "Every document is found by what is recorded of it.", ""


def _assets(services: Services) -> Found:
    """Fonts of documents, and the files that pages link."""
    ensure_fonts(services.settings.fonts_dir)
    if load_look().complete:
        yield State.GOOD, "Document fonts and the look of the pages are there.", ""
    else:
        yield State.WATCH, "The pages have no style; they work without it.", get_look()


CHECKS: dict[str, Check] = {
    "database": _database,
    "objects": _objects,
    "queue": _queue,
    "keys": _keys,
    "time-stamps": _time_stamps,
    "clock": _clock,
    "mail": _mail,
    "disk": _disk,
    "search": _search,
    "assets": _assets,
}
NEEDED: dict[str, Check] = {"database": _schema, "objects": _objects, "keys": _certificates}
"""Without which nothing can be done; asked every few seconds."""
