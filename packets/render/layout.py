"""The blocks of a document become strips, each with its place in the structure tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, TypeAlias

from packets.model.documents import DocumentType, FieldDictionaries
from packets.render import styles
from packets.render.dialect import (
    Block,
    Facts,
    Keep,
    ListBlock,
    PageBreak,
    Paragraph,
    RosterPlace,
    Section,
    SignaturePlace,
    Table,
    plain_text,
)
from packets.render.flow import Strip, space
from packets.render.prose import (
    Heading,
    heading_strips,
    kept,
    kept_end,
    kept_start,
    note_strips,
    text_strips,
    with_label,
)
from packets.render.roster import roster_strips
from packets.render.signature_block import signature_strips
from packets.render.structure import Element, list_numbering
from packets.render.styles import GUTTER
from packets.render.table import facts_strips, table_strips
from packets.render.tagging import Board
from packets.render.typeset import set_text

_NUMBERING = {"bullet": "Disc", "decimal": "Decimal", "alpha": "LowerAlpha"}
_LABEL_ROOM = 20.0
_PARAGRAPH_GAP = 7.0
_TOP_LEVEL = 2  # of headings below the title


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
    """The strips of blocks, in reading order.

    A paragraph before a signature stays with it, because nobody signs an empty page; the end of a paragraph that
    announces a list or a table stays with its beginning.
    """
    announced = False
    for block, after in zip_longest(blocks, blocks[1:]):
        strips = _block_strips(setting, block, place)
        strips = kept_start(strips) if announced else strips
        announced = _announces(block, after)
        if isinstance(block, Paragraph) and _is_signed(after):
            yield from (replace(strip, keep=True) for strip in strips)
        else:
            yield from kept_end(strips) if announced else strips


def _announces(block: Block, after: Block | None) -> bool:
    return (
        isinstance(block, Paragraph)
        and isinstance(after, ListBlock | Facts | Table)
        and plain_text(block.words).endswith(":")
    )


def _is_signed(block: Block | None) -> bool:
    """Whether a block is a signature, or blocks kept together with one."""
    return isinstance(block, SignaturePlace) or (isinstance(block, Keep) and any(map(_is_signed, block.blocks)))


def _block_strips(setting: Setting, block: Block, place: Place) -> Strips:
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
            yield from roster_strips(
                setting.board, roster, setting.data["rosters"][block.name], place.parent, place.level
            )
        case SignaturePlace():
            slot = setting.document_type.slot(block.slot)
            dictionaries = setting.fields.get(block.slot)
            yield from kept(signature_strips(setting.board, slot, dictionaries, place.parent, place.x, place.width))
        case PageBreak():
            yield Strip(0, None, keep=True, breaks=True)


def _section(setting: Setting, section: Section, place: Place) -> Strips:
    element = setting.board.tree.add("Sect", place.parent)
    inner = replace(place, parent=element, level=place.level + 1)
    if section.number and place.x == styles.MARGIN_LEFT:
        inner = replace(inner, x=place.x + GUTTER, width=place.width - GUTTER)
    x = styles.MARGIN_LEFT if section.number else place.x
    yield space(12 if place.level == _TOP_LEVEL else 7)
    yield from heading_strips(setting.board, Heading(section.title, place.level, section.number, x), element)
    yield from kept_start(block_strips(setting, section.blocks, inner))


def _paragraph(setting: Setting, paragraph: Paragraph, place: Place) -> Strips:
    if not paragraph.words:
        return
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


def _list(setting: Setting, block: ListBlock, place: Place) -> Strips:
    if not block.items:
        return
    tree = setting.board.tree
    element = tree.add("L", place.parent, attributes=list_numbering(_NUMBERING[block.style]))
    for index, item in enumerate(block.items):
        entry = tree.add("LI", element)
        label = set_text(
            setting.board.fonts, tree.add("Lbl", entry), _label(block.style, index) + " ", styles.BODY, _LABEL_ROOM * 2
        )
        inner = replace(
            place, parent=tree.add("LBody", entry), x=place.x + _LABEL_ROOM, width=place.width - _LABEL_ROOM
        )
        yield from with_label(label, place.x, block_strips(setting, item.blocks, inner))


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
