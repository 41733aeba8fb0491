"""The desk where records are found: archivists and CMS find every one, an ACO's own people those of their packets (R4)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from packets.acts import Tale, carry_out
from packets.audit.log import Act
from packets.clock import Clock
from packets.documents.catalog import Catalog
from packets.documents.reading import ReadingRoom, RecordLine, not_yours
from packets.errors import InputError, Problem
from packets.finding.query import Query, read_query
from packets.finding.words import Contents, contents_of
from packets.model.documents import Document, Party
from packets.people.access import Action, may
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records import Records
from packets.store.records.finding import SavedSearch, Scope

Progress = Callable[[int, int, str], None]
"""Is told how many of how many are done, and what was last."""
MOST_COUNTED = 500
"""Nobody needs to know how many more there are."""
MOST_TAKEN = 10_000
"""Rows of a file of results."""
LINES_AT_ONCE = 500
MOST_SAVED = 50
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of what was found.

    Attributes:
        lines: the documents.
        count: how many there are in all; when it is more than `MOST_COUNTED`, there are more than that.
        next: behind which place the next page begins; empty when there is none.
    """

    lines: list[RecordLine]
    count: int
    next: str


@dataclass(frozen=True, slots=True)
class FindingDesk:
    """Where records are found; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    catalog: Catalog
    reading: ReadingRoom
    clock: Clock

    def find(self, user_id: str, query: Query, *, after: str = "", most: int) -> FoundPage:
        """A page of the documents that fit, newest year first; for those who hold no slot anywhere, none."""
        with self.database.read() as records:
            scope = self._scope(records, user_id)
            found = records.finding.page(query, scope, after=after.encode(), most=most + 1, counted=MOST_COUNTED + 1)
            shown = found.places[:most]
            lines = self.reading.lines_in(records, [one.document_id for one in shown])
        following = shown[-1].place.decode() if len(found.places) > most else ""
        return FoundPage(lines, found.count, following)

    def take(self, user_id: str, query: Query) -> list[RecordLine]:
        """Everything that fits, to keep; the log is told what was asked and how much was taken.

        Raises:
            InputError: it is more than `MOST_TAKEN`.
        """
        tale = Tale(Act.RECORDS_DOWNLOAD, user_id, "records", self.clock())
        found = carry_out(self.database, tale, lambda records: self._all(records, user_id, query), _told(tale, query))
        parts = [found[at : at + LINES_AT_ONCE] for at in range(0, len(found), LINES_AT_ONCE)]
        return [line for part in parts for line in self.reading.lines(part)]

    def save(self, user_id: str, name: str, query: Query) -> None:
        """Keep a question under a name; a person's name of a search is unique, and the newer one holds.

        Raises:
            InputError: there is no name, it is too long, or the person keeps too many.
        """
        search = SavedSearch(str(uuid.uuid4()), user_id, name.strip(), json.dumps(query.parts()), self.clock())
        tale = Tale(Act.SEARCH_SAVE, user_id, user_id, search.saved_at_utc)
        carry_out(
            self.database,
            tale,
            lambda records: _admit(records, search),
            lambda records, _: _keep(records, search, tale),
        )

    def forget(self, user_id: str, search_id: str) -> None:
        """Remove one of a person's searches.

        Raises:
            NotFoundError: there is none, or it is somebody else's.
        """
        with self.database.write() as records:
            if not records.finding.forget(user_id, search_id):
                raise not_yours(search_id)
            records.journal.log(Act.SEARCH_FORGET, user_id, user_id, self.clock(), search=search_id)

    def saved(self, user_id: str) -> list[tuple[SavedSearch, Query]]:
        """A person's searches by name, with what they ask."""
        with self.database.read() as records:
            return [(one, read_query(json.loads(one.query))) for one in records.finding.saved(user_id)]

    def outdated(self) -> int:
        """How many documents are not found by what is recorded of them."""
        with self.database.read() as records:
            return len(records.entries.outdated())

    def rebuild(self, *, everything: bool = False, progress: Progress | None = None) -> int:
        """Make entries and words anew, one document a transaction: those that are out of date, or all. Answers how many."""
        with self.database.read() as records:
            wanted = records.entries.every() if everything else records.entries.outdated()
        for done, document_id in enumerate(wanted, start=1):
            self._index(document_id)
            if progress:
                progress(done, len(wanted), document_id)
        return len(wanted)

    def _index(self, document_id: str) -> None:
        with self.database.read() as records:
            document = records.documents.get(document_id)
        if document is None:
            return
        contents = self._contents(document)
        with self.database.write() as records:
            records.entries.follow(document_id)
            records.entries.keep_contents(document_id, contents)

    def _contents(self, document: Document) -> Contents:
        if document.disposed_at is not None:
            return Contents(document.data_digest, frozenset(), None)
        facts = json.loads(self.objects.get(document.data_digest))
        return contents_of(self.catalog.get(document.kind), facts, document.data_digest)

    def _all(self, records: Records, user_id: str, query: Query) -> list[str]:
        found = records.finding.find(query, self._scope(records, user_id), most=MOST_TAKEN + 1)
        if len(found) > MOST_TAKEN:
            sentence = f"More than {MOST_TAKEN:,} records fit, and a file holds no more."
            raise InputError(Problem("too-many-records", sentence, "Narrow the search, by year for example.", "year"))
        return [one.document_id for one in found]

    def _scope(self, records: Records, user_id: str) -> Scope:
        person = records.people.get(user_id)
        slots = {one.kind: sum(slot.party is Party.ACO for slot in one.slots) for one in self.catalog.values()}
        if person and may(Action.VIEW_ARCHIVE, person.cms_roles):
            return Scope(None, slots)
        return Scope([(one.aco_id, one.performance_year) for one in records.acos.of_person(user_id)], slots)


def _told(tale: Tale, query: Query) -> Callable[[Records, list[str]], list[str]]:
    def tell(records: Records, found: list[str]) -> list[str]:
        tale.tell(records, count=len(found), asked=sorted(query.parts()))
        return found

    return tell


def _admit(records: Records, search: SavedSearch) -> None:
    if problems := list(_name_problems(search.name)):
        raise InputError(problems)
    names = {one.name for one in records.finding.saved(search.user_id)}
    if search.name not in names and len(names) >= MOST_SAVED:
        sentence = f"You keep {MOST_SAVED} searches, and more are not kept."
        raise InputError(Problem("too-many-searches", sentence, "Remove one first.", "name"))


def _name_problems(name: str) -> Iterator[Problem]:
    if not name:
        yield Problem("name-missing", "The search has no name.", "Name it, e.g. Waiting for CMS.", "name")
    if len(name) > LONGEST_NAME:
        yield Problem("name-too-long", f"The name has more than {LONGEST_NAME} characters.", "Shorten it.", "name")


def _keep(records: Records, search: SavedSearch, tale: Tale) -> None:
    records.finding.save(search)
    tale.tell(records, search=search.search_id)
