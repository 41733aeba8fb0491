"""Strips flow onto pages. A strip is as high as it is, is never cut, and knows how to paint itself.

Everything that a document shows is a strip: a line of text, a row of a table, a signature block. They come from
generators, so a list of 33,500 rows is never in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from packets.render.styles import BODY_BOTTOM, BODY_TOP, FIRST_BODY_TOP
from packets.render.tagging import Board


@dataclass(frozen=True, slots=True)
class Strip:
    """A horizontal strip of a page.

    Attributes:
        height: in points.
        paint: paints it, given the board and the height of its top edge above the foot of the page; none for a space.
        keep: stands on the same page as the next strip.
        running: strips that are painted again, as artifacts, when a page begins with this strip, e.g. column headings.
        breaks: begins a new page.
    """

    height: float
    paint: Callable[[Board, float], None] | None = None
    keep: bool = False
    running: tuple[Strip, ...] = ()
    breaks: bool = False


def space(height: float, *, keep: bool = False) -> Strip:
    """Empty room, which vanishes at the top of a page."""
    return Strip(height, None, keep)


class Flow:
    """Puts strips onto pages, one below the other."""

    def __init__(self, board: Board, paint_head: Callable[[Board, int], None]) -> None:
        """Begin with the first page.

        Args:
            board: where to paint.
            paint_head: paints the head of a page, given its number from 1.
        """
        self._board = board
        self._paint_head = paint_head
        self._begin()

    def place(self, strips: Iterable[Strip]) -> None:
        """Place strips; those that keep with the next wait for it."""
        group: list[Strip] = []
        for strip in strips:
            group.append(strip)
            if not strip.keep:
                self._place_group(group)
                group = []
        self._place_group(group)

    def finish(self) -> None:
        """End the last page."""
        self._board.finish_page()

    def _begin(self) -> None:
        self._paint_head(self._board, len(self._board.pages) + 1)
        self._top = self._page_top()
        self._fresh = True

    def _page_top(self) -> float:
        return BODY_TOP if self._board.pages else FIRST_BODY_TOP

    def _place_group(self, group: Sequence[Strip]) -> None:
        height = sum(strip.height for strip in group)
        if height > BODY_TOP - BODY_BOTTOM:
            for strip in group:
                self._place_together([strip], strip.height)
        else:
            self._place_together(group, height)

    def _place_together(self, group: Sequence[Strip], height: float) -> None:
        if not self._fresh and (any(strip.breaks for strip in group) or self._top - height < BODY_BOTTOM):
            self._board.finish_page()
            self._begin()
            self._paint_running(group)
        for strip in group:
            self._paint(strip)

    def _paint_running(self, group: Sequence[Strip]) -> None:
        first = next((strip for strip in group if strip.paint), None)
        for strip in first.running if first else ():
            self._paint(strip)

    def _paint(self, strip: Strip) -> None:
        if strip.paint is None and self._fresh:
            return
        if strip.paint:
            strip.paint(self._board, self._top)
            self._fresh = False
        self._top -= strip.height
