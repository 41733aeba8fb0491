"""A document: its type (from a manifest), its chain of revisions, its events and the status derived from them.

A document is a chain of immutable revisions, each known by its SHA-256 and each a byte prefix of the next (DESIGN 3).
State is what the recorded events say; the statuses shown to people are derived from it, never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from packets.model.aco import Cohort
from packets.model.people import Role

ISSUERS = "issuers"
"""Name of the frozen fact that says which authorities may certify signers: certificates, DER in base64."""


class Party(StrEnum):
    """On whose side a signature slot stands."""

    ACO = "aco"
    CMS = "cms"


@dataclass(frozen=True, slots=True)
class Slot:
    """One signature slot of a document type (R19).

    Attributes:
        name: name of the PDF signature field, e.g. `Requestor_16`.
        party: ACO or CMS.
        label: what the signature block says, e.g. `DUA Requestor`.
        roles: any one of these may sign it.
        different_from: slots that the same person may not have signed.
        purpose: the sentence that the signer agrees to; becomes the signature's reason.
    """

    name: str
    party: Party
    label: str
    roles: tuple[Role, ...]
    purpose: str
    different_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldDictionaries:
    """What a pre-placed signature field says about the signature it will take, as literal PDF objects (ISO 32000-1 12.7.4.5).

    Attributes:
        seed_value: the `/SV` dictionary.
        lock: the `/Lock` dictionary (FieldMDP).
    """

    seed_value: bytes
    lock: bytes


@dataclass(frozen=True, slots=True)
class RosterColumn:
    """A column of a roster: its key in the list's data, its heading, its share of the width."""

    key: str
    label: str
    width: float


@dataclass(frozen=True, slots=True)
class Roster:
    """A list that a document carries whole.

    Attributes:
        name: name in the document's data and in `<roster name=…/>`.
        source: the list it comes from, e.g. `provider-supplier`.
        title: its heading in the document.
        columns: what is printed of each row, in order.
        group_by: key of the value by which rows stand together under a heading and a bookmark (`""`: no groups).
        group_label: key of the value that names the group in its heading.
        excluded_by: key of a 0/1 column whose 1-rows go into a table of their own (REQ 1.6.5; `""`: none).
    """

    name: str
    source: str
    title: str
    columns: tuple[RosterColumn, ...]
    group_by: str = ""
    group_label: str = ""
    excluded_by: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the values of one row in the frozen data: the group's two first, then the printed columns."""
        group = (self.group_by, self.group_label) if self.group_by else ()
        return (*group, *(column.key for column in self.columns))


@dataclass(frozen=True, slots=True)
class DocumentType:
    """What a manifest says of one document type. Nothing in Python names a document type.

    Attributes:
        kind: name of the folder, e.g. `data-use-agreement`.
        edition: version of the template; an edition that was used is never edited.
        step: number of its step in the annual certification (2-6).
        cohorts: who does this step (R5).
        prerequisites: kinds that the ACO must have signed first (R44).
        gates: what must be complete first: parts of Step 1, `contacts` and `organization` (R24, R32); and within the step
            itself, `dua-contacts` and `dua-extension` (R23, R74).
        sections: parts of the frozen data that the body may use, e.g. `aco`, `contacts`, `dua`, `corrections`.
        schema: JSON Schema of the frozen data.
        template_digest: SHA-256 over the manifest and the body, hex.
        body: the Jinja source of the body.
        occasion: what must have happened before such a document is made at all, e.g. `dua-contacts-changed`; empty for a step.
        takes_effect: `on-last-signature` or `on-start-of-performance-year`.
    """

    kind: str
    title: str
    short_title: str
    edition: str
    step: int
    cohorts: tuple[Cohort, ...]
    prerequisites: tuple[str, ...]
    gates: tuple[str, ...]
    slots: tuple[Slot, ...]
    citations: tuple[str, ...]
    takes_effect: str
    language: str
    sections: tuple[str, ...]
    schema: Mapping[str, Any]
    rosters: tuple[Roster, ...]
    body: str
    template_digest: str
    record: Mapping[str, Any] = field(default_factory=dict)
    """Data that belongs to the edition, e.g. the statutes of the Assurance; the body sees it as `record`."""
    sample: Mapping[str, Any] = field(default_factory=dict)
    """Sample data (`sample.json`) with which the type can be rendered and linted."""

    occasion: str = ""

    @property
    def on_demand(self) -> bool:
        """Whether it is no step of the packet, but made when its occasion arises, several times a year if need be."""
        return bool(self.occasion)

    def slot(self, name: str) -> Slot:
        """The slot of that name.

        Raises:
            KeyError: no such slot.
        """
        return {slot.name: slot for slot in self.slots}[name]

    def has_slot(self, name: str) -> bool:
        """Whether the type has a slot of that name."""
        return any(slot.name == name for slot in self.slots)

    @property
    def countersigned(self) -> bool:
        """Whether CMS countersigns this document (R3)."""
        return any(slot.party is Party.CMS for slot in self.slots)


