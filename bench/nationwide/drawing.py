"""Small drawings as SVG, without any library: columns and a line."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 260, 60, 44, 34
COLOUR = "#173b6b"


def bars(title: str, values: Sequence[tuple[str, float]]) -> str:
    """Horizontal bars with their names and values."""
    most, step = max((value for _, value in values), default=1) or 1, 22
    height = TOP + step * len(values) + 12
    parts = []
    for place, (name, value) in enumerate(values):
        y, length = TOP + step * place, 420 * value / most
        parts += [
            f'<text x="180" y="{y + 14}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="190" y="{y + 2}" width="{length:.1f}" height="{step - 6}" fill="{COLOUR}"/>',
            f'<text x="{196 + length:.1f}" y="{y + 14}">{value:,.0f}</text>',
        ]
    return _drawing(title, parts, height)


def line(title: str, points: Sequence[tuple[float, float]]) -> str:
    """A line over seconds."""
    if not points:
        return _drawing(title, [], HEIGHT)
    right, most = points[-1][0] or 1, max(value for _, value in points) or 1
    wide, high = WIDTH - LEFT - 20, HEIGHT - TOP - BOTTOM
    path = " ".join(f"{LEFT + wide * x / right:.1f},{TOP + high * (1 - y / most):.1f}" for x, y in points)
    floor = TOP + high
    parts = [
        f'<line x1="{LEFT}" y1="{floor}" x2="{LEFT + wide}" y2="{floor}" stroke="#9a9fa6"/>',
        f'<polyline points="{path}" fill="none" stroke="{COLOUR}" stroke-width="2"/>',
        f'<text x="{LEFT - 6}" y="{TOP + 4}" text-anchor="end">{most:.1f}</text>',
        f'<text x="{LEFT - 6}" y="{floor + 4}" text-anchor="end">0</text>',
        f'<text x="{LEFT + wide}" y="{floor + 20}" text-anchor="end">{right:,.0f} s</text>',
    ]
    return _drawing(title, parts, HEIGHT)


def _drawing(title: str, parts: Sequence[str], height: int) -> str:
    letters = 'font-family="sans-serif" font-size="12"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" {letters}>'
    name = f"<title>{escape(title)}</title>"
    ground = f'<rect width="{WIDTH}" height="{height}" fill="#fff"/><text x="12" y="20" font-weight="bold">{escape(title)}</text>'
    return "\n".join([head, name, ground, *parts, "</svg>", ""])
