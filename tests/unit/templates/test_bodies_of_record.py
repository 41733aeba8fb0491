"""The words of the document types: well formed, complete, and right whatever the data say.

Only the words are looked at here, as the body writes them; what becomes of them on paper is tested with the renderer.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from defusedxml.ElementTree import fromstring

from packets.documents.catalog import load_catalog
from packets.model.documents import Party
from packets.render.dialect import Section
from packets.render.environment import write_markup
from packets.render.markup import parse_markup

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from packets.model.documents import DocumentType

CATALOG = load_catalog()
PS_LIST, PARTICIPANTS, DUA = "provider-supplier-list", "participant-list", "data-use-agreement"
ASSURANCE, AGREEMENT = "assurance-of-compliance", "participation-agreement"
ADDENDUM = "data-use-agreement-addendum"
KINDS = (PS_LIST, PARTICIPANTS, DUA, ADDENDUM, ASSURANCE, AGREEMENT)

Change = Callable[[dict[str, Any]], None]


def counts(one: DocumentType, data: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Rows, excluded rows and groups of each roster."""
    found = {}
    for roster in one.rosters:
        lists = data["rosters"][roster.name]
        groups = len({row[0] for row in lists["rows"]}) if roster.group_by else 0
        found[roster.name] = {"rows": len(lists["rows"]), "excluded": len(lists["excluded"]), "groups": groups}
    return found


def markup(kind: str, change: Change | None = None) -> str:
    """The XML that a body writes from its sample data, changed by `change`."""
    one = CATALOG[kind]
    data = copy.deepcopy(dict(one.sample))
    if change:
        change(data)
    derived = {"counts": counts(one, data), "holders": {contact["role"]: contact for contact in data["contacts"]}}
    return write_markup(one.body, {**data, **derived, "record": one.record})


def body(kind: str, change: Change | None = None) -> Element:
    """The parsed document."""
    return fromstring(markup(kind, change))


def words(element: Element) -> str:
    """What people read: headings, labels and text, white space folded; blocks stand apart, inline elements do not."""
    return " ".join(unfolded(element).split())


def unfolded(element: Element) -> str:
    """The words of an element and of what is in it, with the white space of the template."""
    inner = (element.text or "") + "".join(unfolded(child) + (child.tail or "") for child in element)
    if element.tag in {"b", "i", "a"}:
        return inner
    heading = " ".join(element.get(name, "") for name in ("title", "label", "caption"))
    return f" {heading} {inner} "


def sections(kind: str) -> list[Element]:
    """The numbered sections of the first level, so that number n stands at n - 1."""
    return [one for one in body(kind).findall("section") if one.get("numbered") == "yes"]


def as_current_aco(data: dict[str, Any]) -> None:
    """An ACO that already takes part, in its second agreement period."""
    data["aco"] |= {"cohort": "current"}
    data["aco"]["agreement"] |= {"period_number": 2, "initial_start_date": "2022-01-01"}


def without_optional_facts(data: dict[str, Any]) -> None:
    """No trade name, no web page, no service area, no second address line."""
    data["aco"] |= {"trade_name": "", "web_page": "", "service_area": ""}
    data["aco"]["address"] |= {"line_2": ""}


def without_contacts(data: dict[str, Any]) -> None:
    """Nobody designated yet."""
    data["contacts"] = []


def without_rows(data: dict[str, Any]) -> None:
    """Empty lists and no corrections."""
    if "corrections" in data:
        data["corrections"] = None
    for roster in data["rosters"].values():
        roster |= {"rows": [], "excluded": []}


def with_markup_in_names(data: dict[str, Any]) -> None:
    """A legal name that looks like markup and like a template."""
    data["aco"] |= {"legal_name": "<b>Smith & Sons</b> {{ 7 * 7 }}"}


def in_another_year(data: dict[str, Any]) -> None:
    """The same ACO for performance year 2031."""
    data["document"] |= {"performance_year": 2031, "edition": "2031.1"}
    data["aco"]["agreement"] |= {
        "initial_start_date": "2031-01-01",
        "start_date": "2031-01-01",
        "end_date": "2035-12-31",
    }
    if "dua" in data:
        data["dua"] |= {"number": "RSCH-90001", "expires_on": "2030-12-31", "extended_to": "2031-12-31"}


CHANGES: list[Change | None] = [
    None, as_current_aco, without_optional_facts, without_contacts, without_rows, with_markup_in_names, in_another_year,
]  # fmt: skip
EVERY_BODY = pytest.mark.parametrize("kind", KINDS)
EVERY_CHANGE = pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__ if one else "sample")


