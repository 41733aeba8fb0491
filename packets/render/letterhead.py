"""Head and foot of every page: whose paper it is, and which page of which document. All of it artifacts.

The words are in `templates/letterhead/letterhead.toml`. There is no seal and no agency's mark.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

import templates
from packets.render import styles
from packets.render.styles import MARGIN_LEFT, TEXT_WIDTH, Colour
from packets.render.tagging import PAGE_HEIGHT, PAGE_WIDTH, Board

_BAND = 15.0


@dataclass(frozen=True, slots=True)
class Words:
    """The words of the letterhead file."""

    programme: str
    service: str
    sample_mark: str
    sample_note: str


@cache
def letterhead_words() -> Words:
    """The words at the head and foot of every page."""
    return Words(**tomllib.loads((templates.letterhead() / "letterhead.toml").read_text("utf-8")))


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Paints head and foot.

    Attributes:
        foot: what stands at the left of every foot.
        running: what stands at the right of the heads that follow the first.
        sample: every head says that the data is sample data.
    """

    foot: str
    running: str
    sample: bool

    def paint_head(self, board: Board, page: int) -> None:
        """Paint the head of a page, by its number from 1."""
        words = letterhead_words()
        if self.sample:
            self._paint_sample_band(board, words)
        if page == 1:
            _put(board, MARGIN_LEFT, 742, words.programme, "sans-bold", 11.5, styles.ACCENT)
            _put(board, MARGIN_LEFT, 729, words.service, "sans", 8.5, styles.MUTED)
            board.rule(MARGIN_LEFT, 720, TEXT_WIDTH, styles.ACCENT, 1.4)
        else:
            _put(board, MARGIN_LEFT, 745, words.programme, "sans", 7.5, styles.MUTED)
            _put_right(board, 745, self.running, "sans", 7.5)
            board.rule(MARGIN_LEFT, 738, TEXT_WIDTH, styles.RULE)

    def paint_foot(self, board: Board, page: int, pages: int) -> None:
        """Paint the foot of a page, by its number from 1, when the number of pages is known."""
        board.rule(MARGIN_LEFT, 50, TEXT_WIDTH, styles.RULE)
        _put(board, MARGIN_LEFT, 39, self.foot, "sans", 7.5, styles.MUTED)
        _put_right(board, 39, f"Page {page} of {pages}", "sans", 7.5)

    @staticmethod
    def _paint_sample_band(board: Board, words: Words) -> None:
        """A band across the head that nobody overlooks and nothing stands on."""
        board.box(0, PAGE_HEIGHT - _BAND, PAGE_WIDTH, _BAND, fill=styles.AMBER_SHADE)
        width = board.fonts.face("sans-bold").stringWidth(words.sample_mark, 7.5)
        _put(board, (PAGE_WIDTH - width) / 2, PAGE_HEIGHT - 10.3, words.sample_mark, "sans-bold", 7.5, styles.AMBER)


def _put(board: Board, x: float, y: float, text: str, face: str, size: float, colour: Colour) -> None:
    with board.marked(None):
        board.text(x, y, text, face, size, colour)


def _put_right(board: Board, y: float, text: str, face: str, size: float) -> None:
    width = board.fonts.face(face).stringWidth(text, size)
    _put(board, MARGIN_LEFT + TEXT_WIDTH - width, y, text, face, size, styles.MUTED)
