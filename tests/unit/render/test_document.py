"""What a document is made from is checked before it is made; its fields are where they should be."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from packets.documents.catalog import load_catalog
from packets.errors import RenderError
from packets.model.documents import DocumentType, FieldDictionaries
from packets.render.document import render_document
from packets.render.stamp import STAMP_HEIGHT, STAMP_WIDTH

FIELD = FieldDictionaries(b"<</Type/SV/Ff 1>>", b"<</Type/SigFieldLock/Action/All>>")


def test_every_fault_of_the_data_is_named_at_once(everything: DocumentType, facts: dict[str, Any]) -> None:
    """A missing field, a wrong type, a row of the wrong length and a row that is not text are four problems with paths."""
    del facts["aco"]["aco_id"]
    facts["document"]["performance_year"] = "2027"
    facts["rosters"]["people"]["rows"][3] = ["1", "2"]
    facts["rosters"]["plain"]["excluded"] = [["1", "2", 3]]
    with pytest.raises(RenderError) as refused:
        render_document(everything, facts)
    places = {problem.where for problem in refused.value.problems}
    assert places == {"aco", "document.performance_year", "rosters.people.rows[3]", "rosters.plain.excluded[0]"}


def test_data_of_another_edition_is_refused(everything: DocumentType, facts: dict[str, Any]) -> None:
    """Frozen data is printed only under the words that it was frozen for."""
    facts["document"]["edition"] = "2026.1"
    with pytest.raises(RenderError, match="frozen for the edition “2026"):
        render_document(everything, facts)


def test_the_fault_inside_an_alternative_is_named() -> None:
    """Corrections are null or an object: what is wrong with the object is said, not that it is no alternative."""
    document_type = load_catalog()["provider-supplier-list"]
    corrections = {**document_type.sample["corrections"], "sha256": "short"}
    with pytest.raises(RenderError) as refused:
        render_document(document_type, {**document_type.sample, "corrections": corrections})
    assert [problem.where for problem in refused.value.problems] == ["corrections.sha256"]


def test_documents_rendered_at_the_same_time_do_not_mix(everything: DocumentType, facts: dict[str, Any]) -> None:
    """Threads share the faces; each document is the one that it would be alone."""
    names = ["Ann", "Žofie", "Ελένη", "Щербак"]
    data = [{**facts, "aco": {"aco_id": "A9001", "name": name}} for name in names]
    alone = [render_document(everything, one).pdf for one in data]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda one: render_document(everything, one).pdf, data * 2)) == alone * 2


@pytest.mark.parametrize("rosters", [None, [], {"people": 1, "plain": {"rows": {}, "excluded": []}}])
def test_rosters_that_are_none_are_refused(rosters: Any, everything: DocumentType, facts: dict[str, Any]) -> None:
    """Whatever stands where rosters should, the answer is a refusal."""
    with pytest.raises(RenderError, match="data-invalid"):
        render_document(everything, {**facts, "rosters": rosters})


@pytest.mark.parametrize(
    ("placed", "fault"),
    [
        ('<signature slot="Signer"/>', "slot CMS stands 0 times"),
        ('<signature slot="Signer"/><signature slot="CMS"/><signature slot="CMS"/>', "slot CMS stands 2 times"),
        ('<signature slot="Signer"/><signature slot="CMS"/><signature slot="Other"/>', "slot Other, which"),
        ('<signature slot="Signer"/><signature slot="CMS"/><roster name="other"/>', "roster other, which"),
    ],
)
def test_every_slot_has_its_place_exactly_once(
    placed: str, fault: str, with_body: Callable[..., DocumentType], facts: dict[str, Any]
) -> None:
    """A slot that is missing, doubled or unknown is an error of the template."""
    with pytest.raises(RenderError, match=fault):
        render_document(with_body("<p>a</p>", placed=placed), facts)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("<p>\n{{ missing }}</p>", 2),
        ("\n\n{% if %}", 3),
        ("<p>{{ aco.name|date }}</p>", 1),
        ("{{ ''.__class__.__mro__ }}", 1),
    ],
)
def test_a_body_that_asks_for_what_is_not_there_fails_in_its_line(
    words: str, line: int, with_body: Callable[..., DocumentType], facts: dict[str, Any]
) -> None:
    """An undefined name, broken Jinja, a misused filter and a way out of the sandbox are refused with the line."""
    with pytest.raises(RenderError) as refused:
        render_document(with_body(words), facts)
    assert refused.value.problems[0].where == f"body.xml.j2 line {line}"


def test_signature_fields_are_real_empty_and_readable(
    everything: DocumentType, facts: dict[str, Any], reader_of: Callable[[bytes], Any]
) -> None:
    """Each slot is a signature field of the stamp's size, with a tooltip, indirect seed values and lock, and no value."""
    reader = reader_of(render_document(everything, facts, {"Signer": FIELD}).pdf)
    form = reader.trailer["/Root"]["/AcroForm"]
    assert "/NeedAppearances" not in form
    fields = {field["/T"]: field for field in (one.get_object() for one in form["/Fields"])}
    assert list(fields) == ["Signer", "CMS"]
    for name, field in fields.items():
        left, bottom, right, top = map(float, field["/Rect"])
        assert (right - left, top - bottom) == pytest.approx((STAMP_WIDTH, STAMP_HEIGHT))
        assert field["/FT"] == "/Sig"
        assert field["/F"] == 4
        assert field["/TU"] == f"Signature field: Label of {name}. I agree as {name}."
        assert "/V" not in field
    assert fields["Signer"].raw_get("/SV").get_object() == {"/Type": "/SV", "/Ff": 1}
    assert fields["Signer"].raw_get("/Lock").idnum > 0
    assert "/SV" not in fields["CMS"]


