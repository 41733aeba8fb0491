"""What looks at pages in a real browser: axe for barriers, a picture for people, and whether the focus can be seen."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page

RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
SHOWN_FOCUS = """one => {
  const parts = [one, one.nextElementSibling].filter(Boolean);
  const styles = parts.flatMap(part => [getComputedStyle(part), getComputedStyle(part, "::before")]);
  return styles.some(style => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
}"""
"""A checkbox of the design system shows its focus on what is drawn for it."""
TALLEST = 1800
"""Of pictures: so many pixels from the top."""
HEAVIEST = 60_000
"""Bytes of a picture at most."""
GROUNDS = ("ffffff", "f0f0f0", "dfe1e2", "e7f6f8", "ecf3ec", "faf3d1", "f4e3db", "d9e8f6", "00bde3")
INKS = ("1b1b1b", "565c65", "005ea2", "162e51", "216e1f", "5c4809", "8b0a03", "d54309", "c2850c", "2491ff", "54278f")
"""The colors of the pages; letters are drawn in inks and in inks with white between them."""


def examine(page: Page, name: str) -> None:
    """Have axe look at the page as it is; there must be no violation."""
    found = Axe().run(page, options=RULES).response["violations"]
    told = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
    assert told == [], name


def keep_picture(page: Page, path: Path) -> None:
    """Keep a small picture of the page, or of its beginning, in the colors that pages have."""
    whole = Image.open(BytesIO(page.screenshot(full_page=True)))
    path.write_bytes(shrink(whole))


def shrink(whole: Image.Image) -> bytes:
    """A picture in few colors, cut off from below until it is small enough."""
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for color in _colors() for part in color])
    height = min(whole.height, TALLEST)
    while True:
        kept = BytesIO()
        picture = whole.crop((0, 0, whole.width, height)).convert("RGB")
        picture.quantize(palette=palette, dither=Image.Dither.NONE).save(kept, "PNG", optimize=True)
        if kept.tell() <= HEAVIEST:
            return kept.getvalue()
        height = height * 9 // 10


def _colors() -> list[tuple[int, int, int]]:
    """Grounds, and inks in four strengths on white."""
    plain = [bytes.fromhex(one) for one in GROUNDS]
    inks = [bytes.fromhex(one) for one in INKS]
    mixed = [bytes(255 - (255 - part) * share // 4 for part in ink) for ink in inks for share in (4, 3, 2, 1)]
    return [(one[0], one[1], one[2]) for one in (*plain, *mixed)]
