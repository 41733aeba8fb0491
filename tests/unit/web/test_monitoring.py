"""What is judged without a machine: clocks, certificates, databases, queues, disks, providers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from packets.settings import Settings
from packets.store.health import PostgresqlFacts, SqliteFacts
from web.monitoring.clock import ClockState, ClockVerdict, Evidence, Kind, judge_clock, span
from web.monitoring.database import judge_database
from web.monitoring.disk import MEGABYTE, TEMPORARY, Room, judge_room, places, size
from web.monitoring.findings import Finding, State, count
from web.monitoring.keys import Validity, judge_certificates
from web.monitoring.queue import QueueFacts, judge_queue
from web.monitoring.sign_on import ClientAnswer, judge_client, judge_keys

NOW = datetime(2027, 1, 15, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=length) for length in (1, 60, 3600, 86400))
SWITCHES = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums")
SOUND = PostgresqlFacts(
    version=150010, role="esm_app", is_superuser=False, owned=(), changeable=(), lacking=(), silent_triggers=(),
    settings={**dict.fromkeys(SWITCHES, "on"), "lock_timeout": "15000"},
    encoding="UTF8", sorts_by_bytes=True, is_standby=False, damaged_index="", at=NOW,
)  # fmt: skip


def evidence(kind: Kind, ahead: timedelta, tolerance: timedelta = MINUTE) -> Evidence:
    """Something that knows a time."""
    return Evidence(f"{kind} at {ahead}", kind, ahead, tolerance)


@pytest.mark.parametrize(
    ("found", "state"),
    [
        ([], ClockState.UNKNOWN),
        ([evidence(Kind.INDEPENDENT, SECOND)], ClockState.RIGHT),
        ([evidence(Kind.INDEPENDENT, HOUR)], ClockState.WRONG),
        ([evidence(Kind.INDEPENDENT, -HOUR)], ClockState.WRONG),
        ([evidence(Kind.SAME, SECOND)], ClockState.UNKNOWN),
        ([evidence(Kind.SAME, -HOUR)], ClockState.WRONG),
        ([evidence(Kind.EARLIER, -HOUR)], ClockState.UNKNOWN),
        ([evidence(Kind.EARLIER, HOUR)], ClockState.WRONG),
        ([evidence(Kind.EARLIER, HOUR), evidence(Kind.INDEPENDENT, SECOND)], ClockState.RIGHT),
    ],
)
def test_independent_evidence_decides_on_the_clock_and_other_can_only_contradict(
    found: list[Evidence], state: ClockState
) -> None:
    """A log that was written while the clock was ahead does not outweigh a time-stamp of now."""
    verdict = judge_clock(found)
    assert verdict.state is state
    assert (verdict.by is None) == (state is ClockState.UNKNOWN)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (2.4 * SECOND, "2.4 seconds"),
        (-59.9 * MINUTE, "1 hour"),
        (2 * HOUR, "2 hours"),
        (36 * HOUR, "2 days"),
        (6 * 365 * DAY, "6 years"),
    ],
)
def test_distances_of_clocks_are_told_in_their_largest_unit(distance: timedelta, words: str) -> None:
    """Nobody reads 7200 seconds."""
    assert span(distance) == words


def judged(begins: datetime, ends: datetime, state: ClockState) -> list[Finding]:
    """What is said of the seal's certificate."""
    by = evidence(Kind.INDEPENDENT, HOUR)
    return list(judge_certificates([Validity("seal", begins, ends)], NOW, ClockVerdict(state, by)))


@pytest.mark.parametrize("state", ClockState)
def test_a_certificate_is_replaced_only_by_a_clock_that_is_confirmed(state: ClockState) -> None:
    """One that has not begun is never replaced: it was made here, so the clock is behind."""
    ended = judged(NOW - 900 * DAY, NOW - DAY, state)
    assert [("rotate" in one.remedy) for one in ended] == [state is ClockState.RIGHT]
    assert [one.state for one in ended] == [State.BROKEN]
    early = judged(NOW + HOUR, NOW + 900 * DAY, state)
    assert ([one.state for one in early], "rotate" in early[0].remedy) == ([State.BROKEN], False)
    soon = judged(NOW - DAY, NOW + 30 * DAY, state)
    assert [one.state for one in soon] == [State.GOOD if state is ClockState.WRONG else State.WATCH]
    assert [one.state for one in judged(NOW - DAY, NOW + 300 * DAY, state)] == [State.GOOD]


@pytest.mark.parametrize(
    ("changed", "phrase", "state"),
    [
        ({"is_standby": True}, "a standby", State.BROKEN),
        ({"version": 130004}, "PostgreSQL 13 is older", State.WATCH),
        ({"encoding": "LATIN1"}, "encoded in LATIN1", State.BROKEN),
        ({"sorts_by_bytes": False}, "does not sort by bytes", State.WATCH),
        ({"settings": {**SOUND.settings, "lock_timeout": "0"}}, "The limit on waiting for locks", State.WATCH),
        ({"settings": {**SOUND.settings, "data_checksums": "off"}}, "does not notice damaged pages", State.WATCH),
        ({"settings": {**SOUND.settings, "synchronous_commit": "off"}}, "synchronous_commit is off", State.BROKEN),
        ({"damaged_index": "by_name"}, "The index by_name is damaged", State.BROKEN),
    ],
)
def test_servers_are_judged_by_what_the_service_needs(changed: dict[str, object], phrase: str, state: State) -> None:
    """A sound one has nothing to mend."""
    assert {one.state for one in judge_database(SOUND, production=True)} == {State.GOOD}
    found = list(judge_database(replace(SOUND, **changed), production=True))  # type: ignore[arg-type]
    told = [one for one in found if phrase in one.sentence]
    assert ([one.state for one in told], bool(told[0].remedy)) == ([state], True)


