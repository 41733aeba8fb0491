"""All files of a year together: what they bring, and what is known before they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packets.model.aco import Aco, Cohort
from packets.model.calendar import Window
from packets.model.people import Contact, Person
from packets.year_files.agreements import NamedAco
from packets.year_files.participants import ParticipantLists
from packets.year_files.providers import ProviderLists
from packets.year_files.report import FileKind, Reading, Report, write_report


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file as somebody gave it: its name, and where a copy lies that nobody else changes."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Known:
    """What is recorded before the files are read.

    Attributes:
        acos: the ACOs that are enrolled in the year, by ID.
        participants: what the Participant List of each enrolled ACO calls each TIN.
        earlier: IDs of the ACOs of the year before; None when that year was not opened here.
        directory: people by user ID.
        signed: for each kind of list the ACOs with a signature on a document that carries it.
    """

    acos: Mapping[str, Aco] = field(default_factory=dict)
    participants: Mapping[tuple[str, str], str] = field(default_factory=dict)
    earlier: frozenset[str] | None = None
    directory: Mapping[str, Person] = field(default_factory=dict)
    signed: Mapping[FileKind, frozenset[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Material:
    """What the files bring, and what was found in them."""

    year: int
    only_aco: str
    readings: dict[FileKind, Reading]
    agreements: dict[str, NamedAco] = field(default_factory=dict)
    participants: ParticipantLists | None = None
    providers: ProviderLists | None = None
    contacts: dict[str, tuple[Contact, ...]] | None = None
    windows: tuple[Window, ...] = ()

    @property
    def list_rows(self) -> int:
        """How many rows the lists have together."""
        participants = sum(map(len, self.participants.rows.values())) if self.participants else 0
        return participants + (self.providers.counts.total() if self.providers else 0)

    def report(self) -> Report:
        """Everything that was found, and what the files bring."""
        cohorts = [one.aco.cohort for one in self.agreements.values()]
        counts = {
            "current ACOs": cohorts.count(Cohort.CURRENT),
            "new ACOs": cohorts.count(Cohort.NEW),
            "participant rows": sum(map(len, self.participants.rows.values())) if self.participants else 0,
            "provider rows": self.providers.counts.total() if self.providers else 0,
            "excluded rows": self.providers.excluded if self.providers else 0,
            "contacts": sum(map(len, self.contacts.values())) if self.contacts else 0,
        }
        return write_report(self.year, self.readings, {name: count for name, count in counts.items() if count})
