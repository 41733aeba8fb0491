"""The rim towards the mail server: one connection, one message after the other (RFC 5321). Never unencrypted unless told so.

What the server says decides what follows: yes; no for good (5xx to the recipient or to the message); not now (4xx, or the
connection broke). What concerns all mail alike - no connection, no encryption, a wrong password, a sender that the server
does not take - is an `UnreachableError`: it ends the pass and costs no notice anything.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packets.errors import InputError, PacketsError, Problem
from packets.render.letters import one_line

TIMEOUT = 60.0
"""Seconds to wait for each answer of the server."""

LONGEST_ANSWER = 300
PERMANENT = 500
SCHEMES = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
"""Encrypted from the start; encrypted by STARTTLS, which must be offered; not encrypted. With the usual ports."""


class UnreachableError(PacketsError):
    """The mail server takes nothing from us now, whomever it is for."""

    status_hint = 503


class Outcome(StrEnum):
    """What the server said to one message."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome, and the server's own words."""

    outcome: Outcome
    words: str = ""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and how."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    roots: Path | None = None
    timeout: float = TIMEOUT

    @contextmanager
    def connect(self) -> Iterator[Line]:
        """A connection for some messages.

        Raises:
            UnreachableError: there is none to be had.
        """
        line = Line(self)
        line.open()
        try:
            yield line
        finally:
            line.close()


def read_mail_url(url: str, roots: Path | None = None, timeout: float = TIMEOUT) -> MailServer:
    """The server that an address names: `smtp://user:password@host:port`, or with `smtps`, or with `smtp+plain`.

    Raises:
        InputError: it is no such address; its password is not repeated.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or SCHEMES[parts.scheme]
        host = parts.hostname or ""
    except (ValueError, KeyError):
        raise _unusable("It is not smtp://, smtps:// or smtp+plain:// with a host and a port") from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not host or parts.path.strip("/") or parts.query or parts.fragment or not (user + password + host).isascii():
        raise _unusable("It has no host, or more than a host and a port")
    if user and parts.scheme == "smtp+plain":
        raise _unusable("A password would be sent without encryption")
    return MailServer(parts.scheme, host, port, user, password, roots, timeout)


def _unusable(sentence: str) -> InputError:
    remedy = "Write it as smtp://user:password@host:port; docs/settings.md explains it."
    return InputError(
        Problem("mail-url-unusable", f"The mail server's address cannot be used. {sentence}.", remedy, "ESM_MAIL_URL")
    )


class Line:
    """A connection that is opened again when it breaks."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def open(self) -> smtplib.SMTP:
        """Connect, encrypt, sign in; a connection that is open is kept.

        Raises:
            UnreachableError: any of it failed.
        """
        if self._smtp is not None and self._smtp.sock is not None:
            return self._smtp
        self.close()
        try:
            self._smtp = smtp = self._connect()
            if self._server.user:
                smtp.login(self._server.user, self._server.password)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise _unreachable(error, self._server) from error
        return smtp

    def close(self) -> None:
        """Say good-bye, if anybody listens."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()

    def send(self, message: EmailMessage, sender: str, recipient: str) -> Answer:
        """Hand a message over.

        Raises:
            UnreachableError: the connection broke earlier and cannot be had again, or the server does not take the sender.
        """
        smtp = self.open()
        try:
            smtp.send_message(message, sender, [recipient])
        except smtplib.SMTPRecipientsRefused as refusal:
            return _answer(*next(iter(refusal.recipients.values())))
        except smtplib.SMTPSenderRefused as refusal:
            raise _unreachable(refusal, self._server) from refusal
        except smtplib.SMTPDataError as refusal:
            return _answer(refusal.smtp_code, refusal.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Answer(Outcome.LATER, f"The connection broke: {_words(error)}.")
        return Answer(Outcome.ACCEPTED)

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        name = socket.gethostname()
        if server.scheme == "smtps":
            return smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=name, timeout=server.timeout, context=self._trust()
            )
        smtp = smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=server.timeout)
        try:
            if server.scheme == "smtp":
                smtp.starttls(context=self._trust())
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._server.roots)


def _answer(code: int, words: bytes | str) -> Answer:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    said = one_line(f"{code} {text}")[:LONGEST_ANSWER]
    return Answer(Outcome.REFUSED if code >= PERMANENT else Outcome.LATER, said)


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error).words
    return one_line(str(error) or type(error).__name__)[:LONGEST_ANSWER]


def _unreachable(error: Exception, server: MailServer) -> UnreachableError:
    sentence = f"The mail server takes nothing from us: {_words(error)}."
    remedy = "Check the server, ESM_MAIL_URL and ESM_MAIL_FROM; the mail waits."
    return UnreachableError(Problem("mail-server-unreachable", sentence, remedy, f"{server.host}:{server.port}"))
