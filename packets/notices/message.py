"""A notice as an Internet message (RFC 5322). Nothing that stands in a notice can add a header, a recipient or a part.

The Message-ID is made from the notice alone: mail that is sent twice, because the process died between the server's yes and
the record of it, is one message to every mailbox that drops duplicates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from packets.errors import InputError, Problem
from packets.model.notices import Notice
from packets.render.letters import LONGEST_SUBJECT, one_line

LINK_MARK = "(address-in-the-mail-only)"
LONGEST_ADDRESS, LONGEST_LOCAL_PART = 254, 64
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"({_LOCAL})@({_LABEL}(?:\.{_LABEL})*)")
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9 '-]{0,60})<(?P<address>[^<>]*)>")
"""A sender's name is plain: what the library does with quotes, long names and other letters is not relied on."""


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name mail is sent: a name that people read, and an address."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The domain of the address."""
        return self.address.rpartition("@")[2]


def read_sender(text: str) -> Sender:
    """A sender from `Name <address>` or a bare address.

    Raises:
        InputError: the address cannot be used.
    """
    named = _NAMED.fullmatch(text.strip())
    name, address = (named["name"], named["address"]) if named else ("", text)
    if not is_address(address.strip()):
        raise InputError(
            Problem(
                "mail-from-unusable",
                f"“{one_line(text)}” is not a sender.",
                "Write it as: Name <name@example.org>, the name in letters and digits.",
                "ESM_MAIL_FROM",
            )
        )
    return Sender(name.strip(), address.strip())


def is_address(text: str) -> bool:
    """Whether mail can be addressed to it: one plain ASCII address, nothing around it."""
    found = _ADDRESS.fullmatch(text)
    return found is not None and len(text) <= LONGEST_ADDRESS and len(found[1]) <= LONGEST_LOCAL_PART


def build_message(notice: Notice, sender: Sender, link: str = "") -> EmailMessage:
    """The message that carries a notice. A `link` stands where the words have `LINK_MARK`: it is in the mail only.

    Raises:
        InputError: the recipient's address cannot be used.
    """
    if not is_address(notice.recipient.email):
        sentence = "The e-mail address cannot be used." if notice.recipient.email else "There is no e-mail address."
        raise InputError(Problem("address-unusable", sentence, "Correct it in Contact Data."))
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = f"<notice-{notice.notice_id}-{notice.created_at:%Y%m%d%H%M%S%f}@{sender.domain}>"
    message["Date"] = format_datetime(notice.created_at)
    message["From"] = Address(display_name=sender.name, addr_spec=sender.address)
    message["To"] = Address(addr_spec=notice.recipient.email)
    message["Subject"] = _header_words(notice.letter.subject)[:LONGEST_SUBJECT]
    message["List-Id"] = f"<notices.{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    text, html = (body.replace(LINK_MARK, link or LINK_MARK) for body in (notice.letter.text, notice.letter.html))
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def _header_words(text: str) -> str:
    """Text for a header: one line, and nothing that reads as an encoded word (RFC 2047), which could decode to a line end."""
    return one_line(text).replace("=?", "= ?")
