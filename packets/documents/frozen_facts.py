"""The facts behind a document: frozen, as canonical JSON can hold them, and compared with what they are now (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from packets.canonical import digest_of
from packets.errors import NotFoundError, Problem
from packets.lists.columns import LAYOUTS
from packets.model.aco import Aco
from packets.model.agreements import changed_keepers, extended_day, people_in_charge
from packets.model.calendar import AGENCY_ZONE
from packets.model.documents import Document, DocumentType, Roster
from packets.model.people import SLOTS_BY_ROLE, Address, Contact, role_label
from packets.store.records import Records
from packets.store.records.lists import CorrectionsUpload, Row

NO_VALUE = "N/A"
"""What a document prints where a row has no such value, so that no cell looks forgotten (R58, REQ 1.6.8)."""


def require_aco(records: Records, aco_id: str, year: int) -> Aco:
    """The ACO in that year.

    Raises:
        NotFoundError: it is not enrolled in that year.
    """
    aco = records.acos.get(aco_id, year)
    if aco is None:
        raise NotFoundError(
            Problem("aco-unknown", f"There is no ACO {aco_id} in {year}.", "Check the ACO ID and the year.", aco_id)
        )
    return aco


def freeze(
    records: Records, document_type: DocumentType, aco_id: str, year: int, occurrence: int = 1
) -> dict[str, Any]:
    """The facts behind a document as JSON types: what the manifest's sections and rosters name, and nothing else.

    Raises:
        NotFoundError: the ACO is not enrolled in that year, or its cohort does not certify this document.
    """
    aco = require_aco(records, aco_id, year)
    if aco.cohort not in document_type.cohorts:
        raise NotFoundError(
            Problem(
                "not-applicable",
                f"{document_type.title} is not for {aco.cohort} ACOs.",
                "Choose a document of this packet.",
                document_type.kind,
            )
        )
    return {
        "document": {
            "kind": document_type.kind,
            "title": document_type.title,
            "edition": document_type.edition,
            "performance_year": year,
        },
        "sample": aco.sample,
        "rosters": {
            one.name: roster_facts(one, records.lists.rows(aco_id, year, one.source)) for one in document_type.rosters
        },
        **section_facts(records, document_type, aco, occurrence),
    }


def section_facts(
    records: Records,
    document_type: DocumentType,
    aco: Aco,
    occurrence: int = 1,
    contacts: Sequence[Contact] | None = None,
) -> dict[str, Any]:
    """The sections of the facts that the manifest names: what the ACO says of itself, its contacts, its DUA, its corrections.

    Contacts are read where they are not at hand.
    """
    place = (aco.aco_id, aco.performance_year)
    sections: dict[str, Callable[[], Any]] = {
        "aco": lambda: _aco_facts(aco),
        "contacts": lambda: [
            _contact_facts(one) for one in (records.acos.contacts(*place) if contacts is None else contacts)
        ],
        "dua": lambda: _dua_facts(records, aco),
        "addendum": lambda: _addendum_facts(records, document_type, aco, occurrence),
        "corrections": lambda: _corrections_facts(records, *place),
    }
    return {name: sections[name]() for name in document_type.sections if name in sections}


def sections_changed(
    records: Records,
    document_type: DocumentType,
    aco: Aco,
    document: Document,
    contacts: Sequence[Contact] | None = None,
) -> bool:
    """Whether the sections behind an unsigned document are not any more what it was made from (DESIGN 3).

    Such a document cannot be signed, whoever changed the facts and whether or not it was assembled again since. The lists are
    not looked at: CMS alone loads them. After the first signature the facts are frozen for good, and the answer is no.
    """
    if document.signatures or document.voided_at or not document.sections_digest:
        return False
    facts = section_facts(records, document_type, aco, document.occurrence, contacts)
    return digest_of(facts) != document.sections_digest


def template_changed(document_type: DocumentType, document: Document) -> bool:
    """Whether the words of an unsigned document are not any more those of its template: it has to be made and read anew."""
    if document.signatures or document.voided_at:
        return False
    return document.template_digest != document_type.template_digest


def roster_facts(roster: Roster, rows: Iterable[Row]) -> dict[str, list[Any]]:
    """A list's rows as a document carries them: the roster's columns only, excluded rows apart (REQ 1.6.5).

    What the columns are is said with them, so that the facts can still be read when later editions have others.
    """
    known = LAYOUTS.get(roster.source)
    keys = known.keys if known else (*roster.keys, *filter(None, [roster.excluded_by]))
    places = [keys.index(key) for key in roster.keys]
    flag = keys.index(roster.excluded_by) if roster.excluded_by else None
    facts: dict[str, list[Any]] = {"columns": list(roster.keys), "rows": [], "excluded": []}
    for row in rows:
        facts["excluded" if flag is not None and row[flag] == "1" else "rows"].append(
            [row[place] or NO_VALUE for place in places]
        )
    return facts


def _aco_facts(aco: Aco) -> dict[str, Any]:
    return {
        **{
            name: getattr(aco, name)
            for name in ("aco_id", "legal_name", "trade_name", "tax_status", "web_page", "service_area")
        },
        "cohort": str(aco.cohort),
        "address": _address_facts(aco.address),
        "agreement": {
            "period_number": aco.agreement.period_number,
            "initial_start_date": aco.agreement.initial_start_date.isoformat(),
            "start_date": aco.agreement.start_date.isoformat(),
            "end_date": aco.agreement.end_date.isoformat(),
            "track": aco.agreement.track,
        },
    }


def _dua_facts(records: Records, aco: Aco) -> dict[str, str]:
    """The DUA as this year's document extends it: to the day that was asked for, else to the day that CMS offers (R74)."""
    request = records.agreements.request(aco.aco_id, aco.performance_year)
    return {
        "number": aco.dua.number,
        "expires_on": aco.dua.expires_on.isoformat(),
        "extended_to": extended_day(aco.dua, request).isoformat(),
    }


