"""Which reasons a visitor is told."""

from __future__ import annotations

from packets.errors import Problem
from packets.model.documents import Party, Slot
from packets.model.people import Role
from signing.options import Option
from signing.policy import Permit, Refusal
from web.pages.lines import concerning, distinct_reasons

REQUESTOR = Slot("Requestor_16", Party.ACO, "DUA Requestor", (Role.DUA_REQUESTOR,), "I agree.")
CUSTODIAN = Slot("Custodian_17", Party.ACO, "DUA Custodian", (Role.DUA_CUSTODIAN,), "I agree.")
AGENCY = Slot("CMS_20", Party.CMS, "CMS representative", (Role.CMS_SIGNATORY,), "I agree.")


def refused(slot: Slot, *sentences: str) -> Option:
    """A slot that somebody may not sign."""
    return Option(slot, slot.roles[0], Refusal(tuple(Problem("code", one, "Do it.") for one in sentences)))


OPTIONS = (
    refused(REQUESTOR, "Too early.", "Not you."),
    refused(CUSTODIAN, "Too early.", "Nor you."),
    refused(AGENCY, "Wait."),
)


def test_somebody_with_a_slot_of_their_own_hears_about_that_slot() -> None:
    """The Custodian is not told that they are not the Requestor."""
    reasons = distinct_reasons(OPTIONS, frozenset({Role.DUA_CUSTODIAN, Role.IT_CONTACT_PRIMARY}))
    assert [one.sentence for one in reasons] == ["Too early.", "Nor you."]


def test_somebody_without_one_hears_about_their_partys_slots_each_sentence_once() -> None:
    """A contact of the ACO hears about the ACO's slots, in their order."""
    reasons = distinct_reasons(OPTIONS, frozenset({Role.MEDICAL_DIRECTOR}))
    assert [one.sentence for one in reasons] == ["Too early.", "Not you.", "Nor you."]


def test_cms_hears_about_its_own_slot_and_about_the_others_when_it_has_none() -> None:
    """CMS staff is on the side of CMS."""
    staff = frozenset({Role.CMS_STAFF})
    assert concerning(OPTIONS, staff) == OPTIONS[2:]
    assert concerning(OPTIONS[:2], staff) == OPTIONS[:2]


def test_a_permit_gives_no_reason() -> None:
    """Only refusals have reasons."""
    permitted = Option(AGENCY, Role.CMS_SIGNATORY, Permit(AGENCY, Role.CMS_SIGNATORY, "0" * 64))
    assert distinct_reasons((permitted,), frozenset({Role.CMS_SIGNATORY})) == ()
