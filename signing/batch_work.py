"""Working on a batch: one document after the other through the ceremony, each exactly once, killed and resumed at any moment.

Nothing here decides whether something may be signed: the gate does, for each document, twice. What has become unsignable since
the batch was started is skipped, with the reasons. What fails because a service is away is tried again later.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from packets.audit.log import SERVICE, Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import document_subject
from packets.errors import ForbiddenError, NotFoundError, PacketsError, Problem
from packets.jobs.registry import Run
from packets.model.batches import Batch, BatchItem, ItemState
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.ceremonies import IntentState
from signing.ceremony import Ceremony, SignRequest
from signing.proofs import MISSING, derive_step_up, is_bound

SERVICE_IS_AWAY = 503


@dataclass(frozen=True, slots=True)
class BatchWork:
    """Does the jobs of batches; built once with the services that it needs."""

    database: Database
    ceremony: Ceremony
    clock: Clock

    def run(self, run: Run) -> dict[str, Any]:
        """Sign what still waits in the shard of the batch that the job names; answer how many it signed and skipped.

        Raises:
            PacketsError: time-stamps or storage are away; what was done stays done, and the rest is tried again later.
            WorkInterruptedError: the batch was stopped, or this process closes; it goes on from here.
        """
        batch = self._open(run.job.arguments["batch_id"])
        shard = batch.shard(run.job.arguments["shard"])
        counts: Counter[str] = Counter(one.state for one in shard if one.state is not ItemState.WAITING)
        for item in shard:
            if item.state is ItemState.WAITING:
                run.progress(counts.total(), len(shard))
                counts[self._close(run, batch, item)] += 1
        run.progress(counts.total(), len(shard))
        self._finish(batch.batch_id)
        return dict(counts)

    def _open(self, batch_id: str) -> Batch:
        """The batch, when it was started by a re-authentication for exactly its documents."""
        with self.database.read() as records:
            batch = records.batches.get(batch_id)
            root = records.ceremonies.step_up(batch.step_up_id) if batch else None
        if batch is None:
            raise NotFoundError(Problem("not-found", "There is no such batch.", "Go back to the queue.", batch_id))
        if root is None or not is_bound(root, batch):
            raise ForbiddenError(MISSING)
        return batch

    def _close(self, run: Run, batch: Batch, item: BatchItem) -> ItemState:
        """Sign one document, or skip it, and record which."""
        state, reasons = ItemState.SIGNED, tuple[Problem, ...]()
        try:
            self.ceremony.sign(self._request(run, batch, item))
        except PacketsError as error:
            if error.status_hint == SERVICE_IS_AWAY:
                raise
            state, reasons = ItemState.SKIPPED, error.problems
        with self.database.write() as records:
            run.hold(records)
            records.batches.close_item(batch.batch_id, item.document_id, state, reasons, self.clock())
        return state

    def _request(self, run: Run, batch: Batch, item: BatchItem) -> SignRequest:
        with self.database.write() as records:
            run.hold(records)
            key = self._key(records, batch, item)
            step_up_id = derive_step_up(records, batch, item, self.clock())
        return SignRequest(key, item.document_id, item.slot, batch.user_id, item.role, item.digest, step_up_id)

    def _key(self, records: Records, batch: Batch, item: BatchItem) -> str:
        """The key of this document's act in this batch.

        An act that was recorded has the key still: the ceremony answers it and signs nothing. An intent that an earlier worker
        left open is given up, so that this worker, if it lives after all, cannot record it any more; then a new act begins.
        """
        number = 1
        while True:
            key = f"batch/{batch.batch_id}/{item.document_id}/{number}"
            intent = records.ceremonies.intent(key)
            if intent is None or intent.state is IntentState.COMMITTED:
                return key
            if intent.state is IntentState.OPEN:
                now = self.clock()
                records.ceremonies.close_intent(intent.intent_id, IntentState.ABANDONED, now)
                document = records.documents.get(item.document_id)
                subject = document_subject(document) if document else item.document_id
                told = {"intent": intent.intent_id, "slot": intent.slot, "by": intent.user_id}
                records.journal.log(
                    Act.INTENT_ABANDON, SERVICE, subject, now, Outcome.DONE, **told, reasons=["batch-resumed"]
                )
            number += 1

    def _finish(self, batch_id: str) -> None:
        """When nothing waits in any shard: record the end of the batch, once, and tell the outbox."""
        now = self.clock()
        with self.database.write() as records:
            batch = records.batches.get(batch_id)
            if batch and not batch.count(ItemState.WAITING) and records.batches.finish(batch_id, now):
                counts = {str(one): batch.count(one) for one in (ItemState.SIGNED, ItemState.SKIPPED)}
                records.journal.log(
                    Act.BATCH_FINISH, SERVICE, f"batch/{batch_id}", now, Outcome.DONE, by=batch.user_id, **counts
                )
                records.journal.queue("batch-finished", {"batch_id": batch_id}, now)
