"""The Data Use Agreement in Step 4: contacts confirmed once more, extension asked for, expiry watched (R23, R74, REQ 2.4).

Requestor and Custodian act here; everybody else of the packet looks. What is asked for here becomes a fact of the document that
they then sign; with its first signature it is fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar

from packets.audit.log import Act, Outcome
from packets.clock import Clock
from packets.documents.assemble import Assembler
from packets.documents.catalog import Catalog
from packets.documents.frozen_facts import contacts_digest, require_aco
from packets.errors import ConflictError, ForbiddenError, InputError, PacketsError, Problem
from packets.model.aco import Aco, DataUseAgreement, contact_problems
from packets.model.agreements import (
    CONTACTS_OCCASION,
    EXTENSION_GATE,
    KEEPERS,
    NOTICE,
    Closure,
    ContactConfirmation,
    ExtensionRequest,
    Standing,
    changed_keepers,
    closed_problem,
    expiry_problem,
    request_problems,
    stand,
    standing_of,
    year_after,
)
from packets.model.calendar import AGENCY_ZONE, Activity
from packets.model.documents import Document, DocumentType, Party, Signature
from packets.model.people import Contact, Role
from packets.people.access import AGENCY_ROLES, Action, may
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.acos import AcoAgreement
from packets.store.records.documents import DocumentOutline

Done = TypeVar("Done")


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
class AgreementLine:
    """One line of the list that CMS watches."""

    aco: AcoAgreement
    standing: Standing
    days_left: int


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

    def list_year(self, year: int) -> list[AgreementLine]:
        """Every DUA of a year, the one that ends first at the head; for CMS."""
        today = self._today()
        extending = {one.kind: one for one in self.catalog.values() if EXTENSION_GATE in one.gates}
        with self.database.read() as records:
            acos, asked = records.acos.agreements(year), records.agreements.requests_in(year)
            closed = records.agreements.closures()
            documents = records.documents.outlines(year, extending) if extending else []
        packets: dict[str, list[DocumentOutline]] = {}
        for one in documents:
            packets.setdefault(one.aco_id, []).append(one)
        wanted = {kind: _slots_of_aco(one) for kind, one in extending.items()}
        lines = []
        for aco in acos:
            standing = _standing(
                aco.dua,
                asked.get(aco.aco_id),
                packets.get(aco.aco_id, ()),
                wanted,
                closed.get((aco.aco_id, aco.dua.number)),
            )
            lines.append(AgreementLine(aco, standing, standing.days_left(today)))
        return sorted(lines, key=lambda line: (line.days_left, line.aco.aco_id))

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
        now = self.clock()

        def confirm(records: Records, aco: Aco, role: Role) -> ContactConfirmation:
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
            confirmation = ContactConfirmation(seen, user_id, role, now)
            records.agreements.confirm(aco_id, year, confirmation)
            return confirmation

        return self._act(Act.DUA_CONFIRM_CONTACTS, aco_id, year, user_id, now, confirm, lambda one: {"role": one.role})

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
        now = self.clock()

        def ask(records: Records, aco: Aco, role: Role) -> ExtensionRequest:
            standing, day = read_standing(records, self.catalog, aco), _day(until)
            _refuse_fixed(standing)
            problems = request_problems(standing, day, now.astimezone(AGENCY_ZONE).date())
            if problems or day is None:
                raise InputError(problems)
            request = ExtensionRequest(standing.begins_from, day, user_id, role, now)
            records.agreements.ask(aco_id, year, request)
            return request

        request = self._act(Act.DUA_EXTEND, aco_id, year, user_id, now, ask, _told)
        self._assemble_again(aco_id, year, user_id)
        return request

    def raise_addendum(self, aco_id: str, year: int, kind: str, user_id: str) -> Document:
        """Make the document that tells CMS of another Requestor or Custodian, to be signed by them and by CMS (REQ 3.2).

        Raises:
            NotFoundError: the ACO is not in that year.
            ForbiddenError: the person may not raise it.
            ConflictError: there is no such change, or an addendum is under way.
        """

        def admit(records: Records, aco: Aco, role: Role) -> Role:
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

        now = self.clock()
        told = {"kind": kind}
        self._act(Act.DUA_RAISE_ADDENDUM, aco_id, year, user_id, now, admit, lambda role: {**told, "role": role})
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
        act: Act,
        aco_id: str,
        year: int,
        user_id: str,
        now: datetime,
        does: Callable[[Records, Aco, Role], Done],
        told: Callable[[Done], dict[str, Any]],
    ) -> Done:
        """Do something that Requestor and Custodian may do, and tell the log of it or of its refusal."""
        refused: PacketsError
        with self.database.write() as records:
            try:
                aco = require_aco(records, aco_id, year)
                role = _require_keeper(records, aco, user_id)
                if act is not Act.DUA_RAISE_ADDENDUM:
                    _require_window(records, aco, now)
                done = does(records, aco, role)
            except PacketsError as error:
                refused = error
                codes = sorted({one.code for one in error.problems})
                records.journal.log(act, user_id, f"{aco_id}/{year}", now, Outcome.REFUSED, reasons=codes)
            else:
                records.journal.log(act, user_id, f"{aco_id}/{year}", now, Outcome.DONE, **told(done))
                return done
        raise refused

    def _assemble_again(self, aco_id: str, year: int, user_id: str) -> None:
        """Documents that print the DUA and were assembled before; those that are the same or signed stay as they are."""
        with self.database.read() as records:
            kinds = [one.kind for one in records.documents.packet(aco_id, year)]
        for kind in kinds:
            if "dua" in self.catalog[kind].sections:
                self.assembler.assemble(aco_id, year, kind, user_id)

    def _today(self) -> date:
        return self.clock().astimezone(AGENCY_ZONE).date()


def read_standing(records: Records, catalog: Catalog, aco: Aco) -> Standing:
    """Where an ACO's DUA stands in one transaction: its expiry in force, and whether an extension is under way."""
    place = (aco.aco_id, aco.performance_year)
    closure, packet = records.agreements.closure(aco.aco_id, aco.dua.number), records.documents.packet(*place)
    return standing_of(aco.dua, records.agreements.request(*place), catalog.values(), packet, closure)


