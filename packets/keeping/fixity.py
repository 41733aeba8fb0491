"""Fixity: whether every recorded digest still has its bytes, in the store and in its copy, and mending one from the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from packets.audit.log import SERVICE, Act
from packets.clock import Clock
from packets.errors import NotFoundError, PacketsError, Problem, StoreError
from packets.store.database import Database
from packets.store.objects import MendableStore
from packets.store.records.keepers import FIXITY, KeeperRun

COPY_JOB = "copy-object"
LISTS = ("missing", "damaged", "missing_copies", "damaged_copies", "mended", "lost", "unreachable")
MOST_KEPT = 200
"""So many names of each list are kept with a run; `esm archive fixity` tells all of them."""
Told = Callable[[int, int], None]


@dataclass(slots=True)
class FixityReport:
    """What a walk over all recorded digests found; each list has digests with what they are for.

    Attributes:
        lost: neither the store nor its copy has the bytes, whole and right.
        bytes_read: of both stores together.
        mended: put right in the store, or in the copy, from the other one.
    """

    examined: int = 0
    bytes_read: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    missing_copies: list[str] = field(default_factory=list)
    damaged_copies: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether everything is where it belongs, after what was mended."""
        broken = len(self.missing) + len(self.damaged) + len(self.missing_copies) + len(self.damaged_copies)
        return broken == len(self.mended) and not self.unreachable


@dataclass(frozen=True, slots=True)
class FixityDesk:
    """Walks over the recorded digests; run it every week."""

    database: Database
    store: MendableStore
    copy: MendableStore | None
    clock: Clock

    def run(self, *, repair: bool = False, told: Told = lambda _done, _all: None) -> FixityReport:
        """Read every object that a record names from both stores; the log tells what was mended and what is lost."""
        began = self.clock()
        with self.database.read() as records:
            named = records.ledger.digests()
        report = FixityReport(examined=len(named))
        for done, (digest, where) in enumerate(named.items(), start=1):
            self._examine(digest, f"{where}: {digest}", report, repair=repair)
            told(done, len(named))
        self._forget_disposed(report)
        self._record(report, began)
        return report

    def _forget_disposed(self, report: FixityReport) -> None:
        """What a disposition has removed while this walk was under way is not missing."""
        if not any(getattr(report, name) for name in LISTS):
            return
        with self.database.read() as records:
            named = records.ledger.digests()
        for name in LISTS:
            setattr(report, name, [one for one in getattr(report, name) if one.rpartition(": ")[2] in named])

    def _record(self, report: FixityReport, began: datetime) -> None:
        """Keep what the walk has found, for the page; the log is told of what was mended or is lost."""
        now = self.clock()
        told = {"examined": report.examined, "bytes_read": report.bytes_read, "holds": report.holds}
        counts = {name: len(getattr(report, name)) for name in LISTS}
        names = {name: getattr(report, name)[:MOST_KEPT] for name in LISTS}
        with self.database.write() as records:
            records.keepers.add_run(KeeperRun(FIXITY, began, now, {**told, "counts": counts, "names": names}))
            if report.mended or report.lost:
                records.journal.log(Act.OBJECTS_MEND, SERVICE, "objects", now, mended=report.mended, lost=report.lost)

    def copy_object(self, digest: str) -> None:
        """Make the copy that could not be made when the object was stored.

        Raises:
            StoreError: it still cannot be made; the job is done again.
        """
        if self.copy is not None and not self._is_disposed(digest):
            self.copy.put(self.store.get(digest))

    def _is_disposed(self, digest: str) -> bool:
        """Whether a disposition removes the bytes: nothing of them is brought back."""
        with self.database.read() as records:
            return records.dispositions.disposed(digest)

    def _examine(self, digest: str, name: str, report: FixityReport, *, repair: bool) -> None:
        kept = _look(self.store, digest, name, (report.missing, report.damaged), report)
        if self.copy is None:
            if kept is None:
                report.lost.append(name)
            return
        copied = _look(self.copy, digest, name, (report.missing_copies, report.damaged_copies), report)
        if kept is None and copied is None:
            report.lost.append(name)
        elif repair and kept is None and copied is not None and not self._is_disposed(digest):
            _mend(self.store, copied, name, report)
        elif repair and copied is None and kept is not None and not self._is_disposed(digest):
            _mend(self.copy, kept, name, report)


def _look(
    store: MendableStore, digest: str, name: str, lists: tuple[list[str], list[str]], report: FixityReport
) -> bytes | None:
    missing, damaged = lists
    try:
        content = store.get(digest)
    except NotFoundError:
        missing.append(name)
    except StoreError as error:
        (damaged if _is_damage(error.problems) else report.unreachable).append(name)
    else:
        report.bytes_read += len(content)
        return content
    return None


def _is_damage(problems: tuple[Problem, ...]) -> bool:
    return all(one.code == "object-damaged" for one in problems)


def _mend(store: MendableStore, content: bytes, name: str, report: FixityReport) -> None:
    try:
        store.repair(content)
    except PacketsError:
        report.unreachable.append(name)
    else:
        report.mended.append(name)
