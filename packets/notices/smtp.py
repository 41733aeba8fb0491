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
from contextlib import closing, contextmanager, suppress
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


class Step(StrEnum):
    """What of speaking to a mail server can fail."""

    CONNECTING = "connecting"
    ENCRYPTING = "encrypting"
    TRUSTING = "trusting"
    SIGNING_IN = "signing in"
    TALKING = "talking"


@dataclass(frozen=True, slots=True)
class Greeting:
    """How a mail server answered when nothing was sent.

    Attributes:
        failed: the step that failed; None when the server would take mail from us.
        words: what the server or the system said of that.
        certificate: that the server presented, DER; empty when there was none.
    """

    failed: Step | None = None
    words: str = ""
    certificate: bytes = b""


def greet(server: MailServer) -> Greeting:
    """Connect, encrypt and sign in, and say good-bye: no mail is sent."""
    line = Line(server)
    try:
        smtp = line.open()
        certificate = smtp.sock.getpeercert(binary_form=True) if isinstance(smtp.sock, ssl.SSLSocket) else None
        return Greeting(certificate=certificate or b"")
    except UnreachableError as error:
        cause = error.__cause__
        step = _step_of(cause)
        seen = _presented(server) if step is Step.TRUSTING else b""
        return Greeting(step, _words(cause) if isinstance(cause, Exception) else "", seen)
    finally:
        line.close()


def _step_of(error: BaseException | None) -> Step:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Step.TRUSTING
    if isinstance(error, ssl.SSLError):
        return Step.ENCRYPTING
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Step.SIGNING_IN
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Step.ENCRYPTING if "STARTTLS" in str(error) else Step.SIGNING_IN
    return Step.TALKING if isinstance(error, smtplib.SMTPException) else Step.CONNECTING


def _presented(server: MailServer) -> bytes:
    """The certificate that a server presents, whoever issued it; nothing is sent over such a connection."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with suppress(OSError, smtplib.SMTPException), closing(_connect(server, context)) as smtp:
        return (smtp.sock.getpeercert(binary_form=True) or b"") if isinstance(smtp.sock, ssl.SSLSocket) else b""
    return b""


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
            trust = ssl.create_default_context(cafile=self._server.roots)
            self._smtp = smtp = _connect(self._server, trust)
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


def _connect(server: MailServer, trust: ssl.SSLContext) -> smtplib.SMTP:
    name = socket.gethostname()
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(server.host, server.port, local_hostname=name, timeout=server.timeout, context=trust)
    smtp = smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=server.timeout)
    try:
        if server.scheme == "smtp":
            smtp.starttls(context=trust)
    except BaseException:
        smtp.close()
        raise
    return smtp


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
