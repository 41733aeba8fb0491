"""The searches: of every kind that the page offers, seeded, each as the page asks it, with the lines that it shows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import date
from typing import TypeAlias

from packets.finding.query import Query, Stage
from packets.model.people import Role
from searching.material import FAMILY, GIVEN, PLACES, SORTS, Archive
from web.bootstrap import Services

LINES = 50
Draw: TypeAlias = Callable[[random.Random, Archive], Query]


def _signed(chance: random.Random, archive: Archive) -> Query:
    day = date(chance.choice(archive.years) - 1, 12, chance.randint(1, 20))
    return Query(signed_from=day, signed_to=day.replace(day=day.day + 2))


def _executed(chance: random.Random, archive: Archive) -> Query:
    day = date(chance.choice(archive.years) - 1, 12, chance.randint(1, 20))
    return Query(executed_from=day, executed_to=day.replace(day=day.day + 2))


KINDS: dict[str, Draw] = {
    "everything": lambda _chance, _archive: Query(),
    "an ACO": lambda chance, archive: Query(aco_id=chance.choice(archive.acos)),
    "a year": lambda chance, archive: Query(year=chance.choice(archive.years)),
    "an ACO in a year": lambda chance, archive: Query(
        aco_id=chance.choice(archive.acos), year=chance.choice(archive.years)
    ),
    "a kind": lambda _chance, _archive: Query(kind="data-use-agreement"),
    "a kind and a year": lambda chance, archive: Query(kind="participant-list", year=chance.choice(archive.years)),
    "a role": lambda _chance, _archive: Query(role=Role.DUA_CUSTODIAN),
    "a status": lambda chance, _archive: Query(stage=chance.choice(list(Stage))),
    "days of signing": _signed,
    "days of execution": _executed,
    "end of the period": lambda chance, archive: Query(ends_from=date(chance.choice(archive.years) + 4, 12, 1)),
    "a signer's user ID": lambda chance, archive: Query(signer=chance.choice(archive.signers)[0]),
    "a signer's name": lambda chance, archive: Query(signer=chance.choice(archive.signers)[1]),
    "an NPI": lambda chance, archive: Query(text=chance.choice(archive.npis)),
    "a common word": lambda chance, _archive: Query(text=chance.choice(SORTS)),
    "two common words": lambda chance, _archive: Query(text=f"{chance.choice(PLACES)} {chance.choice(SORTS)}"),
    "the beginning of a word": lambda chance, _archive: Query(text=chance.choice(FAMILY)[:3]),
    "a common word and a year": lambda chance, archive: Query(
        text=chance.choice(SORTS), year=chance.choice(archive.years)
    ),
    "an ACO, a word and a role": lambda chance, archive: Query(
        aco_id=chance.choice(archive.acos), text=chance.choice(GIVEN), role=Role.ACO_EXECUTIVE
    ),
    "a signer, a kind and a status": lambda chance, archive: Query(
        signer=chance.choice(archive.signers)[1], kind="data-use-agreement", stage=Stage.EXECUTED
    ),
    "two common words that never stand together": lambda _chance, _archive: Query(text="participation assurance"),
    "nothing: an NPI that nobody has": lambda chance, _archive: Query(text=f"3{chance.randrange(10**8, 10**9)}"),
    "nothing: a common word and one that nobody has": lambda chance, _archive: Query(
        text=f"{chance.choice(SORTS)} zzyzx"
    ),
    "deep page": lambda _chance, _archive: Query(),
    "deep page of a common word": lambda chance, _archive: Query(text=chance.choice(SORTS)),
}


def ask(services: Services, archive: Archive, times: int) -> dict[str, list[float]]:
    """Milliseconds of every search, by its kind; the first of each is not counted."""
    chance, found = random.Random(archive.count), {}  # noqa: S311  the same searches every time
    for kind, draw in KINDS.items():
        taken = []
        for _ in range(times + 1):
            query = draw(chance, archive)
            after = chance.choice(archive.places).decode() if kind.startswith("deep") else ""
            begun = time.perf_counter()
            services.finding.find(archive.archivist, query, after=after, most=LINES)
            taken.append((time.perf_counter() - begun) * 1000)
        found[kind] = taken[1:]
    return found
