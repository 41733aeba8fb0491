"""Entries and words by which records are found, kept up with the documents in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import sqlalchemy as sa

from packets.finding.words import Contents, Source, words_of
from packets.people.access import AGENCY_ROLES
from packets.store.tables import acos, declines, documents, record_entries, record_words, signatures

WORDS_AT_ONCE = 5000
NEWEST_FIRST = 9999
"""Years are counted down from here, so that the newest is in front."""


class EntryRecords:
    """The entry of a document: whose, of which kind, how far; and its words."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def follow(self, document_id: str) -> None:
        """Make the entry say what is recorded of the document now; what its facts hold stays as it is."""
        row = self._connection.execute(_told(documents.c.document_id == document_id)).one_or_none()
        if row is None:
            return
        signed = self._connection.execute(_signers(document_id)).all()
        entry_id = self._put(row, _values(row, signed))
        wanted = {
            Source.DOCUMENT: words_of(*_names(row)),
            Source.SIGNER: words_of(*(text for one in signed for text in one[:2])),
            Source.ROLE: frozenset(one.role for one in signed),
        }
        self._keep_words(entry_id, wanted | ({Source.LIST: frozenset()} if _holds_nothing(row, signed) else {}))

    def follow_aco(self, aco_id: str, year: int) -> None:
        """The same for every document of an ACO's year, whose names have changed."""
        which = documents.c.aco_id == aco_id, documents.c.year == year
        for one in self._connection.scalars(sa.select(documents.c.document_id).where(*which)).all():
            self.follow(one)

    def keep_contents(self, document_id: str, contents: Contents) -> None:
        """Keep what is found by of the document's frozen facts; no words of what was replaced unsigned or disposed of."""
        row = self._connection.execute(_told(documents.c.document_id == document_id)).one()
        signed = self._connection.execute(_signers(document_id)).all()
        entry_id = self._put(row, {"contents_digest": contents.digest, "ends_on": contents.ends_on})
        self._keep_words(entry_id, {Source.LIST: frozenset() if _holds_nothing(row, signed) else contents.words})

    def every(self) -> list[str]:
        """Ids of all documents."""
        return list(self._connection.scalars(sa.select(documents.c.document_id).order_by(documents.c.document_id)))

    def outdated(self) -> list[str]:
        """Ids of the documents whose entry is missing, says something else than is recorded, or knows nothing of the facts."""
        entries = {row.document_id: row for row in self._connection.execute(record_entries.select())}
        signed: dict[str, list[Any]] = {}
        for row in self._connection.execute(sa.select(*SIGNER, signatures.c.document_id)):
            signed.setdefault(row.document_id, []).append(row)
        return [
            row.document_id
            for row in self._connection.execute(_told())
            if not _agrees(entries.get(row.document_id), row, signed.get(row.document_id, []))
        ]

    def _put(self, row: Any, values: dict[str, Any]) -> int:
        which = record_entries.c.document_id == row.document_id
        found = self._connection.scalar(sa.select(record_entries.c.entry_id).where(which))
        if found is not None:
            self._connection.execute(record_entries.update().where(which).values(**values))
            return int(found)
        made = record_entries.insert().values(document_id=row.document_id, contents_digest="", **values)
        return int(self._connection.execute(made.returning(record_entries.c.entry_id)).scalar_one())

    def _keep_words(self, entry_id: int, wanted: Mapping[Source, frozenset[str]]) -> None:
        """Have the entry exactly these words in each of these places; what is there already is left alone."""
        emptied, filled = [one for one in wanted if not wanted[one]], [one for one in wanted if wanted[one]]
        ours = record_words.c.entry_id == entry_id
        if emptied:
            self._connection.execute(record_words.delete().where(ours, record_words.c.source.in_(emptied)))
        asked = sa.select(record_words.c.source, record_words.c.word).where(ours, record_words.c.source.in_(filled))
        there = {(source, bytes(word)) for source, word in self._connection.execute(asked)} if filled else set()
        rows = {(str(source), one.encode()) for source in filled for one in wanted[source]}
        self._for_each(record_words.delete().where(ours, *THIS_WORD), there - rows)
        self._for_each(record_words.insert().values(**WORD, entry_id=entry_id), rows - there)

    def _for_each(self, change: sa.Delete | sa.Insert, rows: Iterable[tuple[str, bytes]]) -> None:
        stream = iter(sorted(rows))
        while some := list(islice(stream, WORDS_AT_ONCE)):
            self._connection.execute(change, [{"at": source, "this": word} for source, word in some])


WORD: dict[str, sa.BindParameter[Any]] = {"source": sa.bindparam("at"), "word": sa.bindparam("this")}
THIS_WORD = record_words.c.source == WORD["source"], record_words.c.word == WORD["word"]
SIGNER = (signatures.c.user_id, signatures.c.name, signatures.c.role)


def _signers(document_id: str) -> sa.Select[Any]:
    return sa.select(*SIGNER).where(signatures.c.document_id == document_id)


def _told(*which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Documents as recorded, with the names of their ACOs and whether a decline holds."""
    place = sa.and_(acos.c.aco_id == documents.c.aco_id, acos.c.year == documents.c.year)
    declined = sa.exists().where(
        declines.c.document_id == documents.c.document_id, declines.c.withdrawn_at_utc.is_(None)
    )
    asked = sa.select(documents, acos.c.legal_name, acos.c.trade_name, declined.label("declined"))
    return asked.select_from(documents.join(acos, place)).where(*which)


def _values(row: Any, signed: Iterable[Any]) -> dict[str, Any]:
    return {
        "place": place_of(row.year, row.aco_id, row.step, row.document_id),
        "aco_id": row.aco_id,
        "year": row.year,
        "kind": row.kind,
        "state": _state(row),
        "signed": sum(one.role not in AGENCY_ROLES for one in signed),
        "executed_at_utc": row.executed_at_utc,
    }


def place_of(year: int, aco_id: str, step: int, document_id: str) -> bytes:
    """Where an entry stands among all: newest year first, then by ACO and step."""
    return f"{NEWEST_FIRST - year:04}/{aco_id}/{step}/{document_id}".encode()


def places_of_year(year: int) -> tuple[bytes, bytes]:
    """Between what all entries of a year stand."""
    begin = f"{NEWEST_FIRST - year:04}".encode()
    return begin + b"/", begin + b"0"


def _state(row: Any) -> str:
    if row.voided_at_utc is not None:
        return "voided"
    if row.executed_at_utc is not None:
        return "executed"
    return "declined" if row.declined else "open"


def _names(row: Any) -> tuple[str, ...]:
    return (row.aco_id, row.legal_name, row.trade_name, row.kind)


def _holds_nothing(row: Any, signed: Iterable[Any]) -> bool:
    """A draft that was replaced before anybody signed it, or a record of which the bytes are gone."""
    return row.disposed_at_utc is not None or (row.voided_at_utc is not None and not list(signed))


def _agrees(entry: Any, row: Any, signed: list[Any]) -> bool:
    if entry is None or entry.contents_digest != row.data_digest:
        return False
    return all(getattr(entry, name) == value for name, value in _values(row, signed).items())
