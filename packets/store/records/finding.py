"""Records by what is asked of them, in the order of their places, and the searches that people save."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from packets.finding.query import Query, Stage
from packets.finding.words import Source
from packets.model.calendar import AGENCY_ZONE
from packets.store.tables import record_entries, record_words, saved_searches, signatures

COMMON = 5000
"""What fits more often than this is asked of each entry in turn, not gathered first: a page of entries that fit is found soon."""
LEAST_PREFIX = 3
"""Characters from which on a word stands for all that begin like it; shorter ones stand for themselves."""
BEHIND_ALL = b"\xff"
"""A byte that no UTF-8 has."""
entries = record_entries.c


@dataclass(frozen=True, slots=True)
class Scope:
    """What a person may find.

    Attributes:
        places: ACO ID and year of the packets that are theirs; None for those who may find everything.
        slots: how many signatures of the ACO each kind of document wants.
    """

    places: Sequence[tuple[str, int]] | None
    slots: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Place:
    """A document that was found, and where it stands."""

    document_id: str
    place: bytes


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A question that a person has kept under a name."""

    search_id: str
    user_id: str
    name: str
    query: str
    saved_at_utc: datetime


class FindingRecords:
    """Entries by questions."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, query: Query, scope: Scope, *, after: bytes = b"", most: int) -> list[Place]:
        """The documents that fit and stand behind a place, in order."""
        asked = sa.select(entries.document_id, entries.place).where(*self._fits(query, scope), entries.place > after)
        found = self._connection.execute(asked.order_by(entries.place).limit(most))
        return [Place(row.document_id, bytes(row.place)) for row in found]

    def count(self, query: Query, scope: Scope, *, most: int) -> int:
        """How many documents fit; nobody counts beyond `most`."""
        asked = sa.select(entries.entry_id).where(*self._fits(query, scope)).limit(most)
        return int(self._connection.scalar(sa.select(sa.func.count()).select_from(asked.subquery())) or 0)

    def save(self, search: SavedSearch) -> None:
        """Keep a search; one of the same name is replaced."""
        which = saved_searches.c.user_id == search.user_id, saved_searches.c.name == search.name
        self._connection.execute(saved_searches.delete().where(*which))
        values = {name: getattr(search, name) for name in SavedSearch.__dataclass_fields__}
        self._connection.execute(saved_searches.insert().values(**values))

    def saved(self, user_id: str) -> list[SavedSearch]:
        """A person's searches by name."""
        asked = saved_searches.select().where(saved_searches.c.user_id == user_id).order_by(saved_searches.c.name)
        return [SavedSearch(*row) for row in self._connection.execute(asked)]

    def forget(self, user_id: str, search_id: str) -> bool:
        """Remove one of a person's searches. False when there is none."""
        which = saved_searches.c.user_id == user_id, saved_searches.c.search_id == search_id
        return self._connection.execute(saved_searches.delete().where(*which)).rowcount == 1

    def _fits(self, query: Query, scope: Scope) -> list[sa.ColumnElement[bool]]:
        return [
            *_within(scope),
            *_plain(query),
            *_days(entries.executed_at_utc, _instants(query.executed_from, query.executed_to)),
            *_days(entries.ends_on, (query.ends_from, query.ends_to and query.ends_to + timedelta(days=1))),
            _stage(query.stage, scope.slots),
            *(self._has(one, tuple(Source)) for one in query.words),
            *(self._has(one, (Source.SIGNER,)) for one in query.signer_words),
            *self._signed(query),
        ]

    def _has(self, word: str, sources: tuple[Source, ...]) -> sa.ColumnElement[bool]:
        wanted = sa.select(record_words.c.entry_id).where(*_begins(word), record_words.c.source.in_(sources))
        return self._among(entries.entry_id, record_words.c.entry_id, wanted)

    def _signed(self, query: Query) -> Iterator[sa.ColumnElement[bool]]:
        span = _instants(query.signed_from, query.signed_to)
        which = [*_days(signatures.c.signed_at_utc, span), *([signatures.c.role == query.role] if query.role else [])]
        if which:
            wanted = sa.select(signatures.c.document_id).where(*which)
            yield self._among(entries.document_id, signatures.c.document_id, wanted)

    def _among(self, ours: Any, theirs: Any, wanted: sa.Select[Any]) -> sa.ColumnElement[bool]:
        """Whether the entry is among those wanted: gathered first when they are few, looked up one by one when many."""
        few = sa.select(sa.func.count()).select_from(wanted.limit(COMMON + 1).subquery())
        if (self._connection.scalar(few) or 0) <= COMMON:
            return ours.in_(wanted)  # type: ignore[no-any-return]
        return wanted.where(theirs == ours).correlate(record_entries).exists()


def _within(scope: Scope) -> Iterator[sa.ColumnElement[bool]]:
    if scope.places is not None:
        theirs = [sa.and_(entries.aco_id == aco_id, entries.year == year) for aco_id, year in scope.places]
        yield sa.or_(sa.false(), *theirs)


def _plain(query: Query) -> Iterator[sa.ColumnElement[bool]]:
    if query.aco_id:
        yield entries.aco_id == query.aco_id
    if query.year is not None:
        yield entries.year == query.year
    if query.kind:
        yield entries.kind == query.kind


def _stage(stage: Stage | None, slots: Mapping[str, int]) -> sa.ColumnElement[bool]:
    if stage is None:
        return entries.state != "voided"
    if stage in {Stage.DECLINED, Stage.EXECUTED, Stage.VOIDED}:
        return entries.state == str(stage)
    if stage is Stage.UNSIGNED:
        return sa.and_(entries.state == "open", entries.signed == 0)
    full = stage is Stage.PENDING_CMS
    kinds = [
        sa.and_(entries.kind == kind, entries.signed >= most if full else entries.signed.between(1, most - 1))
        for kind, most in slots.items()
    ]
    return sa.and_(entries.state == "open", sa.or_(sa.false(), *kinds))


def _begins(word: str) -> list[sa.ColumnElement[bool]]:
    begin = word.encode()
    if len(word) < LEAST_PREFIX:
        return [record_words.c.word == begin]
    return [record_words.c.word >= begin, record_words.c.word < begin + BEHIND_ALL]


def _instants(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """From midnight to midnight, in the time zone of CMS."""
    begin = datetime.combine(first, time(), AGENCY_ZONE) if first else None
    return begin, datetime.combine(last + timedelta(days=1), time(), AGENCY_ZONE) if last else None


def _days(column: Any, span: tuple[Any, Any]) -> Iterator[sa.ColumnElement[bool]]:
    begin, end = span
    if begin is not None:
        yield column >= begin
    if end is not None:
        yield column < end
