"""The gate: who may sign what, when. One test for each rule of `signing.policy`, and one for all of them at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from packets.errors import Problem
from packets.model.aco import Cohort
from packets.model.calendar import Activity, Window
from packets.model.documents import Party, Slot
from packets.model.people import Role
from signing.policy import Actor, DocumentFacts, Permit, Prerequisite, Refusal, Request, may_sign

NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
HEAD = "a" * 64
SIGNERS = (Role.ACO_EXECUTIVE, Role.AUTHORIZED_TO_SIGN_PRIMARY, Role.AUTHORIZED_TO_SIGN_SECONDARY)
LIST_SLOT = Slot("AuthorizedSigner", Party.ACO, "Authorized signer", SIGNERS, "I certify.")
REQUESTOR = Slot("Requestor_16", Party.ACO, "DUA Requestor", (Role.DUA_REQUESTOR,), "I bind.", ("Custodian_17",))
CUSTODIAN = Slot("Custodian_17", Party.ACO, "DUA Custodian", (Role.DUA_CUSTODIAN,), "I keep.", ("Requestor_16",))
AGENCY = Slot("CMS_20", Party.CMS, "CMS representative", (Role.CMS_SIGNATORY,), "CMS agrees.")
SIGN = Window(Activity.SIGN, Cohort.CURRENT, date(2026, 11, 10), date(2026, 12, 4))
COUNTERSIGN = Window(Activity.COUNTERSIGN, Cohort.CURRENT, date(2026, 11, 10), date(2026, 12, 31))
LIST = DocumentFacts(
    title="List certification",
    aco_id="A1001",
    cohort=Cohort.CURRENT,
    cohorts=(Cohort.CURRENT, Cohort.NEW),
    slots=(LIST_SLOT,),
    signed_by={},
    prerequisites=(),
    gate_problems=(),
    windows={Party.ACO: SIGN, Party.CMS: COUNTERSIGN},
    head_digest=HEAD,
)
DUA = replace(LIST, title="Data Use Agreement", slots=(REQUESTOR, CUSTODIAN, AGENCY))


def person(*roles: Role, user_id: str = "EX01", active: bool = True, entitled: bool = True) -> Actor:
    return Actor(user_id, frozenset(roles), active, entitled)


def ask(slot: Slot, role: Role, digest: str = HEAD) -> Request:
    return Request(slot.name, role, digest)


def codes(actor: Actor, document: DocumentFacts, request: Request, now: datetime = NOW) -> list[str]:
    decision = may_sign(actor, document, request, now)
    return [one.code for one in decision.reasons] if isinstance(decision, Refusal) else []


@pytest.mark.requirement("R19")
@pytest.mark.parametrize("role", SIGNERS)
def test_any_one_of_executive_and_authorized_to_sign_may_sign_a_list(role: Role) -> None:
    """A permit names the slot, the role and exactly the viewed bytes."""
    decision = may_sign(person(role), LIST, ask(LIST_SLOT, role), NOW)

    assert decision == Permit(LIST_SLOT, role, HEAD)


@pytest.mark.requirement("R18", "R19", "E8")
@pytest.mark.parametrize("role", sorted(set(Role) - set(SIGNERS)))
def test_nobody_else_may_sign_a_list(role: Role) -> None:
    """Every other contact, and CMS, is refused because the role is not permitted in the slot."""
    assert codes(person(role), LIST, ask(LIST_SLOT, role)) == ["role-not-permitted"]


@pytest.mark.requirement("R14", "E8")
def test_a_role_must_be_held_at_the_time_of_signing() -> None:
    """Claiming a permitted role that the person does not hold is refused."""
    assert codes(person(Role.CMS_LIAISON), LIST, ask(LIST_SLOT, Role.ACO_EXECUTIVE)) == ["role-not-held"]


@pytest.mark.requirement("R15", "E4")
def test_account_and_entitlement_are_two_separate_checks() -> None:
    """Each missing one is told by itself; both missing are told together."""
    request = ask(LIST_SLOT, Role.ACO_EXECUTIVE)

    assert codes(person(Role.ACO_EXECUTIVE, active=False), LIST, request) == ["account-inactive"]
    assert codes(person(Role.ACO_EXECUTIVE, entitled=False), LIST, request) == ["entitlement-missing"]
    both = person(Role.ACO_EXECUTIVE, active=False, entitled=False)
    assert codes(both, LIST, request) == ["account-inactive", "entitlement-missing"]


@pytest.mark.requirement("R17", "R19", "E5")
def test_requestor_and_custodian_are_two_different_people() -> None:
    """Whoever signed as one may not sign as the other, in either order, though they hold both roles."""
    twice = person(Role.DUA_REQUESTOR, Role.DUA_CUSTODIAN, user_id="BOTH")

    signed_first = replace(DUA, signed_by={"Requestor_16": "BOTH"})
    assert codes(twice, signed_first, ask(CUSTODIAN, Role.DUA_CUSTODIAN)) == ["same-person"]
    signed_second = replace(DUA, signed_by={"Custodian_17": "BOTH"})
    assert codes(twice, signed_second, ask(REQUESTOR, Role.DUA_REQUESTOR)) == ["same-person"]


@pytest.mark.requirement("R3")
def test_nobody_signs_for_both_parties() -> None:
    """Whoever signed for the ACO does not countersign the document for CMS, whatever roles they were given meanwhile."""
    twice = person(Role.DUA_REQUESTOR, Role.CMS_SIGNATORY, user_id="BOTH")
    whole = replace(DUA, signed_by={"Requestor_16": "BOTH", "Custodian_17": "CUS1"})
    assert codes(twice, whole, ask(AGENCY, Role.CMS_SIGNATORY)) == ["same-person"]
    assert codes(person(Role.CMS_SIGNATORY, user_id="CMS1"), whole, ask(AGENCY, Role.CMS_SIGNATORY)) == []


@pytest.mark.requirement("R19")
@pytest.mark.parametrize(("slot", "role"), [(REQUESTOR, Role.DUA_REQUESTOR), (CUSTODIAN, Role.DUA_CUSTODIAN)])
def test_requestor_and_custodian_sign_in_either_order(slot: Slot, role: Role) -> None:
    """Neither waits for the other."""
    assert codes(person(role), DUA, ask(slot, role)) == []


@pytest.mark.requirement("R3")
def test_cms_signs_last() -> None:
    """CMS is refused for every ACO slot that is still empty, and permitted when none is."""
    signatory, request = person(Role.CMS_SIGNATORY, user_id="CMS1"), ask(AGENCY, Role.CMS_SIGNATORY)

    assert codes(signatory, DUA, request) == ["countersign-too-early"] * 2
    half = replace(DUA, signed_by={"Requestor_16": "REQ1"})
    assert codes(signatory, half, request) == ["countersign-too-early"]
    whole = replace(DUA, signed_by={"Requestor_16": "REQ1", "Custodian_17": "CUS1"})
    assert codes(signatory, whole, request) == []


@pytest.mark.requirement("R44", "E7")
def test_an_earlier_step_must_be_signed_first() -> None:
    """The refusal names the step that is missing."""
    waiting = replace(
        LIST, prerequisites=(Prerequisite("ps", "Provider list", 2, met=False), Prerequisite("x", "Done", 1, met=True))
    )
    decision = may_sign(person(Role.ACO_EXECUTIVE), waiting, ask(LIST_SLOT, Role.ACO_EXECUTIVE), NOW)

    assert isinstance(decision, Refusal)
    assert [(one.code, one.where) for one in decision.reasons] == [("prerequisite-unsigned", "ps")]
    assert "Step 2" in decision.reasons[0].sentence


@pytest.mark.requirement("R24", "R32", "R34")
def test_what_step_one_lacks_is_told_one_by_one() -> None:
    """Problems of the gating parts of Step 1 are passed on as they are."""
    lacking = (
        Problem("contact-missing", "No Executive.", "Name one."),
        Problem("web-page-missing", "No page.", "Enter it."),
    )
    decision = may_sign(
        person(Role.ACO_EXECUTIVE), replace(LIST, gate_problems=lacking), ask(LIST_SLOT, Role.ACO_EXECUTIVE), NOW
    )

    assert decision == Refusal(lacking)


@pytest.mark.requirement("R7", "R8", "E19")
@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (SIGN.opens_at - timedelta(microseconds=1), ["window-not-open"]),
        (SIGN.opens_at, []),
        (SIGN.closes_at - timedelta(microseconds=1), []),
        (SIGN.closes_at, ["window-closed"]),
    ],
)
def test_nobody_signs_outside_the_window(now: datetime, expected: list[str]) -> None:
    """The window holds from its first instant to the last one of its due date, in the time of CMS."""
    assert codes(person(Role.ACO_EXECUTIVE), LIST, ask(LIST_SLOT, Role.ACO_EXECUTIVE), now) == expected


@pytest.mark.requirement("R8")
def test_cms_has_a_window_of_its_own() -> None:
    """After the ACO's due date CMS still countersigns, until its own window ends."""
    signatory, request = person(Role.CMS_SIGNATORY), ask(AGENCY, Role.CMS_SIGNATORY)
    whole = replace(DUA, signed_by={"Requestor_16": "REQ1", "Custodian_17": "CUS1"})

    assert codes(signatory, whole, request, SIGN.closes_at) == []
    assert codes(signatory, whole, request, COUNTERSIGN.closes_at) == ["window-closed"]


