"""The block that a person signs in: what is agreed to, who may sign, and the field (R19; ISO 32000-1, 12.7.4.5)."""

from __future__ import annotations

from collections.abc import Iterator

from packets.model.documents import FieldDictionaries, Party, Slot
from packets.model.people import role_label
from packets.render import styles
from packets.render.flow import Strip, space
from packets.render.stamp import STAMP_HEIGHT, STAMP_WIDTH
from packets.render.structure import Element
from packets.render.tagging import Board
from packets.render.typeset import Text, paint_lines, set_text

_SIDE_GAP = 12.0


def signature_strips(
    board: Board, slot: Slot, dictionaries: FieldDictionaries | None, parent: Element, x: float, width: float
) -> Iterator[Strip]:
    """The strips of one signature block.

    Args:
        board: what they will be painted on.
        slot: the slot of the manifest.
        dictionaries: `/SV` and `/Lock` of the field, if any.
        parent: the element that the block is in.
        x: left edge of the block in points.
        width: its width in points.
    """
    tree = board.tree
    block = tree.add("Div", parent)
    label = set_text(board.fonts, tree.add("P", block), slot.label, styles.SLOT, width)
    purpose = set_text(board.fonts, tree.add("P", block), slot.purpose, styles.VALUE, width)
    form = tree.add("Form", block, alternative=_tooltip(slot))
    side_width = width - STAMP_WIDTH - _SIDE_GAP
    side = [set_text(board.fonts, tree.add("P", block), words, styles.FINE, side_width) for words in side_words(slot)]
    yield space(8)
    yield _whole(label, x)
    yield space(1.5)
    yield _whole(purpose, x)
    yield space(4)
    yield Strip(max(STAMP_HEIGHT, _side_height(side)) + 4, _FieldPainter(slot, dictionaries, form, side, x))
    yield space(8)


def _whole(text: Text, x: float) -> Strip:
    return Strip(text.height, lambda board, top: paint_lines(board, text, text.lines, x, top))


def side_words(slot: Slot) -> list[str]:
    """What stands beside the field."""
    side = "for CMS" if slot.party is Party.CMS else "for the ACO"
    return [
        f"Electronic signature {side}, by: {'; '.join(map(role_label, slot.roles))}.",
        f"Signature field {slot.name}",
    ]


def _side_height(side: list[Text]) -> float:
    return sum(text.height + 2 for text in side)


def _tooltip(slot: Slot) -> str:
    """What assistive technology reads when the field is reached (ISO 14289-1, 7.18.1)."""
    return f"Signature field: {slot.label}. {slot.purpose}"


class _FieldPainter:
    """Paints the ruled box, the field in it, and the words beside it."""

    def __init__(
        self, slot: Slot, dictionaries: FieldDictionaries | None, form: Element, side: list[Text], x: float
    ) -> None:
        self._slot, self._dictionaries, self._form, self._side, self._x = slot, dictionaries, form, side, x

    def __call__(self, board: Board, top: float) -> None:
        bottom = top - STAMP_HEIGHT
        board.box(self._x, bottom, STAMP_WIDTH, STAMP_HEIGHT, edge=styles.MUTED)
        rectangle = (self._x, bottom, self._x + STAMP_WIDTH, top)
        board.signature_field(self._form, rectangle, self._slot.name, _tooltip(self._slot), self._entries(board))
        for text in self._side:
            paint_lines(board, text, text.lines, self._x + STAMP_WIDTH + _SIDE_GAP, top)
            top -= text.height + 2

    def _entries(self, board: Board) -> bytes:
        """`/SV` and `/Lock` must be indirect objects (ISO 32000-1, table 232)."""
        if self._dictionaries is None:
            return b""
        numbers = board.file.put(self._dictionaries.seed_value), board.file.put(self._dictionaries.lock)
        return b"/SV %d 0 R/Lock %d 0 R" % numbers
