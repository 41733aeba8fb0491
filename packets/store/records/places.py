"""Rows of several ACOs in several years, asked for at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import sqlalchemy as sa

Place: TypeAlias = tuple[str, int]
"""ACO ID and year: where a packet is."""


def at_places(table: sa.Table, places: Iterable[Place]) -> sa.ColumnElement[bool]:
    """Whether a row belongs to one of these packets; the table has `aco_id` and `year`."""
    by_year: dict[int, list[str]] = {}
    for aco_id, year in sorted(set(places)):
        by_year.setdefault(year, []).append(aco_id)
    ours = [sa.and_(table.c.year == year, table.c.aco_id.in_(acos)) for year, acos in sorted(by_year.items())]
    return sa.or_(sa.false(), *ours)