def _slots_of_aco(document_type: DocumentType) -> frozenset[str]:
    return frozenset(slot.name for slot in document_type.slots if slot.party is Party.ACO)


def _standing(
    dua: DataUseAgreement,
    request: ExtensionRequest | None,
    packet: Iterable[DocumentOutline],
    wanted: Mapping[str, frozenset[str]],
    closure: Closure | None,
) -> Standing:
    """As `read_standing`, of documents in outline; `wanted` are the slots of the ACO by kind."""
    found = list(packet)
    return stand(
        dua,
        request,
        fixed=any(one.slots for one in found),
        signed_by_aco=any(wanted[one.kind].issubset(one.slots) for one in found),
        executed=any(one.executed for one in found),
        closure=closure,
    )


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


def continue_agreement(records: Records, catalog: Catalog, aco: Aco) -> Aco:
    """An ACO that is about to be enrolled, its DUA beginning where the one of the year before ends by what was executed here.

    A later day that CMS states is kept; another number is another agreement.
    """
    before = records.acos.get(aco.aco_id, aco.performance_year - 1)
    if before is None or before.dua.number != aco.dua.number:
        return aco
    in_force = read_standing(records, catalog, before).expires_on
    if in_force <= aco.dua.expires_on:
        return aco
    return replace(aco, dua=replace(aco.dua, expires_on=in_force, extended_to=year_after(in_force)))


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


def refuse_closed(standing: Standing) -> None:
    """Refuse what nobody does with an agreement that CMS closed.

    Raises:
        ConflictError: it is closed.
    """
    if standing.closure:
        raise ConflictError(closed_problem(standing.closure))


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
