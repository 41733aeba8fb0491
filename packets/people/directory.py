"""The directory of people who work with the service: CMS staff add them, grant and revoke, deactivate (R15, R21, REQ 1.7).

What is changed here holds from the next request on: every request and every signature asks the directory anew. Nobody changes
their own rights: it takes two people to make somebody a signatory who was none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from packets.audit.log import SERVICE, Act, Outcome
from packets.clock import Clock
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PacketsError, Problem
from packets.lists.text import cell_fault
from packets.model.aco import Aco
from packets.model.identifiers import UserId
from packets.model.people import CMS_ROLE_LABELS, Address, Person, Role
from packets.people.access import manages_years
from packets.store.database import Database
from packets.store.records import Records

REQUIRED = ("given_name", "family_name", "title", "organization", "email")
TEXT_LIMIT = 300
PAGE_SIZE = 50
"""So many people stand on a page of the directory."""


@dataclass(frozen=True, slots=True)
class Right:
    """What can be granted and revoked: roles on the CMS side, electronic signature access, an active user ID."""

    cms_roles: frozenset[Role] = frozenset()
    signs: bool = False
    active: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.cms_roles) or self.signs or self.active


@dataclass(frozen=True, slots=True)
class DirectoryDesk:
    """Where people are added and changed; built once with the services that it needs.

    Whoever runs commands on the service's folder acts as the service itself, unless they name a member of CMS staff.
    """

    database: Database
    clock: Clock

    def add(self, person: Person, actor: str = SERVICE) -> Person:
        """Add a person.

        Raises:
            ForbiddenError: the actor is no CMS staff.
            ConflictError: the user ID is known already.
            InputError: with everything that is wrong with the person.
        """

        def act(records: Records) -> tuple[Person, dict[str, Any]]:
            if records.people.get(person.user_id) is not None:
                sentence = f"The user ID {person.user_id} is in the directory already."
                raise ConflictError(Problem("user-known", sentence, "Grant or revoke instead.", person.user_id))
            if problems := person_problems(person):
                raise InputError(problems)
            roles = sorted(map(str, person.cms_roles))
            told = {"active": person.account_active, "signs": person.may_sign_electronically, "cms_roles": roles}
            return person, told

        return self._change(Act.USER_ADD, person.user_id, actor, act)

    def grant(self, user_id: str, right: Right, actor: str = SERVICE) -> Person:
        """Give a person rights that they do not have.

        Raises:
            NotFoundError: nobody has that user ID.
            ForbiddenError: the actor is no CMS staff.
            InputError: nothing was named.
        """

        def act(records: Records) -> tuple[Person, dict[str, Any]]:
            person = _require(records, user_id)
            _require_right(right)
            changed = replace(
                person,
                cms_roles=person.cms_roles | right.cms_roles,
                may_sign_electronically=person.may_sign_electronically or right.signs,
                account_active=person.account_active or right.active,
            )
            return changed, _told(right)

        return self._change(Act.USER_GRANT, user_id, actor, act)

    def revoke(self, user_id: str, right: Right, actor: str = SERVICE) -> Person:
        """Take rights from a person.

        Raises:
            NotFoundError: nobody has that user ID.
            ForbiddenError: the actor is no CMS staff.
            InputError: nothing was named.
        """

        def act(records: Records) -> tuple[Person, dict[str, Any]]:
            person = _require(records, user_id)
            _require_right(right)
            changed = replace(
                person,
                cms_roles=person.cms_roles - right.cms_roles,
                may_sign_electronically=person.may_sign_electronically and not right.signs,
                account_active=person.account_active and not right.active,
            )
            if right.active:
                records.sessions.close_all(user_id)
            return changed, _told(right)

        return self._change(Act.USER_REVOKE, user_id, actor, act)

    def deactivate(self, user_id: str, reason: str, actor: str = SERVICE) -> Person:
        """Make a user ID inactive, end its sessions and revoke its tokens. The person stays in the directory: records name them.

        Raises:
            NotFoundError: nobody has that user ID.
            ForbiddenError: the actor is no CMS staff.
            InputError: there is no reason.
        """

        def act(records: Records) -> tuple[Person, dict[str, Any]]:
            person = _require(records, user_id)
            if not reason.strip() or len(reason) > TEXT_LIMIT:
                sentence = f"There is no reason of at most {TEXT_LIMIT} characters."
                raise InputError(Problem("reason-missing", sentence, "Say why the user ID is deactivated.", "reason"))
            records.sessions.close_all(user_id)
            records.tokens.revoke_all(user_id, self.clock())
            return replace(person, account_active=False), {"reason": reason.strip()}

        return self._change(Act.USER_DEACTIVATE, user_id, actor, act)

    def recertify(self, user_id: str, due_on: str, actor: str = SERVICE) -> Person:
        """Record until when the user ID is to be recertified; when the day has passed, the user ID is inactive (R77).

        Args:
            user_id: whose.
            due_on: the last day, `YYYY-MM-DD`.
            actor: who records it.

        Raises:
            NotFoundError: nobody has that user ID.
            ForbiddenError: the actor is no CMS staff.
            InputError: it is no day.
        """

        def act(records: Records) -> tuple[Person, dict[str, Any]]:
            person = _require(records, user_id)
            try:
                day = date.fromisoformat(due_on)
            except ValueError:
                problem = Problem("day-unusable", f"“{due_on}” is not a day.", "Write it as YYYY-MM-DD.", "due_on")
                raise InputError(problem) from None
            return replace(person, recertification_due_on=day), {"due_on": day.isoformat()}

        return self._change(Act.USER_RECERTIFY, user_id, actor, act)

    def require_other_staff(self, actor: str, user_id: str) -> None:
        """Refuse whoever may not change what is said of a person.

        Raises:
            ForbiddenError: the actor is no CMS staff, or is the person.
        """
        with self.database.read() as records:
            _require_other_staff(records, actor, user_id)

    def get(self, user_id: str) -> Person:
        """The person.

        Raises:
            NotFoundError: nobody has that user ID.
        """
        with self.database.read() as records:
            return _require(records, user_id)

    def search(self, words: str, role: Role | None = None, page: int = 1) -> tuple[list[Person], int]:
        """A page of the people whose user ID, name, organization or e-mail address has all the words, and how many there are."""
        with self.database.read() as records:
            return records.people.search(words[:TEXT_LIMIT], role, PAGE_SIZE, (max(page, 1) - 1) * PAGE_SIZE)

    def slots_of(self, user_id: str) -> list[tuple[Aco, list[Role]]]:
        """Where the person is a contact: ACO and year, and the slots that they hold there."""
        with self.database.read() as records:
            return [
                (aco, sorted(records.acos.roles_of(user_id, aco.aco_id, aco.performance_year)))
                for aco in records.acos.of_person(user_id)
            ]

    def everybody(self, role: Role | None = None) -> list[Person]:
        """Everybody, or those with a role on the CMS side, by user ID."""
        with self.database.read() as records:
            return records.people.everybody() if role is None else records.people.holding(role)

    def _change(self, act: Act, user_id: str, actor: str, change: Any) -> Person:
        """Do it and tell the log, in one transaction; a refusal is told as well."""
        now = self.clock()
        refused: PacketsError
        with self.database.write() as records:
            try:
                _require_other_staff(records, actor, user_id)
                person, told = change(records)
            except PacketsError as error:
                refused = error
                codes = sorted({one.code for one in error.problems})
                records.journal.log(act, actor, user_id, now, Outcome.REFUSED, reasons=codes)
            else:
                records.people.put(person)
                records.journal.log(act, actor, user_id, now, Outcome.DONE, **told)
                found: Person = person
                return found
        raise refused


def _require_other_staff(records: Records, actor: str, user_id: str) -> None:
    """The service may change everybody, CMS staff everybody but themselves."""
    if actor == SERVICE:
        return
    if not manages_years(records.people.get(actor)):
        raise ForbiddenError(_no_staff(actor))
    if actor == user_id:
        sentence = "Nobody changes what is said of themselves in the directory."
        raise ForbiddenError(Problem("own-rights", sentence, "Ask another member of CMS staff.", user_id))


def _no_staff(actor: str) -> Problem:
    sentence = "Only CMS staff change the directory."
    return Problem("directory-not-permitted", sentence, "Ask CMS staff.", actor)


def person_problems(person: Person) -> list[Problem]:
    """Everything that is wrong with a person of the directory."""
    problems = []
    if fault := UserId.problem(person.user_id):
        problems.append(Problem("user-id-invalid", fault, "Give the CMS user ID.", "user_id"))
    for name in REQUIRED:
        value: str = getattr(person, name)
        label = name.replace("_", " ")
        if not value.strip():
            problems.append(Problem("field-missing", f"The {label} is missing.", "Give it.", name))
        elif len(value) > TEXT_LIMIT:
            problems.append(Problem("field-too-long", f"The {label} is too long.", "Shorten it.", name))
        elif unusable := cell_fault(value):
            problems.append(Problem(*unusable, name))
    if unknown := person.cms_roles - set(CMS_ROLE_LABELS):
        sentence = f"{', '.join(sorted(unknown))} is no role on the CMS side."
        remedy = f"Choose from: {', '.join(CMS_ROLE_LABELS)}."
        problems.append(Problem("role-unknown", sentence, remedy, "cms_roles"))
    return problems


def agency_address() -> Address:
    """The address of people on the CMS side, whom nobody writes to by mail."""
    return Address("7500 Security Boulevard", "Baltimore", "MD", "21244")


def rights_of(roles: Iterable[str], *, signs: bool, active: bool = False) -> Right:
    """Rights by the names of roles."""
    return Right(frozenset(Role(one) for one in roles), signs, active)


def _told(right: Right) -> dict[str, Any]:
    return {"cms_roles": sorted(map(str, right.cms_roles)), "signs": right.signs, "active": right.active}


def _require(records: Records, user_id: str) -> Person:
    person = records.people.get(user_id)
    if person is None:
        sentence = f"Nobody in the directory has the user ID {user_id}."
        raise NotFoundError(Problem("user-unknown", sentence, "Look for them in the directory.", user_id))
    return person


def _require_right(right: Right) -> None:
    if not right:
        remedy = "Name a role, the electronic signature access or the active user ID."
        raise InputError(Problem("right-missing", "It was not said what to grant or revoke.", remedy))
