"""Words and data become a document: the one door to rendering a document type (R24, R36, R46; DESIGN 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from packets.canonical import digest_of
from packets.errors import Problem, RenderError
from packets.model.documents import DocumentType, FieldDictionaries
from packets.render import styles
from packets.render.archival import write_archival
from packets.render.body import read_body
from packets.render.dialect import Block, Fact, Facts, Run
from packets.render.flow import Flow, Strip, space
from packets.render.fonts import FontSet, ensure_fonts
from packets.render.layout import Place, Setting, block_strips
from packets.render.letterhead import Letterhead, letterhead_words
from packets.render.metadata import DocumentFacts
from packets.render.prose import Heading, heading_strips, kept, note_strips
from packets.render.table import facts_strips
from packets.render.tagging import Board
from packets.render.typeset import paint_lines, set_text

ENGINE = "esm-packets rendering 1"
"""Printed in every document; raised when the same data would give other bytes."""

RECORD_TITLE = "Document record"
_NO_FIELDS: Mapping[str, FieldDictionaries] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered document: the bytes of the PDF and its number of pages."""

    pdf: bytes
    pages: int


def render_document(
    document_type: DocumentType,
    data: Mapping[str, Any],
    fields: Mapping[str, FieldDictionaries] = _NO_FIELDS,
    *,
    fonts: FontSet | None = None,
) -> Rendered:
    """Render a document: PDF/A-2a and PDF/UA-1, every signature field in its place and empty.

    The same type, data and fields give the same bytes, on any machine and any day.

    Args:
        document_type: words, slots, rosters and schema.
        data: the frozen data, JSON types.
        fields: for each slot what its field says of the signature it takes; none is written for a slot that is absent.
        fonts: the faces to draw with; those of this installation when absent.

    Raises:
        RenderError: with everything that is wrong with the data, or with the template.
    """
    faces = fonts or ensure_fonts()
    blocks = read_body(document_type, data, faces)
    _check_fields(document_type, fields)
    board = Board(faces)
    letterhead = _letterhead(document_type, data)
    flow = Flow(board, letterhead.paint_head)
    flow.place(_document_strips(Setting(board, document_type, data, fields), blocks))
    flow.finish()
    return Rendered(write_archival(board, _facts(document_type, data), letterhead.paint_foot), len(board.pages))


def _check_fields(document_type: DocumentType, fields: Mapping[str, FieldDictionaries]) -> None:
    if unknown := [name for name in fields if not document_type.has_slot(name)]:
        remedy = "Give dictionaries for the slots of the manifest only."
        raise RenderError(
            Problem("slot-unknown", f"There is no signature slot {name}.", remedy, name) for name in unknown
        )


def _letterhead(document_type: DocumentType, data: Mapping[str, Any]) -> Letterhead:
    year = f"PY {data['document']['performance_year']}"
    aco = data.get("aco", {}).get("aco_id")
    foot = [*([f"ACO {aco}"] if aco else []), year, document_type.short_title, f"Edition {document_type.edition}"]
    return Letterhead(" · ".join(foot), document_type.short_title, data["sample"])


def _facts(document_type: DocumentType, data: Mapping[str, Any]) -> DocumentFacts:
    words = letterhead_words()
    aco = f", ACO {data['aco']['aco_id']}" if "aco" in data else ""
    subject = f"{words.programme}, performance year {data['document']['performance_year']}{aco}, edition {document_type.edition}"
    return DocumentFacts(document_type.title, words.service, subject, document_type.language)


def _document_strips(setting: Setting, blocks: Iterable[Block]) -> Iterator[Strip]:
    board, root = setting.board, setting.board.tree.document
    place = Place(root, styles.MARGIN_LEFT, styles.TEXT_WIDTH, 2)
    yield from _title_strips(setting)
    if setting.data["sample"]:
        note = board.tree.add("P", root)
        yield from note_strips(board, letterhead_words().sample_note, note, place.x, place.width, warning=True)
        yield space(9)
    yield from block_strips(setting, tuple(blocks), place)
    yield from kept(_record_strips(setting))


def _title_strips(setting: Setting) -> Iterator[Strip]:
    board = setting.board
    element = board.tree.add("H1", board.tree.document)
    title = set_text(board.fonts, element, setting.document_type.title, styles.TITLE, styles.TEXT_WIDTH)
    yield space(8)
    yield Strip(
        title.height, lambda target, top: paint_lines(target, title, title.lines, styles.MARGIN_LEFT, top), keep=True
    )
    line = edition_line(setting.document_type, setting.data)
    edition = set_text(board.fonts, board.tree.add("P", board.tree.document), line, styles.LABEL, styles.TEXT_WIDTH)
    yield Strip(
        edition.height,
        lambda target, top: paint_lines(target, edition, edition.lines, styles.MARGIN_LEFT, top),
        keep=True,
    )
    yield space(12)


def edition_line(document_type: DocumentType, data: Mapping[str, Any]) -> str:
    """What stands below the title."""
    return f"Performance year {data['document']['performance_year']} · Edition {document_type.edition}"


def record_facts(document_type: DocumentType, data: Mapping[str, Any], fonts: FontSet) -> Facts:
    """What the section `Document record` says: enough to make the document again and compare."""
    pairs = {
        "Kind and edition": f"{document_type.kind}, edition {document_type.edition}",
        "Template digest (SHA-256)": document_type.template_digest,
        "Data digest (SHA-256)": digest_of(dict(data)),
        "Made by": f"{ENGINE}, typefaces {fonts.digest}",
    }
    return Facts(tuple(Fact(label, (Run(value),)) for label, value in pairs.items()))


def _record_strips(setting: Setting) -> Iterator[Strip]:
    board = setting.board
    section = board.tree.add("Sect")
    facts = record_facts(setting.document_type, setting.data, board.fonts)
    yield space(14)
    yield from heading_strips(board, Heading(RECORD_TITLE, 2), section)
    yield from facts_strips(
        board, facts, section, styles.MARGIN_LEFT, styles.TEXT_WIDTH, style=styles.DIGEST, label_share=0.27
    )