def _addendum_facts(records: Records, document_type: DocumentType, aco: Aco, occurrence: int) -> dict[str, Any]:
    """What an addendum tells: its number, when the Requestor and the Custodian last signed, and who of them was replaced."""
    place = (aco.aco_id, aco.performance_year)
    this = (document_type.kind, occurrence)
    packet = [one for one in records.documents.packet(*place) if (one.kind, one.occurrence) != this]
    changed = changed_keepers(packet, records.acos.contacts(*place))
    signed = [f"{one.signed_at.astimezone(AGENCY_ZONE).date()}" for one in people_in_charge(packet).values()]
    return {
        "number": occurrence,
        "signed_on": max(signed, default=""),
        "changes": [
            {"role": str(role), "label": role_label(role), "name": one.name, "user_id": one.user_id}
            for role, one in changed.items()
        ],
    }


def contacts_digest(contacts: Iterable[Contact]) -> str:
    """What stands for the contacts as documents print them: whoever confirms them confirms this (R23)."""
    return digest_of([_contact_facts(one) for one in contacts])


def _address_facts(address: Address) -> dict[str, str]:
    return {name: getattr(address, name) for name in ("line_1", "line_2", "city", "state", "zip_code")}


def _contact_facts(contact: Contact) -> dict[str, Any]:
    person = contact.person
    return {
        "role": str(contact.role),
        "label": role_label(contact.role),
        "name": person.full_name,
        **{name: getattr(person, name) for name in ("title", "organization", "email", "phone", "user_id")},
        "address": _address_facts(person.address),
        "designee": SLOTS_BY_ROLE[contact.role].designee,
    }


def _corrections_facts(records: Records, aco_id: str, year: int) -> dict[str, Any] | None:
    uploads = records.lists.uploads(aco_id, year)
    return upload_facts(uploads[0]) if uploads else None


def upload_facts(upload: CorrectionsUpload) -> dict[str, Any]:
    """An accepted corrections file as a document tells of it."""
    return {
        **{name: getattr(upload, name) for name in ("file_name", "sha256", "uploaded_by", "additions", "deletions")},
        "uploaded_at": f"{upload.uploaded_at_utc:%Y-%m-%d %H:%M} UTC",
    }
