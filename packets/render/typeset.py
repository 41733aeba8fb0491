"""Words become lines: broken at spaces, ragged right, nothing hyphenated, nothing lost."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import NamedTuple

from packets.render.dialect import Inline, Run
from packets.render.fonts import FontSet
from packets.render.structure import Element
from packets.render.styles import ACCENT, Style
from packets.render.tagging import Board

_SEAMS = frozenset("-–/@._")
"""Characters after which a word that is wider than its line may go on in the next."""
_BOUND = re.compile(
    r"\b\d+ (?:CFR|U\.S\.C\.)(?: parts?)? \d\S*|\b(?:[Ss]ections?|[Pp]arts?|[Ss]ubparts?|Pub\. L\.) [0-9A-Z]\S*"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December) \d\d?\b"
)
"""Words that are read as one: a citation, the number of a section, a day. No line of some width ends between them."""
_JOINT = "\0"  # stands for a space at which no line may end; data cannot hold it (packets/render/characters.py)
_SLACK = 0.01  # points by which a line may exceed its width before it counts as too wide


class Piece(NamedTuple):
    """Words of one look on one line. `link` is the position of their run in the text, -1 when they lead nowhere.

    Every word of a document and every space is one at first: a named tuple is made in a third of a data class's time.
    """

    text: str
    face: str
    width: float
    address: str = ""
    link: int = -1


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text."""

    pieces: tuple[Piece, ...]

    @property
    def width(self) -> float:
        """Its width in points, without a space at its end."""
        return _width(self.pieces)


@dataclass(slots=True)
class Text:
    """Lines that belong to one structure element, or to none (an artifact); they may stand on several pages."""

    element: Element | None
    lines: list[Line]
    style: Style
    links: dict[int, Element] = field(default_factory=dict)

    @property
    def height(self) -> float:
        """Height of all lines in points."""
        return len(self.lines) * self.style.leading


def set_text(fonts: FontSet, element: Element | None, words: Inline | str, style: Style, width: float) -> Text:
    """Break words into lines that are no wider than `width` points."""
    inline = (Run(words),) if isinstance(words, str) else words
    return Text(element, list(_break_lines(fonts, inline, style, width)), style)


def _break_lines(fonts: FontSet, inline: Inline, style: Style, width: float) -> Iterator[Line]:
    for part in _between_breaks(inline):
        line: list[Piece] = []
        room = width
        for word, goes_on in _fitting(fonts, part, style, width):
            needed = _width(word)
            space = _space(fonts, line[-1], style) if line else None
            if goes_on or (space and needed + space.width > room + _SLACK):
                yield Line(_merged(line) if goes_on else _ended(line))
                line, room, space = [], width, None
            line += [*([space] if space else []), *word]
            room -= needed + (space.width if space else 0)
        yield Line(_merged(line))


def _between_breaks(inline: Inline) -> Iterator[list[tuple[int, Run]]]:
    """The runs with their positions, cut at forced line breaks."""
    part: list[tuple[int, Run]] = []
    for position, run in enumerate(inline):
        if isinstance(run, Run):
            part.append((position, run))
        else:
            yield part
            part = []
    yield part


def _fitting(
    fonts: FontSet, runs: Iterable[tuple[int, Run]], style: Style, width: float
) -> Iterator[tuple[list[Piece], bool]]:
    """Words, each a list of pieces. One that is wider than the line is cut: its further parts go on in lines of their own."""
    for word in _words(fonts, runs, style, width):
        if _width(word) <= width + _SLACK:
            yield word, False
        else:
            for index, part in enumerate(_cut(fonts, word, style, width)):
                yield part, index > 0


def _words(fonts: FontSet, runs: Iterable[tuple[int, Run]], style: Style, line_width: float) -> Iterator[list[Piece]]:
    word: list[Piece] = []
    for position, run in runs:
        face = style.face(bold=run.bold, italic=run.italic)
        measure = partial(fonts.face(face).stringWidth, size=style.size)
        for index, bound in enumerate(_bound(run.text, measure, line_width / 2).split(" ")):
            if index and word:
                yield word
                word = []
            if bound:
                text = bound.replace(_JOINT, " ")
                word.append(Piece(text, face, measure(text), run.address, position if run.address else -1))
    if word:
        yield word


