"""What stands around documents in the records, read for one of them or for many at once with few questions.

A page of fifty documents asks the same tables as one does, so they are asked once for all, within the transaction in which the
policy decides. What is decided, and from which facts, is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packets.errors import NotFoundError, Problem
from packets.model.aco import StepOne
from packets.model.calendar import PerformanceYear
from packets.model.documents import Document
from packets.store.records import Records

Place = tuple[str, int]
"""ACO ID and performance year."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What surrounds a document.

    Attributes:
        step_one: Step 1 of its ACO.
        year: its year with what the ACO was granted.
        packet: every document of its packet that counts.
    """

    step_one: StepOne
    year: PerformanceYear
    packet: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class ManySurroundings:
    """The same of many documents, and what one person has been shown of them."""

    by_place: Mapping[Place, Surroundings]
    earlier: Mapping[Place, tuple[Document, ...]]
    shown: frozenset[tuple[str, str]]

    def of(self, document: Document) -> Surroundings:
        """What surrounds a document.

        Raises:
            NotFoundError: its ACO or its year is gone.
        """
        found = self.by_place.get(place_of(document))
        if found is None:
            raise aco_gone(place_of(document))
        return found

    def opened(self, document: Document) -> bool:
        """Whether the person was shown the document as it is now."""
        return (document.document_id, document.head_digest) in self.shown

    def last_years(self, document: Document) -> Document | None:
        """The ACO's document of the same kind of the year before, when it was signed."""
        packet = self.earlier.get((document.aco_id, document.performance_year - 1), ())
        return next(
            (one for one in packet if one.kind == document.kind and one.occurrence == 1 and one.signatures), None
        )


def read_surroundings(records: Records, place: Place) -> Surroundings:
    """What surrounds the documents of one packet.

    Raises:
        NotFoundError: its ACO or its year is gone.
    """
    step_one = records.acos.step_one(*place)
    year = records.years.for_aco(step_one.aco) if step_one else None
    if step_one is None or year is None:
        raise aco_gone(place)
    return Surroundings(step_one, year, tuple(records.documents.packet(*place)))


def read_many(records: Records, user_id: str, documents: Iterable[Document]) -> ManySurroundings:
    """What surrounds many documents, and which of them a person was shown as they are."""
    wanted: dict[int, set[str]] = {}
    ids = []
    for one in documents:
        wanted.setdefault(one.performance_year, set()).add(one.aco_id)
        ids.append(one.document_id)
    by_place: dict[Place, Surroundings] = {}
    earlier: dict[Place, tuple[Document, ...]] = {}
    for number, aco_ids in wanted.items():
        opened = records.years.get(number)
        if opened is None:
            continue
        granted, packets = records.years.extensions_in(number), records.documents.packets(number, aco_ids)
        for aco_id, step_one in records.acos.step_ones(number, aco_ids).items():
            year = opened.extended(granted.get(aco_id, ()))
            by_place[aco_id, number] = Surroundings(step_one, year, tuple(packets.get(aco_id, ())))
        for aco_id, packet in records.documents.packets(number - 1, aco_ids).items():
            earlier[aco_id, number - 1] = tuple(packet)
    return ManySurroundings(by_place, earlier, records.documents.shown_to(user_id, ids))


def place_of(document: Document) -> Place:
    """The ACO and the year of a document."""
    return document.aco_id, document.performance_year


def aco_gone(place: Place) -> NotFoundError:
    """The refusal when a document's ACO or year is not there."""
    sentence = f"There is no ACO {place[0]} in this year."
    return NotFoundError(Problem("aco-unknown", sentence, "Check the year.", place[0]))
