"""What every table is made of: columns that are never null unless they say so, UTC times, names of constraints."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=NAMING)


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime, on databases that have no time zones too."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy's interface
        """To the database: refuse a naive time, store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy's interface
        """From the database: always aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text(name: str, *args: Any, **options: Any) -> sa.Column[str]:
    """Text; a missing one is the empty string."""
    return sa.Column(name, sa.Text, *args, nullable=False, **options)


def number(name: str, **options: Any) -> sa.Column[int]:
    """A whole number."""
    return sa.Column(name, sa.Integer, nullable=False, **options)


def flag(name: str) -> sa.Column[bool]:
    """Yes or no."""
    return sa.Column(name, sa.Boolean(create_constraint=False), nullable=False)


def time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    """A time, UTC."""
    return sa.Column(name, UtcDateTime, nullable=nullable)


def aco_reference() -> sa.ForeignKeyConstraint:
    """The row belongs to an ACO in a year."""
    return sa.ForeignKeyConstraint(["aco_id", "year"], ["acos.aco_id", "acos.year"])
