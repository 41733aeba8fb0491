"""The manifests of the five document types, and the sample data that shows them."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from stdnum import luhn

from packets.documents.catalog import Catalog, load_catalog
from packets.model.aco import Cohort
from packets.model.documents import Party
from packets.model.people import CONTACT_SLOTS, DIFFERENT_PEOPLE, Role

KINDS = (
    "provider-supplier-list", "participant-list", "data-use-agreement", "assurance-of-compliance", "participation-agreement",
)  # fmt: skip
CATALOG = Catalog([one for kind, one in load_catalog().items() if kind in KINDS])
"""The five types of the programme, without any that an agency may have added."""
ACO_SIGNERS = (Role.ACO_EXECUTIVE, Role.AUTHORIZED_TO_SIGN_PRIMARY, Role.AUTHORIZED_TO_SIGN_SECONDARY)


def sample(kind: str) -> dict[str, Any]:
    """The sample data of a type."""
    return dict(CATALOG[kind].sample)


@pytest.mark.requirement("R5", "R44")
def test_the_five_types_stand_at_steps_two_to_six_in_a_linear_chain() -> None:
    """Each step waits for the one before it."""
    assert [(one.step, one.kind, one.prerequisites) for one in CATALOG.values()] == [
        (2, "provider-supplier-list", ()),
        (3, "participant-list", ("provider-supplier-list",)),
        (4, "data-use-agreement", ("participant-list",)),
        (5, "assurance-of-compliance", ("data-use-agreement",)),
        (6, "participation-agreement", ("assurance-of-compliance",)),
    ]


def test_the_addendum_is_made_on_demand_and_is_no_step() -> None:
    """It follows the agreement at the same step, belongs to no cohort's steps, and no type waits for it."""
    everything = load_catalog()
    addendum = everything["data-use-agreement-addendum"]
    assert (addendum.occasion, addendum.prerequisites) == ("dua-contacts-changed", ("data-use-agreement",))
    assert [(one.name, one.roles) for one in addendum.slots if one.party is Party.ACO] == [
        ("Requestor", (Role.DUA_REQUESTOR,)),
        ("Custodian", (Role.DUA_CUSTODIAN,)),
    ]
    assert addendum not in everything.for_cohort(Cohort.NEW)
    assert not [one for one in everything.values() if addendum.kind in one.prerequisites]


@pytest.mark.requirement("R2", "R36")
def test_current_acos_do_steps_two_to_four_and_new_acos_two_to_six() -> None:
    """The cohorts of the manifests give each ACO the steps that it owes."""
    assert [one.step for one in CATALOG.for_cohort(Cohort.CURRENT)] == [2, 3, 4]
    assert [one.step for one in CATALOG.for_cohort(Cohort.NEW)] == [2, 3, 4, 5, 6]


@pytest.mark.requirement("R24", "R32")
def test_only_steps_four_and_six_wait_for_step_one() -> None:
    """Missing contacts or organization data block Steps 4 and 6; Step 4 has two gates of its own besides (R23, R74)."""
    assert {one.step: set(one.gates) for one in CATALOG.values() if one.gates} == {
        4: {"contacts", "organization", "dua-contacts", "dua-extension"},
        6: {"contacts", "organization"},
    }


@pytest.mark.requirement("R19")
def test_the_aco_slots_admit_the_roles_that_may_sign() -> None:
    """Executive or Authorized to Sign for all but the DUA, which needs Requestor and Custodian."""
    roles = {one.kind: [slot.roles for slot in one.slots if slot.party is Party.ACO] for one in CATALOG.values()}
    dua = roles.pop("data-use-agreement")
    assert dua == [(Role.DUA_REQUESTOR,), (Role.DUA_CUSTODIAN,)]
    assert all(found == [ACO_SIGNERS] for found in roles.values())


@pytest.mark.requirement("R17", "R19")
def test_requestor_and_custodian_must_be_different_people() -> None:
    """The two ACO slots of the DUA exclude each other."""
    dua = CATALOG["data-use-agreement"]
    assert [slot.name for slot in dua.slots] == ["Requestor_16", "Custodian_17", "CMS_20"]
    assert dua.slot("Requestor_16").different_from == ("Custodian_17",)
    assert dua.slot("Custodian_17").different_from == ("Requestor_16",)


