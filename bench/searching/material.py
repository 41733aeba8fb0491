"""An invented archive: 1,511 ACOs, three times those of today, whose packets of twenty years are signed.

Rows are written at once, without the acts that lead to them and with foreign keys off, because 100,000 ceremonies take hours.
Words and places are made by the functions of the service. There are no bytes, and no proofs of signatures: finding needs none.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from packets.finding.words import Source, words_of
from packets.model.documents import DocumentType, Party
from packets.model.identifiers import AcoId
from packets.sample.year import SampleAco, SampleYear, sample_year
from packets.store.records.entries import place_of
from packets.store.tables import documents, record_entries, record_words, revisions, signatures
from web.bootstrap import Services
from web.demo import choose_signer

SEED, YEARS, COHORTS = 425, 20, 3.3
"""Of 100 ACOs some 15 are new, with five documents, the others have three."""
GIVEN = (
    "Ana",
    "Ben",
    "Carla",
    "David",
    "Elena",
    "Frank",
    "Grace",
    "Hugo",
    "Iris",
    "James",
    "Kim",
    "Laura",
    "Maria",
    "Noah",
)
FAMILY = (
    "Adams",
    "Baker",
    "Castro",
    "Diaz",
    "Evans",
    "Flores",
    "Garcia",
    "Hughes",
    "Ito",
    "Jensen",
    "Kaur",
    "Lopez",
    "Miller",
)
PLACES = (
    "Cedar",
    "Lakeside",
    "Harbor",
    "Valley",
    "Summit",
    "River",
    "Coastal",
    "Prairie",
    "Northern",
    "Union",
    "Central",
)
SORTS = (
    "Clinic",
    "Family",
    "Medical",
    "Group",
    "Health",
    "Partners",
    "Physicians",
    "Hospital",
    "Pediatrics",
    "Cardiology",
)
PROVIDERS = 20
"""People in a list whose names and NPIs are in the index; real lists have some 800, which makes the table of words larger."""
AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Archive:
    """What was made, and what is asked for in it."""

    count: int
    years: tuple[int, ...]
    acos: tuple[str, ...]
    npis: tuple[str, ...]
    signers: tuple[tuple[str, str], ...]
    archivist: str
    places: tuple[bytes, ...]


def fill(services: Services, count: int) -> Archive:
    """Write so many records, the same every time; where they are already, only tell what they are."""
    chance, now = random.Random(SEED), services.clock()  # noqa: S311  sample data, no secret
    each = max(10, round(count / YEARS / COHORTS))
    sample = sample_year(now.year + 1, min(each, 500), now=now)
    archivist = next(one.user_id for one in sample.agency if "archivist" in map(str, one.cms_roles))
    years = [now.year + 1 - at for at in range(YEARS)]
    acos = [_renamed(sample.acos[at % len(sample.acos)], at, chance) for at in range(each)]
    rows = _Rows(services, sample, chance)
    for one, year in ((one, year) for year in years for one in acos):
        if len(rows.entries) < count:
            rows.add(one, year)
    if _is_new(services):
        _open(services, sample, years, acos)
        rows.write()
    places = tuple(sorted(one["place"] for one in rows.entries))
    names = tuple(str(one.aco.aco_id) for one in acos)
    return Archive(len(places), tuple(years), names, tuple(rows.npis), tuple(rows.signers), archivist, places)


def _is_new(services: Services) -> bool:
    with services.database.read() as records:
        return not records.years.numbers()


def _open(services: Services, sample: SampleYear, years: list[int], acos: list[SampleAco]) -> None:
    services.enrollment.register(sample.agency)
    with services.database.write() as records:
        for year in years:
            records.years.add(replace(sample.year, year=year), services.clock())
            for one in acos:
                records.acos.add(replace(one.aco, performance_year=year))


def _renamed(one: SampleAco, at: int, chance: random.Random) -> SampleAco:
    name = f"{chance.choice(PLACES)} {chance.choice(SORTS)} {chance.choice(SORTS)} ACO {at}, LLC"
    return replace(one, aco=replace(one.aco, aco_id=AcoId(f"A{1000 + at}"), legal_name=name, trade_name=""))


class _Rows:
    """The rows of all tables, gathered and then written."""

    def __init__(self, services: Services, sample: SampleYear, chance: random.Random) -> None:
        self.services, self.sample, self.chance = services, sample, chance
        self.entries: list[dict[str, Any]] = []
        self.npis: list[str] = []
        self.signers: list[tuple[str, str]] = []
        self._documents: list[dict[str, Any]] = []
        self._revisions: list[dict[str, Any]] = []
        self._signatures: list[dict[str, Any]] = []
        self._words: set[tuple[str, bytes, int]] = set()

    def add(self, one: SampleAco, year: int) -> None:
        """The packet of an ACO; those of earlier years are executed, of the newest some are on their way."""
        for kind in self.services.catalog.for_cohort(one.aco.cohort):
            self._add(one, year, kind, len(self.entries) + 1)

    def _add(self, one: SampleAco, year: int, kind: DocumentType, number: int) -> None:
        chance, aco_id = self.chance, str(one.aco.aco_id)
        signed_at = datetime(year - 1, 12, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(40_000))
        reached = len(kind.slots) if year < self.sample.year.year else chance.randint(0, len(kind.slots))
        state = "executed" if reached == len(kind.slots) else "open"
        if chance.random() < 0.03:  # noqa: PLR2004  so many are declined or voided
            state = chance.choice(("declined", "voided"))
        done, key = signed_at if state == "executed" else None, f"{number:08}-{kind.kind}"
        digest = f"{number:064x}"
        aco = {"aco_id": aco_id, "year": year, "kind": kind.kind}
        told = {"head_digest": digest, "data_digest": digest, "template_digest": kind.template_digest, "pages": 12}
        ended = {
            "voided_at_utc": signed_at if state == "voided" else None,
            "void_reason": "Replaced" if state == "voided" else "",
        }
        self._documents.append(
            {"document_id": key, **aco, "edition": kind.edition, "step": kind.step, "occurrence": 1, **told, **ended,
             "sample": True, "created_at_utc": signed_at, "executed_at_utc": done, "voided_by": ""}
        )  # fmt: skip
        self._revisions.append(
            {
                "document_id": key,
                "number": 1,
                "digest": digest,
                "size": 9,
                "event": "sealed",
                "by": "X",
                "at_utc": signed_at,
            }
        )
        signed = list(self._sign(one, kind, key, digest, signed_at, reached))
        ours = sum(slot.party is Party.ACO for slot in kind.slots[:reached])
        self.entries.append(
            {"entry_id": number, "document_id": key, "place": place_of(year, aco_id, kind.step, key), **aco, "state": state,
             "signed": ours, "executed_at_utc": done, "contents_digest": digest,
             "ends_on": date(year + 4, 12, 31) if kind.countersigned else None}
        )  # fmt: skip
        self._tell(number, Source.DOCUMENT, aco_id, one.aco.legal_name, kind.kind)
        self._tell(number, Source.SIGNER, *(text for user_id, name, _ in signed for text in (user_id, name)))
        self._words.update((str(Source.ROLE), role.encode(), number) for *_, role in signed)
        if kind.rosters:
            self._tell(number, Source.LIST, *self._roster())

    def _sign(
        self, one: SampleAco, kind: DocumentType, key: str, digest: str, at: datetime, reached: int
    ) -> Iterator[tuple[str, str, str]]:
        for slot in kind.slots[:reached]:
            role, user_id = choose_signer(slot, one, self.sample, 0)
            name = f"{self.chance.choice(GIVEN)} {self.chance.choice(FAMILY)}"
            self._signatures.append(
                {"document_id": key, "slot": slot.name, "user_id": user_id, "name": name, "role": str(role), "signed_at_utc": at,
                 "level": "B-LT", "certificate_serial": "1", "revision_digest": digest, "intent_id": f"{key}/{slot.name}"}
            )  # fmt: skip
            self.signers.append((user_id, name))
            yield user_id, name, str(role)

    def _roster(self) -> Iterator[str]:
        for _ in range(PROVIDERS):
            npi = str(self.chance.randrange(1_000_000_000, 2_999_999_999))
            self.npis.append(npi)
            person = f"{self.chance.choice(GIVEN)} {self.chance.choice(FAMILY)}"
            yield f"{npi} {person} {self.chance.choice(PLACES)} {self.chance.choice(SORTS)}"

    def _tell(self, number: int, source: Source, *texts: str) -> None:
        self._words.update((str(source), word.encode(), number) for word in words_of(*texts) if len(word) > 1)

    def write(self) -> None:
        """Into the tables, words in the order of their index."""
        words = [dict(zip(("source", "word", "entry_id"), one, strict=True)) for one in sorted(self._words)]
        engine = self.services.database._engine  # noqa: SLF001  no act writes rows so
        with engine.connect() as connection:
            _loosen(connection)
            for table, rows in (
                (documents, self._documents), (revisions, self._revisions), (signatures, self._signatures),
                (record_entries, self.entries), (record_words, words),
            ):  # fmt: skip
                for at in range(0, len(rows), AT_ONCE):
                    connection.execute(table.insert(), rows[at : at + AT_ONCE])
            connection.commit()
        if (
            engine.dialect.name == "postgresql"
        ):  # which does so by itself after a while; nobody does it in an SQLite file
            with engine.connect() as connection:
                connection.exec_driver_sql("ANALYZE")
                connection.commit()
        engine.dispose()


def _loosen(connection: sa.Connection) -> None:
    """Foreign keys are not looked at: signatures stand here without their intents."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET session_replication_role = replica")
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
