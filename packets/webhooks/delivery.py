"""Sending one message to one endpoint, as a job: again and again, less and less often, for about a day.

At least once: a process that dies between the receiver's yes and the record of it sends the message again under the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from packets.audit.log import SERVICE, Act, Outcome
from packets.clock import Clock
from packets.errors import InputError, Problem, StoreError
from packets.jobs.registry import Run
from packets.model.webhooks import Endpoint, HookDelivery, HookState
from packets.store.database import Database
from packets.webhooks.addresses import AddressGuard, Target
from packets.webhooks.seals import sign_message
from packets.webhooks.sending import Answer, send

JOB = "webhook"
ATTEMPTS, LONGEST_WAIT = 18, timedelta(hours=6)
"""From two seconds to six hours between two attempts, doubled each time: 21 hours in all."""
Send = Callable[[Target, Mapping[str, str], bytes], Answer]


@dataclass(frozen=True, slots=True)
class Messenger:
    """Sends messages; built once with the services that it needs.

    Attributes:
        guard: judges addresses, anew at each attempt.
        master: gives the secret from which those of endpoints are derived.
        send: hands one message over.
    """

    database: Database
    clock: Clock
    guard: AddressGuard
    master: Callable[[], str]
    send: Send = send

    def work(self, run: Run) -> None:
        """Send the message of a job.

        Raises:
            StoreError: the receiver did not take it; the job tries again later.
        """
        with self.database.read() as records:
            delivery = records.webhooks.delivery(run.job.arguments["delivery_id"])
            endpoint = records.webhooks.get(delivery.endpoint_id) if delivery else None
        if delivery is None or delivery.state is not HookState.QUEUED:
            return
        answer = self._hand_over(endpoint, delivery) if endpoint else Answer(0, "The webhook was removed.")
        last = endpoint is None or run.job.attempts >= ATTEMPTS
        self._tell(delivery, answer, last=last)
        if answer.error and endpoint is not None:
            raise StoreError(Problem("webhook-not-delivered", answer.error, "It is sent again later."))

    def _hand_over(self, endpoint: Endpoint, delivery: HookDelivery) -> Answer:
        try:
            target = self.guard.check(endpoint.url)
        except InputError as error:
            return Answer(0, error.problems[0].sentence)
        headers = sign_message(self.master(), endpoint, delivery.delivery_id, delivery.body, self.clock())
        return self.send(target, headers, delivery.body.encode())

    def _tell(self, delivery: HookDelivery, answer: Answer, *, last: bool) -> None:
        now = self.clock()
        ended = HookState.DELIVERED if not answer.error else HookState.FAILED if last else None
        with self.database.write() as records:
            records.webhooks.attempted(delivery.delivery_id, answer.status, answer.error, ended, now)
            if ended is not None:
                outcome = Outcome.REFUSED if answer.error else Outcome.DONE
                told = {"event": str(delivery.event), "delivery": delivery.delivery_id, "status": answer.status}
                records.journal.log(Act.WEBHOOK_SEND, SERVICE, delivery.endpoint_id, now, outcome, **told)
