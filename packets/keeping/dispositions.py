"""Dispositions: one person proposes to dispose of documents, and two others approve, each with fresh re-authentication.

Only what is past its date, and what nothing holds, can be proposed. That is asked again at each approval and once more when the
work begins (`keeping.disposal`); until then whoever may approve can give it up, and everything stays as it was (docs/adr/0055).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from packets.acts import Tale, carry_out
from packets.audit.log import Act
from packets.clock import Clock
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, Problem
from packets.jobs.queue import enqueue
from packets.keeping.retention import Kept, RetentionDesk, require_keeper
from packets.model.holds import Approval, Disposition, DispositionItem, DispositionState
from packets.model.retention import day_of, written_problems
from packets.people.access import Action
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.ceremonies import StepUp

DISPOSAL_JOB = "dispose"
MOST_DOCUMENTS = 200
RECENT = 50
ProofProblems = Callable[[Records, str, tuple[str, str, str], datetime], list[Problem]]
"""Whether a re-authentication is this person's, for exactly this set, fresh and unspent; that is for the signing floor to say."""


@dataclass(frozen=True, slots=True)
class DispositionDesk:
    """Where dispositions are proposed, approved and given up; built once with the services that it needs."""

    database: Database
    retention: RetentionDesk
    clock: Clock
    proof_problems: ProofProblems

    def newest(self) -> list[Disposition]:
        """The newest dispositions, newest first."""
        with self.database.read() as records:
            return records.dispositions.newest(RECENT)

    def get(self, disposition_id: str) -> Disposition:
        """One disposition.

        Raises:
            NotFoundError: there is none.
        """
        with self.database.read() as records:
            return _require(records, disposition_id)

    def propose(self, user_id: str, document_ids: Iterable[str], reason: str) -> str:
        """Propose to dispose of documents of one performance year; the disposition's id.

        Raises:
            ForbiddenError: the person is neither CMS staff nor archivist.
            InputError: nothing or too much is chosen, or there is no reason.
            ConflictError: a document may not be disposed of now, with the reasons for each.
        """
        now, chosen = self.clock(), sorted(set(document_ids))

        def check(records: Records) -> list[DispositionItem]:
            require_keeper(records, user_id)
            if problems := [*_choice_problems(chosen), *written_problems(reason, "reason", "reason", "Say why.")]:
                raise InputError(problems)
            kept = self.retention.look_up(records, chosen)
            if problems := self.refusals(chosen, kept, now):
                raise ConflictError(problems)
            return [DispositionItem(one.document.document_id, one.schedule.disposable_after) for one in kept]

        def record(records: Records, items: list[DispositionItem]) -> str:
            proposed = Disposition(str(uuid.uuid4()), user_id, reason.strip(), now, tuple(items))
            records.dispositions.add(proposed)
            tale.tell(records, disposition=proposed.disposition_id, documents=chosen, reason=proposed.reason)
            return proposed.disposition_id

        tale = Tale(Act.DISPOSITION_PROPOSE, user_id, "dispositions", now)
        return carry_out(self.database, tale, check, record)

    def step_up(self, user_id: str, disposition_id: str, method: str = "password") -> str:
        """Record that a person has just re-authenticated to approve exactly this set; the proof's id.

        The caller has checked the person's authenticator; `method` names it. The proof lasts five minutes and counts once.

        Raises:
            NotFoundError: there is no such disposition.
        """
        now = self.clock()
        with self.database.write() as records:
            digest = _require(records, disposition_id).set_digest
            proof = StepUp(str(uuid.uuid4()), user_id, disposition_id, digest, now, method=method)
            records.ceremonies.add_step_up(proof)
            subject = _subject(disposition_id)
            records.journal.log(Act.ACCOUNT_STEP_UP, user_id, subject, now, digest=digest, method=method)
        return proof.step_up_id

    def approve(self, user_id: str, disposition_id: str, step_up_id: str) -> Disposition:
        """Approve; the second approval queues the work in the same transaction.

        Raises:
            NotFoundError: there is no such disposition.
            ForbiddenError: the person may not, has proposed or approved it, or has not re-authenticated for it.
            ConflictError: it is no longer open, or a document may not be disposed of any more.
        """
        now = self.clock()

        def check(records: Records) -> Disposition:
            require_keeper(records, user_id, Action.APPROVE_DISPOSITION)
            found = _require(records, disposition_id)
            if found.state is not DispositionState.PROPOSED:
                raise ConflictError(Problem("disposition-not-open", "This is decided already.", "Look at it again."))
            bound_to = (user_id, disposition_id, found.set_digest)
            problems = [*_person_problems(found, user_id), *self.proof_problems(records, step_up_id, bound_to, now)]
            if problems:
                raise ForbiddenError(problems)
            if problems := self.obstacles(records, found, now):
                raise ConflictError(problems)
            return found

        def record(records: Records, found: Disposition) -> Disposition:
            records.ceremonies.use_step_up(step_up_id, now)
            first = not found.approvals
            records.dispositions.approve(disposition_id, Approval(user_id, now, step_up_id), first=first)
            tale.tell(records, digest=found.set_digest, approval=1 if first else 2)
            if not first:
                enqueue(
                    records, DISPOSAL_JOB, {"disposition_id": disposition_id}, f"{DISPOSAL_JOB}/{disposition_id}", now
                )
            return _require(records, disposition_id)

        tale = Tale(Act.DISPOSITION_APPROVE, user_id, _subject(disposition_id), now)
        return carry_out(self.database, tale, check, record)

    def stop(self, user_id: str, disposition_id: str, reason: str) -> None:
        """Give a disposition up before its work has begun; everything stays as it was.

        Raises:
            NotFoundError: there is no such disposition.
            ForbiddenError: the person may not.
            ConflictError: it has begun, or was given up before.
            InputError: there is no reason.
        """
        now = self.clock()

        def check(records: Records) -> None:
            require_keeper(records, user_id, Action.APPROVE_DISPOSITION)
            found = _require(records, disposition_id)
            if found.state not in {DispositionState.PROPOSED, DispositionState.APPROVED}:
                raise ConflictError(Problem("disposition-not-open", "This is decided already.", "Look at it again."))
            if problems := written_problems(reason, "reason", "reason", "Say why it is given up."):
                raise InputError(problems)

        def record(records: Records, _checked: None) -> None:
            records.dispositions.stop(disposition_id, user_id, reason.strip(), now)
            tale.tell(records, reason=reason.strip())

        tale = Tale(Act.DISPOSITION_STOP, user_id, _subject(disposition_id), now)
        carry_out(self.database, tale, check, record)

    def obstacles(self, records: Records, found: Disposition, now: datetime) -> list[Problem]:
        """Why documents of a disposition may not be disposed of now; empty when all of them may."""
        chosen = [one.document_id for one in found.items]
        kept = self.retention.look_up(records, chosen)
        return self.refusals(chosen, kept, now, mine=found.disposition_id)

    @staticmethod
    def refusals(chosen: Iterable[str], kept: list[Kept], now: datetime, mine: str = "") -> list[Problem]:
        """Why these documents may not be disposed of together; `mine` is the disposition that they may be in."""
        missing = sorted(set(chosen) - {one.document.document_id for one in kept})
        problems = [
            Problem("document-not-kept", "There is no such document, or it was disposed of.", "Choose anew.", one)
            for one in missing
        ]
        if len({one.document.performance_year for one in kept}) > 1:
            sentence = "The documents are of several performance years."
            problems.append(Problem("years-mixed", sentence, "Propose each year by itself.", "documents"))
        for one in kept:
            problems += _refusals_of(one, day_of(now), mine)
        return problems


