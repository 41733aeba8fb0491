"""United States mailing addresses: states and ZIP codes (R26, REQ 4.9). Pure."""

from __future__ import annotations

import re

STATES: dict[str, str] = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii",
    "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
    "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi",
    "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey",
    "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma",
    "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota",
    "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington",
    "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming", "AS": "American Samoa", "GU": "Guam",
    "MP": "Northern Mariana Islands", "PR": "Puerto Rico", "VI": "U.S. Virgin Islands", "AA": "Armed Forces Americas",
    "AE": "Armed Forces Europe", "AP": "Armed Forces Pacific",
}  # fmt: skip
"""The states, territories and military post offices to which the Postal Service delivers, by their two letters."""

ZIP = re.compile(r"([0-9]{5})(?:[ -]?([0-9]{4}))?")


def read_state(text: str) -> str | None:
    """The two letters of a state, from letters of any case or from its name; None when there is no such state."""
    wanted = " ".join(text.split()).casefold()
    return next((code for code, name in STATES.items() if wanted in {code.casefold(), name.casefold()}), None)


def read_zip(text: str) -> str | None:
    """The ZIP code as it is stored, `20850` or `20850-1234`; None when it is none."""
    found = ZIP.fullmatch(text.strip())
    if found is None:
        return None
    return "-".join(part for part in found.groups() if part)
