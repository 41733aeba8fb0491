"""Webhooks: who is told by machine, of an ACO by those who edit its Step 1, of everything by CMS staff."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from packets.model.tokens import Scope
from packets.model.webhooks import Endpoint, HookDelivery, HookEvent, HookState
from packets.webhooks.desk import Place
from web.api.cursors import read_cursor, write_cursor
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Page, PageQuestion, Shape, Time
from web.api.v1.packets import PACKET
from web.auth.roles import Audience
from web.visit import services

noun = Noun("webhooks")


class WebhookWanted(Shape):
    """Where messages go, and which."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    events: Annotated[list[HookEvent], Field(min_length=1, max_length=len(HookEvent))]


class Webhook(Shape):
    """An endpoint. `generation` counts its secrets."""

    webhook_id: str
    url: str
    events: list[HookEvent]
    generation: int
    created_by: str
    created_at: Time


class WebhookSecret(Shape):
    """What signs the messages of an endpoint."""

    webhook_id: str
    generation: int
    secret: str


class Delivery(Shape):
    """What became of one message: the newest answer's status, or why there was none."""

    delivery_id: str
    event: HookEvent
    state: HookState
    attempts: int
    status: int
    error: str
    queued_at: Time
    ended_at: Time | None


def listed(_asked: Asked, **place: Any) -> Reply:
    """The webhooks, oldest first."""
    found = services().webhooks.registered(_place(place))
    return Reply(Page[Webhook](items=[_shape(one) for one in found], next=None))


def register(asked: Asked, **place: Any) -> Reply:
    """Register a webhook.

    Messages go to public https addresses only; names are resolved and judged anew at each attempt.
    """
    wanted: WebhookWanted = asked.body
    desk, user_id = services().webhooks, asked.person.user_id
    return Reply(_shape(desk.register(_place(place), user_id, wanted.url, wanted.events)), 201)


def show(_asked: Asked, *, webhook_id: str, **place: Any) -> Reply:
    """One webhook."""
    return Reply(_shape(services().webhooks.find(_place(place), webhook_id)))


def remove(asked: Asked, *, webhook_id: str, **place: Any) -> Reply:
    """Remove a webhook; what it was told stays recorded."""
    whose = _place(place)
    asked.match(_shape(services().webhooks.find(whose, webhook_id)))
    services().webhooks.remove(whose, webhook_id, asked.person.user_id)
    return Reply(None, 204)


def secret(asked: Asked, *, webhook_id: str, **place: Any) -> Reply:
    """The secret of a webhook; that it was read is logged."""
    whose, desk = _place(place), services().webhooks
    endpoint = desk.find(whose, webhook_id)
    text = desk.secret(whose, webhook_id, asked.person.user_id)
    return Reply(WebhookSecret(webhook_id=webhook_id, generation=endpoint.generation, secret=text))


def rotate(asked: Asked, *, webhook_id: str, **place: Any) -> Reply:
    """Replace the secret of a webhook.

    For a day messages are signed with the one before too.
    """
    whose, desk = _place(place), services().webhooks
    endpoint = desk.find(whose, webhook_id)
    asked.match(_shape(endpoint))
    return Reply(_shape(desk.rotate(whose, webhook_id, asked.person.user_id, endpoint.generation)), 201)


def deliveries(asked: Asked, *, webhook_id: str, **place: Any) -> Reply:
    """What a webhook was told, in the order of the ids."""
    query: PageQuestion = asked.query
    after = read_cursor(query) or ""
    found = services().webhooks.deliveries(_place(place), webhook_id, after=after, most=query.limit + 1)
    page = found[: query.limit]
    following = write_cursor(query, page[-1].delivery_id) if len(found) > query.limit else None
    return Reply(Page[Delivery](items=[_delivery(one) for one in page], next=following))


def replay(asked: Asked, *, webhook_id: str, delivery_id: str, **place: Any) -> Reply:
    """Send a message again that came to its end, under the same id."""
    found = services().webhooks.replay(_place(place), webhook_id, delivery_id, asked.person.user_id)
    return Reply(_delivery(found), 201)


def _place(place: dict[str, Any]) -> Place:
    return (place["aco_id"], place["year"]) if place else None


def _shape(endpoint: Endpoint) -> Webhook:
    return Webhook(
        webhook_id=endpoint.endpoint_id,
        url=endpoint.url,
        events=sorted(endpoint.events),
        generation=endpoint.generation,
        created_by=endpoint.created_by,
        created_at=endpoint.created_at_utc,
    )


def _delivery(delivery: HookDelivery) -> Delivery:
    return Delivery(
        delivery_id=delivery.delivery_id,
        event=delivery.event,
        state=delivery.state,
        attempts=delivery.attempts,
        status=delivery.status,
        error=delivery.error,
        queued_at=delivery.queued_at_utc,
        ended_at=delivery.ended_at_utc,
    )


def _declare(base: str, audience: Audience, whose: str) -> None:
    """The same operations for the webhooks of an ACO and for those of CMS."""
    every, one = f"{base}/webhooks", f"{base}/webhooks/<uuid:webhook_id>"
    sent = f"{one}/deliveries"
    makes = {"status": 201, "creates": True}
    for method, path, view, declared in (
        ("GET", every, listed, {"answer": Page[Webhook]}),
        ("POST", every, register, {"answer": Webhook, "body": WebhookWanted, **makes}),
        ("GET", one, show, {"answer": Webhook}),
        ("DELETE", one, remove, {"status": 204, "changes": True}),
        ("GET", f"{one}/secret", secret, {"answer": WebhookSecret}),
        ("POST", f"{one}/secret", rotate, {"answer": Webhook, "changes": True, **makes}),
        ("GET", sent, deliveries, {"answer": Page[Delivery], "query": PageQuestion}),
        ("POST", f"{sent}/<uuid:delivery_id>/replay", replay, {"answer": Delivery, **makes}),
    ):
        told: dict[str, Any] = dict(declared)
        noun.add(method, path, audience, Scope.WEBHOOKS, view, name=f"{whose}_{view.__name__}", **told)


_declare(PACKET, Audience.STEP_ONE_EDITORS, "aco")
_declare("", Audience.YEAR_MANAGERS, "cms")
