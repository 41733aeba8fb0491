"""Data is words, never markup: what a person is called is printed as it is written."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packets.errors import RenderError
from packets.model.documents import DocumentType
from packets.render.document import render_document
from packets.render.fonts import ensure_fonts
from packets.render.reading import html_twin

HOSTILE = [
    "<b>Bold</b> & Sons",
    "{{ 7*7 }} {% raw %}",
    "</p></document><script>alert(1)</script>",
    "&lt;already&gt; &amp;",
    "a <br/> b",
    "<a href='https://evil.example/'>x</a>",
    "<font size=99>big</font><img src='http://evil.example/x.png'/>",
    ")] Tj ET Q (",
    "back\\slash (paren",
    "$(rm -rf /) `id` %s %d {0}",
    "<![CDATA[x]]> <!-- y -->",
    "<?php echo 1 ?>",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_printed_as_they_are(
    name: str, with_body: Callable[..., DocumentType], facts: dict[str, Any], words_of: Callable[[bytes], str]
) -> None:
    """In a paragraph, a label, a table and a roster the name stands as written, and nothing of it takes effect."""
    document_type = with_body(
        '<p>[{{ aco.name }}]</p><facts><fact label="{{ aco.name }}">x</fact></facts><roster name="plain"/>'
    )
    facts["aco"]["name"] = name
    facts["rosters"]["plain"]["rows"] = [["1", name, "end"]]
    words = words_of(render_document(document_type, facts).pdf)
    assert f"[{name}]" in words
    assert words.replace(" ", "").count(name.replace(" ", "")) == 3


def test_a_hostile_name_makes_no_element_of_the_page(
    with_body: Callable[..., DocumentType], facts: dict[str, Any]
) -> None:
    """The page for the screen holds the name escaped."""
    facts["aco"]["name"] = "<script>alert(1)</script>"
    html = html_twin(with_body("<p>{{ aco.name }}</p>"), facts)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def printable(character: str) -> bool:
    """Whether the typefaces have the character and it can be seen."""
    return ord(character) in ensure_fonts().coverage and unicodedata.category(character)[0] in "LMNPSZ"


PRINTABLE = "".join(
    character
    for character in map(chr, sorted(ensure_fonts().coverage))
    if unicodedata.category(character)[0] in "LNPS" and unicodedata.is_normalized("NFC", character)
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(PRINTABLE, min_size=1, max_size=120))
def test_any_printable_name_can_be_read_back(
    name: str, with_body: Callable[..., DocumentType], facts: dict[str, Any], reader_of: Callable[[bytes], Any]
) -> None:
    """Whatever letters and signs a name has, another program reads the same ones out of the document."""
    facts["aco"]["name"] = name
    facts["rosters"]["plain"]["rows"] = [["1", name, "end"]]
    document_type = with_body('<p>[{{ aco.name }}]</p><roster name="plain"/>')
    pages = reader_of(render_document(document_type, facts).pdf).pages
    text = "".join("".join(page.extract_text() for page in pages).split())
    assert text.count(unicodedata.normalize("NFC", name)) >= 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=40))
def test_any_name_is_rendered_or_refused_with_its_place(
    name: str, with_body: Callable[..., DocumentType], facts: dict[str, Any]
) -> None:
    """No text whatever makes rendering fail in another way than by a refusal that says where."""
    facts["aco"]["name"] = name
    document_type = with_body("<p>[{{ aco.name }}]</p>")
    if all(map(printable, unicodedata.normalize("NFC", name))):
        assert render_document(document_type, facts).pdf.startswith(b"%PDF-1.7")
    else:
        with pytest.raises(RenderError) as refused:
            render_document(document_type, facts)
        assert {problem.where for problem in refused.value.problems} == {"aco.name"}
