"""Exports: asked for by a question, made by a job that may be killed anywhere, taken away by who asked, removed in time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from packets.audit.log import Act, Outcome
from packets.errors import ConflictError, InputError, NotFoundError, PacketsError, StoreError
from packets.faultpoints import EXPORT, FaultPoint, arm
from packets.finding.query import Query, Stage
from packets.keeping.exports import EXPORT_JOB, MOST_STANDING
from packets.model.exports import Export, ExportState
from packets.model.jobs import JobState
from packets.model.people import Role
from packets.store.objects import digest_file
from packets.store.tables import documents
from signing.standalone.verifier import Bag
from web.work import build_executor
from worlds import World, build_world


class Killed(BaseException):
    """The process died."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A year in which an ACO has signed the documents of Steps 2 and 3."""
    world = build_world(2, folder=tmp_path_factory.mktemp("exports"))
    world.finish(world.first("current"), before_step=4)
    return world


@pytest.fixture
def world(made: World) -> Iterator[World]:
    """The same year without an export that stands; no test leaves a place armed."""
    yield made
    arm(None)
    for user_id in map(made.agency, (Role.ARCHIVIST, Role.CMS_STAFF)):
        for one in made.services.exports.listed(user_id):
            made.services.exports.remove(user_id, one.export.export_id)


@pytest.fixture
def archivist(made: World) -> str:
    """User ID of the archivist."""
    return made.agency(Role.ARCHIVIST)


def query(world: World) -> Query:
    """What finds the documents of the ACO."""
    return Query(aco_id=world.first("current").aco.aco_id)


def work(world: World, export_id: str) -> None:
    """Do the job of an export, as a worker would."""
    with world.services.database.read() as records:
        job = records.jobs.by_key(f"{EXPORT_JOB}/{export_id}")
    assert job is not None
    build_executor(world.services).do_one(job.job_id)


def acts(world: World, export_id: str) -> list[Act]:
    """What the log tells of an export."""
    with world.services.database.read() as records:
        return [one.act for one in records.journal.entries(f"export/{export_id}") if one.outcome is Outcome.DONE]


def lying(world: World) -> list[str]:
    """Names of the files that lie in the folder."""
    return sorted(one.name for one in world.services.settings.exports.glob("*"))


def codes(error: pytest.ExceptionInfo[PacketsError]) -> set[str]:
    """What a refusal says."""
    return {one.code for one in error.value.problems}


@pytest.mark.requirement("R4")
def test_an_export_is_made_by_a_job_and_holds_as_a_bag(world: World, archivist: str, tmp_path: Path) -> None:
    """Asked for and queued at once; ready with its digest and its last day; every document in it is logged once."""
    desk = world.services.exports
    export_id = desk.ask(archivist, query(world))
    assert desk.watch(archivist, export_id).state is ExportState.WAITING
    assert desk.ask(archivist, query(world)) == export_id
    work(world, export_id)

    watched = desk.watch(archivist, export_id)
    finished, path = desk.open(archivist, export_id)
    assert watched.state is ExportState.READY
    assert watched.job is not None
    assert (watched.job.done, watched.job.total, finished.held) == (2, 2, 2)
    assert finished.expires_at == world.clock() + timedelta(days=7)
    assert (digest_file(path), path.stat().st_size) == (finished.digest, finished.size)
    assert Bag(path, []).check() == []
    shutil.unpack_archive(path, tmp_path)
    assert Bag(next(tmp_path.iterdir()), []).check() == []

    desk.record_download(archivist, export_id, 0, finished.size - 1)
    assert acts(world, export_id) == [Act.EXPORT_ASK, Act.EXPORT_FINISH, Act.EXPORT_DOWNLOAD]
    with world.services.database.read() as records:
        told = [one for one in records.journal.entries() if one.details.get("export") == export_id]
    assert [(one.act, one.actor) for one in told] == [(Act.DOCUMENT_DOWNLOAD, archivist)] * 2


