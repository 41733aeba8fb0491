"""Looking up what an outbox message is about: the facts of its words, and the roles that it concerns.

No fact identifies a person: people are named by the role in which they acted, documents by their titles, and the ACO by its ID.
What somebody typed (a reason, a correction) is not repeated; it stands on the page that the notice leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeAlias

from packets.documents.catalog import Catalog
from packets.errors import NotFoundError, PacketsError, Problem
from packets.model.aco import Aco
from packets.model.batches import ItemState
from packets.model.calendar import ACTIVITY_LABELS, Activity, agency_day
from packets.model.documents import Document, DocumentType, Party, Slot
from packets.model.people import Role, role_label
from packets.notices.message import LINK_MARK
from packets.notices.topics import ACTORS, Case, Topic
from packets.store.records import Records

Payload: TypeAlias = Mapping[str, Any]


def look_up(records: Records, catalog: Catalog, topic: str, payload: Payload) -> Case:
    """The case of a message.

    Raises:
        NotFoundError: the topic is unknown, or the message names what is not there.
    """
    try:
        return READERS[Topic(topic)](records, catalog, payload)
    except PacketsError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise _missing(f"The message cannot be understood: {type(error).__name__} {error}.") from error


def write_day(day: date) -> str:
    """A day as the words write it: `December 10, 2026`."""
    return f"{day:%B} {day.day}, {day.year}"


def _missing(sentence: str) -> NotFoundError:
    return NotFoundError(Problem("message-unusable", sentence, "Nobody was told; look into the audit log."))


def _aco(records: Records, payload: Payload) -> Aco:
    aco = records.acos.get(str(payload["aco_id"]), int(payload["year"]))
    if aco is None:
        raise _missing(f"There is no ACO {payload['aco_id']} in {payload['year']}.")
    return aco


def _case(aco: Aco, facts: dict[str, Any], roles: frozenset[Role] = frozenset()) -> Case:
    known = {"aco_id": aco.aco_id, "year": aco.performance_year}
    return Case(aco.aco_id, aco.performance_year, aco.sample, {**known, **facts}, roles)


def _extension(records: Records, _catalog: Catalog, payload: Payload) -> Case:
    activity = Activity(payload["activity"])
    facts = {"activity": ACTIVITY_LABELS[activity], "due_on": write_day(date.fromisoformat(payload["due_on"]))}
    return _case(_aco(records, payload), facts, ACTORS[activity])


def _deadline(records: Records, _catalog: Catalog, payload: Payload) -> Case:
    """The roles that still have to act were found when the reminder was planned; the message carries them."""
    activity, year = Activity(payload["activity"]), int(payload["year"])
    facts = {"activity": ACTIVITY_LABELS[activity], "due_on": write_day(date.fromisoformat(payload["due_on"]))}
    roles = frozenset(map(Role, payload.get("roles", ACTORS[activity])))
    more = {"count": str(payload.get("count", "")), "optional": activity is Activity.CORRECTIONS}
    if payload["aco_id"]:
        return _case(_aco(records, payload), {**facts, **more}, roles)
    opened = records.years.get(year)
    return Case("", year, opened is not None and opened.sample, {"aco_id": "", "year": year, **facts, **more}, roles)


def _dua(records: Records, _catalog: Catalog, payload: Payload) -> Case:
    return _case(_aco(records, payload), {"expires_on": write_day(date.fromisoformat(payload["expires_on"]))})


def _closed(records: Records, _catalog: Catalog, payload: Payload) -> Case:
    return _case(_aco(records, payload), {"closed_on": write_day(date.fromisoformat(payload["closed_on"]))})


def _contacts(records: Records, _catalog: Catalog, payload: Payload) -> Case:
    roles = [Role(one) for one in payload["roles"]]
    ordered = [role for role in Role if role in roles]
    return _case(_aco(records, payload), {"roles": ", ".join(map(role_label, ordered))}, frozenset(roles))


def _signed(records: Records, catalog: Catalog, payload: Payload) -> Case:
    document, document_type, case = _document(records, catalog, payload)
    signature = next(one for one in document.signatures if one.slot == payload["slot"])
    case.facts["signed_as"] = role_label(signature.role)
    case.facts["executed"] = document.executed_at is not None
    case.facts["last"] = signature.signed_at == max(one.signed_at for one in document.signatures)
    case.facts["waits_for"] = " and the ".join(map(_who, document.unsigned(document_type, Party.ACO)))
    return case


def _declined(records: Records, catalog: Catalog, payload: Payload) -> Case:
    _, document_type, case = _document(records, catalog, payload)
    case.facts["signed_as"] = _party(document_type.slot(payload["slot"]))
    return case


def _who(slot: Slot) -> str:
    """Whose slot it is."""
    return " or ".join(map(role_label, slot.roles))


def _party(slot: Slot) -> str:
    """The one role that may sign a slot, or the side on which it stands."""
    return _who(slot) if len(slot.roles) == 1 else slot.party.upper()


def _voided(records: Records, catalog: Catalog, payload: Payload) -> Case:
    _, _, case = _document(records, catalog, payload)
    case.facts["replaced"] = bool(payload.get("replaced_by"))
    return case


def _document(records: Records, catalog: Catalog, payload: Payload) -> tuple[Document, DocumentType, Case]:
    document = records.documents.get(payload["document_id"])
    aco = records.acos.get(document.aco_id, document.performance_year) if document else None
    year = records.years.for_aco(aco) if aco else None
    if document is None or aco is None or year is None:
        raise _missing("There is no such document, or its ACO or year is gone.")
    document_type = catalog[document.kind]
    due_on = year.window(Activity.SIGN, aco.cohort).due_on
    roles = frozenset(role for slot in document_type.slots if slot.party is Party.ACO for role in slot.roles)
    return document, document_type, _case(aco, {"title": document_type.title, "due_on": write_day(due_on)}, roles)


def _request(records: Records, _catalog: Catalog, payload: Payload) -> Case:
    request = records.change_requests.get(int(payload["request_id"]))
    if request is None:
        raise _missing(f"There is no change request {payload['request_id']}.")
    return _case(_aco(records, {"aco_id": request.aco_id, "year": request.year}), {})


def _batch(records: Records, _catalog: Catalog, payload: Payload) -> Case:
    batch = records.batches.get(payload["batch_id"])
    if batch is None:
        raise _missing("There is no such batch.")
    facts = {"signed": batch.count(ItemState.SIGNED), "skipped": batch.count(ItemState.SKIPPED)}
    return _told_alone(records, batch.user_id, facts)


def _reset(records: Records, _catalog: Catalog, payload: Payload) -> Case:
    return _told_alone(records, str(payload["user_id"]), {"minutes": int(payload["minutes"]), "link": LINK_MARK})


def _changed(records: Records, _catalog: Catalog, payload: Payload) -> Case:
    return _told_alone(records, str(payload["user_id"]), {"change": str(payload["change"])})


def _granted(records: Records, _catalog: Catalog, payload: Payload) -> Case:
    """The link leads there without signing in, so the letter leads nowhere else; it is about no ACO's page."""
    grant = records.grants.get(str(payload["grant_id"]))
    aco = records.acos.get(grant.aco_id, grant.performance_year) if grant else None
    if grant is None or aco is None:
        raise _missing("There is no such grant of certified copies.")
    facts = {
        "aco_id": grant.aco_id,
        "year": grant.performance_year,
        "documents": len(grant.document_ids),
        "until": write_day(agency_day(grant.expires_at)),
        "most": grant.most,
        "link": LINK_MARK,
    }
    return Case("", 0, aco.sample, facts, email=grant.email)