class Event(StrEnum):
    """What has happened to a document: past tense, closed."""

    DRAFTED = "drafted"
    SEALED = "sealed"
    VIEWED = "viewed"
    SIGNED = "signed"
    COUNTERSIGNED = "countersigned"
    EXECUTED = "executed"
    RENEWED = "renewed"
    DECLINED = "declined"
    VOIDED = "voided"


class Status(StrEnum):
    """What people are told about a document (R42, REQUIREMENTS 2.2)."""

    NOT_AVAILABLE = "Not available"
    LOCKED = "Locked – prerequisite"
    READY = "Ready for review"
    PARTIALLY_SIGNED = "Partially signed"
    DECLINED = "Declined"
    PENDING_CMS = "Signed by ACO – pending CMS"
    EXECUTED = "Executed"
    NOT_APPLICABLE = "Not applicable"
    PAST_DUE = "Past due"
    VOIDED = "Voided"


@dataclass(frozen=True, slots=True)
class Revision:
    """One immutable state of a document's bytes."""

    number: int
    digest: str
    size: int
    event: Event
    at_utc: datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """A recorded signature. It never changes, whoever holds the slot later (REQ 1.6.14).

    Attributes:
        slot: name of the signature field.
        user_id, name, role: who signed and in which role, as they were then.
        signed_at: the time in the time-stamp token, UTC.
        level: PAdES level of the signature, e.g. `B-LT`.
        certificate_serial: serial number of the signer's certificate, hex.
        revision_digest: digest of the revision that the signature made.
    """

    slot: str
    user_id: str
    name: str
    role: Role
    signed_at: datetime
    level: str
    certificate_serial: str
    revision_digest: str


@dataclass(frozen=True, slots=True)
class Decline:
    """A refusal to sign a slot, with its reason; it holds until the same party withdraws it or CMS voids the document.

    Attributes:
        withdrawn_at: None while it holds.
    """

    decline_id: int
    slot: str
    user_id: str
    role: Role
    reason: str
    declined_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    withdraw_reason: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One document of one ACO's packet for one performance year, with everything recorded about it."""

    document_id: str
    aco_id: str
    performance_year: int
    kind: str
    edition: str
    step: int
    head_digest: str
    pages: int
    data_digest: str
    template_digest: str
    revisions: tuple[Revision, ...]
    signatures: tuple[Signature, ...]
    executed_at: datetime | None = None
    voided_at: datetime | None = None
    sample: bool = False
    sections_digest: str | None = None
    """Digest of the sections of the facts, without the lists; None for documents that were assembled before it was kept."""
    void_reason: str = ""
    voided_by: str = ""
    declines: tuple[Decline, ...] = ()
    occurrence: int = 1
    """Which one of its kind in the year: 1 for a step; documents made on demand are counted."""

    disposed_at: datetime | None = None
    """Since when its bytes are gone for good, by a disposition; what is recorded about it stays."""

    @property
    def decline(self) -> Decline | None:
        """The decline that holds, or None; nobody signs while one does."""
        return next((one for one in self.declines if one.withdrawn_at is None), None)

    @property
    def signed_slots(self) -> frozenset[str]:
        """Names of the slots that carry a signature."""
        return frozenset(signature.slot for signature in self.signatures)

    def unsigned(self, document_type: DocumentType, party: Party | None = None) -> tuple[Slot, ...]:
        """The slots, of one party or of both, that still want a signature."""
        slots = (slot for slot in document_type.slots if party in {None, slot.party})
        return tuple(slot for slot in slots if slot.name not in self.signed_slots)

    def finished_by_aco(self, document_type: DocumentType) -> bool:
        """Whether the ACO has signed all that is its to sign; the next step waits for this, not for CMS."""
        return self.voided_at is None and not self.unsigned(document_type, Party.ACO)
