"""Places in which sample organizations have their seat: one city a state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A state with one of its cities.

    Attributes:
        state: postal abbreviation.
        city: a city of the state.
        zip_code: a ZIP code of the city.
        area_code: a telephone area code of the city.
        ccn_code: the state's first two characters in CMS Certification Numbers.
    """

    state: str
    city: str
    zip_code: str
    area_code: str
    ccn_code: str


_TABLE = """
AL Montgomery 36104 334 01
AK Juneau 99801 907 02
AZ Phoenix 85007 602 03
AR Little_Rock 72201 501 04
CA Sacramento 95814 916 05
CO Denver 80203 303 06
CT Hartford 06106 860 07
DE Dover 19901 302 08
DC Washington 20001 202 09
FL Tallahassee 32301 850 10
GA Atlanta 30334 404 11
HI Honolulu 96813 808 12
ID Boise 83702 208 13
IL Springfield 62701 217 14
IN Indianapolis 46204 317 15
IA Des_Moines 50309 515 16
KS Topeka 66612 785 17
KY Frankfort 40601 502 18
LA Baton_Rouge 70802 225 19
ME Augusta 04330 207 20
MD Annapolis 21401 410 21
MA Boston 02108 617 22
MI Lansing 48933 517 23
MN Saint_Paul 55102 651 24
MS Jackson 39201 601 25
MO Jefferson_City 65101 573 26
MT Helena 59601 406 27
NE Lincoln 68502 402 28
NV Carson_City 89701 775 29
NH Concord 03301 603 30
NJ Trenton 08608 609 31
NM Santa_Fe 87501 505 32
NY Albany 12207 518 33
NC Raleigh 27601 919 34
ND Bismarck 58501 701 35
OH Columbus 43215 614 36
OK Oklahoma_City 73102 405 37
OR Salem 97301 503 38
PA Harrisburg 17101 717 39
PR San_Juan 00901 787 40
RI Providence 02903 401 41
SC Columbia 29201 803 42
SD Pierre 57501 605 43
TN Nashville 37219 615 44
TX Austin 78701 512 45
UT Salt_Lake_City 84111 801 46
VT Montpelier 05602 802 47
VI Christiansted 00820 340 48
VA Richmond 23219 804 49
WA Olympia 98501 360 50
WV Charleston 25301 304 51
WI Madison 53703 608 52
WY Cheyenne 82001 307 53
GU Hagåtña 96910 671 65
"""


def _read_table() -> dict[str, Place]:
    entries = (entry.split() for entry in _TABLE.strip().splitlines())
    return {
        state: Place(state, city.replace("_", " "), zip_code, area, ccn) for state, city, zip_code, area, ccn in entries
    }


PLACES: dict[str, Place] = _read_table()
"""The places by state."""
INVENTED_STATES = tuple(PLACES)
"""Where invented ACOs may have their seat."""
FALLBACK_STATE = "DC"


def place_of(service_area: str) -> Place:
    """The place of the first known state in a service area such as `AZ, NV`."""
    states = (state.strip() for state in service_area.split(","))
    return PLACES[next((state for state in states if state in PLACES), FALLBACK_STATE)]
