"""Headings, paragraphs and notes as strips."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from packets.render import styles
from packets.render.dialect import Inline
from packets.render.flow import Strip, space
from packets.render.structure import Element
from packets.render.styles import GUTTER, Style
from packets.render.tagging import Board
from packets.render.typeset import Text, paint_lines, set_text

_NOTE_INSET = 13.0
_ANNOUNCING = 2  # lines of a paragraph that stay with the list or table it announces


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its words, its number (empty when it does not count), its level (2 is below the title), left edge."""

    title: str
    level: int
    number: str = ""
    x: float = styles.MARGIN_LEFT

    @property
    def shown_number(self) -> str:
        """`2.` for a whole number, `2.1` for one below."""
        return self.number if "." in self.number or not self.number else f"{self.number}."

    @property
    def full(self) -> str:
        """Number and words, as the outline shows them."""
        return f"{self.shown_number} {self.title}".strip()


def heading_strips(board: Board, heading: Heading, parent: Element, style: Style | None = None) -> Iterator[Strip]:
    """A heading with a bookmark; its number hangs in the gutter. It stays with what follows it."""
    look = style or styles.HEADINGS[heading.level]
    element = board.tree.add(f"H{heading.level}", parent)
    x = heading.x + GUTTER if heading.number else heading.x
    number = set_text(board.fonts, element, f"{heading.shown_number} ", look, GUTTER * 2)
    words = set_text(board.fonts, element, heading.title, look, styles.MARGIN_LEFT + styles.TEXT_WIDTH - x)

    def paint(target: Board, top: float) -> None:
        target.bookmark(heading.level - 2, heading.full, top + 6)
        if heading.number:
            paint_lines(target, number, number.lines, heading.x, top)
        paint_lines(target, words, words.lines, x, top)

    yield Strip(words.height, paint, keep=True)
    yield space(3.5, keep=True)


def text_strips(text: Text, x: float) -> Iterator[Strip]:
    """The lines of a paragraph, of which never one alone stands at the foot or the head of a page."""
    last = len(text.lines) - 1
    for index in range(last + 1):
        yield _line_strip(text, index, x, keep=index < last and index in {0, last - 1})


def _line_strip(text: Text, index: int, x: float, *, keep: bool) -> Strip:
    return Strip(
        text.style.leading, lambda board, top: paint_lines(board, text, text.lines[index : index + 1], x, top), keep
    )


def note_strips(
    board: Board, words: Inline | str, element: Element, x: float, width: float, *, warning: bool = False
) -> Iterator[Strip]:
    """A boxed paragraph that must not be missed; a warning is set in another colour."""
    style = styles.SAMPLE_NOTE if warning else styles.NOTE
    text = set_text(board.fonts, element, words, style, width - 2 * _NOTE_INSET)
    inside = [space(6), *text_strips(text, x + _NOTE_INSET), space(6.5)]
    yield space(3)
    yield from kept(_backed(strip, x, width, warning=warning) for strip in inside)


def _backed(strip: Strip, x: float, width: float, *, warning: bool) -> Strip:
    """A strip on a shaded ground with a bar at its left."""
    edge, shade = (styles.AMBER, styles.AMBER_SHADE) if warning else (styles.ACCENT, styles.SHADE)

    def paint(board: Board, top: float) -> None:
        foot, height = top - strip.height - 0.2, strip.height + 0.2  # a hair of overlap, or the page shows through
        board.box(x, foot, width, height, fill=shade)
        board.box(x, foot, 2.5, height, fill=edge)
        if strip.paint:
            strip.paint(board, top)

    return replace(strip, paint=paint)


def kept(strips: Iterator[Strip]) -> Iterator[Strip]:
    """Strips that stay on one page as long as they fit on one."""
    before: Strip | None = None
    for strip in strips:
        if before:
            yield replace(before, keep=True)
        before = strip
    if before:
        yield before


def kept_start(strips: Iterator[Strip]) -> Iterator[Strip]:
    """Strips below a heading: room before the first that shows something does not part it from the heading."""
    waiting = True
    for strip in strips:
        waiting = waiting and strip.paint is None and not strip.breaks
        yield replace(strip, keep=True) if waiting else strip


def kept_end(strips: Iterator[Strip]) -> Iterator[Strip]:
    """Strips of a paragraph whose last two lines stay with what follows them."""
    held = list(strips)
    shown = [index for index, strip in enumerate(held) if strip.paint]
    start = shown[-_ANNOUNCING] if len(shown) >= _ANNOUNCING else 0
    yield from held[:start]
    yield from (replace(strip, keep=True) for strip in held[start:])


def with_label(label: Text, x: float, strips: Iterator[Strip]) -> Iterator[Strip]:
    """Strips of a list's item, the first painted one with the item's label before its words."""
    waiting = True
    for strip in strips:
        if waiting and strip.paint:
            waiting = False
            yield replace(strip, paint=_both(label, x, strip.paint))
        else:
            yield strip


def _both(label: Text, x: float, paint: Callable[[Board, float], None]) -> Callable[[Board, float], None]:
    def paint_both(board: Board, top: float) -> None:
        paint_lines(board, label, label.lines, x, top)
        paint(board, top)

    return paint_both
