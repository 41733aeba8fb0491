"""Whether somebody has re-authenticated to sign these bytes: for one document, or once for exactly the documents of a batch.

A batch is started with one re-authentication that is bound to its set. For each of its documents, when its turn comes, a proof
is derived from that one; like any other it is bound to the document and its bytes, lasts five minutes and counts once.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from packets.errors import ForbiddenError, Problem
from packets.model.batches import TIME_TO_FINISH, TIME_TO_START, Batch, BatchItem
from packets.store.records import Records
from packets.store.records.ceremonies import StepUp

STEP_UP_LIFETIME = timedelta(minutes=5)
MISSING = Problem(
    "step-up-missing", "You have not re-authenticated to sign this revision.", "Enter your password again to sign."
)
SPENT = Problem(
    "step-up-spent", "Your re-authentication has expired or was used.", "Enter your password again to sign."
)


def step_up_problems(records: Records, step_up_id: str, bound_to: tuple[str, str, str], now: datetime) -> list[Problem]:
    """Whether a proof is this person's, for these bytes, fresh and unspent; `bound_to` is user ID, document and digest."""
    step_up = records.ceremonies.step_up(step_up_id)
    if step_up is None or (step_up.user_id, step_up.document_id, step_up.digest) != bound_to:
        return [MISSING]
    if step_up.used_at_utc is not None or now - step_up.at_utc > STEP_UP_LIFETIME:
        return [SPENT]
    return batch_problems(records, step_up, now) if step_up.derived_from else []


def was_shown(records: Records, step_up_id: str, bound_to: tuple[str, str, str]) -> bool:
    """Rule 10: the person opened this revision, or its facts stood on the sheet of the batch that they started."""
    user_id, document_id, digest = bound_to
    if records.documents.viewed(document_id, user_id, digest):
        return True
    step_up = records.ceremonies.step_up(step_up_id)
    if step_up is None or not step_up.derived_from or step_up.user_id != user_id:
        return False
    item = records.batches.item_started_by(step_up.derived_from, document_id)
    return item is not None and item.digest == digest


def batch_problems(records: Records, step_up: StepUp, now: datetime) -> list[Problem]:
    """Whether a derived proof goes back to a re-authentication of the same person for a set that its document belongs to.

    That the whole set is the one that the re-authentication is bound to was checked when it was spent, and is checked again
    whenever work on the batch begins; a batch's documents never change.
    """
    root = records.ceremonies.step_up(step_up.derived_from)
    item = records.batches.item_started_by(step_up.derived_from, step_up.document_id)
    if root is None or item is None or (root.user_id, item.digest) != (step_up.user_id, step_up.digest):
        return [MISSING]
    return [SPENT] if root.used_at_utc is None or now - root.at_utc > TIME_TO_FINISH else []


def is_bound(root: StepUp, batch: Batch) -> bool:
    """Whether a re-authentication was made by the batch's owner for exactly this set."""
    return (root.user_id, root.document_id, root.digest) == (batch.user_id, batch.batch_id, batch.set_digest)


def derive_step_up(records: Records, batch: Batch, item: BatchItem, now: datetime) -> str:
    """The proof for one document of a batch; the ceremony asks `step_up_problems` about it like about any other."""
    step_up_id = str(uuid.uuid4())
    records.ceremonies.add_step_up(
        StepUp(
            step_up_id, batch.user_id, item.document_id, item.digest, now, derived_from=batch.step_up_id, method="batch"
        )
    )
    return step_up_id


def spend_on_batch(records: Records, step_up_id: str, batch: Batch, now: datetime) -> None:
    """Spend a re-authentication to start a batch: within five minutes, once, for exactly this set.

    Raises:
        ForbiddenError: it is somebody else's, for another set, too old or spent.
    """
    root = records.ceremonies.step_up(step_up_id)
    if root is None or not is_bound(root, batch):
        raise ForbiddenError(MISSING)
    if now - root.at_utc > TIME_TO_START or not records.ceremonies.use_step_up(step_up_id, now):
        raise ForbiddenError(SPENT)
