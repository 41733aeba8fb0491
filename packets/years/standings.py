"""Where Data Use Agreements stand: one ACO's, or all of a year's; read by the desk, by closings and by reminders (REQ 2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from packets.documents.catalog import Catalog
from packets.errors import ConflictError
from packets.model.aco import Aco, DataUseAgreement
from packets.model.agreements import (
    EXTENSION_GATE,
    Closure,
    ExtensionRequest,
    Standing,
    closed_problem,
    stand,
    standing_of,
    year_after,
)
from packets.model.documents import DocumentType, Party
from packets.store.records import Records
from packets.store.records.acos import AcoAgreement
from packets.store.records.documents import DocumentOutline


@dataclass(frozen=True, slots=True)
class StandingLine:
    """One line of the list that CMS watches."""

    aco: AcoAgreement
    standing: Standing
    days_left: int


def read_standing(records: Records, catalog: Catalog, aco: Aco) -> Standing:
    """Where an ACO's DUA stands in one transaction: its expiry in force, and whether an extension is under way."""
    place = (aco.aco_id, aco.performance_year)
    closure, packet = records.agreements.closure(aco.aco_id, aco.dua.number), records.documents.packet(*place)
    return standing_of(aco.dua, records.agreements.request(*place), catalog.values(), packet, closure)


def list_standings(records: Records, catalog: Catalog, year: int, today: date) -> list[StandingLine]:
    """Where every DUA of a year stands, the one that ends first at the head; as many questions for many ACOs as for few."""
    extending = {one.kind: one for one in catalog.values() if EXTENSION_GATE in one.gates}
    wanted = {kind: _slots_of_aco(one) for kind, one in extending.items()}
    asked, closed = records.agreements.requests_in(year), records.agreements.closures()
    packets: dict[str, list[DocumentOutline]] = {}
    for one in records.documents.outlines(year, extending) if extending else ():
        packets.setdefault(one.aco_id, []).append(one)
    lines = []
    for aco in records.acos.agreements(year):
        place, found = aco.aco_id, packets.get(aco.aco_id, [])
        standing = _stand(aco.dua, asked.get(place), found, wanted, closed.get((place, aco.dua.number)))
        lines.append(StandingLine(aco, standing, standing.days_left(today)))
    return sorted(lines, key=lambda line: (line.days_left, line.aco.aco_id))


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


def refuse_closed(standing: Standing) -> None:
    """Refuse what nobody does with an agreement that CMS closed.

    Raises:
        ConflictError: it is closed.
    """
    if standing.closure:
        raise ConflictError(closed_problem(standing.closure))


def _slots_of_aco(document_type: DocumentType) -> frozenset[str]:
    return frozenset(slot.name for slot in document_type.slots if slot.party is Party.ACO)


def _stand(
    dua: DataUseAgreement,
    request: ExtensionRequest | None,
    packet: Sequence[DocumentOutline],
    wanted: Mapping[str, frozenset[str]],
    closure: Closure | None,
) -> Standing:
    """As `read_standing`, of documents in outline; `wanted` are the slots of the ACO by kind."""
    return stand(
        dua,
        request,
        fixed=any(one.slots for one in packet),
        signed_by_aco=any(wanted[one.kind].issubset(one.slots) for one in packet),
        executed=any(one.executed for one in packet),
        closure=closure,
    )
