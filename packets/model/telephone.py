"""Telephone numbers of the North American Numbering Plan: ten digits, an extension where there is one (R26, REQ 4.9). Pure."""

from __future__ import annotations

import re

NUMBER = re.compile(
    r"(?:\+?1[ .-]*)?"
    r"(?:\((?P<area>[0-9]{3})\)|(?P<bare>[0-9]{3}))[ .-]*(?P<office>[0-9]{3})[ .-]*(?P<line>[0-9]{4})"
    r"(?:[ ,;]*(?:x|ext\.?|extension|#)[ .:]*(?P<extension>[0-9]{1,6}))?",
    re.IGNORECASE | re.ASCII,
)
CODE = re.compile(r"[2-9](?!11)[0-9]{2}")
"""An area code or an office code: the first digit is 2 to 9, and N11 is a service and no code."""


def read_phone(text: str) -> str | None:
    """The number as it is stored, `301-555-0100` or `301-555-0100 ext. 12`; None when it is none.

    Spaces, dots, hyphens, brackets and a leading `1` are taken as people write them.
    """
    found = NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    area, office = found["area"] or found["bare"], found["office"]
    if not CODE.fullmatch(area) or not CODE.fullmatch(office):
        return None
    number = f"{area}-{office}-{found['line']}"
    return f"{number} ext. {found['extension']}" if found["extension"] else number
