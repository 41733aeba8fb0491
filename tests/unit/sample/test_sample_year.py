"""The sample year: complete, consistent, different every where it must be, the same every time."""

from __future__ import annotations

import itertools
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from packets.errors import InputError
from packets.lists.columns import PARTICIPANTS, PROVIDER_SUPPLIER
from packets.lists.correction_rows import standing_of
from packets.lists.corrections import read_corrections
from packets.lists.intake import PufAco, PufYear
from packets.model import identifiers
from packets.model.aco import Cohort, contact_problems
from packets.model.calendar import Activity
from packets.model.people import SLOTS_BY_ROLE, Role
from packets.sample import SampleAco, SampleYear, sample_year, sample_year_from_puf
from packets.sample.names import FAMILY_NAMES, GIVEN_NAMES, domain_of, mailbox_of
from packets.sample.plan import MOST_INVENTED, invent

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def puf_aco(number: int, cohort: Cohort, names: tuple[str, ...] = ("PRACTICE, P.C.", "COUNTY HOSPITAL")) -> PufAco:
    start = date(2026, 1, 1) if cohort is Cohort.NEW else date(2024, 1, 1)
    return PufAco(
        aco_id=f"A{number:04d}",
        name=f"ACO Nº {number}, LLC",
        service_area="XX, PR",
        period_number=1,
        initial_start_date=start,
        start_date=start,
        track="ENHANCED",
        high_revenue=False,
        web_page="one.example",
        cohort=cohort,
        participants=names,
    )


PUF = PufYear(2026, tuple(puf_aco(number, Cohort.NEW if number == 5 else Cohort.CURRENT) for number in range(1, 8)))
YEARS = {"invented": sample_year(2027, 7, now=NOW), "puf": sample_year_from_puf(PUF, 7, now=NOW)}
SAMPLES = [pytest.param(one, id=f"{name}-{one.aco.aco_id}") for name, year in YEARS.items() for one in year.acos]
each_year = pytest.mark.parametrize("year", YEARS.values(), ids=list(YEARS))
each_aco = pytest.mark.parametrize("sample", SAMPLES)


@each_year
def test_every_window_is_open_for_everybody(year: SampleYear) -> None:
    """Whatever is demonstrated can be done now, by ACOs of both cohorts."""
    assert year.year.sample
    assert all(year.year.window(activity, cohort).is_open(NOW) for activity in Activity for cohort in Cohort)


@each_aco
def test_the_contacts_are_complete_and_may_do_what_they_must(sample: SampleAco) -> None:
    """All required slots are filled, paired ones by two people, designees may sign (R13-R18), others may not."""
    holders = {contact.role: contact.person for contact in sample.contacts}
    assert contact_problems(sample.contacts) == []
    assert len(holders) == len(sample.contacts)
    assert len({person.user_id for person in holders.values()}) >= 5
    for role, person in holders.items():
        assert person.account_active
        assert person.may_sign_electronically or not SLOTS_BY_ROLE[role].designee


@each_aco
def test_mail_addresses_are_of_one_person_and_tell_the_organization(sample: SampleAco) -> None:
    """R27: no shared mailbox, no personal provider, and the organization's name in the domain, which is no real one."""
    people = {contact.person.user_id: contact.person for contact in sample.contacts}.values()
    assert len({person.email for person in people}) == len(people)
    for person in people:
        local, _, domain = person.email.partition("@")
        assert person.email.isascii()
        assert local == mailbox_of(person.given_name, person.family_name)
        assert domain == domain_of(person.organization)
        assert person.phone[3:11] == "-555-01" + person.phone[10]


@each_year
def test_user_ids_are_good_and_belong_to_one_person_each(year: SampleYear) -> None:
    """The same ID is the same person; the consultant and the Executive with two slots show that one may hold several."""
    contacts = [(one.aco.aco_id, contact.role, contact.person) for one in year.acos for contact in one.contacts]
    people = {person.user_id: person for _, _, person in contacts} | {person.user_id: person for person in year.agency}
    assert all(person == people[person.user_id] for _, _, person in contacts)
    assert all(identifiers.UserId.problem(user_id) is None for user_id in people)
    assert all(person.sample for person in people.values())
    assert set(year.people) == set(people.values())
    assert len(year.people) == len(people)
    acos_of = {user_id: {aco_id for aco_id, _, person in contacts if person.user_id == user_id} for user_id in people}
    assert sorted(len(acos) for acos in acos_of.values())[-2:] == [1, 2]