def test_a_file_that_could_not_be_looked_at_to_its_end_is_told_as_such() -> None:
    """It is not called sound as a whole."""
    found = list(judge_database(SqliteFacts(sound=True, complete=False, missing_triggers=()), production=True))
    assert ([one.state for one in found], "only a part" in found[0].sentence) == ([State.WATCH], True)


@pytest.mark.parametrize(
    ("facts", "state", "phrase"),
    [
        (QueueFacts(0, 0, 19 * MINUTE, None, embedded=True), State.WATCH, "No service runs on this folder"),
        (QueueFacts(2, 0, 0 * MINUTE, 19 * MINUTE, embedded=True), State.WATCH, "No service runs on this folder"),
        (QueueFacts(0, 0, 19 * MINUTE, SECOND, embedded=True), State.BROKEN, "waiting for 19 minutes"),
        (QueueFacts(0, 0, 19 * MINUTE, None, embedded=False), State.BROKEN, "waiting for 19 minutes"),
        (QueueFacts(2, 0, MINUTE, SECOND, embedded=False), State.WATCH, "2 jobs are held by workers that are"),
        (QueueFacts(0, 0, 0 * MINUTE, 19 * MINUTE, embedded=True), State.GOOD, "No due job waits"),
    ],
)
def test_a_queue_is_broken_where_somebody_should_do_its_jobs(facts: QueueFacts, state: State, phrase: str) -> None:
    """An embedded folder that nobody serves has nobody who should."""
    found = list(judge_queue(facts, "`esm worker`"))
    assert ([one.state for one in found], phrase in found[0].sentence) == ([state], True)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (31 * MEGABYTE, "31 MB"),
        (1434 * MEGABYTE, "1.4 GB"),
        (900, "900 bytes"),
        (64 * 1024**3, "64 GB"),
        (1024, "1.0 KB"),
    ],
)
def test_sizes_are_told_in_the_unit_in_which_they_say_something(number: int, words: str) -> None:
    """31 MB are not 0.0 GB."""
    assert size(number) == words


def test_a_folder_with_keys_alone_is_no_place_that_is_written(tmp_path: Path) -> None:
    """Where records, objects and exports lie elsewhere, it may be mounted read only."""
    alone = Settings(dir=tmp_path / "data")
    elsewhere = alone.model_copy(
        update={
            "database_url": "postgresql+psycopg://esm@database/esm",
            "objects_url": "s3://esm/?endpoint=https://store",
            "exports_dir": tmp_path / "exports",
        }
    )
    assert places(alone)["the database"] == tmp_path / "data"
    assert set(places(elsewhere)) == {"exports", TEMPORARY}


def test_disks_are_judged_by_bytes_by_files_and_by_rights() -> None:
    """Temporary files need less than what stays."""
    room = Room(("the folder", "the objects"), Path("/srv"), 600 * MEGABYTE, 10**6)
    assert [one.state for one in judge_room(room)] == [State.WATCH]
    assert [one.state for one in judge_room(replace(room, free=31 * MEGABYTE))] == [State.BROKEN]
    assert [one.state for one in judge_room(replace(room, uses=(TEMPORARY,)))] == [State.GOOD]
    assert [one.state for one in judge_room(replace(room, files=3))] == [State.WATCH, State.BROKEN]
    closed = list(judge_room(replace(room, closed=(Path("/srv/objects"),))))
    assert closed[0].sentence == "/srv/objects cannot be written."


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (ClientAnswer(400, "invalid_grant"), State.GOOD),
        (ClientAnswer(401, "invalid_client"), State.BROKEN),
        (ClientAnswer(400, "unauthorized_client"), State.BROKEN),
        (ClientAnswer(401, ""), State.BROKEN),
        (ClientAnswer(503, ""), State.WATCH),
        (ClientAnswer(200, ""), State.WATCH),
    ],
)
def test_a_client_is_known_where_only_the_code_is_refused(answer: ClientAnswer, state: State) -> None:
    """Whatever else is answered proves nothing."""
    assert judge_client(answer, has_secret=True).state is state


def test_a_provider_needs_a_key_that_signs() -> None:
    """One for encryption, or a secret that both share, is none."""
    assert judge_keys({"keys": [{"kty": "RSA"}]}).state is State.GOOD
    for keys in ([], [{"kty": "RSA", "use": "enc"}], [{"kty": "oct"}]):
        assert judge_keys({"keys": keys}).state is State.BROKEN


def test_numbers_and_nouns_agree() -> None:
    """One job, two jobs."""
    assert (count(1, "job"), count(2, "job"), count(0, "job")) == ("1 job", "2 jobs", "0 jobs")
