"""Carrying out an approved disposition, so that a crash ends with everything kept or, resumed, with all of it done.

The order of writes:

1. TX A: dates, holds and the locks of the store are asked once more; then the documents are marked as disposed of. Before it,
   everything is kept. From it on there is no way back: nothing of the documents is served, and the work is resumed to its end.
2. The bytes are removed from every store; what another record needs too stays. Removing what is gone is nothing.
3. The certificate is rendered, sealed, closed with an archival time-stamp, stored and read back.
4. TX B: the certificate's digest is recorded, and with it that the disposition is complete.

Records, digests and the log stay for good: a disposed document is a stub that says what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from packets.audit.log import SERVICE, Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import document_subject
from packets.errors import Problem, RenderError
from packets.faultpoints import FaultPoint, passing
from packets.jobs.registry import Run
from packets.keeping.certificates import CertificateOffice
from packets.keeping.dispositions import DispositionDesk
from packets.model.holds import Disposition, DispositionState
from packets.store.database import Database
from packets.store.objects import ObjectStore, RemovingStore
from packets.store.records import Records

Seal = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class DisposalWork:
    """The job that disposes; built once with the services that it needs.

    Attributes:
        objects: where the certificate is kept.
        stores: every store from which bytes are removed, each opened with a key that may.
        seal: seals a PDF and closes it with an archival time-stamp; our verifier passes it, or it raises.
    """

    database: Database
    desk: DispositionDesk
    objects: ObjectStore
    stores: tuple[RemovingStore, ...]
    certificates: CertificateOffice
    seal: Seal
    clock: Clock

    def run(self, run: Run) -> dict[str, object]:
        """Dispose of what a disposition names; resumed, it goes on where it was.

        Raises:
            StoreError: a store cannot be reached, or refuses; the job is done again.
            WorkInterruptedError: the process is closing, or another worker has the job.
        """
        disposition_id = run.job.arguments["disposition_id"]
        passing(FaultPoint.BEFORE_DISPOSAL)
        found = self.desk.get(disposition_id)
        if found.state is DispositionState.APPROVED:
            found = self._begin(found, run)
        if found.state is not DispositionState.BEGUN:
            return {"state": str(found.state)}
        passing(FaultPoint.AFTER_DISPOSAL_BEGUN)
        removed = self._remove(found, run)
        passing(FaultPoint.AFTER_REMOVALS)
        digest = self.objects.put(self.seal(self.certificates.render(found)))
        passing(FaultPoint.AFTER_CERTIFICATE)
        self._complete(found, digest, run)
        passing(FaultPoint.AFTER_DISPOSAL)
        return {"state": str(DispositionState.COMPLETED), "removed": removed}

    def _begin(self, found: Disposition, run: Run) -> Disposition:
        """TX A. A document that may not be disposed of any more stops the whole disposition."""
        locked = [*self._locked(found), *self._unprintable(found)]
        with self.database.write() as records:
            run.hold(records)
            now = self.clock()
            obstacles = [*locked, *self.desk.obstacles(records, found, now)]
            if obstacles:
                self._give_up(records, found, obstacles, now)
            elif records.dispositions.begin(found, now):
                told = {"documents": [one.document_id for one in found.items], "digest": found.set_digest}
                records.journal.log(Act.DISPOSITION_BEGIN, SERVICE, _subject(found), now, Outcome.DONE, **told)
        return self.desk.get(found.disposition_id)

    def _locked(self, found: Disposition) -> list[Problem]:
        """What a store would refuse to remove, asked before anything is marked."""
        now = self.clock()
        with self.database.read() as records:
            digests = records.dispositions.digests(one.document_id for one in found.items)
        ends = {
            document_id: max(
                filter(None, (one.lock_end(digest) for one in self.stores for digest in ones)), default=now
            )
            for document_id, ones in digests.items()
        }
        return [
            Problem("object-locked", f"The store locks its bytes until {end:%Y-%m-%d}.", "Propose it after that.", one)
            for one, end in ends.items()
            if end > now
        ]

    def _unprintable(self, found: Disposition) -> tuple[Problem, ...]:
        """Whether the certificate can be written, tried before anything is marked: afterwards it must not fail."""
        try:
            self.certificates.render(found)
        except RenderError as error:
            return error.problems
        return ()

    @staticmethod
    def _give_up(records: Records, found: Disposition, obstacles: Iterable[Problem], now: datetime) -> None:
        problems = list(obstacles)
        records.dispositions.stop(found.disposition_id, SERVICE, problems[0].sentence, now)
        reasons = sorted({one.code for one in problems})
        records.journal.log(Act.DISPOSITION_STOP, SERVICE, _subject(found), now, reasons=reasons)

    def _remove(self, found: Disposition, run: Run) -> int:
        removed = 0
        for done, item in enumerate(found.items, start=1):
            with self.database.read() as records:
                digests = records.dispositions.digests([item.document_id])[item.document_id]
                needed = records.dispositions.needed(digests)
            for digest in sorted(digests - needed):
                for store in self.stores:
                    store.remove(digest)
                    passing(FaultPoint.BETWEEN_REMOVALS)
                removed += 1
            run.progress(done, len(found.items))
        return removed

    def _complete(self, found: Disposition, certificate_digest: str, run: Run) -> None:
        """TX B. Each document's own trail tells of its end, too."""
        now = self.clock()
        with self.database.write() as records:
            run.hold(records)
            passing(FaultPoint.BEFORE_DISPOSAL_COMMIT)
            if not records.dispositions.complete(found.disposition_id, certificate_digest, now):
                return
            told = {"disposition": found.disposition_id, "certificate": certificate_digest}
            for item in found.items:
                document = records.documents.get(item.document_id)
                subject = document_subject(document) if document else item.document_id
                records.journal.log(
                    Act.DISPOSITION_COMPLETE, SERVICE, subject, now, Outcome.DONE, **told, document=item.document_id
                )


def _subject(found: Disposition) -> str:
    return f"disposition/{found.disposition_id}"
