"""The Data Use Agreement (DUA) between terms: until when it holds, its extension, and who answers for it (R23, R74, REQ 2.4).

A DUA runs one year at most. The ACO asks for an extension, the parties sign it in Step 4, and only with the countersignature
of CMS does the new last day hold; until then the old one does (docs/adr/0019). Nothing of this is stored: it is derived from
what was asked for and from what was signed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from packets.errors import Problem
from packets.model.aco import DataUseAgreement
from packets.model.calendar import agency_day
from packets.model.documents import Document, DocumentType, Signature
from packets.model.people import SLOTS_BY_ROLE, Contact, Role

KEEPERS: tuple[Role, Role] = (Role.DUA_REQUESTOR, Role.DUA_CUSTODIAN)
"""Who confirms the contacts, asks for the extension and signs: Requestor and Custodian (permission matrix 1.7)."""

CONTACTS_GATE, EXTENSION_GATE = "dua-contacts", "dua-extension"
"""Gates that a manifest can name: contacts confirmed within the step itself (R23), and the extension asked for (R74)."""

CONTACTS_OCCASION = "dua-contacts-changed"
"""The occasion of an addendum: somebody else is Requestor or Custodian than those who have signed (REQ 3.2)."""

NOTICE = timedelta(days=15)
"""How long the ACO has to tell of such a change (form CMS-R-0235, section 17)."""


@dataclass(frozen=True, slots=True)
class ExtensionRequest:
    """What an ACO asked for: the last day as it was, the new one, who asked, as what, and when (UTC)."""

    expires_on: date
    extended_to: date
    asked_by: str
    role: Role
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class ContactConfirmation:
    """That somebody said the contacts are right: which ones (digest of their facts), who, as what, and when (UTC)."""

    contacts_digest: str
    confirmed_by: str
    role: Role
    confirmed_at: datetime


class DataOutcome(StrEnum):
    """What the ACO certifies to have become of the data when its DUA is closed (form CMS-R-0235, section 6)."""

    DESTROYED = "destroyed"
    RETURNED = "returned"
    NONE_RECEIVED = "none-received"


@dataclass(frozen=True, slots=True)
class Closure:
    """That CMS closed a DUA: what became of the data, the day of the ACO's certificate of that, why, who, and when (UTC)."""

    number: str
    outcome: DataOutcome
    certified_on: date
    reason: str
    closed_by: str
    closed_at: datetime

    @property
    def closed_on(self) -> date:
        """The day of the closing, at CMS."""
        return agency_day(self.closed_at)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an ACO's DUA stands in one performance year.

    Attributes:
        number: of the DUA.
        begins_from: its last day before this year's extension.
        extended_to: its last day once the extension is signed by all; the day that was asked for, else the day offered.
        request: what was asked for, None before anybody asked.
        fixed: a document carries a signature on the extension; it cannot be asked for otherwise any more.
        signed_by_aco: Requestor and Custodian have signed it.
        executed: CMS has countersigned, so that the new day holds.
        closure: that CMS closed it, None while it has not; a closed DUA allows nothing, whatever its days say.
    """

    number: str
    begins_from: date
    extended_to: date
    request: ExtensionRequest | None = None
    fixed: bool = False
    signed_by_aco: bool = False
    executed: bool = False
    closure: Closure | None = None

    @property
    def expires_on(self) -> date:
        """The last day in force."""
        return self.extended_to if self.executed else self.begins_from

    @property
    def under_way(self) -> bool:
        """Whether an extension was asked for or signed and does not hold yet."""
        return (self.request is not None or self.fixed) and not self.executed

    @property
    def latest(self) -> date:
        """The last day that can be asked for: one year after the expiry (REQ 2.4)."""
        return year_after(self.begins_from)

    def days_left(self, today: date) -> int:
        """Days until the last day in force; 0 on that day, negative when it is over."""
        return (self.expires_on - today).days

    def is_expired(self, today: date) -> bool:
        """Whether the last day in force is over."""
        return today > self.expires_on

    def is_closed(self, today: date) -> bool:
        """Whether no extension can save it: CMS closed it, or a whole year has passed since it expired."""
        return self.closure is not None or (not self.executed and today >= self.latest)


def year_after(day: date) -> date:
    """The same day a year later; February 28 for February 29."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def extended_day(dua: DataUseAgreement, request: ExtensionRequest | None) -> date:
    """The new last day: what was asked for, else what CMS offers, a year later at most."""
    return request.extended_to if request else min(dua.extended_to, year_after(dua.expires_on))


def standing_of(
    dua: DataUseAgreement,
    request: ExtensionRequest | None,
    types: Iterable[DocumentType],
    packet: Iterable[Document],
    closure: Closure | None = None,
) -> Standing:
    """Where a DUA stands.

    Args:
        dua: its number and days as CMS enrolled them.
        request: the newest request for an extension.
        types: every document type; those that extend the DUA name the gate `dua-extension`.
        packet: the ACO's documents that count.
        closure: that CMS closed it.
    """
    extending = {one.kind: one for one in types if EXTENSION_GATE in one.gates}
    found = [one for one in packet if one.kind in extending]
    return stand(
        dua,
        request,
        fixed=any(one.signatures for one in found),
        signed_by_aco=any(one.finished_by_aco(extending[one.kind]) for one in found),
        executed=any(one.executed_at is not None for one in found),
        closure=closure,
    )


def stand(
    dua: DataUseAgreement,
    request: ExtensionRequest | None,
    *,
    fixed: bool,
    signed_by_aco: bool,
    executed: bool,
    closure: Closure | None,
) -> Standing:
    """Where a DUA stands, by how far the documents that extend it are; `Standing` says what each of these means."""
    until = extended_day(dua, request)
    return Standing(dua.number, dua.expires_on, until, request, fixed, signed_by_aco, executed, closure)


