"""The Data Use Agreement in Step 4: contacts confirmed once more, extension asked for, expiry watched (R23, R74, REQ 2.4).

Requestor and Custodian act here; everybody else of the packet looks. What is asked for here becomes a fact of the document that
they then sign; with its first signature it is fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from packets.acts import Tale, carry_out
from packets.audit.log import Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import Assembler
from packets.documents.catalog import Catalog
from packets.documents.frozen_facts import contacts_digest, require_aco
from packets.errors import ConflictError, ForbiddenError, InputError, Problem
from packets.model.aco import Aco, contact_problems
from packets.model.agreements import (
    CONTACTS_OCCASION,
    KEEPERS,
    NOTICE,
    ContactConfirmation,
    ExtensionRequest,
    Standing,
    changed_keepers,
    expiry_problem,
    request_problems,
)
from packets.model.calendar import AGENCY_ZONE, Activity
from packets.model.documents import Document, DocumentType, Signature
from packets.model.people import Contact, Role
from packets.people.access import AGENCY_ROLES, Action, may
from packets.store.database import Database
from packets.store.records import Records
from packets.years.standings import StandingLine, list_standings, read_standing, refuse_closed

Checked = TypeVar("Checked")
Recorded = TypeVar("Recorded")


@dataclass(frozen=True, slots=True)
class AgreementView:
    """An ACO's DUA as people see it.

    Attributes:
        confirmation: the newest one, whether or not the contacts are still those.
        is_confirmed: the contacts are those that were confirmed.
        problem: that it is expired; None while it holds.
        today: the day that it is at CMS.
        changed: roles that somebody else holds now than the one who signed, with the outdated signature.
        notice_by: until when an addendum is to tell of that; None when nothing is to be told.
        addenda: kinds of document that can be raised now to tell of it.
    """

    aco: Aco
    contacts: tuple[Contact, ...]
    contacts_digest: str
    confirmation: ContactConfirmation | None
    standing: Standing
    problem: Problem | None
    today: date
    changed: Mapping[Role, Signature]
    notice_by: date | None
    addenda: tuple[str, ...]

    @property
    def is_confirmed(self) -> bool:
        """Whether the contacts are those that were confirmed."""
        return self.confirmation is not None and self.confirmation.contacts_digest == self.contacts_digest


@dataclass(frozen=True, slots=True)
class AgreementDesk:
    """Where a DUA is looked up, confirmed and extended; built once with the services that it needs."""

    database: Database
    catalog: Catalog
    assembler: Assembler
    clock: Clock

    def look_up(self, aco_id: str, year: int) -> AgreementView:
        """An ACO's DUA. Whoever asks was let in by the packet's rules.

        Raises:
            NotFoundError: the ACO is not in that year.
        """
        today = self._today()
        with self.database.read() as records:
            aco = require_aco(records, aco_id, year)
            contacts = records.acos.contacts(aco_id, year)
            confirmation = records.agreements.confirmation(aco_id, year)
            standing = read_standing(records, self.catalog, aco)
            packet = records.documents.packet(aco_id, year)
            tells = standing.signed_by_aco and standing.closure is None
            changed = changed_keepers(packet, contacts) if tells else {}
            notice_by = _notice_by(records, aco, changed)
        digest = contacts_digest(contacts)
        where = agreement_page(aco)
        problem = expiry_problem(standing, today, where)
        addenda = tuple(one.kind for one in self._addenda(aco) if changed and not _under_way(one, packet))
        return AgreementView(aco, contacts, digest, confirmation, standing, problem, today, changed, notice_by, addenda)

    def list_year(self, year: int) -> list[StandingLine]:
        """Every DUA of a year, the one that ends first at the head; for CMS."""
        with self.database.read() as records:
            return list_standings(records, self.catalog, year, self._today())

    def confirm_contacts(self, aco_id: str, year: int, seen: str, user_id: str) -> ContactConfirmation:
        """Record that the contacts are right as they were shown (R23).

        Args:
            aco_id: whose contacts.
            year: the performance year.
            seen: digest of the contacts that the person was shown.
            user_id: who confirms; the Requestor or the Custodian.

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person may not confirm them, or the window is closed.
            ConflictError: the contacts changed since they were shown, or the agreement is signed.
            InputError: required contacts are missing.
        """
        tale = Tale(Act.DUA_CONFIRM_CONTACTS, user_id, f"{aco_id}/{year}", self.clock())

        def check(records: Records, aco: Aco, role: Role) -> ContactConfirmation:
            _require_window(records, aco, tale.now)
            contacts = records.acos.contacts(aco_id, year)
            if missing := contact_problems(contacts):
                raise InputError(missing)
            if contacts_digest(contacts) != seen:
                raise ConflictError(
                    Problem("contacts-changed", "The contacts changed since you saw them.", "Read them again.")
                )
            standing = read_standing(records, self.catalog, aco)
            refuse_closed(standing)
            _refuse_finished(standing)
            return ContactConfirmation(seen, user_id, role, tale.now)

        def record(records: Records, confirmation: ContactConfirmation) -> ContactConfirmation:
            records.agreements.confirm(aco_id, year, confirmation)
            tale.tell(records, role=confirmation.role)
            return confirmation

        return self._act(tale, (aco_id, year), check, record)

    def extend(self, aco_id: str, year: int, until: str, user_id: str) -> ExtensionRequest:
        """Ask for the extension of the DUA; an unsigned document that carries another day is assembled again.

        Args:
            aco_id: whose DUA.
            year: the performance year.
            until: the new last day, `YYYY-MM-DD`; one year after the expiry at most.
            user_id: who asks; the Requestor or the Custodian.

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person may not ask for it, or the window is closed.
            ConflictError: a signature is on it, so that it is fixed.
            InputError: with everything that is wrong with the day.
        """
        tale = Tale(Act.DUA_EXTEND, user_id, f"{aco_id}/{year}", self.clock())

        def check(records: Records, aco: Aco, role: Role) -> ExtensionRequest:
            _require_window(records, aco, tale.now)
            standing, day = read_standing(records, self.catalog, aco), _day(until)
            _refuse_fixed(standing)
            problems = request_problems(standing, day, tale.now.astimezone(AGENCY_ZONE).date())
            if problems or day is None:
                raise InputError(problems)
            return ExtensionRequest(standing.begins_from, day, user_id, role, tale.now)

        def record(records: Records, request: ExtensionRequest) -> ExtensionRequest:
            records.agreements.ask(aco_id, year, request)
            tale.tell(records, **_told(request))
            return request

        request = self._act(tale, (aco_id, year), check, record)
        self._assemble_again(aco_id, year, user_id)
        return request

    def raise_addendum(self, aco_id: str, year: int, kind: str, user_id: str) -> Document:
        """Make the document that tells CMS of another Requestor or Custodian, to be signed by them and by CMS (REQ 3.2).

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person may not raise it.
            ConflictError: there is no such change, or an addendum is under way.
        """

        def check(records: Records, aco: Aco, role: Role) -> Role:
            packet = records.documents.packet(aco_id, year)
            document_type = next((one for one in self._addenda(aco) if one.kind == kind), None)
            standing = read_standing(records, self.catalog, aco)
            refuse_closed(standing)
            changed = standing.signed_by_aco and changed_keepers(packet, records.acos.contacts(aco_id, year))
            if document_type is None or not changed:
                sentence = "Requestor and Custodian are those who have signed; there is no change to tell of."
                raise ConflictError(Problem("addendum-not-due", sentence, "Change the contacts in Step 1 first."))
            if _under_way(document_type, packet):
                sentence = "An addendum is under way."
                raise ConflictError(Problem("addendum-under-way", sentence, "Sign it, or ask CMS to void it."))
            return role

        tale = Tale(Act.DUA_RAISE_ADDENDUM, user_id, f"{aco_id}/{year}", self.clock())
        self._act(tale, (aco_id, year), check, lambda records, role: tale.tell(records, kind=kind, role=role))
        return self.assembler.assemble(aco_id, year, kind, user_id)

    def _addenda(self, aco: Aco) -> list[DocumentType]:
        return [one for one in self.catalog.values() if one.occasion == CONTACTS_OCCASION and aco.cohort in one.cohorts]

    def refuse_expired(self, act: Act, aco_id: str, year: int, user_id: str, roles: frozenset[Role]) -> None:
        """Keep data from leaving for an ACO whose DUA is expired; CMS is not kept from anything (docs/adr/0019).

        Raises:
            ForbiddenError: the DUA is expired; the log tells of the refusal.
        """
        if roles & AGENCY_ROLES:
            return
        view, now = self.look_up(aco_id, year), self.clock()
        if view.problem is not None:
            with self.database.write() as records:
                subject, reasons = f"{aco_id}/{year}", [view.problem.code]
                records.journal.log(act, user_id, subject, now, Outcome.REFUSED, reasons=reasons)
            raise ForbiddenError(view.problem)

    def _act(
        self,
        tale: Tale,
        place: tuple[str, int],
        check: Callable[[Records, Aco, Role], Checked],
        record: Callable[[Records, Checked], Recorded],
    ) -> Recorded:
        """Do something that Requestor and Custodian may do, and tell the log of it or of its refusal."""

        def admit(records: Records) -> Checked:
            aco = require_aco(records, *place)
            return check(records, aco, _require_keeper(records, aco, tale.actor))

        return carry_out(self.database, tale, admit, record)

    def _assemble_again(self, aco_id: str, year: int, user_id: str) -> None:
        """Documents that print the DUA and were assembled before; those that are the same or signed stay as they are."""
        with self.database.read() as records:
            kinds = [one.kind for one in records.documents.packet(aco_id, year)]
        for kind in kinds:
            if "dua" in self.catalog[kind].sections:
                self.assembler.assemble(aco_id, year, kind, user_id)

    def _today(self) -> date:
        return self.clock().astimezone(AGENCY_ZONE).date()


def _notice_by(records: Records, aco: Aco, changed: Mapping[Role, Signature]) -> date | None:
    """Fifteen days after the change was submitted; where the log does not tell when, after the outdated signature."""
    if not changed:
        return None
    signed = max(one.signed_at for one in changed.values())
    told = records.journal.entries(f"{aco.aco_id}/{aco.performance_year}")
    named = set(map(str, changed))
    since = [
        one.at_utc
        for one in told
        if one.act is Act.CONTACTS_SUBMIT and one.at_utc > signed and named & set(one.details.get("changed", named))
    ]
    return min(since, default=signed).astimezone(AGENCY_ZONE).date() + NOTICE


def _under_way(document_type: DocumentType, packet: list[Document]) -> bool:
    return any(one.kind == document_type.kind and not one.finished_by_aco(document_type) for one in packet)


def agreement_page(aco: Aco) -> str:
    """Where people deal with an ACO's DUA."""
    return f"/packets/{aco.aco_id}/{aco.performance_year}/agreement"


