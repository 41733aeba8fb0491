"""Steps and statuses: what people are told about each document of a packet, derived and never stored (R2, R42, R44)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from packets.model.aco import Cohort
from packets.model.calendar import Window
from packets.model.documents import Document, DocumentType, Party, Status


@dataclass(frozen=True, slots=True)
class StepView:
    """One line of a packet: a document type, the document if there is one, and its status.

    Attributes:
        unsettled: kinds of earlier steps that were finished when this document was signed and are not any more, because
            CMS voided them since. Its signatures stay; what is still unsigned waits for those steps (docs/adr/0013).
    """

    document_type: DocumentType
    document: Document | None
    status: Status
    unsettled: tuple[str, ...] = ()


def unmet_prerequisites(document_type: DocumentType, finished: frozenset[str]) -> tuple[str, ...]:
    """Kinds that the ACO must sign before this one and has not."""
    return tuple(kind for kind in document_type.prerequisites if kind not in finished)


def finished_kinds(types: Mapping[str, DocumentType], packet: list[Document]) -> frozenset[str]:
    """Kinds of a packet on which every ACO signature is there. CMS is not waited for (docs/adr/0004)."""
    return frozenset(one.kind for one in packet if one.kind in types and one.finished_by_aco(types[one.kind]))


def unsettled_kinds(
    document_type: DocumentType, document: Document | None, finished: frozenset[str]
) -> tuple[str, ...]:
    """Earlier kinds that a signed document stands on and that are not finished any more."""
    return unmet_prerequisites(document_type, finished) if document and document.signatures else ()


def waits_for_steps(document: Document) -> bool:
    """Whether the status of a document can depend on other documents: nobody has signed it, and it has not come to an end."""
    return not document.signatures and document.voided_at is None and document.executed_at is None


def document_status(
    document_type: DocumentType,
    document: Document | None,
    *,
    cohort: Cohort,
    finished: frozenset[str],
    window: Window,
    now: datetime,
) -> Status:
    """The status of a document for people (REQUIREMENTS 2.2)."""
    if cohort not in document_type.cohorts:
        return Status.NOT_APPLICABLE
    if document is None:
        return Status.NOT_AVAILABLE
    cases = (
        (document.voided_at is not None, Status.VOIDED),
        (document.executed_at is not None, Status.EXECUTED),
        (document.decline is not None, Status.DECLINED),
        (not document.unsigned(document_type, Party.ACO), Status.PENDING_CMS),
        (now >= window.closes_at and not document_type.on_demand, Status.PAST_DUE),
        (bool(document.signatures), Status.PARTIALLY_SIGNED),
        (now < window.opens_at and not document_type.on_demand, Status.NOT_AVAILABLE),
        (bool(unmet_prerequisites(document_type, finished)), Status.LOCKED),
    )
    return next((status for applies, status in cases if applies), Status.READY)
