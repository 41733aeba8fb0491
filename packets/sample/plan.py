"""What a sample ACO is before people and lists are invented for it, whether it is invented itself or taken from a public file."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from packets.lists.intake import PufAco
from packets.model.aco import Agreement, Cohort
from packets.model.identifiers import AcoId
from packets.sample.names import FAMILY_NAMES, LANDSCAPES, NETWORKS, PRACTICES, domain_of
from packets.sample.places import INVENTED_STATES

FIRST_INVENTED_NUMBER = 9001
MOST_INVENTED = len(LANDSCAPES) * len(NETWORKS)
"""So many ACOs can be invented before a name would come twice."""
NEW_EVERY = 3
"""Every third ACO, beginning with the first, is a new one and certifies all documents."""
AGREEMENT_YEARS = 5
"""Length of an agreement period in years (42 CFR 425.200)."""

FACILITY_WORDS = (("RURAL HEALTH", "RHC"), ("COMMUNITY HEALTH", "FQHC"), ("HEALTH CENTER", "FQHC"), ("HOSPITAL", "CAH"))
"""What in a participant's name makes it a facility of that kind in sample data."""
TAX_STATUSES = ("For-profit", "Not-for-profit", "Publicly traded")


@dataclass(frozen=True, slots=True)
class Participant:
    """A participant of a sample ACO; `facility` is FQHC, RHC, CAH or nothing."""

    legal_name: str
    facility: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A sample ACO without its people and lists. `number` is its place among the year's ACOs, from 0."""

    number: int
    aco_id: AcoId
    cohort: Cohort
    legal_name: str
    trade_name: str
    web_page: str
    service_area: str
    agreement: Agreement
    participants: tuple[Participant, ...]

    @property
    def domain(self) -> str:
        """Domain of its mail addresses."""
        return domain_of(self.legal_name)


def dice(*parts: object) -> random.Random:
    """A random source that gives the same numbers for the same parts, on any machine."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311  sample data, no secret


def invent(number: int, performance_year: int) -> Plan:
    """An invented ACO, the same for the same number and year."""
    aco_id = AcoId(f"A{FIRST_INVENTED_NUMBER + number:04d}")
    chance = dice(aco_id, "plan")
    cohort = Cohort.CURRENT if number % NEW_EVERY else Cohort.NEW
    landscape = LANDSCAPES[number % len(LANDSCAPES)]
    # Walks of 30 and of 20 steps meet again after 60; one step more for every 60 parts them until all pairs were used.
    legal_name = f"{landscape} {NETWORKS[(number + number // 60) % len(NETWORKS)]}"
    states = chance.sample(INVENTED_STATES, 1 + number % 2)
    return Plan(
        number=number,
        aco_id=aco_id,
        cohort=cohort,
        legal_name=legal_name,
        trade_name="" if number % 2 else f"{landscape} Care",
        web_page=f"https://www.{domain_of(legal_name)}/public-reporting",
        service_area=", ".join(sorted(states)),
        agreement=_invented_agreement(cohort, performance_year),
        participants=_invented_participants(chance),
    )


def _invented_agreement(cohort: Cohort, performance_year: int) -> Agreement:
    if cohort is Cohort.NEW:
        return _agreement(1, date(performance_year, 1, 1), date(performance_year, 1, 1), "BASIC, level A")
    return _agreement(2, date(performance_year - 7, 1, 1), date(performance_year - 2, 1, 1), "ENHANCED")


def _agreement(period: int, initial: date, start: date, track: str) -> Agreement:
    end = start.replace(year=start.year + AGREEMENT_YEARS) - timedelta(days=1)
    return Agreement(period, initial, start, end, track)


def _invented_participants(chance: random.Random) -> tuple[Participant, ...]:
    """Four to six participants: practices, a health center, and a rural clinic or a hospital."""
    practices = [
        Participant(f"{family} {chance.choice(PRACTICES)}")
        for family in chance.sample(FAMILY_NAMES, chance.randint(2, 4))
    ]
    center = Participant(f"{chance.choice(LANDSCAPES)} Community Health Center, Inc.", "FQHC")
    rural = chance.choice([("Rural Health Clinic, LLC", "RHC"), ("Memorial Hospital", "CAH")])
    return (*practices, center, Participant(f"{chance.choice(LANDSCAPES)} {rural[0]}", rural[1]))


def plan_from_puf(number: int, aco: PufAco) -> Plan:
    """A real ACO from the public-use file; what the file does not say is invented later."""
    page = aco.web_page if not aco.web_page or "://" in aco.web_page else f"https://{aco.web_page}"
    return Plan(
        number=number,
        aco_id=AcoId(aco.aco_id),
        cohort=aco.cohort,
        legal_name=aco.name,
        trade_name="",
        web_page=page or f"https://www.{domain_of(aco.name)}/public-reporting",
        service_area=aco.service_area,
        agreement=_agreement(aco.period_number, aco.initial_start_date, aco.start_date, aco.track),
        participants=tuple(Participant(name, _facility_in(name)) for name in aco.participants),
    )


def _facility_in(legal_name: str) -> str:
    return next((kind for words, kind in FACILITY_WORDS if words in legal_name.upper()), "")
