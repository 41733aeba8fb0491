"""What is done outside requests: the handler of each job, what is done again and again, and what does both in this process."""

from __future__ import annotations

from datetime import timedelta

from packets.jobs.execution import Executor, Report, say_nothing
from packets.jobs.registry import Handler, Periodic, Registry, Run
from packets.webhooks.delivery import ATTEMPTS, JOB, LONGEST_WAIT
from packets.years.list_loading import LOAD_LISTS
from packets.years.preparation import PREPARE
from packets.years.year_opening import OPEN_YEAR
from signing.batch_work import BatchWork
from signing.checkpoints import CHECKPOINT
from signing.countersigning import BATCH_JOB
from web.auth.resets import RESET_JOB
from web.bootstrap import Services
from web.keepers import keeping_handlers, keeping_tasks

REMIND_EVERY, TELL_EVERY = timedelta(hours=1), timedelta(seconds=15)
RECONCILE_EVERY, SWEEP_EVERY = timedelta(minutes=5), timedelta(hours=1)
CHECKPOINT_EVERY = timedelta(minutes=1)


def build_registry(services: Services) -> Registry:
    """All work that runs outside requests: handlers of jobs, and what is done again and again."""

    def reconcile(_run: Run) -> dict[str, int]:
        return {"abandoned": len(services.reconciler.run())}

    def checkpoint(_run: Run) -> dict[str, int]:
        kept = services.checkpoints.make()
        return {"covered": kept.size if kept else 0}

    def remind(_run: Run) -> None:
        services.reminders.remind()

    def tell(run: Run) -> None:
        services.notices.write()
        services.post.deliver(lambda done: run.progress(done, done))

    batches = BatchWork(services.database, services.ceremony, services.clock)
    return Registry(
        handlers=(
            Handler(CHECKPOINT, checkpoint),
            Handler(BATCH_JOB, batches.run),
            *keeping_handlers(services),
            Handler(PREPARE, services.preparation.work),
            Handler(OPEN_YEAR, services.openings.work),
            Handler(LOAD_LISTS, services.loadings.work),
            Handler(JOB, services.messenger.work, attempts=ATTEMPTS, longest_wait=LONGEST_WAIT),
            Handler(RESET_JOB, services.resets.work),
        ),
        periodic=(
            *keeping_tasks(services),
            Periodic("reconcile", RECONCILE_EVERY, reconcile),
            Periodic("remind", REMIND_EVERY, remind),
            Periodic("sweep-accounts", SWEEP_EVERY, lambda _run: services.accounts.sweep()),
            Periodic("tell", TELL_EVERY, tell),
            Periodic("checkpoint-every-minute", CHECKPOINT_EVERY, checkpoint),
        ),
    )


def build_executor(services: Services, report: Report = say_nothing) -> Executor:
    """Does jobs in this process; `report` is told of what fails."""
    return Executor(services.database, build_registry(services), services.clock, report=report)
