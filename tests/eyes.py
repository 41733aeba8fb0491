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
COLORS, TALLEST, LONGEST = (40, 24, 16), 1800, 60_000
"""Of pictures: so many colors, fewer for those that would have more bytes, and so many pixels from the top."""


def examine(page: Page, name: str) -> None:
    """Have axe look at the page as it is; there must be no violation."""
    found = Axe().run(page, options=RULES).response["violations"]
    told = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
    assert told == [], name


def keep_picture(page: Page, path: Path) -> None:
    """Keep a small picture of the page, or of its beginning."""
    whole = Image.open(BytesIO(page.screenshot(full_page=True)))
    picture = whole.crop((0, 0, whole.width, min(whole.height, TALLEST))).convert("RGB")
    for colors in COLORS:
        picture.quantize(colors).save(path, optimize=True)
        if path.stat().st_size <= LONGEST:
            return
