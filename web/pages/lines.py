"""One line for each step of a packet: the document, its status, and what the visitor may sign or what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from packets.documents.reading import PacketView
from packets.errors import Problem
from packets.model.calendar import Activity, PerformanceYear
from packets.model.documents import Document, DocumentType, Party, Slot, Status
from packets.model.people import Contact, Person, Role
from packets.model.steps import StepView, document_status, finished_kinds
from packets.people.access import AGENCY_ROLES
from packets.store.records import Records
from signing.facts import actor_beside, gather_facts
from signing.options import Option, decide, signing_options
from signing.policy import Refusal
from signing.surroundings import Surroundings
from web.bootstrap import Services


@dataclass(frozen=True, slots=True)
class SlotLine:
    """A signature slot: who holds a role that may sign it, and the recorded signer if there is one."""

    slot: Slot
    holders: tuple[Contact, ...]
    signer: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step as the page shows it.

    Attributes:
        due_on: until when whoever is next may sign.
        may_sign: the slots that the visitor may sign now.
        reasons: everything that keeps the visitor from signing, each once; empty when they may sign, or nobody needs to.
    """

    step: StepView
    slots: tuple[SlotLine, ...]
    due_on: date
    may_sign: tuple[Option, ...]
    reasons: tuple[Problem, ...]

    @property
    def applicable(self) -> bool:
        """Whether the ACO's cohort certifies this document at all."""
        return self.step.status is not Status.NOT_APPLICABLE


def packet_lines(services: Services, person: Person, view: PacketView) -> list[StepLine]:
    """A line for each step of a packet."""
    with services.database.read() as records:
        around = Surroundings(view.step_one, view.year, view.packet)
        return [step_line(records, services, person, view, step, around) for step in view.steps]


def step_line(
    records: Records, services: Services, person: Person, view: PacketView, step: StepView, around: Surroundings
) -> StepLine:
    """The line of one step."""
    options: tuple[Option, ...] = ()
    if step.document is not None:
        now = services.clock()
        facts = gather_facts(records, services.catalog, step.document, around)
        options = decide(actor_beside(person, person.user_id, around, now), facts, now)
    permitted = tuple(option for option in options if option.permitted)
    return StepLine(
        step=step,
        slots=slot_lines(step.document_type, step.document, view.step_one.contacts),
        due_on=_due_on(view, around.year, step),
        may_sign=permitted,
        reasons=() if permitted else distinct_reasons(options, view.roles),
    )


def slot_lines(
    document_type: DocumentType, document: Document | None, contacts: tuple[Contact, ...]
) -> tuple[SlotLine, ...]:
    """Who signs, slot by slot."""
    signers = {one.slot: one.name for one in document.signatures} if document else {}
    return tuple(
        SlotLine(slot, tuple(one for one in contacts if one.role in slot.roles), signers.get(slot.name, ""))
        for slot in document_type.slots
    )


def options_of(services: Services, person: Person, document: Document) -> tuple[Option, ...]:
    """What a person may sign on a document now, slot by slot, and what stands in the way."""
    with services.database.read() as records:
        return signing_options(records, services.catalog, person.user_id, document, services.clock())


def status_of(services: Services, document: Document) -> Status | None:
    """The status of a document for people (R42); None when its ACO or year is gone."""
    document_type, place = services.catalog[document.kind], (document.aco_id, document.performance_year)
    with services.database.read() as records:
        aco, packet = records.acos.get(*place), records.documents.packet(*place)
        year = records.years.for_aco(aco) if aco else None
    if aco is None or year is None:
        return None
    return document_status(
        document_type,
        document,
        cohort=aco.cohort,
        finished=finished_kinds(services.catalog, packet),
        window=year.window(Activity.SIGN, aco.cohort),
        now=services.clock(),
    )


def distinct_reasons(options: tuple[Option, ...], roles: frozenset[Role]) -> tuple[Problem, ...]:
    """Every reason of every refusal that concerns somebody with these roles, each sentence once, in the order of the rules."""
    decisions = (option.decision for option in concerning(options, roles))
    reasons = (one for decision in decisions if isinstance(decision, Refusal) for one in decision.reasons)
    return tuple({one.sentence: one for one in reasons}.values())


def concerning(options: tuple[Option, ...], roles: frozenset[Role]) -> tuple[Option, ...]:
    """The slots that concern somebody: those that they could sign; else those of their party; else all that are open."""
    party = Party.CMS if roles & AGENCY_ROLES else Party.ACO
    theirs = tuple(option for option in options if option.role in roles)
    return theirs or tuple(option for option in options if option.slot.party is party) or options


def _due_on(view: PacketView, year: PerformanceYear, step: StepView) -> date:
    waits_for_cms = step.document is not None and not step.document.unsigned(step.document_type, Party.ACO)
    if not waits_for_cms:
        return view.window.due_on
    return year.window(Activity.COUNTERSIGN, view.aco.cohort).due_on
