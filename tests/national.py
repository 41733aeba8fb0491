"""A whole national year in a database, without the bytes of its documents: 511 ACOs, 1,680 documents, every state of signing."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from types import MappingProxyType
from typing import Any

from packets.model.documents import Document, DocumentType, Event, Revision, Signature
from packets.model.people import Role
from packets.sample.year import SampleAco, SampleYear, sample_year
from packets.store.records import Records
from packets.store.records.ceremonies import Intent, StepUp
from packets.years.enrollment import Enrollment
from web.bootstrap import Services
from web.demo import choose_signer

ACOS = 511
Lists = Mapping[str, Sequence[tuple[str, ...]]]


def fill_national_year(
    services: Services,
    year: int,
    acos: int = ACOS,
    *,
    lists: Mapping[int, Lists] = MappingProxyType({}),
    whole: int = 0,
) -> list[SampleAco]:
    """Enrol so many invented ACOs without lists, and record documents with signatures, the same every time.

    Args:
        services: where.
        year: the performance year.
        acos: how many.
        lists: lists of some of them, by their place.
        whole: of so many, the first ones, packets are really assembled; documents of others then share their bytes.
    """
    now, chance, numbers = services.clock(), random.Random(year), count(1)  # noqa: S311  sample data, no secret
    made = sample_year(year, acos, now=now)
    staff = made.agency[0].user_id
    services.enrollment.register(made.agency)
    services.enrollment.open_year(made.year, staff)
    for place, sample in enumerate(made.acos):
        services.enrollment.enroll(Enrollment(sample.aco, sample.contacts, lists.get(place, {})), staff)
    shared = _assemble(services, made, whole, now)
    with services.database.write() as records:
        for sample in made.acos[whole:]:
            if chance.random() < 0.9:
                records.acos.submit_contacts(sample.aco.aco_id, year, now)
                records.acos.submit_organization(sample.aco.aco_id, year, now)
            _fill_packet(records, services, sample, made, next(numbers), chance, now, shared)
    return list(made.acos)


def _assemble(services: Services, made: SampleYear, whole: int, now: datetime) -> dict[str, Document]:
    """Packets of the first ACOs, as they are in service; a document of each kind."""
    for sample in made.acos[:whole]:
        place = (sample.aco.aco_id, sample.aco.performance_year)
        with services.database.write() as records:
            records.acos.submit_contacts(*place, now)
            records.acos.submit_organization(*place, now)
        services.assembler.assemble_packet(*place)
    with services.database.read() as records:
        packets = [records.documents.packet(one.aco.aco_id, one.aco.performance_year) for one in made.acos[:whole]]
    return {one.kind: one for packet in packets for one in packet}


def _fill_packet(
    records: Records,
    services: Services,
    sample: SampleAco,
    made: SampleYear,
    number: int,
    chance: random.Random,
    now: datetime,
    shared: Mapping[str, Document],
) -> None:
    """Documents of an ACO, signed up to a step that chance chooses."""
    reached = chance.randint(1, 7)
    for kind in services.catalog.for_cohort(sample.aco.cohort):
        digest = hashlib.sha256(f"{number}/{kind.kind}".encode()).hexdigest()
        document = Document(
            f"{number}-{kind.kind}", sample.aco.aco_id, sample.aco.performance_year, kind.kind, kind.edition, kind.step,
            digest, 3, digest, kind.template_digest, (Revision(1, digest, 10, Event.SEALED, now),), (), sample=True,
        )  # fmt: skip
        if kind.kind in shared:
            same = shared[kind.kind]
            newest = replace(same.revisions[-1], number=1)
            bytes_of: dict[str, Any] = {
                "head_digest": newest.digest,
                "data_digest": same.data_digest,
                "pages": same.pages,
            }
            document = replace(document, **bytes_of, revisions=(newest,))
        records.documents.add(document, now)
        if kind.step <= reached:
            signed = list(_sign(records, document, kind, sample, made, now))
            if len(signed) == len(kind.slots) and chance.random() < 0.8:
                records.documents.execute(document.document_id, now)
            elif chance.random() < 0.3:
                user_id = sample.contacts[0].person.user_id
                records.documents.decline(document.document_id, signed[0], user_id, Role.ACO_EXECUTIVE, "Wrong", now)


def _sign(
    records: Records, document: Document, kind: DocumentType, sample: SampleAco, made: SampleYear, now: datetime
) -> Iterator[str]:
    for slot in kind.slots:
        role, user_id = choose_signer(slot, sample, made, 0)
        key = f"{document.document_id}/{slot.name}"
        records.ceremonies.add_step_up(StepUp(key, user_id, document.document_id, document.head_digest, now))
        records.ceremonies.open_intent(
            Intent(key, key, document.document_id, slot.name, user_id, role, document.head_digest, key, now)
        )
        signature = Signature(slot.name, user_id, "Somebody", role, now, "B-LT", key, document.head_digest)
        records.documents.add_signature(document.document_id, signature, key)
        yield slot.name