@pytest.mark.requirement("R4")
def test_an_export_is_its_owners_alone(world: World, archivist: str) -> None:
    """To others it is not there, whatever they may see; to somebody who lost the role neither. Each refusal is logged."""
    desk = world.services.exports
    export_id = desk.ask(archivist, query(world))
    work(world, export_id)
    others = (world.agency(Role.CMS_STAFF), world.first("current").contacts[0].person.user_id, "NOBO")
    for user_id in others:
        for act in (desk.watch, desk.open, desk.resume, desk.remove):
            with pytest.raises(NotFoundError, match="not-found"):
                act(user_id, export_id)
        with pytest.raises(NotFoundError, match="not-found"):
            desk.record_download(user_id, export_id, 0, 1)
    for user_id in others[1:]:
        with pytest.raises(NotFoundError):
            desk.ask(user_id, query(world))
    with world.services.database.read() as records:
        refused = [one.act for one in records.journal.entries(f"export/{export_id}") if one.outcome is Outcome.REFUSED]
    assert set(refused) == {Act.EXPORT_DOWNLOAD, Act.EXPORT_RESUME, Act.EXPORT_REMOVE}
    assert len(refused) == 4 * len(others)


def test_what_cannot_be_exported_is_refused_with_its_reason(world: World, archivist: str) -> None:
    """Nothing that fits, other records than executed ones, too many exports."""
    desk = world.services.exports
    for asked, code in ((Query(aco_id="A0000"), "selection-empty"), (Query(stage=Stage.VOIDED), "stage-not-executed")):
        with pytest.raises(InputError) as error:
            desk.ask(archivist, asked)
        assert codes(error) == {code}
    with world.services.database.write() as records:
        first = Export("none", archivist, world.clock(), {}, 2)
        for number in range(MOST_STANDING):
            records.exports.add(replace(first, export_id=f"{number}"), records.documents.executed())
    with pytest.raises(InputError) as error:
        desk.ask(archivist, query(world))
    assert codes(error) == {"too-many-exports"}


@pytest.mark.requirement("R4")
@pytest.mark.parametrize("place", EXPORT)
def test_a_kill_at_any_place_leaves_no_half_file_and_is_made_good(
    world: World, archivist: str, place: FaultPoint
) -> None:
    """Nobody is given anything before it is recorded; another worker begins again, and one file is left."""
    desk = world.services.exports
    export_id = desk.ask(archivist, query(world))

    def die(point: FaultPoint) -> None:
        if point is place:
            raise Killed

    arm(die)
    with pytest.raises(Killed):
        work(world, export_id)
    arm(None)
    if place is FaultPoint.AFTER_EXPORT:
        desk.open(archivist, export_id)
    else:
        with pytest.raises(NotFoundError, match="export-not-ready"):
            desk.open(archivist, export_id)
    world.clock.advance(timedelta(minutes=1))
    work(world, export_id)

    finished, path = desk.open(archivist, export_id)
    assert lying(world) == [path.name]
    assert digest_file(path) == finished.digest
    assert Bag(path, []).check() == []
    assert acts(world, export_id) == [Act.EXPORT_ASK, Act.EXPORT_FINISH]
    with world.services.database.read() as records:
        told = [one for one in records.journal.entries() if one.details.get("export") == export_id]
    assert len(told) == 2


def test_a_worker_that_was_taken_for_dead_records_nothing_and_replaces_nothing(world: World, archivist: str) -> None:
    """Its lease is over while it writes; another worker finishes first; what the first one left is removed by the sweep."""
    desk = world.services.exports
    export_id = desk.ask(archivist, query(world))
    passed: list[FaultPoint] = []

    def overtake(point: FaultPoint) -> None:
        if point is FaultPoint.BEFORE_EXPORT_COMMIT and point not in passed:
            passed.append(point)
            world.clock.advance(timedelta(minutes=1))
            work(world, export_id)

    arm(overtake)
    work(world, export_id)
    arm(None)
    finished, path = desk.open(archivist, export_id)
    assert passed
    assert digest_file(path) == finished.digest
    assert acts(world, export_id).count(Act.EXPORT_FINISH) == 1
    desk.sweep()
    assert lying(world) == [path.name]


