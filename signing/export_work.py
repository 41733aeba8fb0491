"""Making the file of an export: a bag in a zip, by a job that may be killed at any moment and begun again.

The order of writes:

1. The log is told of each document that is about to be given away, once, however often the work is begun.
2. The bag is written under the number of this attempt, and brought onto the disk.
3. The file gets its own name, which contains its digest, so that an attempt that was taken for dead replaces nothing.
4. TX: the digest is recorded, while the job is held and none of the documents was disposed of. From here on the file is given
   away; before, nobody is told its name.

What an attempt leaves behind is removed by the next one, or by the task that removes old exports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from packets.audit.log import SERVICE, Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import document_subject
from packets.errors import Problem, StoreError
from packets.faultpoints import FaultPoint, passing
from packets.jobs.registry import Run
from packets.keeping.export_files import ExportFiles
from packets.model.exports import Export, Finished
from packets.store.database import Database
from packets.store.modes import open_private
from packets.store.objects import digest_file
from signing.bag_writing import ZipSink, refused
from signing.bags import BagDesk

TOLD_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class ExportWork:
    """The job that makes exports; built once with the services that it needs."""

    database: Database
    bags: BagDesk
    files: ExportFiles
    clock: Clock
    keep: timedelta

    def run(self, run: Run) -> dict[str, object]:
        """Make the file of the export that the job names; nothing when it is there, or not wanted any more.

        Raises:
            TimeStampError: no authority gives a time-stamp now; the job is begun again.
            StoreError: the disk or the store refused; the job is begun again.
            WorkInterruptedError: the export was removed, the process is closing, or another worker has the job.
        """
        with self.database.read() as records:
            export = records.exports.get(run.job.arguments["export_id"])
            chosen = records.exports.documents(export.export_id) if export else []
        if export is None or export.removed_at is not None or export.finished is not None:
            return {}
        run.progress(0, export.chosen)
        self.files.clear(export.export_id)
        passing(FaultPoint.BEFORE_EXPORT)
        self._tell(run, export)
        part = self.files.part(export.export_id, run.job.fence)
        try:
            return self._make(run, export, chosen, part)
        except OSError as error:
            raise refused(error, part) from error
        finally:
            part.unlink(missing_ok=True)

    def _make(self, run: Run, export: Export, chosen: Sequence[str], part: Path) -> dict[str, object]:
        def told(done: int, total: int) -> None:
            run.progress(done, total)
            passing(FaultPoint.BETWEEN_EXPORTED)

        name = f"records-{export.asked_at:%Y-%m-%d}-{export.export_id[:8]}"
        with ZipSink(part, name, open_private) as sink:
            held = self.bags.fill(sink, chosen, told)
        passing(FaultPoint.AFTER_EXPORT_WRITTEN)
        digest, size, now = digest_file(part), part.stat().st_size, self.clock()
        self.files.publish(part, export.export_id, digest)
        passing(FaultPoint.BEFORE_EXPORT_COMMIT)
        self._finish(run, export, Finished(digest, size, held, now, now + self.keep))
        passing(FaultPoint.AFTER_EXPORT)
        return {"documents": held, "size": size}

    def _tell(self, run: Run, export: Export) -> None:
        """Each document is logged as retrieved, by whoever asked (42 CFR 425.210)."""
        with self.database.read() as records:
            waiting = records.exports.documents(export.export_id, untold=True)
        for at in range(0, len(waiting), TOLD_AT_ONCE):
            some, now = waiting[at : at + TOLD_AT_ONCE], self.clock()
            with self.database.write() as records:
                run.hold(records)
                for one in records.documents.several(some):
                    if one.disposed_at is None:
                        subject, how = document_subject(one), {"digest": one.head_digest, "how": "export"}
                        records.journal.log(
                            Act.DOCUMENT_DOWNLOAD,
                            export.user_id,
                            subject,
                            now,
                            Outcome.DONE,
                            **how,
                            export=export.export_id,
                        )
                records.exports.tell(export.export_id, some, now)

    def _finish(self, run: Run, export: Export, finished: Finished) -> None:
        with self.database.write() as records:
            run.hold(records)
            if records.exports.count_kept(export.export_id) != finished.held:
                sentence = "A document was disposed of while it was exported."
                raise StoreError(Problem("records-disposed", sentence, "It is begun again.", export.export_id))
            if records.exports.finish(export.export_id, finished):
                told = {"digest": finished.digest, "size": finished.size, "count": finished.held, "by": export.user_id}
                subject = f"export/{export.export_id}"
                records.journal.log(Act.EXPORT_FINISH, SERVICE, subject, finished.ready_at, Outcome.DONE, **told)
