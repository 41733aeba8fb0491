"""A year of national size: 511 ACOs, 15,370 participants, 870,000 rows; names of the public list where it is given."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from packets.lists.columns import PARTICIPANTS, PROVIDER_SUPPLIER, Row
from packets.lists.intake import read_participants_puf
from packets.sample.names import FAMILY_NAMES, GIVEN_NAMES, PRACTICES
from packets.sample.plan import Participant, invent
from packets.sample.rosters import participants_of, providers_of
from packets.sample.year import SampleAco, SampleYear, sample_year, sample_year_from_puf
from packets.year_files.template import write_files

ACOS, PARTICIPANTS_IN_ALL = 511, 15_370
MEDIAN_ROWS, LARGEST_ROWS, ROWS_IN_ALL = 800, 33_500, 870_000
LARGEST_OTHERS = 20_000
SEED = 2027
STEPS = 60


def national_year(participants: Path | None, acos: int, now: datetime, seed: int = SEED) -> SampleYear:
    """A year with lists of national size. A subset has the sizes of every n-th ACO, so that it is like the whole.

    Args:
        participants: CMS's public-use participant file; invented ACOs of the same shape when None.
        acos: how many of its ACOs.
        now: the instant around which all windows are open.
        seed: gives the sizes.
    """
    made = (
        sample_year_from_puf(read_participants_puf(participants), acos, now=now, providers_per_participant=(1, 1))
        if participants
        else _invented(acos, now, seed)
    )
    sizes = spread(list_sizes(seed), acos)
    last = date(made.year.year, 12, 31)
    windows = tuple(replace(one, due_on=min(one.due_on, last)) for one in made.year.windows)
    return replace(
        made,
        year=replace(made.year, windows=windows),
        acos=tuple(fill(one, size) for one, size in zip(made.acos, sizes, strict=True)),
    )


def list_sizes(seed: int) -> list[int]:
    """Rows of each ACO's Provider/Supplier List: a median of 800, the largest 33,500, 870,000 together.

    Logarithms are normal about the median; how wide they are is found so that the sum comes out.
    """
    chance = random.Random(seed)  # noqa: S311  sample data, no secret
    normal = sorted(chance.gauss(0, 1) for _ in range(ACOS - 1))
    middle = normal[len(normal) // 2]
    low, high = 0.1, 3.0
    for _ in range(STEPS):
        width = (low + high) / 2
        sizes = [_size(one - middle, width) for one in normal]
        low, high = (width, high) if sum(sizes) < ROWS_IN_ALL - LARGEST_ROWS else (low, width)
    sizes.append(LARGEST_ROWS)
    chance.shuffle(sizes)
    return sizes


def _size(deviation: float, width: float) -> int:
    return min(LARGEST_OTHERS, max(10, round(MEDIAN_ROWS * 2.718281828 ** (deviation * width))))


def spread(sizes: Sequence[int], count: int) -> list[int]:
    """So many of the sizes, evenly over their order from small to large, in a mixed order."""
    ordered = sorted(sizes)
    chosen = [ordered[(2 * place + 1) * len(ordered) // (2 * count)] for place in range(count)]
    random.Random(count).shuffle(chosen)  # noqa: S311  sample data, no secret
    return chosen


def _invented(acos: int, now: datetime, seed: int) -> SampleYear:
    """Invented ACOs with about thirty participants each, as the public list has."""
    made = sample_year(now.year + 1, acos, now=now)
    return replace(made, acos=tuple(_with_participants(one, number, seed) for number, one in enumerate(made.acos)))


def _with_participants(sample: SampleAco, number: int, seed: int) -> SampleAco:
    chance = random.Random(f"{seed}/{number}")  # noqa: S311  sample data, no secret
    count = max(5, min(190, round(chance.lognormvariate(2.9, 0.95))))
    plan = invent(number, sample.aco.performance_year)
    more = [
        Participant(f"{chance.choice(GIVEN_NAMES)} {chance.choice(FAMILY_NAMES)} {chance.choice(PRACTICES)}")
        for _ in range(max(0, count - len(plan.participants)))
    ]
    plan = replace(plan, participants=(*plan.participants, *more))
    participants = participants_of(plan)
    return replace(sample, participants=participants, providers=providers_of(plan, participants, (1, 1)))


def fill(sample: SampleAco, rows: int) -> SampleAco:
    """Further people under the ACO's TINs, until the list has so many rows; nothing is corrected by upload."""
    return replace(sample, providers=(*sample.providers, *_people(sample, rows)), corrections_upload=None)


def _people(sample: SampleAco, rows: int) -> Iterator[Row]:
    chance = random.Random(sample.aco.aco_id)  # noqa: S311  sample data, no secret
    npi = PROVIDER_SUPPLIER.place("npi")
    known = {row[npi] for row in sample.providers}
    under = [
        (row[0], row[1], row[PARTICIPANTS.place("tin")], row[PARTICIPANTS.place("legal_name")])
        for row in sample.participants
    ]
    for number in range(max(0, rows - len(sample.providers))):
        identity = next(one for one in _npis(chance) if one not in known)
        known.add(identity)
        names = chance.choice(GIVEN_NAMES), chance.choice(FAMILY_NAMES)
        yield (*under[number % len(under)], "", "", "", identity, *names, "0")


def _npis(chance: random.Random) -> Iterator[str]:
    while True:
        yield npi_of(2 * 10**8 + chance.randrange(10**8))


def npi_of(body: int) -> str:
    """The NPI with these first nine digits: its check digit is Luhn's, with 24 for the prefix 80840."""
    digits = f"{body:09d}"
    doubled = sum(sum(divmod(2 * int(one), 10)) for one in digits[::-2])
    return f"{digits}{-(24 + doubled + sum(map(int, digits[-2::-2]))) % 10}"


def write_year(made: SampleYear, folder: Path) -> None:
    """The year as the files with which CMS staff open it."""
    folder.mkdir(parents=True, exist_ok=True)
    files = write_files(
        acos=[one.aco for one in made.acos],
        contacts={one.aco.aco_id: one.contacts for one in made.acos},
        participants=[row for one in made.acos for row in one.participants],
        providers=(row for one in made.acos for row in one.providers),
        windows=made.year.windows,
    )
    for name, content in files.items():
        (folder / name).write_bytes(content)
