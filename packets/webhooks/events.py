"""What endpoints are told: an event made of a message of the outbox, with ids and no content, as JSON. Pure.

Whoever is told looks up the rest with a token of their own; so a message that goes astray tells nobody anything about people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from packets.model.documents import Document, Event
from packets.model.webhooks import HookEvent

TOLD = ("document_id", "slot", "replaced_by", "activity", "due_on", "request_id")
"""What of a message goes out; whatever else it may carry one day stays."""


def events_of(topic: str, payload: Mapping[str, Any], document: Document | None) -> tuple[HookEvent, ...]:
    """The events that a message of the outbox stands for: none, one, or a signature and the execution that came with it."""
    if topic not in set(HookEvent) - {HookEvent.DOCUMENT_EXECUTED}:
        return ()
    event = HookEvent(topic)
    if event is HookEvent.DOCUMENT_SIGNED and document is not None and _executed_by(document, str(payload["slot"])):
        return event, HookEvent.DOCUMENT_EXECUTED
    return (event,)


def write_body(event: HookEvent, at: str, place: tuple[str, int], payload: Mapping[str, Any], kind: str) -> str:
    """The body of a message: type, time, data; the same text at every attempt, for the signature is over it."""
    data = {"aco_id": place[0], "performance_year": place[1], **({"kind": kind} if kind else {})}
    data |= {name: payload[name] for name in TOLD if payload.get(name)}
    return json.dumps({"type": event, "timestamp": at, "data": data}, separators=(",", ":"), ensure_ascii=True)


def _executed_by(document: Document, slot: str) -> bool:
    """Whether the document was executed by the signature of this slot: its revision is the one before."""
    made = {one.slot: one.revision_digest for one in document.signatures}
    for before, revision in zip(document.revisions, document.revisions[1:], strict=False):
        if revision.event is Event.EXECUTED:
            return before.digest == made.get(slot)
    return False
