"""Requests to correct what is read-only on Basic Agreement Data: an ACO files one, CMS grants or refuses it (R31).

Granting changes the ACO's field, reopens the confirmation of its organization data, and has its unsigned documents prepared
anew; what is signed stays as it was signed.
"""

from __future__ import annotations

from dataclasses import dataclass

from packets.acts import Tale, carry_out
from packets.audit.log import Act
from packets.clock import Clock
from packets.documents.assemble import Assembler
from packets.documents.frozen_facts import require_aco
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, Problem
from packets.model.aco import Aco
from packets.model.change_requests import (
    LOCKED,
    LONGEST_TEXT,
    Answer,
    ChangeRequest,
    RequestState,
    corrected_aco,
    period_problems,
    request_problems,
)
from packets.model.contact_rules import tidy
from packets.people.access import Action, may
from packets.people.contacts import require_step_one_editor
from packets.render.characters import character_problems
from packets.store.database import Database
from packets.store.records import Records


@dataclass(frozen=True, slots=True)
class ChangeRequestDesk:
    """Where requests are filed, looked at and answered; built once with the services that it needs."""

    database: Database
    assembler: Assembler
    clock: Clock

    def of_aco(self, aco_id: str, year: int) -> list[ChangeRequest]:
        """Every request of an ACO in a year, newest first. Whoever asks was let in by the packet's rules."""
        with self.database.read() as records:
            return records.change_requests.of_aco(aco_id, year)

    def queue(self, *, answered: bool = False) -> list[ChangeRequest]:
        """The open requests of every ACO, oldest first, or the answered ones; for CMS staff."""
        with self.database.read() as records:
            return records.change_requests.queue(answered=answered)

    def get(self, request_id: int) -> ChangeRequest:
        """One request; for CMS staff.

        Raises:
            NotFoundError: there is none of that number.
        """
        with self.database.read() as records:
            return _require_request(records, request_id)

    def file(
        self, aco_id: str, year: int, field: str, corrected_value: str, explanation: str, user_id: str
    ) -> ChangeRequest:
        """File a request; the other facts are taken from the record as it is now.

        Args:
            aco_id: whose data.
            year: the performance year.
            field: name of a read-only field, e.g. `legal_name`.
            corrected_value: what it should say.
            explanation: why.
            user_id: who asks.

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person may not edit Step 1 (R11).
            ConflictError: a request for that field is open.
            InputError: with everything that is wrong with the request.
        """
        tale = Tale(Act.CHANGE_REQUEST_FILE, user_id, f"{aco_id}/{year}", self.clock())
        corrected, why = tidy(corrected_value), explanation.strip()

        def check(records: Records) -> ChangeRequest:
            aco = require_step_one_editor(records, aco_id, year, user_id)
            problems = [*request_problems(aco, field, corrected, why), *self._unprintable(corrected)]
            if problems:
                raise InputError(problems)
            _refuse_second(records, aco, field)
            current = LOCKED[field].show(aco)
            return ChangeRequest(aco_id, year, aco.legal_name, field, current, corrected, why, user_id, tale.now)

        def record(records: Records, request: ChangeRequest) -> ChangeRequest:
            filed = records.change_requests.add(request)
            tale.tell(records, request=filed.request_id, field=field)
            records.journal.queue("change-request-filed", {"request_id": filed.request_id}, tale.now)
            return filed

        return carry_out(self.database, tale, check, record)

    def grant(self, request_id: int, text: str, user_id: str) -> ChangeRequest:
        """Grant a request: the field gets the corrected value, and the ACO confirms its organization data again.

        Args:
            request_id: which.
            text: what CMS says to the ACO; may be empty.
            user_id: CMS staff.

        Raises:
            NotFoundError: there is no such request.
            ForbiddenError: the person is no CMS staff.
            ConflictError: it was answered before, or the value has changed since it was filed.
            InputError: the value cannot be held any more, or the text is too long.
        """
        request = self._answer(request_id, Answer(RequestState.GRANTED, text.strip(), user_id))
        self.assembler.refresh(request.aco_id, request.year, user_id)
        return request

    def refuse(self, request_id: int, text: str, user_id: str) -> ChangeRequest:
        """Refuse a request, with a reason.

        Raises:
            NotFoundError: there is no such request.
            ForbiddenError: the person is no CMS staff.
            ConflictError: it was answered before.
            InputError: there is no reason, or it is too long.
        """
        return self._answer(request_id, Answer(RequestState.REFUSED, text.strip(), user_id))

    def _answer(self, request_id: int, answer: Answer) -> ChangeRequest:
        with self.database.read() as records:
            subject = records.change_requests.get(request_id)
        about = f"{subject.aco_id}/{subject.year}" if subject else f"change-request/{request_id}"
        tale = Tale(Act.CHANGE_REQUEST_ANSWER, answer.by, about, self.clock())

        def check(records: Records) -> ChangeRequest:
            _require_staff(records, answer.by)
            request = _require_request(records, request_id)
            if request.state is not RequestState.OPEN:
                sentence = f"The request was {request.state} already."
                raise ConflictError(Problem("request-answered", sentence, "Read the answer.", str(request_id)))
            if problems := _answer_problems(answer):
                raise InputError(problems)
            if answer.state is RequestState.GRANTED:
                _refuse_stale(records, request)
            return request

        def record(records: Records, request: ChangeRequest) -> ChangeRequest:
            records.change_requests.answer(request_id, answer, tale.now)
            if answer.state is RequestState.GRANTED:
                value = LOCKED[request.field].read(request.corrected_value)
                records.acos.change(request.aco_id, request.year, {request.field: value})
                records.acos.reopen_organization(request.aco_id, request.year)
            tale.tell(records, request=request_id, field=request.field, answer=str(answer.state))
            records.journal.queue("change-request-answered", {"request_id": request_id}, tale.now)
            return _require_request(records, request_id)

        return carry_out(self.database, tale, check, record)

    def _unprintable(self, value: str) -> list[Problem]:
        coverage = self.assembler.fonts.coverage if self.assembler.fonts else frozenset()
        return list(character_problems(value, coverage, "corrected_value")) if coverage else []


