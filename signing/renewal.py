"""Renewal: a further archival time-stamp on executed documents, before the newest one stops proving anything (PAdES B-LTA).

A time-stamp holds until the certificate of its authority ends or its digest becomes weak; a newer one over the whole file, made
before, carries everything in it further (EN 319 142-1, 5.5; ETSI EN 319 102-1, 5.6.3). Certificates of signers ended minutes
after they signed, and need not be valid again.

Each document is renewed by itself: one revision, judged by our own verifier, stored, read back, and recorded by compare-and-swap.
A run that was cut short is resumed by the next one; a document that gains nothing gets no revision, so runs can be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from packets.audit.log import SERVICE, Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import document_subject
from packets.errors import ConflictError, NotFoundError, PacketsError, Problem
from packets.model.documents import Document, Event, Revision
from packets.store.database import Database
from packets.store.objects import ObjectStore, digest_bytes
from packets.store.records.keepers import RENEWAL, KeeperRun, KeptProtection
from signing.archival import Protection, find_protection
from signing.errors import SigningError, TimeStampError
from signing.facts import expected_signers
from signing.pades import SigningService

WITHIN = timedelta(days=365)
"""How long before the end a document is due: a job that runs once a year never comes too late."""
MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Renewed:
    """A document that was renewed: `A1001/2027/participant-list`, the new revision, and what protects it now."""

    subject: str
    revision: Revision
    protection: Protection


@dataclass(frozen=True, slots=True)
class NotRenewed:
    """A document that was due and could not be renewed, with every reason."""

    subject: str
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class RenewalReport:
    """What a run did.

    Attributes:
        examined: how many executed documents it looked at.
        renewed, refused: those that were due.
        next_due: when the next document is due; None when there is none.
        stopped: whether it gave up because no authority gives time-stamps now.
    """

    examined: int = 0
    renewed: list[Renewed] = field(default_factory=list)
    refused: list[NotRenewed] = field(default_factory=list)
    next_due: datetime | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Renewal:
    """The use case of renewal; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    signer: SigningService
    clock: Clock

    def run(self, *, within: timedelta = WITHIN, everything: bool = False) -> RenewalReport:
        """Renew every executed document that is due.

        A document is due when the certificate of its newest time-stamp's authority ends within `within`, or when its digest
        is weaker than the service's `archival_digest`.

        Args:
            within: how long before the end.
            everything: renew also what is not due, where a time-stamp of today would hold longer.

        Returns:
            What was done; refusals are in it, not raised. When no authority gives a time-stamp the run stops.
        """
        with self.database.read() as records:
            waiting = records.documents.executed()
        report, began = RenewalReport(), self.clock()
        for document_id in waiting:
            report.examined += 1
            document = self._read(document_id)
            try:
                protection = self._protect(document, report, within, everything=everything)
            except PacketsError as error:
                self._refuse(document, error, report)
                report.stopped = isinstance(error, TimeStampError)
                if report.stopped:
                    break
            else:
                due = protection.ends_at - within
                report.next_due = min(report.next_due or due, due)
        self._keep(report, began)
        return report

    def _protect(self, document: Document, report: RenewalReport, within: timedelta, *, everything: bool) -> Protection:
        """Renew one document if it is due; what was found of it is kept, so that its file is read again only when it is due."""
        with self.database.read() as records:
            known = records.keepers.protection(document.document_id)
        if known is not None and known.head_digest == document.head_digest and not everything:
            present = Protection("", known.ends_at, known.ends_at, known.digest)
            if not self._is_due(present, within):
                return present
        found = self._renew(document, report, within, everything=everything)
        renewed = report.renewed[-1] if report.renewed else None
        head = document.head_digest
        if renewed is not None and renewed.protection is found:
            head = renewed.revision.digest
        with self.database.write() as records:
            records.keepers.protect(KeptProtection(document.document_id, head, found.digest, found.ends_at))
        return found

    def _keep(self, report: RenewalReport, began: datetime) -> None:
        """Keep what the run did, for the page."""
        told = {
            "examined": report.examined,
            "renewed": len(report.renewed),
            "refused": [[one.subject, *(each.code for each in one.problems)] for one in report.refused[:MOST_KEPT]],
            "refused_count": len(report.refused),
            "next_due": report.next_due.isoformat() if report.next_due else "",
            "stopped": report.stopped,
        }
        with self.database.write() as records:
            records.keepers.add_run(KeeperRun(RENEWAL, began, self.clock(), told))

    def _renew(self, document: Document, report: RenewalReport, within: timedelta, *, everything: bool) -> Protection:
        """Renew one document if it is due; what protects it afterwards."""
        pdf = self.objects.get(document.head_digest)
        present = find_protection(pdf)
        due = self._is_due(present, within)
        if not (due or everything):
            return present
        renewed = self.signer.close(pdf)
        found = find_protection(renewed)
        if not present.outlasted_by(found):
            if due:
                raise SigningError(_nothing_gained(found))
            return present
        self._judge(renewed, document)
        self.objects.put(renewed)
        revision = self._record(document, renewed, found)
        report.renewed.append(Renewed(document_subject(document), revision, found))
        return found

    def _is_due(self, present: Protection, within: timedelta) -> bool:
        return present.ends_at <= self.clock() + within or present.is_weaker_than(self.signer.archival_digest)

    def _judge(self, pdf: bytes, document: Document) -> None:
        """The whole file, from the seal to the new time-stamp, must pass before it counts."""
        verdict = self.signer.verify_own(pdf, replace(expected_signers(document), closed=True))
        if not verdict.passed:
            raise SigningError(verdict.problems)

    def _record(self, document: Document, pdf: bytes, found: Protection) -> Revision:
        now = self.clock()
        revision = Revision(len(document.revisions) + 1, digest_bytes(pdf), len(pdf), Event.RENEWED, now)
        told = {"document": document.document_id, "digest": revision.digest, "ends": found.ends_at.isoformat()}
        with self.database.write() as records:
            if not records.documents.advance(document, revision, SERVICE):
                sentence = "The document changed while it was renewed."
                raise ConflictError(Problem("document-changed", sentence, "Run the renewal again."))
            records.journal.log(Act.DOCUMENT_RENEW, SERVICE, document_subject(document), now, Outcome.DONE, **told)
        return revision

    def _refuse(self, document: Document, error: PacketsError, report: RenewalReport) -> None:
        subject, codes = document_subject(document), [one.code for one in error.problems]
        report.refused.append(NotRenewed(subject, error.problems))
        with self.database.write() as records:
            records.journal.log(Act.DOCUMENT_RENEW, SERVICE, subject, self.clock(), Outcome.REFUSED, reasons=codes)

    def _read(self, document_id: str) -> Document:
        with self.database.read() as records:
            document = records.documents.get(document_id)
        if document is None:
            raise NotFoundError(
                Problem("document-unknown", "There is no such document.", "Look into the audit log.", document_id)
            )
        return document


def _nothing_gained(found: Protection) -> Problem:
    return Problem(
        "nothing-gained",
        f"A new time-stamp would hold no longer than the one that the file has: until {found.ends_at:%Y-%m-%d}.",
        "Rotate the time-stamp key with `esm pki rotate timestamps`, or name another authority in ESM_TSA_URLS.",
    )
