"""What a person could sign on a document, and what stands in the way: the policy asked for every slot (R42)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from packets.documents.catalog import Catalog
from packets.model.documents import Document, Slot
from packets.model.people import Role
from packets.store.records import Records
from signing.facts import gather_actor, gather_facts
from signing.policy import Actor, Decision, DocumentFacts, Permit, Request, may_sign


@dataclass(frozen=True, slots=True)
class Option:
    """A slot, the role in which the person would sign it, and the policy's answer."""

    slot: Slot
    role: Role
    decision: Decision

    @property
    def permitted(self) -> bool:
        """Whether they may sign it now."""
        return isinstance(self.decision, Permit)


def signing_options(
    records: Records, catalog: Catalog, user_id: str, document: Document, now: datetime
) -> tuple[Option, ...]:
    """For every empty slot, the best role that the person holds (or the slot's first role), and the decision.

    It is asked as if the newest revision had been viewed, so that the answer says what else is in the way.
    """
    return decide(gather_actor(records, user_id, document, now), gather_facts(records, catalog, document), now)


def decide(actor: Actor, facts: DocumentFacts, now: datetime) -> tuple[Option, ...]:
    """The same on facts that were gathered."""
    options = []
    for slot in facts.slots:
        if slot.name in facts.signed_by:
            continue
        role = next((one for one in slot.roles if one in actor.roles), slot.roles[0])
        decision = may_sign(actor, facts, Request(slot.name, role, facts.head_digest), now)
        options.append(Option(slot, role, decision))
    return tuple(options)