def _told_alone(records: Records, user_id: str, facts: dict[str, Any]) -> Case:
    person = records.people.get(user_id)
    if person is None:
        raise _missing("There is no such person.")
    return Case("", 0, person.sample, facts, person=person)


Reader: TypeAlias = Callable[[Records, Catalog, Payload], Case]

READERS: dict[Topic, Reader] = {
    Topic.WINDOW_EXTENDED: _extension,
    Topic.DOCUMENT_SIGNED: _signed,
    Topic.DOCUMENT_DECLINED: _declined,
    Topic.DOCUMENT_VOIDED: _voided,
    Topic.CHANGE_REQUEST_FILED: _request,
    Topic.CHANGE_REQUEST_ANSWERED: _request,
    Topic.DEADLINE_NEAR: _deadline,
    Topic.DUA_EXPIRING: _dua,
    Topic.DUA_EXPIRED: _dua,
    Topic.DUA_CLOSED: _closed,
    Topic.CONTACTS_CHANGED: _contacts,
    Topic.CONTACT_PLACED: _contacts,
    Topic.BATCH_FINISHED: _batch,
    Topic.PASSWORD_RESET: _reset,
    Topic.ACCOUNT_CHANGED: _changed,
    Topic.COPIES_GRANTED: _granted,
}
