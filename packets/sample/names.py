"""Names of invented people and organizations: letters of many alphabets and the signs that break careless programs."""

from __future__ import annotations

import re
import unicodedata

GIVEN_NAMES = (
    "Aaliyah", "Adaeze", "Agnès", "Aiko", "Alejandra", "Amara", "Ana", "Anders", "Anh", "Anneliese", "Arjun", "Βασιλική",
    "Beatriz", "Benjamin", "Björn", "Brigid", "Camila", "Carlos", "Chidi", "Chloé", "Daniel", "Deepika", "Дмитрий", "Đức",
    "Edward", "Elif", "Elizabeth", "Emeka", "Ελένη", "Fatima", "François", "Gabriela", "George", "Giulia", "Grace", "Hana",
    "Héctor", "Henry", "Ikaika", "Imani", "Ingrid", "Иван", "Jamal", "James", "Jiří", "Joséphine", "Karen", "Keiko",
    "Κωνσταντίνος", "Kofi", "Laszlo", "Leilani", "Linda", "Łukasz", "Maeve", "Malia", "Марија", "Marisol", "Matthew",
    "Mei-Ling", "Miguel", "Naomi", "Nguyên", "Ólafur", "Omar", "Patricia", "Priya", "Rachel", "Ramón", "Renée", "Robert",
    "Rosa María", "Saoirse", "Şebnem", "Siobhán", "Sofía", "Søren", "Susan", "Tariq", "Thanh", "Thomas", "Tomás",
    "Väinö", "Valentina", "Walter", "Wanjiru", "William", "Xiomara", "Yusuf", "Zoë", "Zofia",
)  # fmt: skip
"""Given names, Latin with and without accents, Greek and Cyrillic."""

FAMILY_NAMES = (
    "Abernathy", "Åkesson", "Alvarez", "Anderson", "Baptiste", "Begay", "Brown", "Bùi", "Çelik", "Chen", "Clark", "Coelho",
    "D’Angelo", "Davis", "de la Cruz", "Dvořák", "Eze", "Fernández", "Fitzgerald", "Garcia", "Γεωργίου", "Goldberg",
    "Gonçalves", "Gutiérrez", "Haddad", "Hernández", "Hoffmann", "Huỳnh", "Ibarra", "Иванова", "Jackson", "Jensen", "Johnson",
    "Jönsson", "Kahananui", "Kaplan", "Kowalski", "Krüger", "Ковалёв", "Lê", "Lee", "López", "MacLeod", "Martinez", "Mbeki",
    "McAllister", "Miller", "Müller", "Nakamura", "Nguyễn", "Nowak", "Núñez", "O’Brien", "O’Connor", "Okafor", "Olafsdóttir",
    "Παπαδόπουλος", "Patel", "Peña", "Phạm", "Quiñones", "Ramírez", "Reyes", "Robinson", "Rossi", "Saint-Pierre", "Santos",
    "Schmidt", "Sharma", "Silva", "Smith-Jones", "Sørensen", "Szabó", "Takahashi", "Taylor", "Thompson", "Trần", "Tsosie",
    "Valdés", "van der Berg", "Washington", "Weiß", "Williams", "Wójcik", "Yamamoto", "Yılmaz",  # noqa: RUF001  a Turkish letter on purpose
    "Young", "Zając", "Żuk",
)  # fmt: skip
"""Family names, with apostrophes, hyphens and several words."""

TRANSLITERATIONS = {
    "Βασιλική": "vasiliki", "Дмитрий": "dmitri", "Ελένη": "eleni", "Иван": "ivan", "Κωνσταντίνος": "konstantinos",
    "Марија": "marija", "Γεωργίου": "georgiou", "Иванова": "ivanova", "Ковалёв": "kovalev", "Παπαδόπουλος": "papadopoulos",
}  # fmt: skip
"""How the names in other alphabets are written in an e-mail address."""

UNDECOMPOSED = str.maketrans({"ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ß": "ss", "ı": "i"})  # noqa: RUF001  likewise
"""Latin letters that Unicode does not take apart."""

LANDSCAPES = (
    "Cedar Ridge", "Blue Mesa", "Lake Shore", "Prairie Wind", "Coastal Pines", "Granite Falls", "Harbor Light", "Red Canyon",
    "Silver Creek", "Sugar Maple", "High Plains", "Two Rivers", "Magnolia Bay", "Copper Hill", "Evergreen Valley",
    "Juniper Flats", "Old Orchard", "Stone Bridge", "Sweetgrass", "Wild Rose", "Amber Fields", "Bear Hollow", "Clear Spring",
    "Desert Willow", "Eagle Bluff", "Fox Run", "Golden Gate Hills", "Heron Island", "Ivory Coast Road", "Northern Lights",
)  # fmt: skip
NETWORKS = (
    "Accountable Care, LLC", "Physicians & Clinics ACO, LLC", "Coordinated Care Network, Inc.", "Health Alliance, LLC",
    "Community Care Partners, Inc.", "Primary Care Collaborative, PLLC", "Clinical Network, LLC",
    "Quality Care Organization, Inc.", "Medical Partners ACO, LLC", "Care Compact, Inc.",
    "Health Collaborative of Physicians, LLC", "Provider Network, Inc.",
    "Integrated Care, LLC", "Family Medicine Alliance, Inc.", "Shared Care Organization, LLC", "Population Health, LLC",
    "Senior Care Partners, Inc.", "Rural Health ACO, LLC", "Independent Physicians, Inc.", "Care Alliance of Clinics, LLC",
)  # fmt: skip
"""An invented ACO is called after a landscape and a kind of network."""

PRACTICES = (
    "Family Medicine, P.A.", "Internal Medicine Associates, PLLC", "Cardiology & Vascular Group, Inc.", "Women’s Health, LLC",
    "Orthopædic Partners, P.C.", "Pediatrics & Adult Medicine, LLC", "Primary Care, Inc.", "Nephrology Consultants, P.A.",
)  # fmt: skip
"""An invented practice is called after a family and a specialty."""

FIRM_SUFFIXES = re.compile(r"\b(?:llc|pllc|inc|corp|corporation|pc|pa|lp|llp|ltd)\b")
DOMAIN_LABEL_LIMIT = 40
"""Longest part of an invented domain, in characters; the format allows 63."""


def latin(name: str) -> str:
    """The name in small letters a-z, digits, spaces and hyphens only."""
    plain = TRANSLITERATIONS.get(name, name).translate(UNDECOMPOSED)
    decomposed = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9 -]", "", decomposed)


def domain_of(organization: str) -> str:
    """An invented mail domain that tells the organization, below the top level that is reserved for examples (R27, RFC 2606)."""
    words = FIRM_SUFFIXES.sub("", latin(organization))
    return f"{re.sub(r'[^a-z0-9]', '', words)[:DOMAIN_LABEL_LIMIT] or 'organization'}.example"


def mailbox_of(given_name: str, family_name: str) -> str:
    """The part of an e-mail address before the at sign: the person's own, never shared (R27)."""
    given, family = (re.sub(r"[ -]+", "-", latin(one)) for one in (given_name, family_name))
    return f"{given}.{family}"
