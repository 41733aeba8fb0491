"""What a body may and may not write."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packets.errors import RenderError
from packets.render.dialect import Break, Paragraph, Run, Section, plain_text
from packets.render.markup import parse_markup

REFUSED = {
    "an unknown element": ("<script/>", "is not an element"),
    "an unknown attribute": ("<p class='x'>a</p>", "has no attribute class"),
    "an attribute value that it cannot take": ("<list style='roman'><item>a</item></list>", "cannot take"),
    "a missing attribute": ("<section><p>a</p></section>", "lacks the attribute title"),
    "a block inside a paragraph": ("<p><list><item>a</item></list></p>", "may not stand inside <p>"),
    "words between blocks": ("astray", "holds words of its own"),
    "sections nested three deep": (
        "<section title='a'><section title='b'><section title='c'/></section></section>", "nested too deep",
    ),
    "a table without headings": ("<table><row><cell>a</cell></row></table>", "must begin with one <columns>"),
    "a row with too many cells": (
        "<table><columns><column>a</column></columns><row><cell>1</cell><cell>2</cell></row></table>", "has 1 columns",
    ),
    "words beside blocks in an item": ("<list><item>a<p>b</p></item></list>", "both words and blocks"),
    "a link that runs code": ("<p><a href='javascript:alert(1)'>a</a></p>", "cannot take"),
    "a link from data": ("<p><a href='https://evil.example/'>a</a></p>", "does not stand in the template"),
    "a section inside keep": ("<keep><section title='a'/></keep>", "may not stand inside <keep>"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "fault"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_the_dialect_is_refused(words: str, fault: str) -> None:
    """Each is refused with the element, what is wrong with it, and its line."""
    with pytest.raises(RenderError, match=fault) as refused:
        parse_markup(f"<document>\n{words}\n</document>", template="")
    assert refused.value.problems[0].where in {"body.xml.j2 line 1", "body.xml.j2 line 2"}


def test_all_faults_are_named_at_once() -> None:
    """Three faults in three lines make three problems."""
    with pytest.raises(RenderError) as refused:
        parse_markup("<document>\n<x/>\n<p y='1'>a</p>\n<roster/>\n</document>", template="")
    assert [problem.where for problem in refused.value.problems] == [f"body.xml.j2 line {line}" for line in (2, 3, 4)]


@pytest.mark.parametrize(
    "source",
    [
        '<!DOCTYPE document [<!ENTITY a "b">]><document><p>&a;</p></document>',
        '<!DOCTYPE document SYSTEM "file:///etc/passwd"><document/>',
        "<document><p>&undefined;</p></document>",
        "<document><p>",
        "",
        "<other/>",
    ],
)
def test_what_is_not_plain_xml_is_refused(source: str) -> None:
    """Entities, document types, broken XML and another root are refused, never read."""
    with pytest.raises(RenderError):
        parse_markup(source, template="")


def test_sections_count_as_lawyers_count() -> None:
    """Numbered sections count 1, 1.1, 1.2, 2, 2.1; others do not count and do not reset the count."""
    source = """<document>
      <section title="a" numbered="yes"><section title="b" numbered="yes"/><section title="c" numbered="yes"/></section>
      <section title="d"/>
      <section title="e" numbered="yes"><section title="f" numbered="yes"/></section></document>"""
    numbers = [
        (section.number, [inner.number for inner in section.blocks if isinstance(inner, Section)])
        for section in parse_markup(source, template="")
        if isinstance(section, Section)
    ]
    assert numbers == [("1", ["1.1", "1.2"]), ("", []), ("2", ["2.1"])]


def test_spaces_and_looks_inside_a_line() -> None:
    """Spaces collapse across elements, line breaks trim them, looks nest."""
    blocks = parse_markup("<document><p>  a <b> b\n<i>c</i></b> <br/> d </p></document>", template="")
    assert blocks == (
        Paragraph("p", (Run("a "), Run("b ", bold=True), Run("c", bold=True, italic=True), Break(), Run("d"))),
    )


@given(st.text())
def test_any_text_is_parsed_or_refused(source: str) -> None:
    """No text whatever makes the parser fail in another way than by a refusal."""
    with suppress(RenderError):
        assert isinstance(parse_markup(source.encode("utf-8", "replace").decode(), template=source), tuple)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zs", "Zl", "Zp")), min_size=1))
def test_words_without_markup_come_out_as_they_went_in(words: str) -> None:
    """Escaped words of any script are the words of the tree."""
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    (block,) = parse_markup(f"<document><p>{escaped}</p></document>", template="")
    assert isinstance(block, Paragraph)
    assert plain_text(block.words) == words
