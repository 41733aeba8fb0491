"""The pages of Step 1: entered, confirmed, submitted; what is missing is told with a way to it; CMS answers requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from browsing import Browser, Site, open_site
from packets.model.contact_rules import CONTACT_FIELDS, fields_of
from packets.model.people import CONTACT_SLOTS, Person, Role

BASE = "/packets/{}/2027"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return open_site(tmp_path)


def base(site: Site) -> str:
    return BASE.format(site.current.aco.aco_id)


def executive(site: Site) -> Browser:
    return site.enter(site.holder(Role.ACO_EXECUTIVE))


def person(site: Site, role: Role) -> Person:
    with site.world.services.database.read() as records:
        held = {one.role: one.person for one in records.acos.contacts(site.current.aco.aco_id, 2027)}
    return held[role]


def keep(browser: Browser, site: Site, role: Role, **changed: str) -> str:
    """Open a slot's form and send it with some fields changed; the address that it leads to."""
    path = f"{base(site)}/contacts/{role}"
    browser.get(path)
    response = browser.post(path, {**fields_of(person(site, role)), "act": "save", **changed})
    assert response.status_code == 303, response.text
    return response.location


@pytest.mark.requirement("R9", "R14", "R26", "R78")
def test_contact_data_lists_every_slot_and_marks_required_ones_and_designees(site: Site) -> None:
    """Seventeen slots; an asterisk where one must be filled, “ESM Designee” beside the five that sign."""
    page = executive(site).get(f"{base(site)}/contacts").text
    assert page.count('id="slot-') == 17
    for slot in CONTACT_SLOTS:
        part = page.split(f'id="slot-{slot.role}"')[1].split("</li>")[0]
        head = part.split("</h2>")[0]
        assert ("usa-label--required" in head) == slot.required
        assert ("ESM Designee" in part) == slot.designee


@pytest.mark.requirement("R26", "R21")
@pytest.mark.parametrize("role", [Role.DUA_CUSTODIAN, Role.QUALITY_CONTACT])
def test_the_form_marks_what_must_be_filled(site: Site, role: Role) -> None:
    """Everything but the second address line; the user ID of designees only."""
    page = executive(site).get(f"{base(site)}/contacts/{role}").text
    for field in CONTACT_FIELDS:
        label = page.split(f'<label class="usa-label" for="{field.name}">')[1].split("</label>")[0]
        wanted = field.required or (field.name == "user_id" and role is Role.DUA_CUSTODIAN)
        assert ("*" in label) == wanted, field.name


@pytest.mark.requirement("R12", "R25", "R28")
def test_contacts_are_entered_confirmed_and_submitted_in_this_order(site: Site) -> None:
    """Kept as a draft, shown whole with a statement that nobody has checked beforehand, then on record."""
    browser = executive(site)
    there = browser.get(
        keep(browser, site, Role.MEDICAL_DIRECTOR, title="Chief Medical Officer", phone="(301) 555 0142")
    )
    assert "Changed, not submitted" in there.text
    assert person(site, Role.MEDICAL_DIRECTOR).title != "Chief Medical Officer"

    path = f"{base(site)}/contacts/confirm"
    page = browser.get(path).text
    assert all(slot.label in page for slot in CONTACT_SLOTS)
    assert "301-555-0142" in page
    assert 'name="attested"' in page
    assert "checked" not in page.split('name="attested"')[1].split(">")[0]
    assert f'href="{base(site)}/contacts">Back</a>' in page

    refused = browser.post(path)
    assert refused.status_code == 422
    assert "statement about the CMS user IDs is not checked" in refused.text
    done = browser.post(path, {"attested": "yes"})
    assert done.status_code == 303
    assert "The contacts were submitted" in browser.get(done.location).text
    assert person(site, Role.MEDICAL_DIRECTOR).title == "Chief Medical Officer"


@pytest.mark.requirement("R26", "R27", "E6", "E4")
def test_a_refused_form_keeps_what_was_typed_and_leads_to_each_field(site: Site) -> None:
    """All problems at once, each with its code and a link to its field."""
    browser, path = executive(site), f"{base(site)}/contacts/{Role.DUA_CUSTODIAN}"
    browser.get(path)
    wrong = {"email": "info@yahoo.co.uk", "phone": "12", "state": "ZZ", "user_id": "zz9z", "city": ""}
    response = browser.post(path, {**fields_of(person(site, Role.DUA_CUSTODIAN)), **wrong, "act": "save"})
    assert response.status_code == 422
    for code in ("email-personal", "email-shared", "phone-unusable", "state-unknown", "user-id-unknown"):
        assert code in response.text
    for name in wrong:
        assert f'href="#{name}"' in response.text
    assert 'value="info@yahoo.co.uk"' in response.text


