"""E-mail addresses of contacts: form, personal providers, shared mailboxes, and what tells an organization (R27, E6). Pure.

Whether an address really is the person's own cannot be known from the address; what can be known is checked here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from packets.model.mail_domains import NEUTRAL_WORDS, PERSONAL_DOMAINS, PERSONAL_NAMES, SHARED_WORDS

LONGEST_ADDRESS = 254
LONGEST_LOCAL_PART = 64
LONGEST_DOMAIN = 253
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LOCAL_PART = re.compile(rf"{ATOM}(?:\.{ATOM})*")
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = re.compile(rf"(?:{LABEL}\.)+(?:[A-Za-z]{{2,63}}|[Xx][Nn]--[A-Za-z0-9-]{{1,59}})")
SECOND_LEVELS = frozenset({"ac", "co", "com", "edu", "gov", "net", "ne", "or", "org"})
"""Labels below a country's top level under which names are registered: `yahoo.co.uk`."""
COUNTRY = 2
"""So many letters has the top level of a country."""

LEGAL_FORMS = frozenset(
    "aco and co company corp corporation for group inc incorporated limited llc llp lp ltd of pa pc pllc the".split()  # noqa: SIM905
)
LEAST_WORD = 4
"""Shorter words stand in too many domains to tell an organization."""
LEAST_LETTERS = 3
"""So many letters has the shortest abbreviation of a name that says anything."""


def email_fault(text: str) -> str | None:
    """What is wrong with the form of an address, one plain sentence, or None (RFC 5321 4.1.2, without quoted local parts).

    Addresses with letters beyond ASCII are refused: too many mail systems lose what is sent to them.
    """
    if not text.isascii() or not text.isprintable() or " " in text:
        return "An e-mail address has letters a-z, digits and signs only, and no spaces."
    local, at, domain = text.rpartition("@")
    if not at or "@" in local:
        return "An e-mail address has exactly one @, with a name before it and a domain behind it."
    if len(text) > LONGEST_ADDRESS or len(local) > LONGEST_LOCAL_PART or len(domain) > LONGEST_DOMAIN:
        return "The e-mail address is too long to be one."
    if not LOCAL_PART.fullmatch(local):
        return "What stands before the @ cannot be the name of a mailbox."
    if not DOMAIN.fullmatch(domain):
        return "What stands behind the @ is not an Internet domain."
    return None


def tidy_email(text: str) -> str:
    """The address as it is stored: no spaces around it, the domain in small letters; the local part stays as it is."""
    local, at, domain = text.strip().rpartition("@")
    return f"{local}{at}{domain.lower()}"


def is_personal(address: str) -> bool:
    """Whether the address is at a provider of personal mailboxes (R27, REQ 4.9). The form is taken to be right."""
    labels = address.rpartition("@")[2].lower().split(".")
    parents = {".".join(labels[index:]) for index in range(len(labels))}
    return not parents.isdisjoint(PERSONAL_DOMAINS) or _registered_name(labels) in PERSONAL_NAMES


def is_shared(address: str) -> bool:
    """Whether the mailbox is called after a desk or a department and not after a person (R27, REQ 4.9)."""
    local = address.rpartition("@")[0].lower().partition("+")[0]
    words = [word.rstrip("0123456789") for word in re.split(r"[^a-z0-9]+", local)]
    words = [word for word in words if word]
    if "".join(words) in SHARED_WORDS:
        return True
    known = [word for word in words if word in SHARED_WORDS or word in NEUTRAL_WORDS]
    return bool(words) and len(known) == len(words)


def tells_organization(address: str, names: Iterable[str]) -> bool:
    """Whether the domain looks like one of these organizations (R27). A guess: it may warn, it may not refuse.

    A domain tells an organization when a word of the name stands in it, when it is the beginning of the name, or when it is
    made of the first letters of the words.
    """
    labels = address.rpartition("@")[2].lower().split(".")
    core = re.sub(r"[^a-z0-9]", "", _registered_name(labels))
    return any(_tells(core, _words(name)) for name in names if name.strip())


def _tells(core: str, words: list[str]) -> bool:
    telling = [word for word in words if word not in LEGAL_FORMS]
    if any(len(word) >= LEAST_WORD and word in core for word in telling):
        return True
    initials = ["".join(word[0] for word in some) for some in (words, telling)]
    if any(len(one) >= LEAST_LETTERS and one in core for one in initials):
        return True
    return len(core) >= LEAST_LETTERS and "".join(telling).startswith(core)


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    return re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])['’.]", "", plain))


def _registered_name(labels: list[str]) -> str:
    """The label that somebody registered: `yahoo` in `mail.yahoo.co.uk`."""
    if len(labels) > COUNTRY and len(labels[-1]) == COUNTRY and labels[-2] in SECOND_LEVELS:
        return labels[-3]
    return labels[-2] if len(labels) > 1 else labels[0]