def _require_request(records: Records, request_id: int) -> ChangeRequest:
    request = records.change_requests.get(request_id)
    if request is None:
        sentence = f"There is no change request {request_id}."
        raise NotFoundError(Problem("request-unknown", sentence, "Go back to the change requests.", str(request_id)))
    return request


def _require_staff(records: Records, user_id: str) -> None:
    person = records.people.get(user_id)
    if person is None or not may(Action.MANAGE_YEAR, person.cms_roles):
        sentence = "Only CMS staff answer change requests."
        raise ForbiddenError(Problem("answer-not-permitted", sentence, "Wait for the answer of CMS."))


def _refuse_second(records: Records, aco: Aco, field: str) -> None:
    for one in records.change_requests.of_aco(aco.aco_id, aco.performance_year):
        if one.field == field and one.state is RequestState.OPEN:
            sentence = f"A request for this field is open: number {one.request_id}."
            raise ConflictError(Problem("request-open", sentence, "Wait for the answer of CMS.", "field"))


def _refuse_stale(records: Records, request: ChangeRequest) -> None:
    """What is granted is what was asked for: the field still says what the request says that it says."""
    aco = require_aco(records, request.aco_id, request.year)
    if LOCKED[request.field].show(aco) != request.current_value:
        sentence = f"{request.label} has changed since the request was filed."
        raise ConflictError(Problem("request-stale", sentence, "Refuse it and say why.", str(request.request_id)))
    if problems := period_problems(corrected_aco(aco, request.field, request.corrected_value)):
        raise InputError(problems)


def _answer_problems(answer: Answer) -> list[Problem]:
    if answer.state is RequestState.REFUSED and not answer.text:
        return [Problem("reason-missing", "There is no reason.", "Say why the request is refused.", "answer")]
    if len(answer.text) > LONGEST_TEXT:
        sentence = f"The answer has more than {LONGEST_TEXT:,} characters."
        return [Problem("answer-too-long", sentence, "Shorten it.", "answer")]
    return []