def test_dictionaries_for_a_slot_that_does_not_exist_are_refused(
    everything: DocumentType, facts: dict[str, Any]
) -> None:
    """A misspelt slot would lose its seed values silently."""
    with pytest.raises(RenderError, match="no signature slot Sginer"):
        render_document(everything, facts, {"Sginer": FIELD})


def test_a_signature_never_stands_without_the_words_before_it(
    with_body: Callable[..., DocumentType], facts: dict[str, Any], reader_of: Callable[[bytes], Any]
) -> None:
    """Wherever the page ends, the paragraph before a signature block is on the block's page."""
    for lines in range(28, 44):
        words = "<p>" + "<br/>".join(f"line {line}" for line in range(lines)) + "</p><p>Just before.</p>"
        for page in reader_of(render_document(with_body(words), facts).pdf).pages:
            text = page.extract_text()
            assert ("Label of Signer" in text) == ("Just before." in text)


@pytest.mark.parametrize(
    "below",
    [
        '<section title="Inner heading" numbered="yes"><p>Following words.</p></section>',
        "<note>Following words.</note>",
        '<facts><fact label="x">Following words.</fact></facts>',
        "<table><columns><column>x</column></columns><row><cell>Following words.</cell></row></table>",
    ],
    ids=["a section", "a note", "facts", "a table"],
)
def test_a_heading_never_stands_alone_at_the_foot_of_a_page(
    below: str, with_body: Callable[..., DocumentType], facts: dict[str, Any], reader_of: Callable[[bytes], Any]
) -> None:
    """Wherever the page ends, a heading is on the page of what it announces, through headings and room between them."""
    for lines in range(28, 44):
        words = "<p>" + "<br/>".join(f"line {line}" for line in range(lines)) + "</p>"
        body = f'{words}<section title="Outer heading" numbered="yes">{below}</section>'
        for page in reader_of(render_document(with_body(body), facts).pdf).pages:
            text = page.extract_text()
            assert ("Outer heading" in text) == ("Following words." in text)


@pytest.mark.parametrize(
    "announced",
    [
        "<list><item>First thing.</item><item>Second thing.</item></list>",
        '<facts><fact label="x">First thing.</fact></facts>',
        '<table caption="c"><columns><column>x</column></columns><row><cell>First thing.</cell></row></table>',
    ],
    ids=["a list", "facts", "a table"],
)
def test_a_paragraph_that_announces_something_stays_with_it(
    announced: str, with_body: Callable[..., DocumentType], facts: dict[str, Any], reader_of: Callable[[bytes], Any]
) -> None:
    """The line that ends in a colon is on the page of the first item or row, wherever the page ends."""
    for lines in range(28, 44):
        words = "<p>" + "<br/>".join(f"line {line}" for line in range(lines)) + "</p>"
        body = f"{words}<p>In particular:</p>{announced}"
        for page in reader_of(render_document(with_body(body), facts).pdf).pages:
            text = page.extract_text()
            assert ("In particular:" in text) == ("First thing." in text)


def test_what_is_attested_stands_with_the_signature_and_those_who_may_give_it(
    with_body: Callable[..., DocumentType], facts: dict[str, Any], reader_of: Callable[[bytes], Any]
) -> None:
    """A paragraph before blocks that are kept with a signature is on their page, wherever the page ends."""
    kept = '<keep><facts><fact label="x">Those who may.</fact></facts><signature slot="Signer"/></keep>'
    for lines in range(20, 44):
        words = "<p>" + "<br/>".join(f"line {line}" for line in range(lines)) + "</p>"
        document_type = with_body(f"{words}<p>I attest.</p>{kept}", placed='<signature slot="CMS"/>')
        for page in reader_of(render_document(document_type, facts).pdf).pages:
            text = page.extract_text()
            assert ("I attest." in text) == ("Those who may." in text) == ("Label of Signer" in text)
