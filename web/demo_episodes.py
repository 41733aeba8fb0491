"""What does not go by plan in a demonstration: an ACO that needs more time, and a document that is declined and replaced.

They go through the same desks as on the pages; what happened is told in words, for the report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from packets.documents.voiding import VoidRequest
from packets.model.calendar import Activity
from packets.model.documents import Document, Slot
from packets.model.people import Role, role_label
from signing.declining import DeclineRequest
from web.bootstrap import Services

MORE_DAYS = timedelta(days=7)
WHY_MORE_TIME = "The person who signs for the ACO is away until next week."
WHY_DECLINED = "Somebody who has left the practice is still on the list; I cannot certify it before that is cleared up."
WHY_REPLACED = "The entry was checked with the ACO, and the list is right as it is."


@dataclass(frozen=True, slots=True)
class Episode:
    """One thing that happened: to which ACO, what, who did it, and the details for people."""

    aco_id: str
    act: str
    by: str
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """As `esm demo --json` tells of it."""
        return {"aco_id": self.aco_id, "act": self.act, "by": self.by, "sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class Episodes:
    """Plays the episodes and remembers them."""

    services: Services
    staff: str
    played: list[Episode] = field(default_factory=list)

    def __iter__(self) -> Iterator[Episode]:
        """Everything that happened, in its order."""
        return iter(self.played)

    def note(self, aco_id: str, act: str, by: str, sentence: str) -> None:
        """Remember something that happened elsewhere."""
        self.played.append(Episode(aco_id, act, by, sentence))

    def grant_time(self, aco_id: str, year: int) -> None:
        """CMS staff grant an ACO a week more for signing."""
        desk = self.services.deadlines
        window = next(one for one in desk.look_up(aco_id, year).windows if one.activity is Activity.SIGN)
        until = (window.due_on + MORE_DAYS).isoformat()
        given = desk.extend(aco_id, year, Activity.SIGN, until, WHY_MORE_TIME, self.staff)
        sentence = f"may sign until {given.due_on:%B %-d, %Y}, a week longer than the others: {WHY_MORE_TIME}"
        self.note(aco_id, "window-extended", self.staff, sentence)

    def decline_and_replace(self, document: Document, slot: Slot, role: Role, user_id: str) -> Document:
        """A designee reads a document and declines; CMS staff void it, and a new one takes its place."""
        title = self.services.catalog[document.kind].short_title
        shown, _ = self.services.reading.show(user_id, document.document_id)
        self.services.declining.decline(
            DeclineRequest(document.document_id, slot.name, user_id, role, WHY_DECLINED, shown.head_digest)
        )
        self.note(document.aco_id, "declined", user_id, f"{role_label(role)} declined the {title}: {WHY_DECLINED}")
        request = VoidRequest(document.document_id, WHY_REPLACED, self.staff, shown.head_digest)
        replacement = self.services.voiding.void(request).document
        self.note(document.aco_id, "replaced", self.staff, f"the {title} was voided and replaced: {WHY_REPLACED}")
        return replacement or self.services.assembler.assemble(
            document.aco_id, document.performance_year, document.kind
        )