def test_an_export_is_removed_when_its_days_are_over_or_when_its_owner_says_so(world: World, archivist: str) -> None:
    """The file is gone, its page says so, and the log tells who removed it; what is not ours in the folder stays."""
    desk, folder = world.services.exports, world.services.settings.exports
    first, second = desk.ask(archivist, query(world)), desk.ask(archivist, replace(query(world), year=2027))
    for one in (first, second):
        work(world, one)
    (folder / "notes.txt").write_text("mine")
    foreign = folder / f"00000000-0000-0000-0000-000000000000.{'0' * 64}.zip"
    foreign.write_bytes(b"another installation's")
    desk.remove(archivist, first)
    assert len(lying(world)) == 3
    assert desk.expire() == 0
    world.clock.advance(timedelta(days=7))
    with pytest.raises(NotFoundError, match="export-removed"):
        desk.open(archivist, second)
    assert desk.expire() == 1
    assert lying(world) == [foreign.name, "notes.txt"]
    assert acts(world, second)[-1] is Act.EXPORT_REMOVE
    assert {desk.watch(archivist, one).export.removed_by for one in (first, second)} == {archivist, "service"}
    foreign.unlink()
    (folder / "notes.txt").unlink()


def test_an_export_that_is_removed_while_it_is_made_ends(world: World, archivist: str) -> None:
    """At its next step, and nothing of it lies there afterwards."""
    desk = world.services.exports
    export_id = desk.ask(archivist, query(world))
    arm(lambda point: desk.remove(archivist, export_id) if point is FaultPoint.BETWEEN_EXPORTED else None)
    work(world, export_id)
    arm(None)
    watched = desk.watch(archivist, export_id)
    assert watched.state is ExportState.REMOVED
    assert watched.job is not None
    assert watched.job.state is JobState.STOPPED
    assert lying(world) == []
    assert acts(world, export_id) == [Act.EXPORT_ASK, Act.EXPORT_REMOVE]


def test_an_export_outlives_no_document_in_it(world: World, archivist: str) -> None:
    """A document that is disposed of while the file is made is not in it; later, the file is removed with the next sweep."""
    desk = world.services.exports
    document = world.document(world.first("current"), "participant-list")
    export_id = desk.ask(archivist, query(world))

    def dispose(at: datetime | None) -> None:
        with world.services.database._engine.begin() as connection:
            mark = sa.update(documents).where(documents.c.document_id == document.document_id)
            connection.execute(mark.values(disposed_at_utc=at))

    arm(lambda point: dispose(world.clock()) if point is FaultPoint.AFTER_EXPORT_WRITTEN else None)
    work(world, export_id)
    arm(None)
    with world.services.database.read() as records:
        job = records.jobs.by_key(f"{EXPORT_JOB}/{export_id}")
    assert job is not None
    assert "records-disposed" in job.error
    world.clock.advance(timedelta(minutes=1))
    work(world, export_id)
    assert desk.open(archivist, export_id)[0].held == 1
    assert desk.expire() == 0

    desk.remove(archivist, export_id)
    dispose(None)
    second = desk.ask(archivist, query(world))
    work(world, second)
    assert desk.open(archivist, second)[0].held == 2
    world.clock.advance(timedelta(minutes=1))
    dispose(world.clock())
    assert desk.expire() == 1
    assert desk.watch(archivist, second).state is ExportState.REMOVED
    dispose(None)


def test_an_export_that_failed_is_tried_again(world: World, archivist: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a word of its owner; one that has not failed is not."""
    desk = world.services.exports
    export_id = desk.ask(archivist, query(world))
    with monkeypatch.context() as broken:
        broken.setattr("signing.export_work.ZipSink", lambda *_: 1 / 0)
        for _ in range(6):
            work(world, export_id)
            world.clock.advance(timedelta(minutes=10))
    assert desk.watch(archivist, export_id).state is ExportState.FAILED
    assert lying(world) == []
    desk.resume(archivist, export_id)
    work(world, export_id)
    assert desk.watch(archivist, export_id).state is ExportState.READY
    with pytest.raises(ConflictError, match="export-not-failed"):
        desk.resume(archivist, export_id)


def test_a_file_that_is_not_in_this_process_s_folder_is_told(world: World, archivist: str) -> None:
    """Workers on another machine, and no folder that both share."""
    desk = world.services.exports
    export_id = desk.ask(archivist, query(world))
    work(world, export_id)
    desk.open(archivist, export_id)[1].unlink()
    with pytest.raises(StoreError, match="ESM_EXPORTS_DIR"):
        desk.open(archivist, export_id)