@pytest.mark.requirement("R22")
def test_who_was_slower_sees_what_changed_and_loses_nothing(site: Site) -> None:
    """A page with what is there now and what was typed; keeping it then is a decision."""
    slow, fast, path = (
        executive(site),
        site.enter(site.holder(Role.CMS_LIAISON)),
        f"{base(site)}/contacts/{Role.PUBLIC_CONTACT}",
    )
    slow.get(path)
    keep(fast, site, Role.PUBLIC_CONTACT, title="First")
    typed = {**fields_of(person(site, Role.PUBLIC_CONTACT)), "title": "Second <b>", "act": "save"}
    response = slow.post(path, typed)
    assert response.status_code == 409
    assert '<td data-label="Now">First</td><td data-label="You entered">Second &lt;b&gt;</td>' in response.text
    assert slow.post(path, typed).status_code == 303
    assert "Second &lt;b&gt;" in slow.get(f"{base(site)}/contacts/confirm").text


@pytest.mark.requirement("R28")
def test_a_confirmation_of_contacts_that_have_changed_is_not_taken(site: Site) -> None:
    """The page is shown again as it is now, and asks again."""
    slow, path = executive(site), f"{base(site)}/contacts/confirm"
    slow.get(path)
    keep(site.enter(site.holder(Role.CMS_LIAISON)), site, Role.PUBLIC_CONTACT, title="First")
    response = slow.post(path, {"attested": "yes"})
    assert response.status_code == 409
    assert "contact was changed while you had this page open" in response.text


@pytest.mark.requirement("R17", "E5")
def test_the_confirmation_refuses_one_person_in_both_slots_of_a_pair(site: Site) -> None:
    """On the page too, with a link to the slot."""
    browser = executive(site)
    keep(browser, site, Role.DUA_CUSTODIAN, **fields_of(person(site, Role.DUA_REQUESTOR)))
    browser.get(f"{base(site)}/contacts/confirm")
    response = browser.post(f"{base(site)}/contacts/confirm", {"attested": "yes"})
    assert response.status_code == 422
    assert "DUA Requestor and DUA Custodian are the same person." in response.text
    assert f'href="{base(site)}/contacts/dua-requestor"' in response.text


@pytest.mark.requirement("R22")
def test_an_optional_slot_is_emptied_and_a_draft_given_up(site: Site) -> None:
    """By the buttons of the form; a required slot has no such button."""
    browser, path = executive(site), f"{base(site)}/contacts/{Role.PUBLIC_CONTACT}"
    assert "Empty this slot" not in browser.get(path).text
    assert browser.post(path, {"act": "empty"}).status_code == 422
    keep(browser, site, Role.PUBLIC_CONTACT, title="First")
    assert "Give up the changes" in browser.get(path).text
    assert browser.post(path, {"act": "discard"}).status_code == 303
    assert "Changed, not submitted" not in browser.get(f"{base(site)}/contacts").text


@pytest.mark.requirement("R11")
def test_other_contacts_and_cms_look_and_have_no_way_to_edit(site: Site) -> None:
    """The same pages without buttons."""
    for user_id in (
        site.holder(Role.DUA_CUSTODIAN),
        site.world.agency(Role.CMS_STAFF),
        site.world.agency(Role.CMS_SIGNATORY),
    ):
        browser = site.enter(user_id)
        for name in ("contacts", "organization", "change-requests"):
            page = browser.get(f"{base(site)}/{name}")
            assert page.status_code == 200
            assert f'<form method="post" action="{base(site)}' not in page.text
            assert 'name="seen"' not in page.text
            assert "/contacts/confirm" not in page.text


@pytest.mark.requirement("R20")
def test_carried_contacts_say_so_and_ask_to_be_confirmed(site: Site) -> None:
    """For as long as they are not confirmed."""
    from packets.years.enrollment import Enrollment

    services, staff = site.world.services, site.world.agency(Role.CMS_STAFF)
    services.enrollment.open_year(replace(site.world.year.year, year=2028), staff)
    services.enrollment.enroll(Enrollment(replace(site.current.aco, performance_year=2028), (), {}), staff)
    browser, path = executive(site), f"/packets/{site.current.aco.aco_id}/2028/contacts"
    assert "carried over from performance year 2027" in browser.get(path).text
    browser.get(f"{path}/confirm")
    assert browser.post(f"{path}/confirm", {"attested": "yes"}).status_code == 303
    assert "carried over" not in browser.get(path).text


@pytest.mark.requirement("R29", "R30", "R33", "R34")
def test_organization_data_is_entered_confirmed_and_submitted(site: Site) -> None:
    """Four fields in the form; the rest can be read, and says what CMS publishes."""
    browser, path = executive(site), f"{base(site)}/organization"
    page = browser.get(path).text
    names = {"trade_name", "web_page", "line_2", "tax_status", "legal_name", "city"}
    assert {name for name in names if f'name="{name}"' in page} == names - {"legal_name", "city"}
    assert "Published" in page
    assert f"{base(site)}/change-requests?field=legal_name" in page

    form = {
        "trade_name": "Cedar <i>",
        "web_page": "https://cedar.example/aco",
        "line_2": "",
        "tax_status": "Not-for-profit",
    }
    assert browser.post(path, {**form, "web_page": "cedar"}).status_code == 422
    response = browser.post(path, form)
    assert response.location == f"{path}/confirm"
    shown = browser.get(response.location).text
    assert "Cedar &lt;i&gt;" in shown
    assert "Published by CMS" in shown
    assert browser.post(f"{path}/confirm").status_code == 303
    with site.world.services.database.read() as records:
        aco = records.acos.get(site.current.aco.aco_id, 2027)
    assert aco is not None
    assert (aco.trade_name, aco.tax_status) == ("Cedar <i>", "Not-for-profit")


