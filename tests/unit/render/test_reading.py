"""The page on the screen says what the document says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from packets.documents.catalog import load_catalog
from packets.errors import RenderError
from packets.model.documents import DocumentType
from packets.render.document import render_document
from packets.render.reading import html_twin


def _article(html: str) -> ET.Element:
    return ET.fromstring(html.replace("<br>", "<br/>"))  # noqa: S314  our own page, made a moment ago


def _letters(text: str) -> str:
    return "".join(text.split())


def _marked_letters(pdf: bytes, reader_of: Callable[[bytes], Any]) -> str:
    """Everything that is marked as content, in the order in which it is painted: artifacts are left out."""
    reader = reader_of(pdf)
    words: list[str] = []
    for page in reader.pages:
        depth = {"artifact": False}

        def before(operator: bytes, operands: Any, _cm: Any, _tm: Any, depth: dict[str, bool] = depth) -> None:
            if operator in {b"BDC", b"BMC"}:
                depth["artifact"] = operands[0] in {"/Artifact", "/Lbl"}

        def text(shown: str, *_: Any, depth: dict[str, bool] = depth) -> None:
            if not depth["artifact"]:
                words.append(shown)

        page.extract_text(visitor_operand_before=before, visitor_text=text)
    return _letters("".join(words))


@pytest.mark.parametrize("kind", list(load_catalog()))
def test_every_type_reads_the_same_on_the_page_and_in_the_document(
    kind: str, reader_of: Callable[[bytes], Any]
) -> None:
    """Letter by letter, without heads, feet, repeated headings and list labels, both are equal."""
    document_type = load_catalog()[kind]
    page = _letters("".join(_article(html_twin(document_type, document_type.sample)).itertext()))
    assert _marked_letters(render_document(document_type, document_type.sample).pdf, reader_of) == page


def test_the_page_has_headings_lists_tables_and_no_fields(everything: DocumentType, facts: dict[str, Any]) -> None:
    """Semantic elements are there; nothing can be filled in or run."""
    article = _article(html_twin(everything, facts))
    tags = [element.tag for element in article.iter()]
    assert {"h1", "h2", "h3", "h4", "ul", "ol", "li", "table", "caption", "thead", "th", "a", "b", "i"} <= set(tags)
    assert not {"input", "form", "script", "style"} & set(tags)
    assert all(cell.get("scope") in {"row", "col"} for cell in article.iter("th"))
    rows = sum(1 for table in article.iter("table") for _ in table.iter("td"))
    assert rows > 3 * 141


def test_the_page_refuses_what_the_document_refuses(everything: DocumentType, facts: dict[str, Any]) -> None:
    """Nobody reads on the screen what cannot be printed."""
    facts["aco"]["name"] = "王"
    with pytest.raises(RenderError, match="U\\+738B"):
        html_twin(everything, facts)


def test_the_page_and_the_document_have_the_same_words(
    everything: DocumentType, facts: dict[str, Any], reader_of: Callable[[bytes], Any]
) -> None:
    """The same holds when every element of the dialect is there and tables go over pages."""
    page = _letters("".join(_article(html_twin(everything, facts)).itertext()))
    assert _marked_letters(render_document(everything, facts).pdf, reader_of) == page
