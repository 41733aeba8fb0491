"""What judges that are not ours say of rendered documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from pypdf.generic import DictionaryObject

from packets.documents.catalog import load_catalog
from packets.model.documents import DocumentType, FieldDictionaries
from packets.render.document import render_document

Judge = Callable[[bytes], list[str]]
FIELD = FieldDictionaries(b"<</Type/SV/Ff 1/SubFilter[/ETSI.CAdES.detached]>>", b"<</Type/SigFieldLock/Action/All>>")


def test_every_element_of_the_dialect_is_archival_and_accessible(
    everything: DocumentType, facts: dict[str, Any], judge: Judge
) -> None:
    """PDF/A-2a, PDF/UA-1 and qpdf find nothing in a document with every element, several pages and filled-in fields."""
    rendered = render_document(everything, facts, {"Signer": FIELD, "CMS": FIELD})
    assert rendered.pages >= 5
    assert judge(rendered.pdf) == []


@pytest.mark.parametrize("kind", list(load_catalog()))
def test_every_document_type_is_archival_and_accessible(kind: str, judge: Judge) -> None:
    """Every type that ships, rendered from its own sample data, passes the same judges."""
    document_type = load_catalog()[kind]
    assert judge(render_document(document_type, document_type.sample).pdf) == []


def test_a_type_without_rosters_fields_of_data_or_sections_is_archival_too(
    with_body: Callable[..., DocumentType], facts: dict[str, Any], judge: Judge
) -> None:
    """A short document whose lists, tables and facts are empty has no empty structures that judges object to."""
    words = (
        "<p></p><facts></facts><list></list><table><columns><column>Head</column></columns></table><section title='S'/>"
    )
    rendered = render_document(with_body(words), {**facts, "sample": False})
    assert judge(rendered.pdf) == []


def test_the_judges_do_find_faults(everything: DocumentType, facts: dict[str, Any], judge: Judge) -> None:
    """A document that claims another standard is refused: the tests above can fail."""
    torn = render_document(everything, facts).pdf.replace(b"<pdfaid:part>2<", b"<pdfaid:part>9<")
    assert judge(torn) != []


def test_the_structure_names_headings_lists_tables_links_and_forms(
    everything: DocumentType, facts: dict[str, Any], reader_of: Callable[[bytes], Any]
) -> None:
    """The structure tree holds every kind of element that the words have."""
    reader = reader_of(render_document(everything, facts).pdf)
    counted = _tags(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])
    expected = {
        "/Document": 1, "/H1": 1, "/H2": 4, "/Caption": 1, "/L": 3, "/LI": 5, "/Link": 1, "/Form": 2, "/Table": 8,
    }  # fmt: skip
    assert {tag: counted.get(tag) for tag in expected} == expected
    assert counted["/TR"] == 2 + 3 + 61 + 2 + 140 + 2 + 2 + 4


def _tags(element: Mapping[str, Any]) -> dict[str, int]:
    counted: dict[str, int] = {}
    waiting = [element]
    while waiting:
        one = waiting.pop()
        counted[one["/S"]] = counted.get(one["/S"], 0) + 1
        below = one.get("/K", [])
        kids = [kid.get_object() for kid in below] if isinstance(below, list) else []
        waiting += [kid for kid in kids if isinstance(kid, DictionaryObject) and "/S" in kid]
    return counted


def test_what_the_file_says_of_itself(
    everything: DocumentType, facts: dict[str, Any], reader_of: Callable[[bytes], Any]
) -> None:
    """Language, title and bookmarks are there, and no date is claimed."""
    reader = reader_of(render_document(everything, facts).pdf)
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en-US"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] is not None
    assert reader.metadata is not None
    assert reader.metadata.title == "Everything at once"
    assert reader.metadata.creation_date is None
    titles = [one["/Title"] for one in reader.outline if not isinstance(one, list)]
    assert titles == ["1. First & foremost", "2. Second", "People", "Document record"]


def test_a_record_carries_no_sample_mark(
    everything: DocumentType, facts: dict[str, Any], words_of: Callable[[bytes], str]
) -> None:
    """Sample data is marked on every page, and only sample data is."""
    sample = render_document(everything, facts)
    record = render_document(everything, {**facts, "sample": False})
    assert words_of(sample.pdf).count("SAMPLE DATA – not a record") == sample.pages
    assert "sample data" not in words_of(record.pdf).lower()


def test_the_document_record_names_template_and_data(
    everything: DocumentType, facts: dict[str, Any], words_of: Callable[[bytes], str]
) -> None:
    """The last section prints the digests from which the document can be made again."""
    words = words_of(render_document(replace(everything, template_digest="12" * 32), facts).pdf)
    assert "12" * 32 in words.split("Document record")[1]
