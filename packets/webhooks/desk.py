"""The desk of webhooks: who is told, with which secret, and what became of what they were told.

The door has made sure that whoever asks may: for an ACO's endpoints those who edit its Step 1, for those of CMS its staff.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from packets.acts import Tale, carry_out
from packets.audit.log import Act
from packets.clock import Clock
from packets.errors import ConflictError, InputError, NotFoundError, Problem
from packets.jobs.queue import enqueue
from packets.model.webhooks import Endpoint, HookDelivery, HookEvent, HookState
from packets.notices.topics import Case
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.journal import Message
from packets.webhooks.addresses import AddressGuard
from packets.webhooks.delivery import JOB
from packets.webhooks.events import events_of, write_body
from packets.webhooks.seals import show_secret

MOST_ENDPOINTS = 10
Place = tuple[str, int] | None
"""Whose endpoints: of an ACO in a year, or of CMS."""


@dataclass(frozen=True, slots=True)
class WebhookDesk:
    """Built once with the services that it needs.

    Attributes:
        guard: judges addresses.
        master: gives the secret from which those of endpoints are derived.
    """

    database: Database
    clock: Clock
    guard: AddressGuard
    master: Callable[[], str]

    def register(self, place: Place, user_id: str, url: str, events: Iterable[HookEvent]) -> Endpoint:
        """Have somebody told from now on.

        Raises:
            InputError: the address is none that messages may go to; or the service has no secret to sign with.
            ConflictError: there are too many endpoints already.
        """
        self.master()
        tale, faults = self._tale(Act.WEBHOOK_REGISTER, user_id, place), self._faults(url)

        def check(records: Records) -> Endpoint:
            if faults:
                raise InputError(faults)
            if len(records.webhooks.registered(*(place or (None, None)))) >= MOST_ENDPOINTS:
                sentence = f"There are {MOST_ENDPOINTS} webhooks already."
                raise ConflictError(Problem("webhooks-too-many", sentence, "Remove one first."))
            aco_id, year = place or (None, None)
            return Endpoint(str(uuid.uuid4()), aco_id, year, url, frozenset(events), user_id, tale.now)

        def record(records: Records, endpoint: Endpoint) -> Endpoint:
            records.webhooks.add(endpoint)
            tale.tell(records, webhook=endpoint.endpoint_id, events=sorted(endpoint.events))
            return endpoint

        return carry_out(self.database, tale, check, record)

    def registered(self, place: Place) -> list[Endpoint]:
        """The endpoints of an ACO in a year, or of CMS."""
        with self.database.read() as records:
            return records.webhooks.registered(*(place or (None, None)))

    def find(self, place: Place, endpoint_id: str) -> Endpoint:
        """One endpoint.

        Raises:
            NotFoundError: there is none, or it is somebody else's.
        """
        with self.database.read() as records:
            return _require(records, place, endpoint_id)

    def secret(self, place: Place, endpoint_id: str, user_id: str) -> str:
        """The endpoint's secret; that it was read is logged."""
        tale = self._tale(Act.WEBHOOK_SECRET, user_id, place)
        with self.database.write() as records:
            endpoint = _require(records, place, endpoint_id)
            tale.tell(records, webhook=endpoint_id)
        return show_secret(self.master(), endpoint)

    def rotate(self, place: Place, endpoint_id: str, user_id: str, generation: int) -> Endpoint:
        """Replace the secret; the one before signs too for a day.

        Args:
            place: whose.
            endpoint_id: which.
            user_id: who does it.
            generation: the one that they have seen; another one means that somebody was faster.

        Raises:
            ConflictError: somebody replaced it meanwhile.
        """
        tale = self._tale(Act.WEBHOOK_ROTATE, user_id, place)

        def check(records: Records) -> Endpoint:
            endpoint = _require(records, place, endpoint_id)
            if endpoint.generation != generation:
                sentence = "Somebody replaced the secret meanwhile."
                raise ConflictError(Problem("webhook-changed", sentence, "Look at the webhook again."))
            return endpoint

        def record(records: Records, endpoint: Endpoint) -> Endpoint:
            records.webhooks.rotate(endpoint, tale.now)
            tale.tell(records, webhook=endpoint_id)
            return _require(records, place, endpoint_id)

        return carry_out(self.database, tale, check, record)

    def remove(self, place: Place, endpoint_id: str, user_id: str) -> None:
        """Tell an endpoint nothing any more; what it was told stays recorded."""
        tale = self._tale(Act.WEBHOOK_REMOVE, user_id, place)
        with self.database.write() as records:
            _require(records, place, endpoint_id)
            records.webhooks.end(endpoint_id, tale.now)
            tale.tell(records, webhook=endpoint_id)

    def deliveries(self, place: Place, endpoint_id: str, *, after: str, most: int) -> list[HookDelivery]:
        """What an endpoint was told, by id."""
        with self.database.read() as records:
            _require(records, place, endpoint_id)
            return records.webhooks.sent_to(endpoint_id, after=after, most=most)

    def replay(self, place: Place, endpoint_id: str, delivery_id: str, user_id: str) -> HookDelivery:
        """Send a message once more, under the same id.

        Raises:
            NotFoundError: there is no such message.
            ConflictError: it waits to be sent anyway.
        """
        tale = self._tale(Act.WEBHOOK_REPLAY, user_id, place)

        def check(records: Records) -> HookDelivery:
            _require(records, place, endpoint_id)
            delivery = records.webhooks.delivery(delivery_id)
            if delivery is None or delivery.endpoint_id != endpoint_id:
                raise _nothing()
            if delivery.state is HookState.QUEUED:
                sentence = "The message waits to be sent."
                raise ConflictError(Problem("webhook-queued", sentence, "Look at it again in a while."))
            return delivery

        def record(records: Records, delivery: HookDelivery) -> HookDelivery:
            records.webhooks.requeue(delivery_id)
            again = f"{JOB}/{delivery_id}/{delivery.attempts}"
            enqueue(records, JOB, {"delivery_id": delivery_id}, again, tale.now)
            tale.tell(records, webhook=endpoint_id, delivery=delivery_id)
            return records.webhooks.delivery(delivery_id) or delivery

        return carry_out(self.database, tale, check, record)

    def spread(self, records: Records, message: Message, case: Case, now: datetime) -> None:
        """Queue what endpoints are told of a message of the outbox, in the transaction that takes it."""
        if not case.aco_id:
            return
        document_id = str(message.payload.get("document_id", ""))
        document = records.documents.get(document_id) if document_id else None
        for event in events_of(message.topic, message.payload, document):
            at = message.queued_at_utc.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            kind = document.kind if document else ""
            body = write_body(event, at, (case.aco_id, case.year), message.payload, kind)
            for endpoint in records.webhooks.listening(case.aco_id, case.year, event):
                delivery_id = str(uuid.uuid4())
                records.webhooks.queue(
                    HookDelivery(delivery_id, endpoint.endpoint_id, message.message_id, event, body, now)
                )
                enqueue(records, JOB, {"delivery_id": delivery_id}, f"{JOB}/{delivery_id}", now)

    def _faults(self, url: str) -> tuple[Problem, ...]:
        """What is wrong with an address; asked before the transaction, for a name may take its time to be resolved."""
        try:
            self.guard.check(url)
        except InputError as error:
            return error.problems
        return ()

    def _tale(self, act: Act, user_id: str, place: Place) -> Tale:
        return Tale(act, user_id, f"{place[0]}/{place[1]}" if place else "cms", self.clock())


def _require(records: Records, place: Place, endpoint_id: str) -> Endpoint:
    endpoint = records.webhooks.get(endpoint_id)
    if endpoint is None or (endpoint.aco_id, endpoint.year) != (place or (None, None)):
        raise _nothing()
    return endpoint


def _nothing() -> NotFoundError:
    return NotFoundError(Problem("not-found", "There is nothing here for you.", "List your webhooks."))
