"""A sixth document type is a folder and nothing else: it is listed, gated, rendered, signed and made again like the five."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import page
import pytest
from click.testing import CliRunner

from browsing import open_site
from packets.documents.catalog import load_catalog
from packets.documents.lint import lint_types
from packets.documents.reproduction import reproduce
from packets.errors import ForbiddenError
from packets.model.documents import Event, Status
from packets.model.people import Role
from packets.render.document import render_document
from packets.sample.year import SampleAco
from signing.facts import expected_of
from signing.fields import field_dictionaries
from signing.trust import Expected
from signing.verify import verify_pdf
from web.cli import esm
from web.demo import holder
from worlds import World, build_world

KIND, SOURCE = "snf-affiliate-list", "snf-affiliates"
MANIFEST = f"""
title = "Certification of the SNF Affiliate List"
short_title = "SNF Affiliate List"
edition = "2027.1"
step = 7
cohorts = ["current", "new"]
prerequisites = ["participant-list"]
gates = ["contacts"]
takes_effect = "on-start-of-performance-year"
language = "en-US"
sections = ["aco", "contacts"]
citations = ["42 CFR 425.612"]

[[slots]]
name = "Executive_3"
party = "aco"
label = "ACO Executive"
roles = ["aco-executive"]
purpose = "I certify that this list of SNF affiliates is accurate, complete and truthful."
different_from = ["Witness_4"]

[[slots]]
name = "Witness_4"
party = "aco"
label = "Second signature"
roles = ["authorized-to-sign-primary", "authorized-to-sign-secondary"]
purpose = "I have compared this list with the agreements of the ACO."
different_from = ["Executive_3"]

[[rosters]]
name = "affiliates"
source = "{SOURCE}"
title = "SNF affiliates"
excluded_by = "withdrawn"
columns = [
    {{ key = "ccn", label = "CCN", width = 1 }},
    {{ key = "name", label = "Legal name", width = 3 }},
    {{ key = "stars", label = "Overall rating", width = 1 }},
]

[record]
least_stars = 3
"""
BODY = """<document>
  <lead>{{ aco.legal_name }} certifies its skilled nursing facilities for performance year {{ document.performance_year }}.</lead>
  <section title="What is certified" numbered="yes">
    <p>Each of the {{ counts.affiliates.rows|plural("facility", "facilities") }} below has an overall rating of at least
       {{ record.least_stars }} stars (42 CFR 425.612).</p>
    <roster name="affiliates"/>
  </section>
  <section title="Signatures" numbered="yes">
    <keep>
      <p>{{ holders["aco-executive"].name if "aco-executive" in holders else "The ACO Executive" }} signs first or second.</p>
      <signature slot="Executive_3"/>
      <signature slot="Witness_4"/>
    </keep>
  </section>
</document>
"""
ROWS = [
    ("215301", "Chesapeake Shores Nursing & Rehabilitation", "4", "0"),
    ("215302", "Ḩarbor <Mill> Skilled Care", "3", "0"),
    ("215303", "Left the Arrangement, Inc.", "5", "1"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of types with the sixth type in it."""
    kind = tmp_path / "types" / KIND
    kind.mkdir(parents=True)
    (kind / "document.toml").write_text(MANIFEST, "utf-8")
    (kind / "body.xml.j2").write_text(BODY, "utf-8")
    (kind / "sample.json").write_text(json.dumps(sample_data()), "utf-8")
    return kind.parent


def sample_data() -> dict[str, object]:
    """Sample data: the organization and people of a type that ships with the service, and a list of our own."""
    shipped = load_catalog()["participant-list"].sample
    rows = [[one[0], one[1], one[2]] for one in ROWS]
    return {
        "document": {
            "kind": KIND, "title": "Certification of the SNF Affiliate List", "edition": "2027.1", "performance_year": 2027,
        },
        "sample": True,
        "aco": shipped["aco"],
        "contacts": shipped["contacts"],
        "rosters": {"affiliates": {"rows": rows[:2], "excluded": rows[2:]}},
    }  # fmt: skip


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    """A year in which the sixth type is certified too, by ACOs that have facilities."""
    world = build_world(2, templates_dir=folder)
    with world.services.database.write() as records:
        for sample in world.year.acos:
            records.lists.replace(sample.aco.aco_id, sample.aco.performance_year, SOURCE, ROWS, None)
    yield world
    world.services.database.close()