@pytest.mark.requirement("E20")
def test_a_slot_is_signed_once() -> None:
    """A filled slot is refused, whoever asks."""
    signed = replace(LIST, signed_by={"AuthorizedSigner": "EX02"})

    assert codes(person(Role.ACO_EXECUTIVE), signed, ask(LIST_SLOT, Role.ACO_EXECUTIVE)) == ["already-signed"]


@pytest.mark.requirement("R40")
def test_only_what_was_viewed_is_signed() -> None:
    """Nothing viewed, or something older than the head, is refused."""
    executive = person(Role.ACO_EXECUTIVE)

    assert codes(executive, LIST, ask(LIST_SLOT, Role.ACO_EXECUTIVE, "")) == ["not-viewed"]
    assert codes(executive, LIST, ask(LIST_SLOT, Role.ACO_EXECUTIVE, "b" * 64)) == ["document-changed"]


@pytest.mark.requirement("R2", "R5")
def test_a_document_of_the_other_cohort_is_not_signed() -> None:
    """A current ACO has no Assurance and no Agreement to sign."""
    assert codes(
        person(Role.ACO_EXECUTIVE), replace(LIST, cohorts=(Cohort.NEW,)), ask(LIST_SLOT, Role.ACO_EXECUTIVE)
    ) == ["not-applicable"]


