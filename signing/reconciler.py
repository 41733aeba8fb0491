"""What a crash left open is closed: an intent whose signature was never recorded is given up, never completed (DESIGN 4).

The bytes that it may have made stay where they are. No record names them, so they are never served and never adopted; a store
that keeps objects for years could not remove them anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from packets.audit.log import SERVICE, Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import document_subject
from packets.store.database import Database
from packets.store.records.ceremonies import Intent, IntentState

PATIENCE = timedelta(minutes=10)
"""Longer than any signature takes, time-stamps that are tried again included. One that is slower still is refused at its end,
because its intent is closed by then."""

CODE = "abandoned-after-crash"


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Closes what was left open; run at every start and from time to time. Any number may run at once."""

    database: Database
    clock: Clock

    def run(self, patience: timedelta = PATIENCE) -> list[Intent]:
        """Give up the intents that have been open for longer than `patience`; answer those that this run closed."""
        now = self.clock()
        with self.database.write() as records:
            left = records.ceremonies.open_since(now - patience)
            closed = [one for one in left if records.ceremonies.close_intent(one.intent_id, IntentState.ABANDONED, now)]
            for one in closed:
                document = records.documents.get(one.document_id)
                subject = document_subject(document) if document else one.document_id
                told = {"intent": one.intent_id, "slot": one.slot, "by": one.user_id, "reasons": [CODE]}
                records.journal.log(Act.INTENT_ABANDON, SERVICE, subject, now, Outcome.DONE, **told)
        return closed
