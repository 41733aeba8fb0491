"""Sample people and the contact slots they hold (R9-R27)."""

from __future__ import annotations

import random

from packets.model.identifiers import UserId
from packets.model.people import Address, Contact, Person, Role
from packets.sample.names import FAMILY_NAMES, GIVEN_NAMES, domain_of, mailbox_of
from packets.sample.places import PLACES, Place, place_of
from packets.sample.plan import Plan, dice

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
USER_IDS = len(DIGITS) ** 4
SCATTER = 1_000_003
"""Has no factor in common with the number of user IDs, so that scattered numbers stay different."""
PEOPLE_AN_ACO = 160
SHARED_NUMBERS = 10_000 * PEOPLE_AN_ACO
"""From here on numbers belong to people of no single ACO."""

TITLES = (
    "Chief Executive Officer", "Chief Operating Officer", "Vice President, Contracting", "Director, Data and Analytics",
    "Information Security Officer", "ACO Program Manager", "Compliance Officer", "Medical Director",
)  # fmt: skip
EXECUTIVE, PRIMARY, SECONDARY, REQUESTOR, CUSTODIAN, PROGRAM, COMPLIANCE, MEDICAL = range(len(TITLES))
DESIGNEES = frozenset({EXECUTIVE, PRIMARY, SECONDARY, REQUESTOR, CUSTODIAN})

HOLDERS: dict[Role, int] = {
    Role.ACO_EXECUTIVE: EXECUTIVE,
    Role.AUTHORIZED_TO_SIGN_PRIMARY: PRIMARY,
    Role.AUTHORIZED_TO_SIGN_SECONDARY: SECONDARY,
    Role.DUA_REQUESTOR: REQUESTOR,
    Role.DUA_CUSTODIAN: CUSTODIAN,
    Role.CMS_LIAISON: PROGRAM,
    Role.APPLICATION_CONTACT_PRIMARY: PROGRAM,
    Role.IT_CONTACT_PRIMARY: CUSTODIAN,
    Role.FINANCIAL_CONTACT_PRIMARY: SECONDARY,
    Role.COMPLIANCE_CONTACT: COMPLIANCE,
    Role.MEDICAL_DIRECTOR: MEDICAL,
    Role.PUBLIC_CONTACT: PROGRAM,
}
"""Who of an ACO's eight people holds which slot."""
TWO_HATS = 1
"""In this ACO of a sample year the Executive is the primary Authorized to Sign as well (R17)."""
CONSULTED = 2
"""So many ACOs share a consultant: a person with slots at several ACOs (REQ 1.7)."""

STREETS = (
    "Meridian Avenue",
    "Old Mill Road",
    "Larkspur Street",
    "Capitol Way",
    "Juniper Lane",
    "Founders Square",
    "Saint Brigid’s Row",
)
AGENCY = "Centers for Medicare & Medicaid Services"
CONSULTANCY = "Larkspur & O’Connor Advisory Group, LLC"


def user_id(number: int) -> UserId:
    """The CMS user ID with that number: different numbers below `USER_IDS` give different IDs."""
    rest, letters = number * SCATTER % USER_IDS, ""
    for _ in range(4):
        rest, digit = divmod(rest, len(DIGITS))
        letters += DIGITS[digit]
    return UserId(letters)


def aco_address(plan: Plan) -> Address:
    """The ACO's mailing address, invented in a city of its service area."""
    return _address(dice(plan.aco_id, "address"), place_of(plan.service_area))


def _address(chance: random.Random, place: Place) -> Address:
    suite = f"Suite {chance.randint(2, 40)}00" if chance.random() < 0.5 else ""  # noqa: PLR2004  half of them
    return Address(
        f"{chance.randint(100, 9900)} {chance.choice(STREETS)}", place.city, place.state, place.zip_code, suite
    )


def contacts_of(plan: Plan, address: Address, consultant: Person) -> tuple[Contact, ...]:
    """Every required contact of an ACO, and the shared consultant where there is one."""
    people = _people_of(plan, address)
    holders = dict(HOLDERS)
    if plan.number == TWO_HATS:
        holders[Role.AUTHORIZED_TO_SIGN_PRIMARY] = EXECUTIVE
    contacts = [Contact(role, people[index]) for role, index in holders.items()]
    if plan.number < CONSULTED:
        contacts.append(Contact(Role.APPLICATION_CONTACT_SECONDARY, consultant))
    return tuple(contacts)


def _people_of(plan: Plan, address: Address) -> list[Person]:
    chance = dice(plan.aco_id, "people")
    names = zip(chance.sample(GIVEN_NAMES, len(TITLES)), chance.sample(FAMILY_NAMES, len(TITLES)), strict=True)
    area = place_of(plan.service_area).area_code
    first = int(plan.aco_id[1:]) * PEOPLE_AN_ACO
    return [
        Person(
            user_id=user_id(first + index),
            given_name=given,
            family_name=family,
            title=title,
            organization=plan.legal_name,
            email=f"{mailbox_of(given, family)}@{plan.domain}",
            phone=f"{area}-555-01{chance.randrange(100):02d}",
            address=address,
            may_sign_electronically=index in DESIGNEES,
            sample=True,
        )
        for index, (title, (given, family)) in enumerate(zip(TITLES, names, strict=True))
    ]


def consultant() -> Person:
    """A person of an advisory firm who serves several ACOs (R27 allows the firm's e-mail)."""
    return _shared(0, ("Renée", "Γεωργίου"), "Senior Consultant", CONSULTANCY, domain_of(CONSULTANCY))


def agency_people() -> tuple[Person, ...]:
    """One person of CMS staff, one CMS signatory and one archivist."""
    staff = ("Imani", "Washington"), "Program Analyst", frozenset({Role.CMS_STAFF})
    signatory = ("Siobhán", "O’Brien"), "Director, Performance-Based Payment Policy", frozenset({Role.CMS_SIGNATORY})
    archivist = ("Κωνσταντίνος", "Παπαδόπουλος"), "Records Officer", frozenset({Role.ARCHIVIST})
    return tuple(
        _shared(number, name, title, AGENCY, "cms.example", roles)
        for number, (name, title, roles) in enumerate((staff, signatory, archivist), start=1)
    )


def _shared(
    number: int, name: tuple[str, str], title: str, organization: str, domain: str, roles: frozenset[Role] = frozenset()
) -> Person:
    place = PLACES["MD"]
    return Person(
        user_id=user_id(SHARED_NUMBERS + number),
        given_name=name[0],
        family_name=name[1],
        title=title,
        organization=organization,
        email=f"{mailbox_of(*name)}@{domain}",
        phone=f"{place.area_code}-555-01{number:02d}",
        address=_address(dice(organization), place),
        may_sign_electronically=Role.CMS_SIGNATORY in roles,
        cms_roles=roles,
        sample=True,
    )