@EVERY_BODY
@EVERY_CHANGE
def test_a_body_writes_the_dialect_and_nothing_else(kind: str, change: Change | None) -> None:
    """The parser of the dialect, which refuses all it does not know, takes every body whatever its data."""
    blocks = parse_markup(markup(kind, change), template=CATALOG[kind].body)
    titles = [block.title for block in blocks if isinstance(block, Section)]
    assert titles == [one.get("title") for one in body(kind, change).findall("section")]


@EVERY_BODY
@EVERY_CHANGE
def test_a_body_places_every_slot_once_and_its_rosters_at_most_once(kind: str, change: Change | None) -> None:
    """No slot is forgotten or doubled; every roster but the corrections is always there."""
    root = body(kind, change)
    assert sorted(one.get("slot", "") for one in root.iter("signature")) == sorted(
        slot.name for slot in CATALOG[kind].slots
    )
    placed = [one.get("name") for one in root.iter("roster")]
    assert len(placed) == len(set(placed))
    assert {roster.name for roster in CATALOG[kind].rosters} - set(placed) <= {"corrections"}


@EVERY_BODY
@EVERY_CHANGE
def test_a_signature_of_the_aco_stays_on_one_page_with_the_people_who_may_give_it(
    kind: str, change: Change | None
) -> None:
    """No signature block stands alone on a page, without the words that say who signs."""
    kept = {
        place.get("slot"): words(block)
        for block in body(kind, change).iter("keep")
        for place in block.iter("signature")
    }
    assert set(kept) == {slot.name for slot in CATALOG[kind].slots if slot.party is Party.ACO}
    assert all("document was prepared" in text or "CMS user ID" in text for text in kept.values())


@EVERY_BODY
@EVERY_CHANGE
def test_a_body_reads_properly(kind: str, change: Change | None) -> None:
    """No doubled spaces, stray punctuation, unfinished places or empty facts, cells and paragraphs."""
    text = words(body(kind, change))
    assert re.findall(r"\S {2,}\S", markup(kind, change)) == []
    assert re.findall(r" [,.;:)]|\( |,,|\.\.|\[|\]|__|'|\"", text) == []
    assert re.findall(r"(?i)\b(?:todo|tbd|lorem|placeholder|undefined|insert)\b", text) == []
    filled = [one for one in body(kind, change).iter() if one.tag in {"p", "item", "fact", "cell", "note"}]
    assert all("".join(one.itertext()).strip() for one in filled)


@EVERY_BODY
def test_a_body_names_the_aco_and_the_year_it_is_rendered_for(kind: str) -> None:
    """Nothing of the year of the sample is left when another year is rendered."""
    text = words(body(kind, in_another_year))
    assert "performance year 2031" in text
    assert "A9001" in text
    assert "2027" not in text


@EVERY_BODY
def test_data_that_look_like_markup_print_as_themselves(kind: str) -> None:
    """A name is never read as markup or as a template."""
    assert "<b>Smith & Sons</b> {{ 7 * 7 }}" in words(body(kind, with_markup_in_names))
    assert "|safe" not in CATALOG[kind].body.replace(" ", "")


@EVERY_BODY
def test_every_citation_of_the_manifest_is_printed(kind: str) -> None:
    """A legal basis that the manifest claims is found in the words."""
    text = words(body(kind))
    numbers = [re.sub(r"^\d+ CFR (?:parts? )?", "", citation) for citation in CATALOG[kind].citations]
    assert [number for number in numbers if number not in text] == []


@EVERY_BODY
def test_cross_references_name_sections_that_exist(kind: str) -> None:
    """“Section 8” points at one of the numbered sections."""
    numbers = {int(found) for found in re.findall(r"Sections? (\d+)\b(?! of)", words(body(kind)))}
    numbers |= {int(found) for found in re.findall(r"Sections? [\d, ]+ and (\d+)", words(body(kind)))}
    assert numbers <= set(range(1, len(sections(kind)) + 1))