def test_a_voided_document_is_not_signed() -> None:
    """A document that was replaced is refused."""
    assert codes(person(Role.ACO_EXECUTIVE), replace(LIST, voided=True), ask(LIST_SLOT, Role.ACO_EXECUTIVE)) == [
        "document-voided"
    ]


def test_a_slot_that_does_not_exist_is_refused() -> None:
    """A misspelled slot never makes a new one."""
    assert codes(person(Role.ACO_EXECUTIVE), LIST, Request("AuthorisedSigner", Role.ACO_EXECUTIVE, HEAD)) == [
        "slot-unknown"
    ]


@pytest.mark.requirement("R68")
def test_all_reasons_are_told_at_once() -> None:
    """Everything is wrong; every reason comes back, each with a sentence and a remedy."""
    worst = replace(
        DUA,
        cohorts=(Cohort.NEW,),
        signed_by={"CMS_20": "CMS2"},
        prerequisites=(Prerequisite("pl", "Participant list", 3, met=False),),
        gate_problems=(Problem("contact-missing", "No Executive.", "Name one."),),
        voided=True,
    )
    actor = person(Role.MARKETING_CONTACT, active=False, entitled=False)
    decision = may_sign(actor, worst, Request("CMS_20", Role.MARKETING_CONTACT, "b" * 64), COUNTERSIGN.closes_at)

    assert isinstance(decision, Refusal)
    assert [one.code for one in decision.reasons] == [
        "document-voided",
        "not-applicable",
        "already-signed",
        "account-inactive",
        "entitlement-missing",
        "role-not-permitted",
        "prerequisite-unsigned",
        "contact-missing",
        "window-closed",
        "countersign-too-early",
        "countersign-too-early",
        "document-changed",
    ]
    assert all(one.sentence and one.remedy for one in decision.reasons)
