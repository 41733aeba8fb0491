"""Who is played: offices that run three ACOs each, with three designees, and how long people take for what. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from packets.model.people import Role
from packets.sample.year import SampleAco, SampleYear

OFFICE = 3
"""So many ACOs are run by one office, whose people hold the slots of all of them, and so many of these people sign."""
PLAYED = (Role.ACO_EXECUTIVE, Role.DUA_REQUESTOR, Role.DUA_CUSTODIAN)
SIGNED_BEFORE: tuple[tuple[int, ...], ...] = ((), (2,), (2, 3))
"""The steps that the first, second and third ACO of an office have signed before the last ten minutes."""
SIGNATURES_EACH = 3
"""What is left for each: the Executive three lists, the Requestor and the Custodian three data use agreements."""

MEDIANS = {
    "sign-in page": 12.0,
    "second step page": 10.0,
    "home": 8.0,
    "packet": 10.0,
    "document": 8.0,
    "PDF to read": 50.0,
    "signing page": 20.0,
    "receipt": 10.0,
    "download": 10.0,
}
"""Seconds for which half of all people look at something before they go on."""
SIGMA = 0.5
"""Of the logarithm: one in six takes longer than 1.65 times the median."""
LOOK_AGAIN = 30.0
"""Median of the seconds after which somebody who waits for another looks at the home page again."""
ARRIVALS = 0.2
"""All have come within this share of the time."""


@dataclass(frozen=True, slots=True)
class Designee:
    """A person with the factors that they sign in with.

    Attributes:
        secret: of the authenticator app.
        step: the last time step whose code was used.
    """

    user_id: str
    role: Role
    secret: bytes
    step: int


def offices(made: SampleYear) -> SampleYear:
    """The same year, in which the people of every third ACO hold the slots of the next two as well."""
    return replace(
        made,
        acos=tuple(_run_by(made.acos[place - place % OFFICE], one) for place, one in enumerate(made.acos)),
    )


def _run_by(first: SampleAco, one: SampleAco) -> SampleAco:
    return replace(one, contacts=first.contacts)


def acos_for(designees: int) -> int:
    """How many ACOs so many designees sign for: as many, in whole offices."""
    return -(-designees // len(PLAYED)) * OFFICE


def played_in(made: SampleYear, count: int) -> list[tuple[str, Role]]:
    """User IDs and roles of those who are played, office by office."""
    found = [
        (next(each.person.user_id for each in first.contacts if each.role is role), role)
        for first in made.acos[::OFFICE]
        for role in PLAYED
    ]
    return found[:count]


def think(chance: random.Random, median: float, pace: float) -> float:
    """How many seconds somebody takes, from a lognormal distribution; `pace` is 1 where they take their time."""
    return median * chance.lognormvariate(0.0, SIGMA) * pace


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of all is not above; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-len(ordered) * share // 1) - 1))] if ordered else 0.0
