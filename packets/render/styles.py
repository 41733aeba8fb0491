"""Sizes, faces and colours of the document, in points and RGB. One place, so that all types look alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Colour: TypeAlias = tuple[float, float, float]
INK: Colour = (0.07, 0.08, 0.10)
MUTED: Colour = (0.36, 0.38, 0.42)
ACCENT: Colour = (0.09, 0.23, 0.42)
RULE: Colour = (0.78, 0.80, 0.83)
SHADE: Colour = (0.945, 0.953, 0.965)
AMBER: Colour = (0.55, 0.33, 0.02)
AMBER_SHADE: Colour = (0.995, 0.965, 0.89)

MARGIN_LEFT = 72.0
TEXT_WIDTH = 468.0
BODY_TOP = 722.0
FIRST_BODY_TOP = 700.0
BODY_BOTTOM = 68.0
GUTTER = 30.0
"""Room for the number of a section, to the left of its words."""


@dataclass(frozen=True, slots=True)
class Style:
    """How words are set: family of faces, size, distance of baselines, colour, and whether all of it is bold."""

    family: str
    size: float
    leading: float
    colour: Colour = INK
    bold: bool = False

    def face(self, *, bold: bool, italic: bool) -> str:
        """The face for a run of words in this style."""
        strong = self.bold or bold
        return self.family + ("-bold" if strong else "") + ("-italic" if italic else "")


TITLE = Style("sans", 19, 24, ACCENT, bold=True)
LEAD = Style("serif", 11.5, 17)
BODY = Style("serif", 10, 14.5)
NOTE = Style("sans", 9, 13)
SAMPLE_NOTE = Style("sans", 8.5, 12, AMBER)
HEADINGS = {
    2: Style("sans", 12, 16, ACCENT, bold=True),
    3: Style("sans", 10.5, 14, INK, bold=True),
    4: Style("sans", 9.5, 13, INK, bold=True),
    5: Style("sans", 9, 12.5, INK, bold=True),
}
LABEL = Style("sans", 8.5, 12.5, MUTED)
VALUE = Style("sans", 9, 12.5)
DIGEST = Style("sans", 8, 12.5)
CAPTION = Style("sans", 9, 12.5, INK, bold=True)
COLUMN_HEAD = Style("sans", 8.5, 12, INK, bold=True)
SMALL = Style("sans", 7.5, 10.5, MUTED)
FINE = Style("sans", 7.5, 11)
SLOT = Style("sans", 10, 13.5, INK, bold=True)
ROSTER_CELL = Style("narrow", 7.8, 9.6)
ROSTER_HEAD = Style("narrow", 7.2, 9.2, MUTED, bold=True)
ROSTER_GROUP = Style("sans", 9, 12.5, ACCENT, bold=True)