def _require_keeper(records: Records, aco: Aco, user_id: str) -> Role:
    roles = records.acos.roles_of(user_id, aco.aco_id, aco.performance_year)
    if not may(Action.KEEP_AGREEMENT, roles):
        sentence = "Only the DUA Requestor and the DUA Custodian confirm the contacts and extend the agreement."
        raise ForbiddenError(Problem("agreement-not-permitted", sentence, "Ask one of them."))
    return next(role for role in KEEPERS if role in roles)


def _require_window(records: Records, aco: Aco, now: datetime) -> None:
    year = records.years.for_aco(aco)
    window = year.window(Activity.SIGN, aco.cohort) if year else None
    if window is None or not window.is_open(now):
        sentence = "The step can be done from the first to the last day of signing only."
        raise ForbiddenError(Problem("window-closed", sentence, "Ask CMS for an extension of the due date."))


def _refuse_fixed(standing: Standing) -> None:
    if standing.fixed:
        sentence = f"The extension to {standing.extended_to:%B %-d, %Y} carries a signature and is fixed."
        raise ConflictError(Problem("extension-fixed", sentence, "Sign it as it is, or ask CMS to void the document."))


def _refuse_finished(standing: Standing) -> None:
    if standing.signed_by_aco:
        sentence = "The agreement with these contacts is signed."
        raise ConflictError(Problem("agreement-signed", sentence, "Tell of later changes by an addendum."))


def _told(request: ExtensionRequest) -> dict[str, Any]:
    days = {"expires_on": request.expires_on.isoformat(), "extended_to": request.extended_to.isoformat()}
    return {"role": request.role, **days}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