@pytest.mark.parametrize(
    ("kind", "number", "word"),
    [
        (PS_LIST, 5, "Corrections"), (PS_LIST, 8, "Records"), (PARTICIPANTS, 3, "agreements"), (PARTICIPANTS, 7, "Records"),
        (DUA, 4, "Purpose"), (DUA, 5, "Files"), (DUA, 6, "Term"), (DUA, 8, "records"),
        (ADDENDUM, 2, "change"), (ADDENDUM, 5, "Records"), (ASSURANCE, 2, "discrimination"),
        (ASSURANCE, 3, "Conscience"), (ASSURANCE, 8, "Records"), (ASSURANCE, 10, "Signature"), (AGREEMENT, 5, "through whom"),
        (AGREEMENT, 13, "Records"), (AGREEMENT, 16, "Termination"), (AGREEMENT, 20, "Signatures"),
    ],
)  # fmt: skip
def test_a_referenced_section_is_about_what_the_reference_says(kind: str, number: int, word: str) -> None:
    """A section that was moved takes its references with it."""
    assert re.search(rf"Sections? (?:[\d, and]*\b)?{number}\b", words(body(kind)))
    assert word in sections(kind)[number - 1].get("title", "")


def test_the_sections_of_the_dua_are_numbered_one_to_twenty_with_their_signatures() -> None:
    """Sections 16, 17 and 20 carry the signatures of Requestor, Custodian and CMS; nothing unnumbered breaks the count."""
    assert len(body(DUA).findall("section")) == len(sections(DUA)) == 20
    signed = [
        (number, one.get("slot")) for number, found in enumerate(sections(DUA), 1) for one in found.iter("signature")
    ]
    assert signed == [(16, "Requestor_16"), (17, "Custodian_17"), (20, "CMS_20")]


@pytest.mark.parametrize(
    ("number", "topic"),
    [
        (1, "Parties"), (2, "covers"), (3, "Ownership"), (4, "Purpose"), (5, "Files"), (6, "destruction"), (7, "Safeguards"),
        (8, "inspection"), (9, "small cells"), (10, "linking"), (11, "re-use"), (12, "belongs"), (13, "Misuse"),
        (14, "Penalties"), (15, "signature"), (16, "Requestor"), (17, "Custodian"), (18, "law allows"), (19, "federal agency"),
        (20, "CMS"),
    ],
)  # fmt: skip
def test_each_section_of_the_dua_treats_the_topic_of_its_number(number: int, topic: str) -> None:
    """The numbering is that of the general data use agreement of CMS."""
    assert topic in sections(DUA)[number - 1].get("title", "")


def test_corrections_are_printed_only_when_there_are_any() -> None:
    """Without corrections the list says so and has neither Annex B nor their roster."""
    without = body(PS_LIST, without_rows)
    assert "announces no corrections" in words(without)
    assert not re.search("Annex B|corrections in Section 5|whom Section 5", words(without))
    assert [one.get("name") for one in without.iter("roster")] == ["providers"]
    assert [one.get("name") for one in body(PS_LIST).iter("roster")] == ["providers", "corrections"]
    assert str(CATALOG[PS_LIST].sample["corrections"]["sha256"]) in words(body(PS_LIST))


@EVERY_BODY
def test_optional_facts_leave_no_trace_when_they_are_missing(kind: str) -> None:
    """No label without a value for a trade name, a web page or a service area."""
    text = words(body(kind, without_optional_facts))
    assert not re.search("Trade name|web page Standing|Service area", text)
    assert "Trade name Tidewater Grove ACO" in words(body(kind))


@EVERY_BODY
def test_the_standing_of_the_aco_follows_its_cohort(kind: str) -> None:
    """A new ACO and a current one are told apart."""
    assert "Standing Applicant accepted for performance year 2027" in words(body(kind))
    assert "Standing ACO that already takes part in the program" in words(body(kind, as_current_aco))


@EVERY_BODY
def test_the_people_who_may_sign_are_named_with_title_and_user_id(kind: str) -> None:
    """Holders of the roles of the ACO's slots stand beside the signature; an empty role is said to be empty."""
    text, empty = words(body(kind)), words(body(kind, without_contacts))
    holders = {contact["role"]: contact for contact in CATALOG[kind].sample["contacts"]}
    signers = [holders[role] for slot in CATALOG[kind].slots for role in slot.roles if role in holders]
    assert len(signers) == (2 if kind in {DUA, ADDENDUM} else 3)
    assert all(person[key] in text for person in signers for key in ("name", "title", "user_id"))
    assert re.search("Not designated when|Nobody was designated", empty)


FACTS = tomllib.loads(Path(__file__).with_name("facts_of_record.toml").read_text("utf-8"))
EXPECTED = [(kind, phrase) for kind in KINDS for phrase in (*FACTS["every-document"], *FACTS[kind])]


@pytest.mark.parametrize(("kind", "phrase"), EXPECTED)
def test_the_words_carry_what_the_law_asks_of_the_document(kind: str, phrase: str) -> None:
    """A duty, a date or a citation that REQUIREMENTS 3 asks of the document stands in it."""
    assert phrase in words(body(kind))