def _refusals_of(one: Kept, today: date, mine: str) -> list[Problem]:
    where, name = (
        one.document.document_id,
        f"{one.document.aco_id}, {one.document.performance_year}, {one.document.kind}",
    )
    problems = []
    if not one.schedule.is_over(today):
        sentence = f"{name} must be kept until {one.schedule.disposable_after}."
        problems.append(Problem("date-not-over", sentence, "Wait until that day is over.", where))
    if one.holds:
        sentence = f"{name} stands under a legal hold."
        problems.append(Problem("document-held", sentence, "Have the hold lifted first.", where))
    if one.disposition_id not in {"", mine}:
        sentence = f"{name} is in another disposition."
        problems.append(Problem("proposed-already", sentence, "Wait for what becomes of that one.", where))
    return problems


def _choice_problems(chosen: list[str]) -> list[Problem]:
    if not chosen:
        return [Problem("nothing-chosen", "No document is chosen.", "Choose at least one document.", "documents")]
    if len(chosen) > MOST_DOCUMENTS:
        sentence = f"More than {MOST_DOCUMENTS} documents are chosen."
        return [Problem("too-many-chosen", sentence, "Propose them in several dispositions.", "documents")]
    return []


def _person_problems(found: Disposition, user_id: str) -> list[Problem]:
    if user_id == found.proposed_by:
        return [Problem("own-proposal", "You have proposed this.", "Two other people must approve it.")]
    if user_id in {one.user_id for one in found.approvals}:
        return [Problem("approved-already", "You have approved this before.", "Another person must approve it too.")]
    return []


def _require(records: Records, disposition_id: str) -> Disposition:
    found = records.dispositions.get(disposition_id)
    if found is None:
        raise NotFoundError(
            Problem("disposition-unknown", "There is no such disposition.", "Look at the list.", disposition_id)
        )
    return found


def _subject(disposition_id: str) -> str:
    return f"disposition/{disposition_id}"