@each_year
def test_one_executive_signs_as_authorized_person_too(year: SampleYear) -> None:
    """R17 allows it, so it must be shown to work."""
    pairs = [{contact.role: contact.person.user_id for contact in one.contacts} for one in year.acos]
    same = [holders[Role.ACO_EXECUTIVE] == holders[Role.AUTHORIZED_TO_SIGN_PRIMARY] for holders in pairs]
    assert same.count(True) == 1


@each_year
def test_the_agency_has_one_person_for_each_of_its_roles(year: SampleYear) -> None:
    """Only the signatory may sign."""
    assert [set(person.cms_roles) for person in year.agency] == [
        {Role.CMS_STAFF},
        {Role.CMS_SIGNATORY},
        {Role.ARCHIVIST},
    ]
    assert [person.may_sign_electronically for person in year.agency] == [False, True, False]


@each_aco
def test_the_aco_is_complete_and_marked(sample: SampleAco) -> None:
    """Agreement of five years, a DUA to be extended by the performance year, a web page with a scheme."""
    aco = sample.aco
    assert aco.sample
    assert identifiers.AcoId.problem(aco.aco_id) is None
    assert aco.web_page.startswith("https://")
    assert (aco.agreement.end_date - aco.agreement.start_date).days in {1825, 1826}
    assert aco.dua.expires_on == date(aco.performance_year - 1, 12, 31)
    assert aco.dua.extended_to == date(aco.performance_year, 12, 31)
    assert aco.cohort is Cohort.CURRENT or aco.agreement.start_date == date(aco.performance_year, 1, 1)


@each_aco
def test_the_participants_have_numbers_that_belong_to_nobody(sample: SampleAco) -> None:
    """TINs of a prefix that was never issued; facilities have a CCN that says their type, and an organizational NPI."""
    for row in sample.participants:
        cells = dict(zip(PARTICIPANTS.keys, row, strict=True))
        assert identifiers.Tin.problem(cells["tin"]) is None
        assert identifiers.Tin(cells["tin"]).warning
        ccn = cells["ccn"]
        assert (identifiers.Ccn(ccn).facility_type if ccn else "") == cells["facility_type"]
        assert (
            bool(cells["ccn"]) == bool(cells["ccn_legal_name"]) == (identifiers.Npi.problem(cells["org_npi"]) is None)
        )
        assert date.fromisoformat(cells["effective_date"]) == sample.aco.agreement.start_date


@each_aco
def test_the_providers_are_those_of_the_participants(sample: SampleAco) -> None:
    """Every participant has providers and nobody else has; one or two people are excluded, never all."""
    keys = PROVIDER_SUPPLIER.keys
    rows = [dict(zip(keys, row, strict=True)) for row in sample.providers]
    people = [row for row in rows if row["npi"]]
    assert {(row["tin"], row["tin_legal_name"]) for row in rows} == {(row[2], row[3]) for row in sample.participants}
    assert all(
        (identifiers.Npi.problem(row["npi"]) is None) and row["first_name"] and row["last_name"] for row in people
    )
    assert all(row["ccn"] and not row["last_name"] for row in rows if not row["npi"])
    assert len({row["npi"] for row in people}) == len(people)
    assert sum(row["excluded"] == "1" for row in rows) in {0, 1, 2}
    assert any(row["excluded"] == "0" for row in people)


@each_year
def test_sizes_fit_a_demonstration(year: SampleYear) -> None:
    """Invented ACOs have a list of one or two pages; no TIN is in two ACOs."""
    tins = [row[2] for one in year.acos for row in one.participants]
    assert len(set(tins)) == len(tins)
    if year is YEARS["invented"]:
        assert all(12 <= len(one.providers) <= 62 for one in year.acos)
        assert any(row[4] for one in year.acos for row in one.participants)


