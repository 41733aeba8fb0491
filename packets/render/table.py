"""Small tables and facts: rows of wrapped cells with light rules, headings repeated on every page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packets.render import styles
from packets.render.dialect import Facts, Inline, Table
from packets.render.flow import Strip, space
from packets.render.structure import Element, heading_cell
from packets.render.styles import Colour, Style
from packets.render.tagging import Board
from packets.render.typeset import Text, paint_lines, set_text

_PAD = 3.5
_GAP = 8.0  # between columns
_SLICE = 36  # lines of a row that stay together


@dataclass(frozen=True, slots=True)
class Cell:
    """A set cell: its text, its left edge and width in points, and whether it is flush right."""

    text: Text
    x: float
    width: float
    right: bool = False


@dataclass(frozen=True, slots=True)
class Track:
    """A column as it is laid out: left edge, width without the gap, and whether it is flush right."""

    x: float
    width: float
    right: bool = False


def tracks(x: float, width: float, shares: Sequence[float], aligns: Sequence[str] = ()) -> list[Track]:
    """Columns over a width, by their shares."""
    total, columns = sum(shares), []
    for index, share in enumerate(shares):
        full = width * share / total
        gap = _GAP if index < len(shares) - 1 else 0.0
        columns.append(Track(x, full - gap, right=bool(aligns) and aligns[index] == "right"))
        x += full
    return columns


def facts_strips(
    board: Board,
    facts: Facts,
    parent: Element,
    x: float,
    width: float,
    *,
    style: Style = styles.VALUE,
    label_share: float = 0.34,
) -> Iterator[Strip]:
    """Facts as a table of two columns, labels as row headings."""
    if not facts.facts:
        return
    label, value = tracks(x, width, (label_share, 1 - label_share))
    body = board.tree.add("TBody", board.tree.add("Table", parent))
    yield _ruled_top(x, width)
    for fact in facts.facts:
        row = board.tree.add("TR", body)
        head = board.tree.add("TH", row, attributes=heading_cell("Row"))
        cells = [
            _cell(board, head, fact.label, styles.LABEL, label),
            _cell(board, board.tree.add("TD", row), fact.words, style, value),
        ]
        yield from row_strips(cells, x, width)
    yield space(10)


def table_strips(board: Board, table: Table, parent: Element, x: float, width: float) -> Iterator[Strip]:
    """A table with its caption and headings."""
    tree = board.tree
    columns = tracks(x, width, [one.width for one in table.columns], [one.align for one in table.columns])
    element = tree.add("Table", parent)
    yield space(2)
    if table.caption:
        caption = set_text(board.fonts, tree.add("Caption", element), table.caption, styles.CAPTION, width)
        yield Strip(
            caption.height + 3, lambda target, top: paint_lines(target, caption, caption.lines, x, top), keep=True
        )
    heads = [one.label for one in table.columns]
    yield from head_strips(board, heads, columns, tree.add("TR", tree.add("THead", element)), styles.COLUMN_HEAD)
    running = tuple(head_strips(board, heads, columns, None, styles.COLUMN_HEAD))
    body = tree.add("TBody", element)
    for row in table.rows:
        yield from row_strips(_row_cells(board, table, row, columns, tree.add("TR", body)), x, width, running)
    yield space(10)


def head_strips(
    board: Board, heads: Sequence[str], columns: Sequence[Track], row: Element | None, style: Style
) -> Iterator[Strip]:
    """The row of column headings; without an element it is painted as an artifact, on the pages that follow."""
    cells = []
    for head, column in zip(heads, columns, strict=True):
        element = board.tree.add("TH", row, attributes=heading_cell("Column")) if row else None
        cells.append(_cell(board, element, head, style, column))
    x, width = columns[0].x, columns[-1].x + columns[-1].width - columns[0].x
    yield from row_strips(cells, x, width, keep=True, colour=styles.MUTED, thickness=0.8)


def _row_cells(
    board: Board, table: Table, row: Sequence[Inline], columns: Sequence[Track], parent: Element
) -> list[Cell]:
    cells = []
    for index, (words, column) in enumerate(zip(row, columns, strict=True)):
        head = table.row_heads and index == 0
        attributes = heading_cell("Row") if head else b""
        element = board.tree.add("TH" if head else "TD", parent, attributes=attributes)
        cells.append(_cell(board, element, words, styles.VALUE, column))
    return cells


def _cell(board: Board, element: Element | None, words: Inline | str, style: Style, track: Track) -> Cell:
    return Cell(set_text(board.fonts, element, words, style, track.width), track.x, track.width, track.right)


def row_strips(
    cells: Sequence[Cell],
    x: float,
    width: float,
    running: tuple[Strip, ...] = (),
    *,
    keep: bool = False,
    colour: Colour = styles.RULE,
    thickness: float = 0.5,
) -> Iterator[Strip]:
    """A row with a rule below it. A row that is higher than a page could hold goes on after so many lines."""
    longest = max(len(cell.text.lines) for cell in cells)
    for start in range(0, longest, _SLICE):
        yield _row_slice(
            cells, (start, start + _SLICE), x, width, running, keep, start + _SLICE >= longest, colour, thickness
        )


def _row_slice(
    cells: Sequence[Cell],
    span: tuple[int, int],
    x: float,
    width: float,
    running: tuple[Strip, ...],
    keep: bool,
    last: bool,
    colour: Colour,
    thickness: float,
) -> Strip:
    height = max(len(cell.text.lines[slice(*span)]) * cell.text.style.leading for cell in cells) + 2 * _PAD

    def paint(board: Board, top: float) -> None:
        for cell in cells:
            right = cell.x + cell.width if cell.right else None
            paint_lines(board, cell.text, cell.text.lines[slice(*span)], cell.x, top - _PAD, right=right)
        if last:
            board.rule(x, top - height, width, colour, thickness)

    return Strip(height, paint, keep, running)


def _ruled_top(x: float, width: float) -> Strip:
    return Strip(1, lambda board, top: board.rule(x, top, width, styles.RULE), keep=True)
