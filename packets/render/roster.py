"""Rosters: lists of up to tens of thousands of rows, streamed onto pages row by row (REQ 1.6, DESIGN 9).

Cells are set in one small face and written as operators at once: a distinct text is measured and encoded once, a row
that has been painted is forgotten. Rows stand under a heading for each group; excluded rows stand in tables of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packets.model.documents import Roster
from packets.render import styles
from packets.render.environment import write_plural
from packets.render.flow import Strip, space
from packets.render.prose import Heading, heading_strips, text_strips
from packets.render.structure import Element
from packets.render.styles import MARGIN_LEFT, TEXT_WIDTH
from packets.render.table import Track, head_strips, tracks
from packets.render.tagging import Board, escape
from packets.render.typeset import Text, paint_lines, set_text

_PAD = 1.3
_RULE = "/Artifact BMC 0.84 0.86 0.88 RG 0.3 w {left:.1f} {y:.2f} m {right:.1f} {y:.2f} l S EMC"
_COLOUR = "{:.2f} {:.2f} {:.2f} rg".format(*styles.INK)
_GROUP_WORDS = {"tin": "Participant TIN", "ccn": "CCN", "npi": "NPI"}

Rows = Sequence[Sequence[str]]


def roster_strips(board: Board, roster: Roster, data: dict[str, Rows], parent: Element, level: int) -> Iterator[Strip]:
    """The strips of a whole roster.

    Args:
        board: what they will be painted on.
        roster: columns and grouping, from the manifest.
        data: `rows` and `excluded`, each row with the values of `roster.keys`.
        parent: the element that the roster is in.
        level: level of its heading.
    """
    element = board.tree.add("Sect", parent)
    yield from heading_strips(board, Heading(roster.title, level), element)
    yield from _summary(board, summary(roster, data), element)
    yield from _grouped_strips(board, roster, data["rows"], element, level + 1)
    if data["excluded"]:
        apart = board.tree.add("Sect", parent)
        yield space(10)
        yield from heading_strips(board, Heading(excluded_title(roster), level), apart)
        yield from _summary(board, excluded_summary(data), apart)
        yield from _grouped_strips(board, roster, data["excluded"], apart, level + 1)


def summary(roster: Roster, data: dict[str, Rows]) -> str:
    """The sentence that says how many rows a roster has; excluded ones do not count (REQ 1.6.5)."""
    rows = data["rows"]
    sentence = f"This list has {write_plural(len(rows), 'row')}"
    if roster.group_by and rows:
        sentence += f", under {write_plural(len(grouped(rows)), group_word(roster))}"
    return sentence + "."


def excluded_summary(data: dict[str, Rows]) -> str:
    """The sentence above the excluded rows."""
    count = write_plural(len(data["excluded"]), "row")
    return f"{count} marked as excluded. They are shown here for the record and are not part of the list above or of its count."


def excluded_title(roster: Roster) -> str:
    """The heading of the excluded rows."""
    return f"{roster.title}: excluded"


def group_word(roster: Roster) -> str:
    """What the value that rows are grouped by is called."""
    return _GROUP_WORDS.get(roster.group_by, roster.group_by)


def grouped(rows: Rows) -> dict[tuple[str, str], list[Sequence[str]]]:
    """Rows by the value and the name of their group, in the order in which groups first appear."""
    groups: dict[tuple[str, str], list[Sequence[str]]] = {}
    for row in rows:
        groups.setdefault((row[0], row[1]), []).append(row[2:])
    return groups


def group_title(roster: Roster, group: tuple[str, str]) -> str:
    """The heading of a group."""
    return f"{group_word(roster)} {group[0]} – {group[1]}"


def _summary(board: Board, sentence: str, parent: Element) -> Iterator[Strip]:
    text = set_text(board.fonts, board.tree.add("P", parent), sentence, styles.VALUE, TEXT_WIDTH)
    yield from text_strips(text, MARGIN_LEFT)
    yield space(6)


def _grouped_strips(board: Board, roster: Roster, rows: Rows, parent: Element, level: int) -> Iterator[Strip]:
    grid = Grid(board, roster)
    if not roster.group_by:
        yield from grid.strips(rows, parent, ())
        return
    for group, members in grouped(rows).items():
        title = group_title(roster, group)
        yield space(8)
        yield from heading_strips(board, Heading(title, level), parent, styles.ROSTER_GROUP)
        yield from grid.strips(members, parent, _continued(board, title))


def _continued(board: Board, title: str) -> tuple[Strip, ...]:
    """The group's heading as it is painted again on the pages that follow."""
    text = set_text(board.fonts, None, f"{title} (continued)", styles.SMALL, TEXT_WIDTH)
    return (
        Strip(text.height + 2, lambda target, top: paint_lines(target, text, text.lines, MARGIN_LEFT, top), keep=True),
    )


