"""Rules of the programme that no single desk holds: who there is, what is offered, and what is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from browsing import open_site
from packets.errors import InputError
from packets.model.aco import Aco
from packets.model.documents import Status
from packets.model.people import CONTACT_SLOTS, Role
from packets.sample.year import SampleAco
from packets.years.enrollment import Enrollment
from worlds import World, build_world

ROOT = Path(__file__).parents[2]
NEW_ONLY = ("assurance-of-compliance", "participation-agreement")


def statuses(world: World, sample: SampleAco) -> dict[str, Status]:
    """The status of each kind, as CMS staff see it."""
    staff = world.agency(Role.CMS_STAFF)
    view = world.services.reading.packet(staff, sample.aco.aco_id, sample.aco.performance_year)
    return {one.document_type.kind: one.status for one in view.steps}


@pytest.mark.requirement("R9", "R13", "R78")
def test_there_are_seventeen_contact_slots_and_five_of_them_sign() -> None:
    """Eight are certain in the guide, the others complete the number; all that sign must be filled."""
    assert len({slot.role for slot in CONTACT_SLOTS}) == 17
    designees = {slot.role for slot in CONTACT_SLOTS if slot.designee}
    assert designees == {
        Role.ACO_EXECUTIVE,
        Role.AUTHORIZED_TO_SIGN_PRIMARY,
        Role.AUTHORIZED_TO_SIGN_SECONDARY,
        Role.DUA_REQUESTOR,
        Role.DUA_CUSTODIAN,
    }
    assert all(slot.required for slot in CONTACT_SLOTS if slot.designee)
    assert any(not slot.required for slot in CONTACT_SLOTS)


@pytest.mark.requirement("R16", "E1")
@pytest.mark.parametrize(
    "role", [slot.role for slot in CONTACT_SLOTS if slot.designee and not slot.uploads_corrections]
)
def test_contacts_without_one_of_the_signing_roles_are_not_submitted(role: Role) -> None:
    """Nobody signs the DUA for an ACO that has no Requestor or no Custodian."""

    def without(sample: SampleAco) -> SampleAco:
        return replace(sample, contacts=tuple(one for one in sample.contacts if one.role is not role))

    world = build_world(2, step_one=False, change=without)
    with pytest.raises(InputError) as refusal:
        world.submit_step_one(world.first("current"))
    assert {one.where for one in refusal.value.problems} == {role}


@pytest.mark.requirement("R10", "R29")
def test_the_web_page_is_kept_and_stands_in_what_is_certified() -> None:
    """What the organization data says is what the Data Use Agreement is made from."""
    world = build_world(2)
    sample = world.first("current")
    document = world.document(sample, "data-use-agreement")
    facts = world.services.objects.get(document.data_digest).decode()
    assert sample.aco.web_page
    assert sample.aco.web_page in facts


@pytest.mark.requirement("E3", "R34")
@pytest.mark.parametrize(
    ("field", "blank"),
    [
        ("legal_name", lambda aco: replace(aco, legal_name=" ")),
        ("tax_status", lambda aco: replace(aco, tax_status="")),
        ("city", lambda aco: replace(aco, address=replace(aco.address, city=" "))),
    ],
)
def test_a_required_organization_field_that_is_empty_is_named(field: str, blank: Callable[[Aco], Aco]) -> None:
    """Organization data is not submitted until it is there."""
    world = build_world(2, step_one=False, change=lambda sample: replace(sample, aco=blank(sample.aco)))
    sample = world.first("current")
    executive = next(one.person.user_id for one in sample.contacts if one.role is Role.ACO_EXECUTIVE)
    with pytest.raises(InputError) as refusal:
        world.services.enrollment.submit_organization(sample.aco.aco_id, sample.aco.performance_year, executive)
    assert [(one.code, one.where) for one in refusal.value.problems] == [("organization-field-missing", field)]


@pytest.mark.requirement("R75", "R76", "R5")
def test_assurance_and_agreement_are_for_new_acos_only() -> None:
    """A new ACO signs them after the DUA; for a current one they do not apply."""
    world = build_world(2)
    new, current = world.first("new"), world.first("current")
    finished = world.finish(new)
    assert [one.kind for one in finished][-2:] == list(NEW_ONLY)
    assert all(one.executed_at for one in finished)
    assert {statuses(world, current)[kind] for kind in NEW_ONLY} == {Status.NOT_APPLICABLE}


@pytest.mark.requirement("R71", "R53")
def test_an_aco_without_corrections_goes_straight_to_signing() -> None:
    """No upload is needed, and the document says that there was none."""
    world = build_world(2)
    sample = world.first("current")
    [done] = world.finish(sample, before_step=3)
    assert done.executed_at
    assert '"corrections":null' in world.services.objects.get(done.data_digest).decode()


@pytest.mark.requirement("R55", "R48", "R57")
def test_corrections_change_no_list_that_cms_holds() -> None:
    """They announce changes that are pending elsewhere: neither list differs after an accepted upload."""
    world = build_world(2)
    sample = next(one for one in world.year.acos if one.corrections_upload is not None)
    assert sample.corrections_upload is not None
    place = (sample.aco.aco_id, sample.aco.performance_year)
    executive = next(one.person.user_id for one in sample.contacts if one.role is Role.ACO_EXECUTIVE)

    def lists() -> list[list[tuple[str, ...]]]:
        with world.services.database.read() as records:
            return [list(records.lists.rows(*place, name)) for name in ("provider-supplier", "participants")]

    before = lists()
    upload = world.services.corrections.accept(*place, executive, *sample.corrections_upload, agreed=True)
    assert upload.additions + upload.deletions > 0
    assert lists() == before


@pytest.mark.requirement("R6", "R65")
def test_nothing_but_corrections_can_be_uploaded(tmp_path: Path) -> None:
    """A signed copy on paper has no way in: ACOs have one form that takes a file, CMS staff those of a year's lists.

    Whoever has a file checked keeps it: the page for that stores nothing.
    """
    forms = {path.name for path in (ROOT / "web").rglob("*.html") if 'type="file"' in path.read_text("utf-8")}
    readers = {path.name for path in (ROOT / "web").rglob("*.py") if "request.files" in path.read_text("utf-8")}
    assert forms == {"corrections.html", "years.html", "year_files.html", "verify.html"}
    assert readers == {"corrections.py", "years.py", "public_verification.py", "door.py"}
    calls = {path.name: path.read_text("utf-8") for path in (ROOT / "web" / "api" / "v1").glob("*.py")}
    takers = {name for name, text in calls.items() if re.search(r"^\s*files=|takes=(?!JSON)", text, re.MULTILINE)}
    assert takers == {"corrections.py", "years.py", "verifications.py"}
    site = open_site(tmp_path)
    page = site.enter(site.holder(Role.ACO_EXECUTIVE)).get(f"/packets/{site.current.aco.aco_id}/2027/corrections").text
    assert f"{site.current.aco.aco_id}_ProviderSupCorrection_" in page


@pytest.mark.requirement("R1", "R38")
def test_each_year_is_certified_for_itself() -> None:
    """What was signed for one year is no signature in another, and nobody finds it there."""
    world = build_world(2)
    sample = world.first("current")
    world.finish(sample, before_step=3)
    later = replace(world.year.year, year=world.year.year.year + 1)
    staff = world.agency(Role.CMS_STAFF)
    world.services.enrollment.open_year(later, staff)
    aco = replace(sample.aco, performance_year=later.year)
    lists = {"participants": sample.participants, "provider-supplier": sample.providers}
    world.services.enrollment.enroll(Enrollment(aco, sample.contacts, lists), staff)
    world.services.assembler.assemble_packet(aco.aco_id, later.year)

    view = world.services.reading.packet(staff, aco.aco_id, later.year)
    assert [one.document.signatures for one in view.steps if one.document] == [()] * 3
