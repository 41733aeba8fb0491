"""Records by what is asked of them, in the order of their places, and the searches that people save."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from packets.finding.query import Query, Stage
from packets.finding.words import TEXTS, Source
from packets.model.calendar import AGENCY_ZONE
from packets.store.engines import plan_anew
from packets.store.records.entries import places_of_year
from packets.store.tables import record_entries, record_words, saved_searches, signatures

COMMON = 15_000
"""What fits more often than this is asked of each entry in turn, not gathered first: a page of entries that fit is found soon."""
LEAST_PREFIX = 3
"""Characters from which on a word stands for all that begin like it; shorter ones stand for themselves."""
BEHIND_ALL = b"\xff"
"""A byte that no UTF-8 has."""
entries = record_entries.c
OUR_WORDS = record_words.c.entry_id == entries.entry_id
OUR_SIGNATURES = signatures.c.document_id == entries.document_id


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
class Found:
    """Some of the documents that fit, in order, and how many fit in all, as far as anybody counts."""

    places: Sequence[Place]
    count: int


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

    def find(self, query: Query, scope: Scope, *, most: int) -> list[Place]:
        """The first documents that fit, in order."""
        plan_anew(self._connection)
        return self._first(self._fits(query, scope), most)

    def page(self, query: Query, scope: Scope, *, after: bytes, most: int, counted: int) -> Found:
        """The first documents that fit and stand behind a place, and how many fit; nobody counts beyond `counted`.

        What is counted holds the page, unless this begins behind it.
        """
        plan_anew(self._connection)  # the best way to a page depends on how common its words are
        fits = self._fits(query, scope)
        known = self._first(fits, max(counted, most))
        behind = [one for one in known if one.place > after]
        if after and len(known) >= counted:
            behind = self._first([*fits, entries.place > after], most)
        return Found(behind[:most], min(len(known), counted))

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

    def _first(self, fits: Sequence[sa.ColumnElement[bool]], most: int) -> list[Place]:
        asked = sa.select(entries.document_id, entries.place).where(*fits).order_by(entries.place).limit(most)
        return [Place(document_id, bytes(place)) for document_id, place in self._connection.execute(asked)]

    def _fits(self, query: Query, scope: Scope) -> list[sa.ColumnElement[bool]]:
        return [
            *_within(scope),
            *_plain(query),
            *_days(entries.executed_at_utc, _instants(query.executed_from, query.executed_to)),
            *_days(entries.ends_on, (query.ends_from, query.ends_to and query.ends_to + timedelta(days=1))),
            _stage(query.stage, scope.slots),
            *self._have(query),
            *self._signed(query),
        ]

    def _have(self, query: Query) -> Iterator[sa.ColumnElement[bool]]:
        """That the entry has all words: those of the few are in all of their sets at once, the others are looked up."""
        wanted: list[tuple[list[sa.ColumnElement[bool]], Sequence[Source]]] = [
            *((_begins(one), TEXTS) for one in query.words),
            *((_begins(one), [Source.SIGNER]) for one in query.signer_words),
            *(([record_words.c.word == one.encode()], [Source.ROLE]) for one in [query.role] if one),
        ]
        gathered = []
        for which, sources in wanted:
            asked = _with_word(which, sources)
            if self._is_few(asked):
                gathered.append(asked)
            else:
                yield sa.or_(*(_looked_up(_with_word(which, [one]).where(OUR_WORDS)) for one in sources))
        if gathered:
            yield entries.entry_id.in_(sa.intersect(*gathered) if len(gathered) > 1 else gathered[0])

    def _signed(self, query: Query) -> Iterator[sa.ColumnElement[bool]]:
        """That somebody signed in these days, in the role that is asked for."""
        days = list(_days(signatures.c.signed_at_utc, _instants(query.signed_from, query.signed_to)))
        if days:
            role = [signatures.c.role == query.role] if query.role else []
            asked = sa.select(signatures.c.document_id).where(*days, *role)
            few = self._is_few(asked)
            yield entries.document_id.in_(asked) if few else _looked_up(asked.where(OUR_SIGNATURES))

    def _is_few(self, asked: sa.Select[Any]) -> bool:
        """Whether so few fit that they are gathered first."""
        some = sa.select(sa.func.count()).select_from(asked.limit(COMMON + 1).subquery())
        return (self._connection.scalar(some) or 0) <= COMMON


def _with_word(which: Sequence[sa.ColumnElement[bool]], sources: Sequence[Source]) -> sa.Select[Any]:
    return sa.select(record_words.c.entry_id).where(*which, record_words.c.source.in_(sources))


def _looked_up(ours: sa.Select[Any]) -> sa.ColumnElement[bool]:
    """Whether there is one of the entry, asked of each in turn.

    Without the offset PostgreSQL gathers them all, where it expects fewer than there are; with several sources in one question
    it goes through all words of the entry.
    """
    return ours.correlate(record_entries).offset(0).exists()


def _within(scope: Scope) -> Iterator[sa.ColumnElement[bool]]:
    if scope.places is not None:
        theirs = [sa.and_(entries.aco_id == aco_id, entries.year == year) for aco_id, year in scope.places]
        yield sa.or_(sa.false(), *theirs)


def _plain(query: Query) -> Iterator[sa.ColumnElement[bool]]:
    if query.aco_id:
        yield entries.aco_id == query.aco_id
    if query.year is not None:
        yield entries.year == query.year if query.aco_id else entries.place.between(*places_of_year(query.year))
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