def _bound(text: str, measure: Callable[[str], float], widest: float) -> str:
    """The text, NFC, with a joint for each space at which no line may end; what is wider than `widest` is not bound."""

    def bind(found: re.Match[str]) -> str:
        return found[0].replace(" ", _JOINT) if measure(found[0]) <= widest else found[0]

    return _BOUND.sub(bind, unicodedata.normalize("NFC", text))


def _cut(fonts: FontSet, word: Sequence[Piece], style: Style, width: float) -> Iterator[list[Piece]]:
    part: list[Piece] = []
    for piece in word:
        measure = fonts.face(piece.face).stringWidth
        for character in piece.text:
            letter = Piece(character, piece.face, measure(character, style.size), piece.address, piece.link)
            if part and _width(part) + letter.width > width:
                end = _seam(part)
                end = end if _width(part[end:]) + letter.width <= width else len(part)
                yield list(_merged(part[:end]))
                part = part[end:]
            part.append(letter)
    yield list(_merged(part))


def _width(pieces: Iterable[Piece]) -> float:
    return sum([piece.width for piece in pieces])


def _seam(part: Sequence[Piece]) -> int:
    """How much of a word that must be cut goes on this line: up to its last hyphen or the like, else all that fits."""
    return next((index for index in range(len(part), 0, -1) if part[index - 1].text in _SEAMS), len(part))


def _space(fonts: FontSet, before: Piece, style: Style) -> Piece:
    """The space after a piece, in its look."""
    return Piece(" ", before.face, fonts.face(before.face).stringWidth(" ", style.size), before.address, before.link)


def _ended(line: list[Piece]) -> tuple[Piece, ...]:
    """A line that goes on: a space at its end keeps the next line's first word apart for those who extract text."""
    *rest, last = _merged(line)
    return (*rest, Piece(last.text + " ", last.face, last.width, last.address, last.link))


def _merged(line: Iterable[Piece]) -> tuple[Piece, ...]:
    """Neighbours of the same look as one piece."""
    groups: list[list[Piece]] = []
    for piece in line:
        if groups and groups[-1][0].face == piece.face and groups[-1][0].link == piece.link:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return tuple([_joined(group) for group in groups])


def _joined(group: Sequence[Piece]) -> Piece:
    first = group[0]
    if len(group) == 1:
        return first
    return Piece("".join([one.text for one in group]), first.face, _width(group), first.address, first.link)


def paint_lines(
    board: Board, text: Text, lines: Iterable[Line], x: float, top: float, *, right: float | None = None
) -> None:
    """Paint lines below each other.

    Args:
        board: where.
        text: what they belong to.
        lines: some of its lines.
        x: left edge.
        top: top of the first line; the baseline stands where the style's leading puts it.
        right: right edge, for lines that are set flush right.
    """
    baseline = top - text.style.leading * 0.5 - text.style.size * 0.34
    for line in lines:
        _paint_line(board, text, line, x if right is None else right - line.width, baseline)
        baseline -= text.style.leading


def _paint_line(board: Board, text: Text, line: Line, x: float, baseline: float) -> None:
    for pieces in _grouped(line.pieces):
        link = _link_element(board, text, pieces[0])
        start, colour = x, ACCENT if link else text.style.colour
        with board.marked(link or text.element):
            for piece in pieces:
                board.text(x, baseline, piece.text, piece.face, text.style.size, colour)
                x += piece.width
        if link:
            board.rule(start, baseline - 1.6, x - start, ACCENT, 0.4)
            board.link(link, (start, baseline - 3, x, baseline + text.style.size), pieces[0].address)


def _grouped(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Pieces that share a mark: neighbours without a link, or of the same one."""
    for _, group in groupby(pieces, key=lambda piece: piece.link):
        yield list(group)


def _link_element(board: Board, text: Text, piece: Piece) -> Element | None:
    """The element of the link that a piece belongs to; words outside the structure lead nowhere."""
    if piece.link < 0 or text.element is None:
        return None
    if piece.link not in text.links:
        text.links[piece.link] = board.tree.add("Link", text.element)
    return text.links[piece.link]