class Grid:
    """The columns of a roster and the ways to set a cell in them, with everything learnt about texts so far."""

    def __init__(self, board: Board, roster: Roster) -> None:
        self._board = board
        self._labels = [column.label for column in roster.columns]
        self._tracks = tracks(MARGIN_LEFT, TEXT_WIDTH, [column.width for column in roster.columns])
        measure = board.fonts.face(styles.ROSTER_CELL.family).face.getCharWidth
        self._advances: list[float] = [measure(code) * styles.ROSTER_CELL.size / 1000 for code in range(128)]
        self._base = board.font(styles.ROSTER_CELL.family, styles.ROSTER_CELL.size)
        self._set: list[dict[str, list[str]]] = [{} for _ in self._tracks]
        self._running = tuple(head_strips(board, self._labels, self._tracks, None, styles.ROSTER_HEAD))

    def strips(self, rows: Rows, parent: Element, continued: tuple[Strip, ...]) -> Iterator[Strip]:
        """One table: its headings and its rows."""
        tree = self._board.tree
        if not rows:
            return
        table = tree.add("Table", parent)
        yield from head_strips(
            self._board, self._labels, self._tracks, tree.add("TR", tree.add("THead", table)), styles.ROSTER_HEAD
        )
        body = tree.add("TBody", table)
        running = continued + self._running
        for row in rows:
            yield self._row(row, body, running)

    def _row(self, row: Sequence[str], body: Element, running: tuple[Strip, ...]) -> Strip:
        cells = [
            known.get(text) or self._cell(index, text)
            for index, (known, text) in enumerate(zip(self._set, row, strict=True))
        ]
        height = max(map(len, cells)) * styles.ROSTER_CELL.leading + 2 * _PAD

        def paint(board: Board, top: float) -> None:
            self._paint_row(board, cells, body, top, height)

        return Strip(height, paint, running=running)

    def _paint_row(self, board: Board, cells: Sequence[list[str]], body: Element, top: float, height: float) -> None:
        mark = board.mark_row(body, len(cells))
        baseline = top - _PAD - styles.ROSTER_CELL.leading * 0.5 - styles.ROSTER_CELL.size * 0.34
        code = ["BT", self._base, _COLOUR]
        for identifier, (track, lines) in enumerate(zip(self._tracks, cells, strict=True), mark):
            shown = f" 0 -{styles.ROSTER_CELL.leading} Td ".join(lines)
            code.append(f"/TD <</MCID {identifier}>> BDC 1 0 0 1 {track.x:.2f} {baseline:.2f} Tm {shown} EMC")
        code.append("ET")
        code.append(_RULE.format(left=MARGIN_LEFT, right=MARGIN_LEFT + TEXT_WIDTH, y=top - height))
        board.canvas.addLiteral("\n".join(code))

    def _cell(self, index: int, text: str) -> list[str]:
        """The lines of a cell as operators that show them."""
        track = self._tracks[index]
        plain = text.isascii() and self._width(text) <= track.width
        lines = [self._shown(text)] if plain else self._wrapped(text, track)
        self._set[index][text] = lines
        return lines

    def _width(self, text: str) -> float:
        """Width of ASCII text in points."""
        return sum(map(self._advances.__getitem__, text.encode("ascii")))

    def _wrapped(self, text: str, track: Track) -> list[str]:
        wrapped: Text = set_text(self._board.fonts, None, text, styles.ROSTER_CELL, track.width)
        return [self._shown("".join(piece.text for piece in line.pieces)) for line in wrapped.lines]

    def _shown(self, text: str) -> str:
        """Operators that show one line, changing to another subset of the face and back where it has to."""
        if text.isascii():
            return f"({escape(text)}) Tj"
        return f"{self._board.shown(text, styles.ROSTER_CELL.family, styles.ROSTER_CELL.size)} {self._base}"
