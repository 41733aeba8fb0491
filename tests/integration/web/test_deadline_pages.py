"""The page of due dates: for everybody who may look; CMS staff grant more time on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from browsing import Site, open_site
from packets.errors import InputError, NotFoundError
from packets.model.people import Role
from packets.sample.year import sample_year
from packets.settings import load_settings
from packets.years.enrollment import Enrollment
from web.bootstrap import build_services, initialize
from web.cli import esm
from worlds import START


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return open_site(tmp_path)


def path(site: Site) -> str:
    return f"/packets/{site.current.aco.aco_id}/2027/deadlines"


@pytest.mark.requirement("R7", "R8")
def test_contacts_see_every_due_date_and_no_form(site: Site) -> None:
    """Each activity with its days; only CMS staff have the form."""
    page = site.enter(site.holder(Role.CMS_LIAISON)).get(path(site)).text
    assert page.count("<tr>") == 1 + 6
    assert "Read and sign documents" in page
    assert '<form method="post" action="/packets' not in page


@pytest.mark.requirement("R8")
def test_cms_staff_grant_more_time_and_the_aco_sees_when_why_and_by_whom(site: Site) -> None:
    """The new day stands on the page of due dates and on the packet, for the ACO's people too."""
    staff = site.enter(site.world.agency(Role.CMS_STAFF))
    staff.get(path(site))
    response = staff.post(
        path(site), {"activity": "sign-documents", "due_on": "2026-12-31", "reason": "Flood at the ACO <b>"}
    )
    assert response.status_code == 303
    assert "More time was granted" in staff.get(response.location).text

    executive = site.enter(site.holder(Role.ACO_EXECUTIVE))
    page = executive.get(path(site)).text
    assert "Flood at the ACO &lt;b&gt;" in page
    assert site.world.agency(Role.CMS_STAFF) in page
    assert "December 31, 2026" in executive.get(path(site).removesuffix("/deadlines")).text


def test_a_refused_form_keeps_what_was_typed(site: Site) -> None:
    """Every problem with its code, and the fields as they were."""
    staff = site.enter(site.world.agency(Role.CMS_STAFF))
    staff.get(path(site))
    response = staff.post(path(site), {"activity": "sign-documents", "due_on": "2020-01-01", "reason": ""})
    assert response.status_code == 422
    for code in ("day-not-later", "day-past", "reason-missing"):
        assert code in response.text
    assert 'value="2020-01-01"' in response.text


def test_the_commands_extend_and_count(tmp_path: Path) -> None:
    """On a folder with a year in it: a due date is moved, a refusal is told, and the year is counted."""
    settings = load_settings(dir=tmp_path)
    initialize(settings, sample=True)
    services = build_services(settings)
    year = sample_year(2027, 2, now=START)
    staff = next(one.user_id for one in year.agency if Role.CMS_STAFF in one.cms_roles)
    services.enrollment.register(year.agency)
    services.enrollment.open_year(year.year, staff)
    sample = year.acos[0]
    lists = {"participants": sample.participants, "provider-supplier": sample.providers}
    services.enrollment.enroll(Enrollment(sample.aco, sample.contacts, lists), staff)
    services.assembler.assemble_packet(sample.aco.aco_id, 2027, staff)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(esm, [*arguments, "--dir", str(tmp_path)])

    extend = ("year", "extend", sample.aco.aco_id, "2027", "sign-documents")
    granted = run(*extend, "2027-01-31", "--reason", "A flood", "--by", staff)
    assert "due on 2027-01-31" in granted.output
    refused = run(*extend, "2026-01-31", "--reason", "", "--by", staff)
    assert isinstance(refused.exception, InputError)
    assert {one.code for one in refused.exception.problems} >= {"day-not-later", "reason-missing"}

    counted = json.loads(run("year", "status", "2027", "--json").output)
    assert sum(one["documents"] for one in counted["documents"]) == len(services.catalog.for_cohort(sample.aco.cohort))
    assert "Step 2" in run("year", "status", "2027").output
    assert isinstance(run("year", "status", "1999").exception, NotFoundError)
    services.database.close()