@pytest.mark.requirement("R3")
def test_cms_countersigns_the_two_agreements_only() -> None:
    """The lists and the assurance need no signature of CMS."""
    assert {one.kind for one in CATALOG.values() if one.countersigned} == {
        "data-use-agreement",
        "participation-agreement",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_purpose_is_one_sentence_of_the_signer_that_fits_a_signature_reason(kind: str) -> None:
    """The reason of a signature is short, in the first person and ends as a sentence."""
    for slot in CATALOG[kind].slots:
        assert slot.purpose.startswith("I ")
        assert slot.purpose.endswith(".")
        assert len(slot.purpose) < 200


def test_list_certifications_start_with_the_year_and_the_others_with_their_last_signature() -> None:
    """When a document takes effect is said by its manifest."""
    on_start = {one.kind for one in CATALOG.values() if one.takes_effect == "on-start-of-performance-year"}
    assert on_start == {"provider-supplier-list", "participant-list"}


@pytest.mark.parametrize("kind", KINDS)
def test_sample_data_matches_the_schema_and_says_that_it_is_sample(kind: str) -> None:
    """What shows a type has the shape that the type demands."""
    faults = [error.message for error in Draft202012Validator(CATALOG[kind].schema).iter_errors(sample(kind))]
    assert faults == []
    assert sample(kind)["sample"] is True


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_refuses_sample_data_with_a_section_too_many(kind: str) -> None:
    """The schema is closed, so a misspelt section cannot pass unseen."""
    data = sample(kind) | {"unknown_section": {}}
    assert not Draft202012Validator(CATALOG[kind].schema).is_valid(data)


@pytest.mark.parametrize("kind", KINDS)
def test_the_document_facts_of_the_sample_are_those_of_the_manifest(kind: str) -> None:
    """Kind, title and edition are not said twice in different words."""
    one = CATALOG[kind]
    assert sample(kind)["document"] == {
        "kind": kind, "title": one.title, "edition": one.edition, "performance_year": 2027,
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_sample_contacts_fill_the_required_slots_with_people_who_may_hold_them(kind: str) -> None:
    """Required contacts stand there, the five designees are marked, exclusive pairs are two people."""
    contacts = {contact["role"]: contact for contact in sample(kind)["contacts"]}
    assert {slot.role for slot in CONTACT_SLOTS if slot.required} <= set(contacts)
    assert {role for role, one in contacts.items() if one["designee"]} == {
        slot.role for slot in CONTACT_SLOTS if slot.designee
    }
    assert all(contacts[one]["user_id"] != contacts[other]["user_id"] for one, other in DIFFERENT_PEOPLE)
    assert all(contact["label"] == slot.label for slot in CONTACT_SLOTS if (contact := contacts.get(slot.role)))


def test_all_samples_show_the_same_aco() -> None:
    """A packet of samples reads as one packet."""
    assert all(sample(kind)["aco"] == sample(KINDS[0])["aco"] for kind in KINDS)


def test_sample_identifiers_are_well_formed() -> None:
    """NPIs carry a right check digit (Luhn over 80840 and the number), TINs have nine digits."""
    lists, participants = sample("provider-supplier-list")["rosters"], sample("participant-list")["rosters"]
    npis = [row[2] for key in ("rows", "excluded") for row in lists["providers"][key]]
    npis += [row[1] for row in lists["corrections"]["rows"]] + [row[4] for row in participants["participants"]["rows"]]
    real = [npi for npi in npis if npi != "N/A"]
    assert len(real) == len(set(real)) + 1, "only the deletion repeats an NPI of the list"
    assert all(luhn.is_valid("80840" + npi) for npi in real)
    assert all(len(row[0]) == 9 and row[0].isdigit() for row in lists["providers"]["rows"])


def test_the_sample_lists_agree_with_each_other() -> None:
    """Every TIN of the provider list is a participant; corrections touch listed TINs; their counts are right."""
    data = sample("provider-supplier-list")
    providers, corrections = data["rosters"]["providers"], data["rosters"]["corrections"]["rows"]
    participants = {(row[0], row[1]) for row in sample("participant-list")["rosters"]["participants"]["rows"]}
    assert {(row[0], row[1]) for row in providers["rows"]} == participants
    assert len(providers["excluded"]) == 2
    assert {row[4] for row in corrections} <= {tin for tin, _ in participants}
    actions = [row[0] for row in corrections]
    assert (actions.count("A"), actions.count("D")) == (
        data["corrections"]["additions"],
        data["corrections"]["deletions"],
    )
    assert {row[1] for row in corrections if row[0] == "D"} <= {row[2] for row in providers["rows"]}


def test_the_statutes_of_the_assurance_are_data_of_its_edition() -> None:
    """Five laws against discrimination, each with citation, grounds and regulation, then the conscience laws."""
    record = CATALOG["assurance-of-compliance"].record
    assert {(one["regulation"], one["citation"]) for one in record["statutes"]} == {
        ("45 CFR part 80", "42 U.S.C. 2000d et seq."),
        ("45 CFR part 84", "29 U.S.C. 794"),
        ("45 CFR part 86", "20 U.S.C. 1681 et seq."),
        ("45 CFR part 91", "42 U.S.C. 6101 et seq."),
        ("45 CFR part 92", "42 U.S.C. 18116"),
    }
    assert all(set(one) == {"name", "citation", "bars", "regulation", "scope"} for one in record["statutes"])
    assert {one["citation"] for one in record["conscience"]} >= {
        "42 U.S.C. 300a-7",
        "42 U.S.C. 238n",
        "42 U.S.C. 18113",
    }


def test_the_laws_of_the_participation_agreement_are_those_of_425_208_b() -> None:
    """Criminal law, False Claims Act, anti-kickback, civil monetary penalties, self-referral, in that order."""
    citations = [law["citation"] for law in CATALOG["participation-agreement"].record["laws"]]
    assert citations[1:] == [
        "31 U.S.C. 3729 et seq.",
        "42 U.S.C. 1320a-7b(b)",
        "42 U.S.C. 1320a-7a",
        "42 U.S.C. 1395nn",
    ]
    assert "18 U.S.C." in citations[0]
