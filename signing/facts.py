"""Gathering the facts that the policy decides over, from the records of one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from packets.documents.catalog import Catalog
from packets.documents.frozen_facts import contacts_digest, sections_changed, template_changed
from packets.errors import Problem
from packets.model import agreements
from packets.model.aco import StepOne, contact_problems, organization_problems
from packets.model.calendar import Activity, PerformanceYear, Window, agency_day
from packets.model.documents import Document, DocumentType, Party
from packets.model.people import Person
from packets.model.steps import finished_kinds
from packets.store.records import Records
from packets.years.agreements import agreement_page
from signing.policy import Actor, DocumentFacts, Prerequisite
from signing.surroundings import Surroundings, place_of, read_surroundings
from signing.trust import Expected, ExpectedSigner

STEP_GATES = frozenset({agreements.CONTACTS_GATE, agreements.EXTENSION_GATE})


def gather_actor(records: Records, user_id: str, document: Document, now: datetime) -> Actor:
    """Who acts, with the roles that they hold at the document's ACO and at CMS as of now."""
    person = records.people.get(user_id)
    if person is None:
        return Actor(user_id, frozenset(), account_active=False, may_sign_electronically=False)
    return actor_of(person, records, document, now)


def actor_of(person: Person, records: Records, document: Document, now: datetime) -> Actor:
    """The same for a person who is already at hand."""
    active = person.is_active(agency_day(now))
    held = records.acos.roles_of(person.user_id, document.aco_id, document.performance_year)
    return Actor(person.user_id, held | person.cms_roles, active, person.may_sign_electronically)


def actor_beside(person: Person | None, user_id: str, around: Surroundings, now: datetime) -> Actor:
    """The same for a person and an ACO that are at hand: the slots that the ACO's contacts give them."""
    if person is None:
        return Actor(user_id, frozenset(), account_active=False, may_sign_electronically=False)
    held = frozenset(one.role for one in around.step_one.contacts if one.person.user_id == user_id)
    active = person.is_active(agency_day(now))
    return Actor(user_id, held | person.cms_roles, active, person.may_sign_electronically)


def gather_facts(
    records: Records, catalog: Catalog, document: Document, around: Surroundings | None = None
) -> DocumentFacts:
    """What the policy needs to know of a document; what surrounds it is read when it is not at hand.

    Raises:
        NotFoundError: the ACO or the year of the document is gone.
    """
    around = around or read_surroundings(records, place_of(document))
    step_one, document_type = around.step_one, catalog[document.kind]
    finished = finished_kinds(catalog, list(around.packet))
    return DocumentFacts(
        title=document_type.title,
        aco_id=document.aco_id,
        cohort=step_one.aco.cohort,
        cohorts=document_type.cohorts,
        slots=document_type.slots,
        signed_by={one.slot: one.user_id for one in document.signatures},
        prerequisites=_prerequisites(catalog, document_type, finished),
        gate_problems=(
            *gate_problems(document_type, step_one),
            *step_gate_problems(records, catalog, document_type, around),
            *occasion_problems(document_type, document, around),
        ),
        windows={} if document_type.on_demand else _windows(around.year, step_one),
        head_digest=document.head_digest,
        voided=document.voided_at is not None,
        declined=document.decline is not None,
        outdated=sections_changed(records, document_type, step_one.aco, document, step_one.contacts),
        reworded=template_changed(document_type, document),
    )


def expected_of(document: Document) -> Expected:
    """What the ledger says that the file of a document is and carries; the verifier compares (DESIGN 6)."""
    return replace(expected_signers(document), digest=document.head_digest, closed=document.executed_at is not None)


def expected_signers(document: Document, *further: ExpectedSigner) -> Expected:
    """Exactly the recorded signers, and those about to be recorded, all for the document's ACO and year."""
    recorded = (ExpectedSigner(one.slot, one.user_id, (one.role,)) for one in document.signatures)
    return Expected(aco_id=document.aco_id, performance_year=document.performance_year, signers=(*recorded, *further))


def gate_problems(document_type: DocumentType, step_one: StepOne) -> tuple[Problem, ...]:
    """What is incomplete in the parts of Step 1 that gate a document type (R24, R32, R34, R35)."""
    problems: list[Problem] = []
    if "contacts" in document_type.gates:
        problems += contact_problems(step_one.contacts)
        if not step_one.contacts_submitted:
            problems.append(
                Problem(
                    "contacts-not-submitted",
                    "Contact data was not confirmed and submitted.",
                    "Submit Contact Data in Step 1.",
                )
            )
    if "organization" in document_type.gates:
        problems += organization_problems(step_one.aco)
        if not step_one.organization_submitted:
            problems.append(
                Problem(
                    "organization-not-submitted",
                    "Organization data was not confirmed and submitted.",
                    "Submit Basic Agreement Data in Step 1.",
                )
            )
    return tuple(problems)


def step_gate_problems(
    records: Records, catalog: Catalog, document_type: DocumentType, around: Surroundings
) -> list[Problem]:
    """What is to be done in the document's own step before it is signed: contacts confirmed, extension asked for (R23, R74).

    What belongs to a data use agreement that CMS closed is signed by nobody any more.
    """
    gates, aco = STEP_GATES & set(document_type.gates), around.step_one.aco
    if not gates and document_type.occasion != agreements.CONTACTS_OCCASION:
        return []
    if closure := records.agreements.closure(aco.aco_id, aco.dua.number):
        return [agreements.closed_problem(closure, agreement_page(aco))]
    if not gates:
        return []
    place = (aco.aco_id, aco.performance_year)
    standing = agreements.standing_of(aco.dua, records.agreements.request(*place), catalog.values(), around.packet)
    if standing.signed_by_aco:  # then both are past, and nothing more has to be read
        return []
    confirmation, digest = records.agreements.confirmation(*place), contacts_digest(around.step_one.contacts)
    return agreements.gate_problems(document_type.gates, standing, confirmation, digest, agreement_page(aco))


def occasion_problems(document_type: DocumentType, document: Document, around: Surroundings) -> list[Problem]:
    """That the occasion of a document made on demand is gone; with its first signature it is past asking."""
    if not document_type.on_demand or document.signatures:
        return []
    if agreements.changed_keepers(list(around.packet), around.step_one.contacts):
        return []
    sentence = "Requestor and Custodian are those who have signed before; there is no change to tell of."
    return [Problem("addendum-not-due", sentence, "Ask CMS to void this document.", document.kind)]


def _prerequisites(catalog: Catalog, document_type: DocumentType, finished: frozenset[str]) -> tuple[Prerequisite, ...]:
    return tuple(
        Prerequisite(kind, catalog[kind].title, catalog[kind].step, kind in finished)
        for kind in document_type.prerequisites
    )


def _windows(year: PerformanceYear, step_one: StepOne) -> dict[Party, Window]:
    cohort = step_one.aco.cohort
    return {Party.ACO: year.window(Activity.SIGN, cohort), Party.CMS: year.window(Activity.COUNTERSIGN, cohort)}