@each_year
def test_the_corrections_of_the_first_aco_are_accepted(year: SampleYear) -> None:
    """One addition and one deletion that fit the lists of that ACO; at least one ACO has none."""
    first = year.acos[0]
    assert first.corrections_upload
    name, content = first.corrections_upload
    approved = frozenset(identifiers.Tin(row[2]) for row in first.participants)
    corrections = read_corrections(content, name, standing_of(first.aco.aco_id, approved, first.providers))
    assert (corrections.additions, corrections.deletions) == (1, 1)
    assert any(one.corrections_upload is None for one in year.acos)


@pytest.mark.parametrize("count", [2, 3, 7])
def test_both_cohorts_are_there_as_soon_as_two_acos_are(count: int) -> None:
    """The only new ACO of the file stands fifth and comes in nevertheless; the order of the file is kept."""
    chosen = sample_year_from_puf(PUF, count, now=NOW).acos
    assert {one.aco.cohort for one in chosen} == set(Cohort)
    assert [one.aco.aco_id for one in chosen] == sorted(one.aco.aco_id for one in chosen)
    assert len(chosen) == count
    assert {one.aco.cohort for one in sample_year(2027, count, now=NOW).acos} == set(Cohort)


def test_real_names_are_kept_and_the_rest_is_invented() -> None:
    """Legal names and service area come from the file; the year is the file's."""
    year = sample_year_from_puf(PUF, 1, now=NOW, providers_per_participant=(2, 2))
    (one,) = year.acos
    assert (year.year.year, one.aco.legal_name, one.aco.address.state) == (2026, "ACO Nº 1, LLC", "PR")
    assert [row[3] for row in one.participants] == ["PRACTICE, P.C.", "COUNTY HOSPITAL"]
    assert one.aco.web_page == "https://one.example"
    assert len(one.providers) == 2 * 2 + 1


def test_names_show_many_alphabets_and_signs() -> None:
    """Accents, Greek and Cyrillic letters, apostrophes; every name can be written in a mail address."""
    names = "".join((*GIVEN_NAMES, *FAMILY_NAMES))
    assert {"é", "Ł", "ễ", "ß", "ω", "ό", "Д", "ё", "’", "-", " "} <= set(names)
    assert all(name.isprintable() for name in (*GIVEN_NAMES, *FAMILY_NAMES))
    mailboxes = {mailbox_of(given, family) for given, family in itertools.product(GIVEN_NAMES, FAMILY_NAMES)}
    assert len(mailboxes) == len(GIVEN_NAMES) * len(FAMILY_NAMES)
    assert all(part and part.strip("-") == part for box in mailboxes for part in box.split("."))
    assert any("&" in one.aco.legal_name for one in YEARS["invented"].acos)


def test_every_invented_aco_has_a_name_of_its_own() -> None:
    """As many as can be asked for."""
    plans = [invent(number, 2027) for number in range(MOST_INVENTED)]
    for trait in ("legal_name", "domain", "aco_id"):
        assert len({getattr(plan, trait) for plan in plans}) == MOST_INVENTED, trait


@pytest.mark.parametrize("count", [0, -1, MOST_INVENTED + 1])
def test_impossible_counts_are_refused(count: int) -> None:
    """The refusal says how many are possible."""
    with pytest.raises(InputError, match=str(MOST_INVENTED)):
        sample_year(2027, count, now=NOW)
    with pytest.raises(InputError, match="1 to 7"):
        sample_year_from_puf(PUF, count, now=NOW)


def test_the_same_year_comes_out_on_every_run() -> None:
    """Whatever the seed of Python's hashes is."""
    script = (
        "import hashlib; from datetime import UTC, datetime; from packets.sample import sample_year; "
        "year = sample_year(2027, 4, now=datetime(2026, 11, 22, 3, tzinfo=UTC)); "
        "print(hashlib.sha256(repr((year.acos, [(p.user_id, p.email) for p in year.people])).encode()).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
        )
        for seed in ("1", "2")
    ]
    assert len({run.stdout for run in runs}) == 1
