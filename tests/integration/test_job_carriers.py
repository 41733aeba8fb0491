"""What every carrier of jobs promises: nothing lost, nothing done by two at once, an end that is clean."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from carriers import CARRIERS, KIND, START, Stage, wait_until
from packets.errors import InternalError, Problem, StoreError
from packets.jobs.queue import enqueue
from packets.jobs.registry import Handler, Periodic, Reason, Registry, Run, WorkInterruptedError
from packets.jobs.worker import Carrier
from packets.model.jobs import JobState

LEASE_AND_MORE = timedelta(seconds=31)


@pytest.fixture(params=CARRIERS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    new_database, new_carrier = CARRIERS[request.param]
    database = new_database(tmp_path)
    database.upgrade()
    stage = Stage(database, new_carrier)
    yield stage
    for carrier in stage.carriers:
        assert carrier.stop()
    database.close()


def only(work: object, **options: int) -> Registry:
    """A registry with one handler."""
    return Registry(handlers=(Handler(KIND, work, **options),))  # type: ignore[arg-type]


def test_a_job_is_done_and_its_row_tells_the_result(stage: Stage) -> None:
    """Arguments in, progress and result out."""

    def add(run: Run) -> dict[str, int]:
        run.progress(1, 2)
        return {"sum": run.job.arguments["one"] + run.job.arguments["two"]}

    job_id = stage.queue(one=20, two=22)
    stage.start(only(add))

    job = stage.wait_for(job_id, JobState.DONE)
    assert (job.result, job.done, job.total, job.attempts, job.error) == ({"sum": 42}, 1, 2, 1, "")


def test_a_job_exists_when_the_act_that_wanted_it_does(stage: Stage) -> None:
    """The transaction is rolled back: there is no job."""
    with pytest.raises(RuntimeError), stage.database.write() as records:  # noqa: PT012  the transaction is the point
        enqueue(records, KIND, {}, "a key", START)
        raise RuntimeError("the act fails")

    with stage.database.read() as records:
        assert records.jobs.by_key("a key") is None


def test_one_key_is_one_job(stage: Stage) -> None:
    """A form that was sent twice queues once."""
    assert stage.queue("the same") == stage.queue("the same") != stage.queue("another")


def test_a_job_is_not_begun_before_it_is_due(stage: Stage) -> None:
    """It waits for its time, while others pass it."""
    done: list[str] = []
    with stage.database.write() as records:
        enqueue(records, KIND, {"name": "later"}, "later", stage.now, due_at=stage.now + timedelta(hours=1))
    first = stage.queue("now", name="now")
    stage.start(only(lambda run: done.append(run.job.arguments["name"])))

    stage.wait_for(first, JobState.DONE)
    time.sleep(0.1)
    assert done == ["now"]
    stage.advance(timedelta(hours=1))
    with stage.database.read() as records:
        later = records.jobs.by_key("later")
    assert later is not None
    stage.wait_for(later.job_id, JobState.DONE)
    assert done == ["now", "later"]


def test_many_carriers_do_each_job_once(stage: Stage) -> None:
    """Three processes with two threads each, sixty jobs: sixty attempts."""
    done: list[int] = []
    ids = [stage.queue(str(number), number=number) for number in range(60)]
    for _ in range(3):
        stage.start(only(lambda run: done.append(run.job.arguments["number"])))

    jobs = [stage.wait_for(one, JobState.DONE) for one in ids]
    assert sorted(done) == list(range(60))
    assert {(job.attempts, job.fence) for job in jobs} == {(1, 1)}


def test_a_worker_that_falls_silent_is_replaced_and_can_write_nothing_more(stage: Stage) -> None:
    """Its lease runs out, another takes over with a higher fence; when it comes back, it is told so and changes nothing."""
    frozen, thawed, outcome = threading.Event(), threading.Event(), []

    def work(run: Run) -> dict[str, int]:
        if run.job.fence == 1:
            frozen.set()
            thawed.wait(10)
            try:
                run.progress(99, 99)
            except WorkInterruptedError as interruption:
                outcome.append(interruption.reason)
            return {"by": 1}
        run.progress(5, 5)
        return {"by": run.job.fence}

    job_id = stage.queue()
    first = stage.start(only(work))
    assert frozen.wait(10)
    stage.advance(LEASE_AND_MORE)
    stage.start(only(work))

    job = stage.wait_for(job_id, JobState.DONE)
    thawed.set()
    assert first.stop()
    assert outcome == [Reason.LOST]
    assert stage.job(job_id) == job
    assert (job.result, job.fence, job.done) == ({"by": 2}, 2, 5)


def test_a_long_step_keeps_its_lease(stage: Stage) -> None:
    """Work that tells no progress for several leases is not taken away from a worker that lives."""
    stage.lease = timedelta(seconds=0.3)
    begun: list[int] = []
    real = time.monotonic()
    stage.clock = lambda: START + timedelta(seconds=time.monotonic() - real)  # type: ignore[method-assign]

    def sleep(run: Run) -> None:
        begun.append(run.job.fence)
        time.sleep(1)

    job_id = stage.queue()
    stage.start(only(sleep))
    stage.start(only(sleep))

    assert stage.wait_for(job_id, JobState.DONE).fence == 1
    assert begun == [1]


def test_what_fails_is_tried_again_later_and_not_for_ever(stage: Stage) -> None:
    """Two seconds, then four, then it has failed, with the reason; a person may resume it."""
    attempts: list[int] = []

    def fail(run: Run) -> None:
        attempts.append(run.job.attempts)
        if len(attempts) <= 3:
            raise StoreError(Problem("disk-full", "The disk is full.", "Free space."))

    job_id = stage.queue()
    stage.start(only(fail, attempts=3))
    for seconds in (2, 4):
        job = wait_until(lambda: stage.job(job_id), lambda job: job.state is JobState.QUEUED and bool(job.error))
        assert job.due_at == stage.now + timedelta(seconds=seconds)
        stage.advance(timedelta(seconds=seconds))
        wait_until(lambda: stage.job(job_id), lambda job, before=job.attempts: job.attempts > before)  # type: ignore[misc]

    job = stage.wait_for(job_id, JobState.FAILED)
    assert (attempts, job.error) == ([1, 2, 3], "disk-full: The disk is full. Free space.")
    with stage.database.write() as records:
        assert records.jobs.resume(job_id, stage.now)
    assert stage.wait_for(job_id, JobState.DONE).attempts == 1


def test_an_unexpected_error_is_reported_and_its_words_are_not_in_the_row(stage: Stage) -> None:
    """The row is shown to people; the words of an exception could be anything."""

    def divide(_run: Run) -> None:
        raise ZeroDivisionError("123-45-6789")

    job_id = stage.queue()
    stage.start(only(divide, attempts=1))

    assert stage.wait_for(job_id, JobState.FAILED).error == "It broke off: ZeroDivisionError."
    assert stage.told == ["count: ZeroDivisionError"]


def test_a_fault_of_the_service_is_tried_again_and_told_as_one(stage: Stage) -> None:
    """As any bug is: reported, done once more, and no refusal of what the job was given."""
    attempts: list[int] = []

    def fail_once(run: Run) -> None:
        attempts.append(run.job.attempts)
        if len(attempts) == 1:
            raise InternalError("An answer cannot be read.")

    job_id = stage.queue()
    stage.start(only(fail_once, attempts=2))
    job = wait_until(lambda: stage.job(job_id), lambda job: job.state is JobState.QUEUED and bool(job.error))
    assert job.error.startswith("internal-error: An answer cannot be read. It is a fault of the service.")
    stage.advance(timedelta(seconds=2))
    assert stage.wait_for(job_id, JobState.DONE).attempts == 2
    assert stage.told == ["count: InternalError"]


def test_a_job_that_ends_its_worker_each_time_is_given_up(stage: Stage) -> None:
    """Claimed again and again after the lease, it would go on for ever; the limit holds for it too."""
    job_id = stage.queue()
    with stage.database.write() as records:
        for number in range(3):
            assert records.jobs.claim(f"dead {number}", {KIND}, stage.now, stage.now)
            stage.advance(timedelta(seconds=1))
    stage.start(only(lambda _run: None, attempts=3))

    assert stage.wait_for(job_id, JobState.FAILED).error == "The worker ended in the middle of it each time."


def steps(begun: threading.Event, until: int = 10_000) -> object:
    """Work in many small steps."""

    def work(run: Run) -> None:
        for number in range(until):
            run.progress(number, until)
            begun.set()
            time.sleep(0.002)

    return work


def test_a_job_is_stopped_by_a_person_and_resumed(stage: Stage) -> None:
    """It ends at its next step and is left alone; resumed, it is begun again."""
    begun = threading.Event()
    job_id = stage.queue()
    stage.start(only(steps(begun)))
    assert begun.wait(10)
    with stage.database.write() as records:
        assert records.jobs.stop(job_id)

    stopped = stage.wait_for(job_id, JobState.STOPPED)
    assert stopped.done < stopped.total
    begun.clear()
    with stage.database.write() as records:
        assert records.jobs.resume(job_id, stage.now)
    assert begun.wait(10)


def test_a_job_that_was_not_begun_is_stopped_at_once(stage: Stage) -> None:
    """Nobody has to notice first; and what is over cannot be stopped."""
    job_id = stage.queue()
    with stage.database.write() as records:
        assert records.jobs.stop(job_id)
        assert not records.jobs.stop(job_id)

    assert stage.job(job_id).state is JobState.STOPPED


def test_a_stop_that_nobody_lived_to_see_is_carried_out_after_the_lease(stage: Stage) -> None:
    """The worker died while it was asked to stop: the job is stopped, not begun again."""
    job_id = stage.queue()
    with stage.database.write() as records:
        assert records.jobs.claim("dead", {KIND}, stage.now, stage.now + timedelta(seconds=30))
        assert records.jobs.stop(job_id)
    stage.advance(LEASE_AND_MORE)
    stage.start(only(lambda _run: pytest.fail("it was begun again")))

    assert stage.wait_for(job_id, JobState.STOPPED).error == ""


def test_a_process_that_closes_hands_its_jobs_back(stage: Stage) -> None:
    """The job is queued again at once, and the attempt does not count against it."""
    begun = threading.Event()
    job_id = stage.queue()
    carrier: Carrier = stage.start(only(steps(begun)))
    assert begun.wait(10)

    assert carrier.stop()
    job = stage.job(job_id)
    assert (job.state, job.attempts, job.due_at) == (JobState.QUEUED, 0, stage.now)


def test_what_is_periodic_is_done_once_in_an_interval_by_all_processes_together(stage: Stage) -> None:
    """Three processes: once now, once after the interval; a failure waits for the next one."""
    done: list[int] = []

    def work(run: Run) -> None:
        done.append(run.job.fence)
        if len(done) == 2:
            raise StoreError(Problem("disk-full", "The disk is full.", "Free space."))

    task = Periodic("tidy up", timedelta(minutes=5), work)
    for _ in range(3):
        stage.start(Registry(periodic=(task,)))
    with stage.database.read() as records:
        row = records.jobs.by_key(task.key)
    assert row is not None
    for expected, error in ((1, ""), (2, "disk-full: The disk is full. Free space."), (3, "")):
        job = wait_until(
            lambda: stage.job(row.job_id),
            lambda job, fence=expected: (job.fence, job.state) == (fence, JobState.QUEUED),  # type: ignore[misc]
        )
        assert (job.error, job.due_at) == (error, stage.now + timedelta(minutes=5))
        stage.advance(timedelta(minutes=4))
        time.sleep(0.1)
        assert len(done) == expected
        stage.advance(timedelta(minutes=1))


def test_a_job_of_a_kind_that_nobody_here_does_waits(stage: Stage) -> None:
    """Another version of the service may know it; nothing is lost."""
    job_id = stage.queue()
    stage.start(Registry(handlers=(Handler("something else", lambda _run: None),)))

    time.sleep(0.1)
    assert stage.job(job_id).state is JobState.QUEUED
