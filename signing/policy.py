"""May this person sign this document in this slot now? One pure function over facts.

The rules, in the order in which they are checked. Every broken rule is reported, not only the first; only where a rule
cannot be asked without another one (a slot that does not exist has no roles) do the later ones fall silent.

 1. The document counts: it is not voided, nobody has declined it, the data behind it is what it was made from, and its type
    belongs to the ACO's cohort (R2, R5, R22).
 2. The slot exists and is empty (R19, E20).
 3. The account of the person is active, and the person has the electronic signature entitlement: two checks (R15, E4).
 4. The role is permitted in the slot (R19), and the person holds it now, at this ACO or at CMS (R14, R18, E8).
 5. Whoever signed a slot that must have another signer is another person, compared by user ID (R17, E5).
 6. Every earlier step that the type names is finished by the ACO (R44, E7).
 7. The parts of Step 1 that gate the type are complete and submitted (R24, R32, R34, E1-E3).
 8. The window of the signer's party is open: from the begin date to the end of the due date, CMS time (R7, R8, E19).
 9. CMS signs last: every slot of the ACO is signed (R3; REQUIREMENTS 2.1, 2.4).
10. What is signed is what was viewed: the digest of the viewed revision is the head of the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from packets.errors import Problem
from packets.model.aco import Cohort
from packets.model.calendar import AGENCY_ZONE, Window
from packets.model.documents import Party, Slot
from packets.model.people import Role, role_label


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the person, the roles that they hold at this ACO or at CMS, and the state of their account."""

    user_id: str
    roles: frozenset[Role]
    account_active: bool
    may_sign_electronically: bool


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """An earlier step and whether the ACO has finished it."""

    kind: str
    title: str
    step: int
    met: bool


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What the decision needs to know of the document.

    Attributes:
        signed_by: user ID of the signer of each signed slot.
        gate_problems: what is incomplete in the parts of Step 1 that gate this type; empty when nothing gates it.
        windows: the window of each party; none for what is made on demand, whenever its occasion arises.
        head_digest: digest of the newest revision.
        outdated: it is unsigned, and the facts behind it have changed since it was assembled.
        reworded: it is unsigned, and its template is not any more the one that it was made from.
    """

    title: str
    aco_id: str
    cohort: Cohort
    cohorts: tuple[Cohort, ...]
    slots: tuple[Slot, ...]
    signed_by: Mapping[str, str]
    prerequisites: tuple[Prerequisite, ...]
    gate_problems: tuple[Problem, ...]
    windows: Mapping[Party, Window]
    head_digest: str
    voided: bool = False
    declined: bool = False
    outdated: bool = False
    reworded: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: this slot, in this role, on these viewed bytes (`""`: none were viewed)."""

    slot: str
    role: Role
    viewed_digest: str