def test_it_stands_among_the_types(folder: Path) -> None:
    """The command lists it after those that ship, with its slots."""
    told = CliRunner().invoke(esm, ["document", "types", "--templates", str(folder), "--json"])
    assert told.exit_code == 0, told.output
    types = json.loads(told.output)
    assert [one["step"] for one in types] == [2, 3, 4, 4, 5, 6, 7]
    assert (types[-1]["kind"], types[-1]["slots"]) == (KIND, ["Executive_3", "Witness_4"])


def test_the_setting_names_the_folder_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ESM_TEMPLATES_DIR` does what the option does."""
    monkeypatch.setenv("ESM_TEMPLATES_DIR", str(folder))
    assert KIND in CliRunner().invoke(esm, ["document", "types"]).output


def test_lint_finds_nothing_wrong_with_it(folder: Path) -> None:
    """It can be rendered with all that a year can bring."""
    report = lint_types(extra=folder, kind=KIND)
    assert report.kinds == (KIND,)
    assert report.renderings > 10
    assert report.findings == ()


def test_it_is_archival_and_accessible(folder: Path) -> None:
    """PDF/A-2a and PDF/UA-1 hold for a type that nobody knew."""
    document_type = load_catalog(extra=folder)[KIND]
    pdf = render_document(document_type, document_type.sample, field_dictionaries(document_type)).pdf
    for profile in (page.ValidationProfile.PDF_A_2A, page.ValidationProfile.PDF_UA_1):
        assert page.validate_pdf_bytes(pdf, profile=profile).failures == []


def test_it_is_assembled_from_its_own_list(world: World) -> None:
    """The frozen facts hold the columns of the roster, withdrawn facilities apart."""
    sample = world.first("current")
    document = world.document(sample, KIND)
    facts = json.loads(world.services.objects.get(document.data_digest))
    assert facts["rosters"]["affiliates"] == {
        "columns": ["ccn", "name", "stars"],
        "rows": [list(row[:3]) for row in ROWS[:2]],
        "excluded": [list(ROWS[2][:3])],
    }


def test_it_waits_for_the_step_that_it_names(world: World) -> None:
    """Before the participant list is signed it is locked, for people and for the policy alike."""
    sample = world.first("current")
    document = world.document(sample, KIND)
    executive = holder(sample, Role.ACO_EXECUTIVE)
    assert status(world, sample, executive) is Status.LOCKED
    with pytest.raises(ForbiddenError) as refused:
        world.services.ceremony.sign(world.request(document, "Executive_3", Role.ACO_EXECUTIVE, executive))
    assert any("Participant List" in problem.sentence for problem in refused.value.problems)
    world.finish(sample, before_step=4)
    assert status(world, sample, executive) is Status.READY


@pytest.mark.parametrize("cohort", ["current", "new"])
def test_a_packet_with_it_is_signed_to_its_end(world: World, cohort: str) -> None:
    """It goes through the same ceremony as the five, and our verifier passes the file."""
    sample = world.first(cohort)
    document = world.finish(sample)[-1]
    assert (document.kind, document.step) == (KIND, 7)
    assert [one.event for one in document.revisions] == [
        Event.DRAFTED, Event.SEALED, Event.SIGNED, Event.SIGNED, Event.EXECUTED,
    ]  # fmt: skip
    head = world.services.objects.get(document.head_digest)
    expected: Expected = expected_of(document)
    verdict = verify_pdf(head, world.services.pki.trust, expected=expected)
    assert verdict.passed, verdict
    assert reproduce(world.services.assembler, head).reproduced


def test_it_stands_on_the_page_of_the_packet(folder: Path, tmp_path: Path) -> None:
    """People see it as a step of its own, with its title and its status."""
    site = open_site(tmp_path, templates_dir=folder)
    aco_id = site.current.aco.aco_id
    text = site.enter(site.holder(Role.CMS_LIAISON)).get(f"/packets/{aco_id}/2027").text
    assert "Step 7" in text
    assert "Certification of the SNF Affiliate List" in text
    site.world.services.database.close()


def status(world: World, sample: SampleAco, user_id: str) -> Status:
    """What a person is told about the sixth document."""
    view = world.services.reading.packet(user_id, sample.aco.aco_id, sample.aco.performance_year)
    return next(one.status for one in view.steps if one.document_type.kind == KIND)
