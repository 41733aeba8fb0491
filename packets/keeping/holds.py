"""Legal holds: CMS staff and archivists place and lift them; while one stands, nothing that it covers is disposed of.

A hold has no end date. It is placed on all documents of an ACO, those that are made later too, or on documents that are named.
Where the store knows legal holds, a job sets one on every object as well, with the records officer's key (`keeping.locks`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packets.acts import Tale, carry_out
from packets.audit.log import Act
from packets.clock import Clock
from packets.errors import ConflictError, InputError, NotFoundError, Problem
from packets.jobs.queue import enqueue
from packets.keeping.retention import require_keeper, require_scope
from packets.model.holds import Hold
from packets.model.retention import written_problems
from packets.store.database import Database
from packets.store.records import Records

HOLD_JOB = "hold-objects"
MOST_DOCUMENTS = 500
REASON = "Say which matter the records are needed for."
AUTHORITY = "Say who ordered it, or where it is written."


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """What is to be held: all documents of an ACO, or the documents that are named; why, and who ordered it."""

    aco_id: str
    document_ids: tuple[str, ...]
    reason: str
    authority: str


@dataclass(frozen=True, slots=True)
class HoldDesk:
    """Where holds are placed and lifted; built once with the services that it needs."""

    database: Database
    clock: Clock

    def all(self) -> list[Hold]:
        """Every hold, newest first, lifted ones too."""
        with self.database.read() as records:
            return records.keeping.holds()

    def get(self, hold_id: int) -> Hold:
        """One hold.

        Raises:
            NotFoundError: there is none.
        """
        with self.database.read() as records:
            return _require(records, hold_id)

    def place(self, user_id: str, request: HoldRequest) -> int:
        """Place a hold; its number.

        Raises:
            ForbiddenError: the person is neither CMS staff nor archivist.
            InputError: nothing is named, or the reason or the authority is missing.
            NotFoundError: there is no such ACO or document, or it was disposed of.
        """
        now, named = self.clock(), tuple(dict.fromkeys(request.document_ids))

        def check(records: Records) -> None:
            require_keeper(records, user_id)
            if problems := _request_problems(request, named):
                raise InputError(problems)
            require_scope(records, request.aco_id, named)

        def record(records: Records, _checked: None) -> int:
            aco_id, told = "" if named else request.aco_id, (request.reason.strip(), request.authority.strip())
            hold_id = records.keeping.place_hold(aco_id, named, *told, user_id, now)
            tale.tell(records, hold=hold_id, documents=list(named), reason=told[0], authority=told[1])
            enqueue(records, HOLD_JOB, {"hold_id": hold_id}, f"{HOLD_JOB}/{hold_id}/placed", now)
            return hold_id

        tale = Tale(Act.HOLD_PLACE, user_id, request.aco_id if not named else "documents", now)
        return carry_out(self.database, tale, check, record)

    def lift(self, user_id: str, hold_id: int, reason: str) -> None:
        """Lift a hold; what it covered is disposed of no sooner than its own date says.

        Raises:
            ForbiddenError: the person is neither CMS staff nor archivist.
            NotFoundError: there is no such hold.
            ConflictError: it was lifted before.
            InputError: there is no reason.
        """
        now = self.clock()

        def check(records: Records) -> Hold:
            require_keeper(records, user_id)
            hold = _require(records, hold_id)
            if not hold.stands:
                raise ConflictError(Problem("hold-lifted", "This hold was lifted before.", "Nothing is to be done."))
            if problems := written_problems(reason, "reason", "reason", "Say why it is no longer needed."):
                raise InputError(problems)
            return hold

        def record(records: Records, hold: Hold) -> None:
            records.keeping.lift_hold(hold_id, reason.strip(), user_id, now)
            tale.tell(records, hold=hold_id, documents=list(hold.document_ids), reason=reason.strip())
            enqueue(records, HOLD_JOB, {"hold_id": hold_id}, f"{HOLD_JOB}/{hold_id}/lifted", now)

        tale = Tale(Act.HOLD_LIFT, user_id, f"hold/{hold_id}", now)
        carry_out(self.database, tale, check, record)


def _require(records: Records, hold_id: int) -> Hold:
    hold = records.keeping.hold(hold_id)
    if hold is None:
        raise NotFoundError(
            Problem("hold-unknown", "There is no such hold.", "Look at the list of holds.", str(hold_id))
        )
    return hold


def _request_problems(request: HoldRequest, named: Iterable[str]) -> list[Problem]:
    count = len(tuple(named))
    problems = []
    if not request.aco_id and not count:
        problems.append(Problem("nothing-named", "Nothing is named.", "Name an ACO, or documents.", "aco_id"))
    if count > MOST_DOCUMENTS:
        sentence = f"More than {MOST_DOCUMENTS} documents are named."
        problems.append(Problem("too-many-named", sentence, "Place several holds, or one on the ACO.", "documents"))
    problems += written_problems(request.reason, "reason", "reason", REASON)
    return problems + written_problems(request.authority, "authority", "authority", AUTHORITY)