@dataclass(frozen=True, slots=True)
class Permit:
    """The person may sign this slot, in this role, exactly these bytes."""

    slot: Slot
    role: Role
    digest: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The person may not, for all of these reasons."""

    reasons: tuple[Problem, ...]


Decision: TypeAlias = Permit | Refusal


def may_sign(actor: Actor, document: DocumentFacts, request: Request, now: datetime) -> Decision:
    """Decide by the rules at the head of this module.

    Args:
        actor: who acts.
        document: the document as it is now.
        request: what they ask for.
        now: the time of the decision, aware.

    Returns:
        A `Permit`, or a `Refusal` with every reason.
    """
    reasons = list(_about_document(document))
    slot = next((one for one in document.slots if one.name == request.slot), None)
    if slot is None:
        reasons.append(
            Problem(
                "slot-unknown",
                f"{document.title} has no signature slot {request.slot}.",
                "Open the document again.",
                request.slot,
            )
        )
        return Refusal(tuple(reasons))
    for rule in RULES:
        reasons.extend(rule(actor, document, slot, request, now))
    return Refusal(tuple(reasons)) if reasons else Permit(slot, request.role, document.head_digest)


def _about_document(document: DocumentFacts) -> Iterator[Problem]:
    if document.voided:
        yield Problem("document-voided", f"{document.title} was voided.", "Sign the document that replaced it.")
    if document.declined:
        yield Problem(
            "document-declined",
            f"{document.title} was declined.",
            "Whoever declined it withdraws that, or CMS voids and replaces the document.",
        )
    if document.outdated:
        sentence = f"The data behind {document.title} has changed since it was prepared."
        yield Problem("document-outdated", sentence, "Open the packet again; CMS prepares the document anew.")
    if document.reworded:
        sentence = f"The words of {document.title} have changed since it was prepared."
        yield Problem("template-changed", sentence, "Have CMS prepare the packet again, and read the new document.")
    if document.cohort not in document.cohorts:
        yield Problem(
            "not-applicable", f"{document.title} is not for {document.cohort} ACOs.", "Nothing is to be signed here."
        )


def _who(slot: Slot) -> str:
    """Whose slot it is, as people read it."""
    return " or ".join(role_label(role) for role in slot.roles)


def _slot_is_empty(
    _actor: Actor, document: DocumentFacts, slot: Slot, _request: Request, _now: datetime
) -> Iterator[Problem]:
    if slot.name in document.signed_by:
        yield Problem(
            "already-signed",
            f"The signature of the {_who(slot)} is there already.",
            "Download the signed document.",
            slot.name,
        )


def _account_is_fit(
    actor: Actor, _document: DocumentFacts, _slot: Slot, _request: Request, _now: datetime
) -> Iterator[Problem]:
    if not actor.account_active:
        yield Problem(
            "account-inactive", f"The CMS user ID {actor.user_id} is not active.", "Have the user ID reactivated."
        )
    if not actor.may_sign_electronically:
        yield Problem(
            "entitlement-missing",
            f"User {actor.user_id} has no electronic signature access.",
            "Request electronic signature access for the user ID.",
        )


def _role_is_held(
    actor: Actor, document: DocumentFacts, slot: Slot, request: Request, _now: datetime
) -> Iterator[Problem]:
    permitted = _who(slot)
    if request.role not in slot.roles:
        yield Problem(
            "role-not-permitted",
            f"The {role_label(request.role)} may not sign for the {_who(slot)}.",
            f"This slot is signed by {permitted}.",
            slot.name,
        )
    if request.role not in actor.roles:
        at = f"ACO {document.aco_id}" if slot.party is Party.ACO else "CMS"
        yield Problem(
            "role-not-held",
            f"User {actor.user_id} is not the {role_label(request.role)} of {at}.",
            f"Ask the {permitted} to sign.",
            slot.name,
        )


def _another_person(
    actor: Actor, document: DocumentFacts, slot: Slot, _request: Request, _now: datetime
) -> Iterator[Problem]:
    """Pairs of the type, and always the two parties: nobody signs for the ACO what they countersign for CMS."""
    for other in document.slots:
        paired = other.name in slot.different_from or slot.name in other.different_from or other.party is not slot.party
        if paired and document.signed_by.get(other.name) == actor.user_id:
            yield Problem(
                "same-person",
                f"The {_who(slot)} and the {_who(other)} must be two different people.",
                f"Another person must sign as {_who(slot)}.",
                slot.name,
            )


def _earlier_steps_done(
    _actor: Actor, document: DocumentFacts, _slot: Slot, _request: Request, _now: datetime
) -> Iterator[Problem]:
    for one in document.prerequisites:
        if not one.met:
            yield Problem(
                "prerequisite-unsigned",
                f"Step {one.step}, {one.title}, is not signed yet.",
                f"Sign Step {one.step} first.",
                one.kind,
            )


def _step_one_complete(
    _actor: Actor, document: DocumentFacts, _slot: Slot, _request: Request, _now: datetime
) -> Iterator[Problem]:
    yield from document.gate_problems


def _window_is_open(
    _actor: Actor, document: DocumentFacts, slot: Slot, _request: Request, now: datetime
) -> Iterator[Problem]:
    window = document.windows.get(slot.party)
    if window is None:
        return
    if now < window.opens_at:
        yield Problem("window-not-open", f"Signing begins on {window.begins_on:%B %-d, %Y}.", "Come back on that day.")
    if now >= window.closes_at:
        yield Problem(
            "window-closed",
            f"Signing was due on {window.due_on:%B %-d, %Y} ({AGENCY_ZONE.key}).",
            "Ask CMS for an extension.",
        )


def _agency_signs_last(
    _actor: Actor, document: DocumentFacts, slot: Slot, _request: Request, _now: datetime
) -> Iterator[Problem]:
    if slot.party is not Party.CMS:
        return
    for other in document.slots:
        if other.party is Party.ACO and other.name not in document.signed_by:
            yield Problem(
                "countersign-too-early",
                f"The {_who(other)} has not signed yet.",
                "CMS signs last; wait for the ACO.",
                other.name,
            )


def _bytes_were_viewed(
    _actor: Actor, document: DocumentFacts, _slot: Slot, request: Request, _now: datetime
) -> Iterator[Problem]:
    if not request.viewed_digest:
        yield Problem(
            "not-viewed", f"{document.title} was not opened for review.", "Open the document and read it first."
        )
    elif request.viewed_digest != document.head_digest:
        yield Problem(
            "document-changed",
            f"{document.title} has changed since it was viewed.",
            "Open the document again and read it.",
        )


Rule: TypeAlias = Callable[[Actor, DocumentFacts, Slot, Request, datetime], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    _slot_is_empty,
    _account_is_fit,
    _role_is_held,
    _another_person,
    _earlier_steps_done,
    _step_one_complete,
    _window_is_open,
    _agency_signs_last,
    _bytes_were_viewed,
)
