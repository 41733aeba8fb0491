"""The blocks of a document become strips, each with its place in the structure tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from packets.model.documents import DocumentType, FieldDictionaries
from packets.render import styles
from packets.render.dialect import (
    Block,
    Facts,
    Inline,
    Keep,
    ListBlock,
    PageBreak,
    Paragraph,
    RosterPlace,
    Section,
    SignaturePlace,
    Table,
)
from packets.render.flow import Strip, space
from packets.render.roster import roster_strips
from packets.render.signature_block import signature_strips
from packets.render.structure import Element, list_numbering
from packets.render.styles import GUTTER, Style
from packets.render.table import facts_strips, table_strips
from packets.render.tagging import Board
from packets.render.typeset import Text, paint_lines, set_text

_NUMBERING = {"bullet": "Disc", "decimal": "Decimal", "alpha": "LowerAlpha"}
_LABEL_ROOM = 20.0
_PARAGRAPH_GAP = 7.0


@dataclass(frozen=True, slots=True)
class Setting:
    """What strips are made from.

    Attributes:
        board: what they will be painted on.
        document_type: the type of the document.
        data: its frozen data.
        fields: what each signature field says of the signature it takes.
    """

    board: Board
    document_type: DocumentType
    data: Mapping[str, Any]
    fields: Mapping[str, FieldDictionaries]


@dataclass(frozen=True, slots=True)
class Place:
    """Where blocks stand: the element they are in, left edge and width in points, and the level of the next heading."""

    parent: Element
    x: float
    width: float
    level: int


Strips: TypeAlias = Iterator[Strip]


def block_strips(setting: Setting, blocks: Sequence[Block], place: Place) -> Strips:
    """The strips of blocks, in reading order."""
    for block in blocks:
        match block:
            case Section():
                yield from _section(setting, block, place)
            case Paragraph():
                yield from _paragraph(setting, block, place)
            case ListBlock():
                yield from _list(setting, block, place)
            case Keep():
                yield from kept(block_strips(setting, block.blocks, place))
            case _:
                yield from _object(setting, block, place)


def _object(setting: Setting, block: Block, place: Place) -> Strips:
    match block:
        case Facts():
            yield from facts_strips(setting.board, block, place.parent, place.x, place.width)
        case Table():
            yield from table_strips(setting.board, block, place.parent, place.x, place.width)
        case RosterPlace():
            roster = next(one for one in setting.document_type.rosters if one.name == block.name)
            yield from roster_strips(setting.board, roster, setting.data["rosters"][block.name], place.parent, place.level)
        case SignaturePlace():
            slot = setting.document_type.slot(block.slot)
            dictionaries = setting.fields.get(block.slot)
            yield from kept(signature_strips(setting.board, slot, dictionaries, place.parent, place.x, place.width))
        case PageBreak():
            yield Strip(0, None, keep=True, breaks=True)


def kept(strips: Strips) -> Strips:
    """Strips that stay on one page as long as they fit on one."""
    before: Strip | None = None
    for strip in strips:
        if before:
            yield replace(before, keep=True)
        before = strip
    if before:
        yield before


def _section(setting: Setting, section: Section, place: Place) -> Strips:
    element = setting.board.tree.add("Sect", place.parent)
    inner = replace(place, parent=element, level=place.level + 1)
    if section.number and place.x == styles.MARGIN_LEFT:
        inner = replace(inner, x=place.x + GUTTER, width=place.width - GUTTER)
    yield space(12 if place.level == 2 else 7)  # noqa: PLR2004  the first level below the title
    yield from _section_heading(setting.board, section, place, element)
    yield from block_strips(setting, section.blocks, inner)


def _section_heading(board: Board, section: Section, place: Place, parent: Element) -> Strips:
    """A heading with its number in the gutter."""
    number = f"{section.number}." if section.number and "." not in section.number else section.number
    x = styles.MARGIN_LEFT
    indent = GUTTER if number or place.x > x else 0.0
    style = styles.HEADINGS[place.level]
    element = board.tree.add(f"H{place.level}", parent)
    label = set_text(board.fonts, element, f"{number} ", style, styles.TEXT_WIDTH)
    words = set_text(board.fonts, element, section.title, style, styles.TEXT_WIDTH - indent)
    title = f"{number} {section.title}".strip()

    def paint_first(target: Board, top: float) -> None:
        target.bookmark(place.level - 2, title, top + 4)
        if number:
            with target.marked(element):
                target.text(x, top - style.leading * 0.5 - style.size * 0.34, f"{number} ", label.style.face(bold=True, italic=False), style.size, style.colour)
        paint_lines(target, words, words.lines[:1], x + indent, top)

    yield Strip(style.leading, paint_first, keep=True)
    yield from (_line_strip(words, index, x + indent, keep=True) for index in range(1, len(words.lines)))
    yield space(3.5, keep=True)


def heading_strips(board: Board, title: str, level: int, parent: Element) -> Strips:
    """A heading without a number, over the whole width, with a bookmark."""
    yield from _section_heading(board, Section(title, "", ()), Place(parent, styles.MARGIN_LEFT, styles.TEXT_WIDTH, level), parent)


def _paragraph(setting: Setting, paragraph: Paragraph, place: Place) -> Strips:
    board = setting.board
    element = board.tree.add("P", place.parent)
    match paragraph.kind:
        case "note":
            yield from note_strips(board, paragraph.words, element, place.x, place.width)
        case "lead":
            yield from text_strips(set_text(board.fonts, element, paragraph.words, styles.LEAD, place.width), place.x)
        case _:
            yield from text_strips(set_text(board.fonts, element, paragraph.words, styles.BODY, place.width), place.x)
    yield space(_PARAGRAPH_GAP)


def text_strips(text: Text, x: float) -> Strips:
    """The lines of a paragraph, of which never one alone stands at the foot or the head of a page."""
    last = len(text.lines) - 1
    for index in range(last + 1):
        yield _line_strip(text, index, x, keep=index < last and index in {0, last - 1})


def _line_strip(text: Text, index: int, x: float, *, keep: bool) -> Strip:
    return Strip(text.style.leading, lambda board, top: paint_lines(board, text, text.lines[index : index + 1], x, top), keep)


def note_strips(
    board: Board, words: Inline | str, element: Element, x: float, width: float, *, style: Style = styles.NOTE, warning: bool = False
) -> Strips:
    """A boxed paragraph that must not be missed."""
    edge, shade = (styles.AMBER, styles.AMBER_SHADE) if warning else (styles.ACCENT, styles.SHADE)
    text = set_text(board.fonts, element, words, style, width - 24)

    def backed(height: float, paint: Callable[[Board, float], None] | None) -> Strip:
        def paint_backed(target: Board, top: float) -> None:
            target.box(x, top - height - 0.2, width, height + 0.2, fill=shade)
            target.box(x, top - height - 0.2, 2.5, height + 0.2, fill=edge)
            if paint:
                paint(target, top)

        return Strip(height, paint_backed)

    def body() -> Strips:
        yield backed(6, None)
        yield from (backed(strip.height, strip.paint) for strip in text_strips(text, x + 13))
        yield backed(6.5, None)

    yield space(3)
    yield from kept(body())


def _list(setting: Setting, block: ListBlock, place: Place) -> Strips:
    tree = setting.board.tree
    element = tree.add("L", place.parent, attributes=list_numbering(_NUMBERING[block.style]))
    for index, item in enumerate(block.items):
        entry = tree.add("LI", element)
        label = set_text(setting.board.fonts, tree.add("Lbl", entry), _label(block.style, index) + " ", styles.BODY, _LABEL_ROOM * 2)
        inner = replace(place, parent=tree.add("LBody", entry), x=place.x + _LABEL_ROOM, width=place.width - _LABEL_ROOM)
        yield from _labelled(label, place.x, block_strips(setting, item.blocks, inner))


def _label(style: str, index: int) -> str:
    match style:
        case "decimal":
            return f"{index + 1}."
        case "alpha":
            return f"({_letters(index)})"
        case _:
            return "•"


def _letters(index: int) -> str:
    """a, b, … z, aa, ab, …."""
    above, letter = divmod(index, 26)
    return (_letters(above - 1) if above else "") + chr(ord("a") + letter)


def _labelled(label: Text, x: float, strips: Strips) -> Strips:
    """The label in the first painted strip of the item, before the item's own words."""
    waiting = True
    for strip in strips:
        if waiting and strip.paint:
            waiting = False
            yield replace(strip, paint=_with_label(label, x, strip.paint))
        else:
            yield strip


def _with_label(label: Text, x: float, paint: Callable[[Board, float], None]) -> Callable[[Board, float], None]:
    def paint_both(board: Board, top: float) -> None:
        paint_lines(board, label, label.lines, x, top)
        paint(board, top)

    return paint_both
