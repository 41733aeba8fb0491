"""A real mail server for tests: it listens on this machine, keeps what it took, and can be told to be difficult."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from worlds import START

USER, PASSWORD = "esm", "p@ss/word:%"
"""With characters that an address has to escape."""


@dataclass
class Mailbox:
    """What a server was told to do, and what it took.

    Attributes:
        answer: what it says to a recipient, e.g. `550 no such user`; it may depend on what was asked before.
        after_data: what it does once it has the whole message; None: it takes it.
        known_only: it takes mail only from whoever has signed in.
    """

    received: list[tuple[str, EmailMessage]] = field(default_factory=list)
    answer: Callable[[str], str] = lambda _address: "250 OK"
    after_data: Callable[[str], str | None] = lambda _address: None
    port: int = 0
    known_only: bool = False

    @property
    def to(self) -> list[str]:
        """To whom it took mail, in its order."""
        return [address for address, _ in self.received]

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """A recipient is named."""
        said = "530 sign in first" if self.known_only and not session.authenticated else self.answer(address)
        if said == "hang up":
            _hang_up(server)
            return "421 good-bye"
        if said.startswith("2"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """The whole message is there."""
        said = self.after_data(envelope.rcpt_tos[0])
        if said not in {None, "take and hang up"}:
            if said == "hang up":
                _hang_up(server)
            return said or ""
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        self.received.extend((address, message) for address in envelope.rcpt_tos)
        if said is not None:
            _hang_up(server)
        return "250 taken"


def _hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


@contextmanager
def mail_server(
    mailbox: Mailbox, *, certificate: tuple[Path, Path] | None = None, implicit: bool = False
) -> Iterator[int]:
    """Serve a mailbox on its port (any when it has none yet) while the block runs.

    Args:
        mailbox: what to do and where to keep what comes.
        certificate: PEM files of certificate and key; with them, mail is taken only encrypted and after signing in.
        implicit: encrypted from the first byte instead of by STARTTLS.
    """
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    options: dict[str, Any] = {}
    if context:
        mailbox.known_only = True
        options = {"authenticator": _authenticate}
        options |= {"auth_require_tls": False} if implicit else {"tls_context": context, "require_starttls": True}

    loop = asyncio.new_event_loop()

    async def listen() -> asyncio.Server:
        return await loop.create_server(
            lambda: SMTP(mailbox, hostname="localhost", loop=loop, **options),
            "127.0.0.1",
            mailbox.port,
            ssl=context if implicit else None,
        )

    server = loop.run_until_complete(listen())
    mailbox.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield mailbox.port
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.05)


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    given = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=given, handled=False, auth_data=mechanism)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine that vouches for itself, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of a test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(START - timedelta(days=365))
        .not_valid_after(START + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, key_pem = folder / "mail.pem", folder / "mail.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    encryption = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    key_pem.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, encryption))
    return pem, key_pem