@pytest.mark.requirement("R31")
def test_a_request_is_filed_answered_and_read_by_the_aco(site: Site) -> None:
    """The five facts on CMS's page; the answer on the ACO's; the field says the new value."""
    browser, path = executive(site), f"{base(site)}/change-requests"
    assert 'value="legal_name" selected' in browser.get(f"{path}?field=legal_name").text
    refused = browser.post(path, {"field": "legal_name", "corrected_value": "", "explanation": ""})
    assert refused.status_code == 422
    filed = browser.post(
        path, {"field": "legal_name", "corrected_value": "Cedar Health, LLC", "explanation": "Renamed\nin May <b>"}
    )
    assert "The request was filed" in browser.get(filed.location).text

    staff = site.enter(site.world.agency(Role.CMS_STAFF))
    assert "1 request waits for an answer" in staff.get("/change-requests").text
    page = staff.get("/change-requests/1").text
    for fact in (
        site.current.aco.aco_id,
        site.current.aco.legal_name,
        "Cedar Health, LLC",
        "Renamed\nin May &lt;b&gt;",
    ):
        assert fact.replace("&", "&amp;") in page.replace("&#39;", "'") or fact in page
    assert staff.post("/change-requests/1", {"act": "dance"}).status_code == 422
    assert staff.post("/change-requests/1", {"act": "refuse"}).status_code == 422
    assert staff.post("/change-requests/1", {"act": "grant", "answer": "Corrected."}).status_code == 303
    assert staff.post("/change-requests/1", {"act": "grant"}).status_code == 409
    assert staff.get("/change-requests/2").status_code == 404

    page = browser.get(path).text
    assert "Granted" in page
    assert "Corrected." in page
    packet = browser.get(base(site)).text
    assert "Cedar Health, LLC" in packet
    assert "To be submitted" in packet
    assert f'href="{base(site)}/organization/confirm"' in packet


@pytest.mark.requirement("R15", "R77", "R16")
def test_designees_who_are_not_ready_are_shown_weeks_ahead(site: Site) -> None:
    """On Contact Data, on the packet, and to CMS across ACOs: overdue, due soon, without entitlement."""
    services, today = site.world.services, site.world.clock().date()
    soon = replace(person(site, Role.DUA_CUSTODIAN), recertification_due_on=today + timedelta(days=12))
    gone = replace(person(site, Role.DUA_REQUESTOR), may_sign_electronically=False)
    services.enrollment.register([soon, gone])
    for path in (f"{base(site)}/contacts", base(site)):
        page = executive(site).get(path).text
        assert "due in 12 days" in page
        assert "no electronic signature access" in page
    page = site.enter(site.world.agency(Role.CMS_STAFF)).get("/readiness").text
    assert "2 designees to look after" in page
    assert page.count(site.current.aco.aco_id) >= 2
    assert "due in 12 days" in page
    assert '<option value="2027" selected>' in page


@pytest.mark.requirement("R77")
def test_who_was_not_recertified_is_signed_out(site: Site) -> None:
    """The user ID is revoked when the day has passed."""
    browser = executive(site)
    today = site.world.clock().date()
    late = replace(person(site, Role.ACO_EXECUTIVE), recertification_due_on=today - timedelta(days=1))
    site.world.services.enrollment.register([late])
    assert browser.get(base(site)).status_code == 303


@pytest.mark.requirement("R24", "E1")
def test_the_packet_page_leads_to_what_is_missing(tmp_path: Path) -> None:
    """Each gap of Step 1 with a link to its slot or field."""

    def without(sample: object) -> object:
        contacts = tuple(one for one in sample.contacts if one.role is not Role.PUBLIC_CONTACT)  # type: ignore[attr-defined]
        return replace(sample, contacts=contacts, aco=replace(sample.aco, web_page=""))  # type: ignore[attr-defined,type-var]

    site = open_site(tmp_path, change=without, step_one=False)
    page = executive(site).get(base(site)).text
    assert "The Public Contact contact is not filled." in page
    assert f'href="{base(site)}/contacts/public-contact"' in page
    new = site.enter(site.holder(Role.ACO_EXECUTIVE, site.new)).get(BASE.format(site.new.aco.aco_id)).text
    assert f'href="{BASE.format(site.new.aco.aco_id)}/organization#web_page"' in new


@pytest.mark.parametrize("role", ["nobody", "cms-staff"])
def test_a_slot_that_does_not_exist_is_not_found(site: Site, role: str) -> None:
    """As any address that leads nowhere."""
    browser = executive(site)
    assert browser.get(f"{base(site)}/contacts/{role}").status_code == 404
    browser.get(f"{base(site)}/contacts/confirm")
    assert browser.post(f"{base(site)}/contacts/{role}", {"act": "save"}).status_code == 404