def request_problems(standing: Standing, until: date | None, today: date) -> list[Problem]:
    """What is wrong with asking for an extension until a day; None is a day that nobody can read."""
    if until is None:
        return [Problem("day-unusable", "The new last day is not a day.", "Write it as YYYY-MM-DD.", "extended_to")]
    if standing.closure:
        return [closed_problem(standing.closure, "extended_to")]
    if standing.is_closed(today):
        sentence = f"The DUA expired on {_written(standing.begins_from)}, a year ago or more, and counts as closed."
        return [Problem("dua-closed", sentence, "Ask CMS for a new data use agreement.", "extended_to")]
    problems = []
    if until <= standing.begins_from:
        sentence = f"The DUA runs until {_written(standing.begins_from)} already; it is never shortened."
        problems.append(Problem("day-not-later", sentence, "Give a later day.", "extended_to"))
    elif until <= today:
        problems.append(Problem("day-past", "The new last day is over.", "Give a day to come.", "extended_to"))
    if until > standing.latest:
        sentence = f"An extension runs for one year at most, until {_written(standing.latest)}."
        problems.append(Problem("day-too-late", sentence, "Give that day or an earlier one.", "extended_to"))
    return problems


def closed_problem(closure: Closure, where: str = "") -> Problem:
    """That CMS closed the DUA; nothing opens it again (docs/adr/0062)."""
    sentence = f"CMS closed the data use agreement {closure.number} on {_written(closure.closed_on)}."
    return Problem("dua-closed", sentence, "Ask CMS for a new data use agreement.", where)


def expiry_problem(standing: Standing, today: date, where: str = "") -> Problem | None:
    """That the DUA is closed or expired, and what ends that; None while it holds (docs/adr/0019, 0062)."""
    if standing.closure:
        return closed_problem(standing.closure, where)
    if not standing.is_expired(today):
        return None
    sentence = f"The data use agreement {standing.number} expired on {_written(standing.expires_on)}."
    if standing.is_closed(today):
        remedy = "Ask CMS for a new data use agreement."
    elif standing.signed_by_aco:
        remedy = "The extension is signed by the ACO; it holds as soon as CMS countersigns it."
    elif standing.request:
        remedy = "The Requestor and the Custodian sign the extension in Step 4."
    else:
        remedy = "The Requestor or the Custodian asks for the extension, and both sign it in Step 4."
    return Problem("dua-expired", sentence, remedy, where)


def gate_problems(
    gates: Iterable[str],
    standing: Standing,
    confirmation: ContactConfirmation | None,
    contacts_digest: str,
    where: str = "",
) -> list[Problem]:
    """What the step's own gates ask for and is not there: contacts confirmed as they are now (R23), extension asked for (R74).

    A closed DUA is signed by nobody any more.

    Once the ACO has signed, both are past: what changes afterwards is told by an addendum, and CMS is not made to wait.
    """
    if standing.closure and {CONTACTS_GATE, EXTENSION_GATE} & set(gates):
        return [closed_problem(standing.closure, where)]
    if standing.signed_by_aco:
        return []
    problems = []
    if CONTACTS_GATE in gates and confirmation is None:
        sentence = "The contacts were not confirmed in this step."
        problems.append(Problem("dua-contacts-unconfirmed", sentence, _remedy("confirms them"), where))
    elif CONTACTS_GATE in gates and confirmation and confirmation.contacts_digest != contacts_digest:
        sentence = "The contacts have changed since they were confirmed in this step."
        problems.append(Problem("dua-contacts-changed", sentence, _remedy("confirms them again"), where))
    if EXTENSION_GATE in gates and standing.request is None and not standing.fixed:
        sentence = "The extension of the data use agreement was not asked for."
        problems.append(Problem("dua-extension-missing", sentence, _remedy("asks for it"), where))
    return problems


def people_in_charge(packet: Iterable[Document]) -> dict[Role, Signature]:
    """Who answers for the DUA on paper: Requestor and Custodian of the newest document that both have signed."""
    pairs = [
        found
        for one in packet
        if set(KEEPERS) <= (found := {signature.role: signature for signature in one.signatures}).keys()
    ]
    pairs.reverse()  # of two that were signed in the same second, the later one in the packet's order
    newest = max(pairs, key=lambda found: max(found[role].signed_at for role in KEEPERS), default={})
    return {role: newest[role] for role in KEEPERS if role in newest}


def changed_keepers(packet: Iterable[Document], contacts: Iterable[Contact]) -> dict[Role, Signature]:
    """The keepers' roles that somebody else holds now than the one who signed, with the signature that is outdated."""
    signed, holders = people_in_charge(packet), {one.role: one.person.user_id for one in contacts}
    return {role: one for role, one in signed.items() if holders.get(role, one.user_id) != one.user_id}


def occurrence_to_make(document_type: DocumentType, packet: Iterable[Document]) -> int:
    """Which one of its kind is assembled now: the one under way, or the next when the ACO has finished the last one."""
    made = [one for one in packet if one.kind == document_type.kind] if document_type.on_demand else []
    last = max(made, key=lambda one: one.occurrence, default=None)
    if last is None:
        return 1
    return last.occurrence + last.finished_by_aco(document_type)


def _remedy(does: str) -> str:
    who = " or the ".join(SLOTS_BY_ROLE[role].label for role in KEEPERS)
    return f"The {who} {does} on the page of the data use agreement."


def _written(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
