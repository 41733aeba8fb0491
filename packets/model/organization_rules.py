"""The four fields of Basic Agreement Data that are the ACO's own: read, and everything wrong with them told at once (R30, R32).

Pure. Everything else is read-only and corrected by CMS on request (`packets.model.change_requests`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from packets.errors import Problem
from packets.model.aco import Aco, Cohort, organization_problems
from packets.model.contact_rules import tidy

TAX_STATUSES = ("For-profit", "Not-for-profit", "Publicly traded", "Governmental")
"""What an ACO can be for taxes: a closed list."""

LONGEST_VALUE = 200
LONGEST_WEB_PAGE = 500
HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OrganizationField:
    """A field that the ACO edits: its label, whether it must be filled, whether CMS republishes it (R33)."""

    name: str
    label: str
    required: bool
    published: bool


EDITABLE: tuple[OrganizationField, ...] = (
    OrganizationField("trade_name", "Trade name or DBA", required=False, published=True),
    OrganizationField("web_page", "Public reporting web page", required=True, published=True),
    OrganizationField("line_2", "Address, line 2", required=False, published=True),
    OrganizationField("tax_status", "Tax status", required=True, published=False),
)
LABELS: dict[str, str] = {one.name: one.label for one in EDITABLE}

PUBLISHED = frozenset({"legal_name", "line_1", "city", "state", "zip_code", "service_area", "track", "start_date"})
"""Fields that only CMS changes and that it publishes all the same (R33)."""


@dataclass(frozen=True, slots=True)
class OrganizationData:
    """What the four fields say."""

    trade_name: str
    web_page: str
    line_2: str
    tax_status: str


def organization_of(aco: Aco) -> OrganizationData:
    """What they say on record."""
    return OrganizationData(aco.trade_name, aco.web_page, aco.address.line_2, aco.tax_status)


def with_organization(aco: Aco, data: OrganizationData) -> Aco:
    """The ACO as it would be with them."""
    address = replace(aco.address, line_2=data.line_2)
    return replace(aco, trade_name=data.trade_name, web_page=data.web_page, tax_status=data.tax_status, address=address)


def read_organization(given: Mapping[str, str]) -> tuple[OrganizationData, list[Problem]]:
    """What a form states, as it is stored, and everything that is wrong with it whatever the ACO is."""
    data = OrganizationData(**{name: tidy(given.get(name, "")) for name in LABELS})
    return data, [*_text_problems(data), *_web_page_problems(data.web_page), *_tax_problems(data.tax_status)]


def data_problems(aco: Aco, data: OrganizationData) -> list[Problem]:
    """Everything that keeps these fields, together with the rest of the data, from being submitted (E2, E3, R32, R34)."""
    return [*organization_problems(with_organization(aco, data)), *_web_page_problems(data.web_page.strip())]


def data_warnings(aco: Aco, data: OrganizationData) -> list[Problem]:
    """A current ACO has no web page: every ACO must have one, but only a new one is held up by it (R10, R32, REQ 1.6.4)."""
    if aco.cohort is Cohort.CURRENT and not data.web_page.strip():
        sentence = "The ACO has no public reporting web page on record."
        return [Problem("web-page-missing", sentence, "Every ACO must have one: enter its address.", "web_page")]
    return []


def _text_problems(data: OrganizationData) -> list[Problem]:
    problems = []
    for name, label in LABELS.items():
        value, longest = getattr(data, name), LONGEST_WEB_PAGE if name == "web_page" else LONGEST_VALUE
        if len(value) > longest:
            sentence = f"{label} has more than {longest} characters."
            problems.append(Problem("organization-field-too-long", sentence, "Shorten it.", name))
        elif not value.isprintable():
            sentence = f"{label} has characters that cannot be printed."
            problems.append(Problem("organization-field-unusable", sentence, "Spell it with ordinary letters.", name))
    return problems


def _web_page_problems(web_page: str) -> list[Problem]:
    if not web_page or is_web_page(web_page):
        return []
    sentence = f"“{web_page}” is not the address of a web page."
    remedy = "Write it whole, e.g. https://www.organization.org/aco."
    return [Problem("web-page-unusable", sentence, remedy, "web_page")]


def is_web_page(text: str) -> bool:
    """Whether it is the address of a page on the public web: http or https, a host with a domain, nobody's password (REQ 4.9)."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    if not text.isascii() or not text.isprintable() or " " in text or '"' in text or "\\" in text:
        return False
    whole = parts.scheme in {"http", "https"} and "@" not in parts.netloc and port != 0
    return whole and bool(HOST.fullmatch(parts.hostname or ""))


def _tax_problems(tax_status: str) -> list[Problem]:
    if not tax_status or tax_status in TAX_STATUSES:
        return []
    remedy = f"Choose one of: {', '.join(TAX_STATUSES)}."
    return [Problem("tax-status-unknown", f"There is no tax status “{tax_status}”.", remedy, "tax_status")]
