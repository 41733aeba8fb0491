"""The settings of mail, read and checked together: the server, the sender, and where notices lead."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from packets.errors import InputError, PacketsError, Problem
from packets.notices.message import Sender, read_sender
from packets.notices.smtp import MailServer, read_mail_url
from packets.settings import Settings


@dataclass(frozen=True, slots=True)
class Mail:
    """Where mail goes, in whose name, and the address of the web front end; None and empty where no setting says."""

    server: MailServer | None
    sender: Sender | None
    public_url: str

    def address(self, aco_id: str, year: int) -> str:
        """Where whoever is told something goes: the packet, or the start page where it is about no one ACO."""
        if not self.public_url:
            return ""
        return f"{self.public_url}/packets/{aco_id}/{year}" if aco_id else f"{self.public_url}/"


def read_mail(settings: Settings) -> Mail:
    """The mail of these settings.

    Raises:
        InputError: with everything that is missing or cannot be used.
    """
    problems: list[Problem] = []
    server, sender, public_url = None, None, settings.public_url.rstrip("/")
    url = settings.mail_url.get_secret_value()
    if public_url and not _is_web_address(public_url):
        problems.append(_public("It is not https://, or http://, with a host and nothing after the path"))
    if settings.mode == "production" and not public_url:
        problems.append(_public("There is none, and links, passkeys and the hosts that are answered hang on it"))
    if url:
        if not public_url and settings.mode != "production":
            problems.append(_public("There is none, and mail has to say where people go"))
        try:
            server = read_mail_url(url, settings.mail_roots)
        except PacketsError as error:
            problems += error.problems
        try:
            sender = read_sender(settings.mail_from)
        except PacketsError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return Mail(server, sender, public_url)


def _public(sentence: str) -> Problem:
    return Problem(
        "public-url-unusable",
        f"The address of the web front end cannot be used. {sentence}.",
        "Set ESM_PUBLIC_URL, e.g. to https://esm.example.org.",
        "ESM_PUBLIC_URL",
    )


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = text.isascii() and text.isprintable() and not {*' "<>\\'} & {*text}
    bare = not (parts.query or parts.fragment or parts.username or parts.password)
    return plain and bare and port_is_number and parts.scheme in {"http", "https"} and bool(parts.hostname)
