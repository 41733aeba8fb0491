"""Sample lists: the participants of an ACO, who bills under their TINs, and a corrections file.

No invented number belongs to anybody: TINs begin with digits that the IRS has never issued to an employer nor the Social
Security Administration to a person; NPIs begin with 2, and all NPIs so far begin with 1.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date

from packets.lists.columns import PARTICIPANTS, PROVIDER_SUPPLIER, Row
from packets.lists.correction_rows import ADD, DELETE
from packets.lists.corrections import correction_row, write_corrections
from packets.model.identifiers import Ccn, Npi, Tin
from packets.sample.names import FAMILY_NAMES, GIVEN_NAMES
from packets.sample.places import place_of
from packets.sample.plan import Participant, Plan, dice

UNISSUED_TIN_PREFIX = "96"
TIN_SPACE, TIN_SCATTER = 10**7, 7_654_321
"""Numbers behind the prefix, and a factor that no divisor of ten divides: scattered numbers, reversed or not, stay different."""
PARTICIPANTS_AN_ACO = 1000
NPI_FIRST, NPI_SPACE = 2 * 10**8, 10**8
"""First nine digits of the first invented NPI, and how many there are."""

FACILITY_RANGES = {"FQHC": range(1000, 1200), "RHC": range(3800, 3975), "CAH": range(1300, 1400)}
"""Last four digits of the CCNs of the facilities that take part (REQ 4.4)."""
MOST_EXCLUDED = 2


def participants_of(plan: Plan) -> tuple[Row, ...]:
    """The Participant List, in the columns of `PARTICIPANTS`; a facility has a CCN and an organizational NPI."""
    chance = dice(plan.aco_id, "participants")
    ccns = _ccns(plan, chance)
    npis = _npis(chance, len(plan.participants))
    effective = plan.agreement.start_date.isoformat()
    return tuple(
        (
            plan.aco_id, plan.legal_name, tin_of(plan, number), participant.legal_name, *_facility(participant, ccn, npi),
            "", "Approved", effective,
        )
        for number, (participant, ccn, npi) in enumerate(zip(plan.participants, ccns, npis, strict=True))
    )  # fmt: skip


def _facility(participant: Participant, ccn: Ccn | None, npi: Npi) -> tuple[str, str, str, str]:
    """What the list says of a facility: nothing for others."""
    return (ccn, participant.legal_name, ccn.facility_type, npi) if ccn else ("", "", "", "")


def tin_of(plan: Plan, number: int) -> Tin:
    """The invented TIN of an ACO's participant, different from every other participant's."""
    place = f"{(int(plan.aco_id[1:]) * PARTICIPANTS_AN_ACO + number) * TIN_SCATTER % TIN_SPACE:07d}"
    return Tin(f"{UNISSUED_TIN_PREFIX}{int(place[::-1]) * TIN_SCATTER % TIN_SPACE:07d}")


def _ccns(plan: Plan, chance: random.Random) -> list[Ccn | None]:
    """A CCN for each facility and nothing for the others."""
    state, offset = place_of(plan.service_area).ccn_code, chance.randrange(100)
    return [_ccn(state, participant, offset + number) for number, participant in enumerate(plan.participants)]


def _ccn(state: str, participant: Participant, number: int) -> Ccn | None:
    if not participant.facility:
        return None
    numbers = FACILITY_RANGES[participant.facility]
    return Ccn(f"{state}{numbers[number % len(numbers)]:04d}")


def _npis(chance: random.Random, count: int) -> list[Npi]:
    """So many NPIs, all different."""
    return [Npi.from_body(NPI_FIRST + body) for body in chance.sample(range(NPI_SPACE), count)]


def providers_of(plan: Plan, participants: tuple[Row, ...], per_participant: tuple[int, int]) -> tuple[Row, ...]:
    """The Provider/Supplier List, in the columns of `PROVIDER_SUPPLIER`, in the order of the participants.

    Args:
        plan: the ACO.
        participants: its Participant List.
        per_participant: fewest and most people who bill under one TIN.
    """
    chance = dice(plan.aco_id, "providers")
    sizes = [chance.randint(*per_participant) for _ in participants]
    npis = iter(_npis(chance, sum(sizes)))
    rows = [
        row
        for participant, size in zip(participants, sizes, strict=True)
        for row in _billing(participant, size, npis, chance)
    ]
    return tuple(_exclude_some(rows, chance))


def _billing(participant: Row, size: int, npis: Iterator[str], chance: random.Random) -> Iterator[Row]:
    """The facility itself if it is one, then the people who bill under the TIN."""
    aco_id, aco_name, tin, legal_name, ccn, ccn_name, facility = participant[: PARTICIPANTS.place("org_npi")]
    if ccn:
        yield (aco_id, aco_name, tin, legal_name, ccn, ccn_name, facility, "", "", "", "0")
    for _ in range(size):
        first, last = chance.choice(GIVEN_NAMES), chance.choice(FAMILY_NAMES)
        yield (aco_id, aco_name, tin, legal_name, "", "", "", next(npis), first, last, "0")


def _exclude_some(rows: list[Row], chance: random.Random) -> list[Row]:
    """One or two people are marked as excluded from federal programmes (R49), if that leaves others."""
    people = [place for place, row in enumerate(rows) if row[PROVIDER_SUPPLIER.place("npi")]]
    for place in chance.sample(people, min(chance.randint(1, MOST_EXCLUDED), len(people) // 2)):
        rows[place] = (*rows[place][:-1], "1")
    return rows


def corrections_of(plan: Plan, providers: tuple[Row, ...], day: date) -> tuple[str, bytes]:
    """A corrections archive with one addition and one deletion: its name and its bytes (R56, R61)."""
    chance = dice(plan.aco_id, "corrections")
    tin, npi, first, last = (PROVIDER_SUPPLIER.place(key) for key in ("tin", "npi", "first_name", "last_name"))
    gone = next(row for row in providers if row[npi] and row[-1] == "0")
    known = {row[npi] for row in providers}
    joined = next(one for one in _npis(chance, len(known) + 1) if one not in known)
    rows = (
        correction_row(
            aco_id=plan.aco_id, action=ADD, tin=gone[tin], npi=joined, first_name=chance.choice(GIVEN_NAMES),
            last_name=chance.choice(FAMILY_NAMES), reason="new reassignment",
        ),
        correction_row(
            aco_id=plan.aco_id, action=DELETE, tin=gone[tin], npi=gone[npi], first_name=gone[first], last_name=gone[last],
            reason="retirement",
        ),
    )  # fmt: skip
    return write_corrections(rows, plan.aco_id, day)
