"""The clock, compared with whatever else knows the time: time-stamps, the database's server, files, the newest records."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from packets.errors import PacketsError
from packets.settings import Settings
from packets.store.health.postgresql import server_time
from signing.pki import PARTS
from signing.timestamps import LocalTimeStampAuthority
from web.monitoring.findings import Finding, broken, good, watch
from web.monitoring.installation import Installation, NeedError

SKEW, LOOSE, CERTAIN = timedelta(seconds=2), timedelta(minutes=1), timedelta(minutes=6)
"""How far a clock may be from a time-stamp, from another machine, and from what was recorded earlier."""
LONG_AGO = timedelta(days=400)
"""A service that was not used for so long is rarer than a clock that is ahead: each year has its windows."""
HERE = {"", "localhost", "127.0.0.1", "::1"}
SET = "Set the machine's clock, and keep it with NTP or PTP."
NEARLY = 0.95
"""59 minutes are an hour when a clock is off."""
UNITS = ((365.25 * 86400, "year"), (86400, "day"), (3600, "hour"), (60, "minute"))


class Kind(StrEnum):
    """What evidence can show."""

    INDEPENDENT = "independent"
    """Another clock: it shows whether ours is right."""

    SAME = "same"
    """Perhaps our own clock in another way: it can only show that ours is wrong."""

    EARLIER = "earlier"
    """Something that happened before now: it can only show that our clock is behind."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that knows a time.

    Attributes:
        source: what it is, as it stands in a sentence.
        ahead: how far it is ahead of our clock; negative when it is behind.
        tolerance: a distance that means nothing.
    """

    source: str
    kind: Kind
    ahead: timedelta
    tolerance: timedelta

    @property
    def contradicts(self) -> bool:
        """Whether our clock cannot be right if this is."""
        return self.ahead > self.tolerance or (self.kind is not Kind.EARLIER and -self.ahead > self.tolerance)


class ClockState(StrEnum):
    """What is known of the clock."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ClockVerdict:
    """What the evidence says, and which piece of it."""

    state: ClockState
    by: Evidence | None = None


def judge_clock(evidence: Iterable[Evidence]) -> ClockVerdict:
    """Judge the clock: independent evidence counts before all other. Without IO."""
    found = sorted(evidence, key=lambda one: (list(Kind).index(one.kind), -abs(one.ahead)))
    independent = [one for one in found if one.kind is Kind.INDEPENDENT]
    contradicting = next((one for one in independent or found if one.contradicts), None)
    if contradicting is not None:
        return ClockVerdict(ClockState.WRONG, contradicting)
    return ClockVerdict(ClockState.RIGHT, independent[0]) if independent else ClockVerdict(ClockState.UNKNOWN)


def examine_clock(installation: Installation) -> Iterator[Finding]:
    """Find whether the clock is right, as far as anything here can tell."""
    verdict, now = clock_verdict(installation), installation.clock()
    if verdict.state is ClockState.WRONG and verdict.by is not None:
        yield broken(_contradiction(verdict.by, now), SET)
    elif verdict.by is not None:
        yield good(f"The clock is {verdict.by.ahead.total_seconds():+.1f} s from {verdict.by.source}.")
    else:
        yield from _without_evidence(installation, now)


def clock_verdict(installation: Installation) -> ClockVerdict:
    """What is known of the clock, from everything that can be asked."""
    return judge_clock(_evidence(installation))


def span(distance: timedelta) -> str:
    """Write a distance in its largest unit: `2 hours`, `6 years`."""
    seconds = abs(distance.total_seconds())
    for length, unit in UNITS:
        if seconds >= NEARLY * length:
            number = max(1, round(seconds / length))
            return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
    return f"{seconds:.1f} seconds"


def _contradiction(evidence: Evidence, now: datetime) -> str:
    where = "behind" if evidence.ahead > timedelta(0) else "ahead of"
    least = "at least " if evidence.kind is Kind.EARLIER else ""
    return f"The clock says {now:%Y-%m-%d %H:%M} UTC, which is {least}{span(evidence.ahead)} {where} {evidence.source}."


def _without_evidence(installation: Installation, now: datetime) -> Iterator[Finding]:
    with suppress(NeedError):
        newest = installation.records.newest
        if newest is not None and now - newest > LONG_AGO:
            sentence = f"The clock says {now:%Y-%m-%d}, and the newest record is {span(now - newest)} older."
            yield watch(sentence, "Compare the clock with one that you trust; change no key before that.")
            return
    yield watch("There is no independent time to compare the clock with.", "Keep the machine's clock with NTP or PTP.")


def _evidence(installation: Installation) -> Iterator[Evidence]:
    sources: tuple[Callable[[Installation], Iterable[Evidence]], ...] = (
        _time_stamps, _database_server, _new_file, _certificates, _records, _old_files,
    )  # fmt: skip
    for source in sources:
        with suppress(PacketsError, NeedError, OSError):
            yield from source(installation)


def _time_stamps(installation: Installation) -> Iterator[Evidence]:
    for answer in installation.answers:
        if answer.at is not None and answer.name != LocalTimeStampAuthority.name:
            yield Evidence(f"the time-stamps of {answer.name}", Kind.INDEPENDENT, answer.distance, SKEW)


def _database_server(installation: Installation) -> Iterator[Evidence]:
    host = _server(installation.settings)
    if host is None:
        return
    before = installation.clock()
    ahead = installation.database.inspect(server_time) - before
    kind = Kind.SAME if host in HERE or host.startswith("/") else Kind.INDEPENDENT
    yield Evidence("the database's server", kind, ahead, LOOSE)


def _server(settings: Settings) -> str | None:
    """The host of a database's server; None for SQLite."""
    parts = urlsplit(settings.database)
    if not parts.scheme.startswith("postgresql"):
        return None
    return parts.hostname or dict(parse_qsl(parts.query)).get("host", "")


def _new_file(installation: Installation) -> Iterator[Evidence]:
    """The time of a file that is made now: a disk on another machine has its own clock."""
    with tempfile.NamedTemporaryFile(dir=installation.settings.dir, prefix=".doctor-") as file:
        made = datetime.fromtimestamp(Path(file.name).stat().st_mtime, UTC)
        yield Evidence("the disk of the folder", Kind.SAME, made - installation.clock(), LOOSE)


def _certificates(installation: Installation) -> Iterator[Evidence]:
    """Our own certificates begin five minutes before they are made."""
    for part in PARTS:
        begins = installation.opened_keys.certificate(part).not_valid_before_utc
        yield Evidence("the day on which the keys were made", Kind.EARLIER, begins - installation.clock(), timedelta(0))


def _records(installation: Installation) -> Iterator[Evidence]:
    newest = installation.records.newest
    if newest is not None:
        yield Evidence("the newest entry of the log", Kind.EARLIER, newest - installation.clock(), CERTAIN)


def _old_files(installation: Installation) -> Iterator[Evidence]:
    settings = installation.settings
    for path in (settings.dir / "esm.db", *settings.pki.glob("*.pem")):
        if path.is_file():
            changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            yield Evidence(f"the last change of {path.name}", Kind.EARLIER, changed - installation.clock(), CERTAIN)
