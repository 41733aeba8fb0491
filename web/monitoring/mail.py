"""The mail server: reached, encrypted, trusted and signed in at, without a mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from packets.errors import PacketsError
from packets.notices.smtp import Greeting, MailServer, Step, greet
from web.mail import read_mail
from web.monitoring.findings import Finding, broken, good, watch
from web.monitoring.installation import Installation, NeedError
from web.monitoring.network import Address, connection_fault, name_certificate

SECONDS = 10.0


def examine_mail(installation: Installation) -> Iterator[Finding]:
    """Find whether the mail server would take mail from us."""
    try:
        server = read_mail(installation.settings).server
    except PacketsError:
        raise NeedError("settings") from None
    if server is None:
        yield watch("There is no mail server; notices stand in the inbox only.", "Set ESM_MAIL_URL for mail.")
        return
    yield judge_greeting(server, greet(replace(server, timeout=SECONDS)))


def judge_greeting(server: MailServer, greeting: Greeting) -> Finding:
    """Judge how a mail server answered."""
    place, words = f"The mail server {server.host}:{server.port}", greeting.words.rstrip(".")
    seen = name_certificate(greeting.certificate) if greeting.certificate else "none that can be seen"
    if greeting.failed is None:
        encrypted = f" with the certificate {seen}" if greeting.certificate else " without encryption"
        return good(f"{place} greets{encrypted}{', and takes our password' if server.user else ''}.")
    if greeting.failed is Step.CONNECTING:
        fault = connection_fault(Address(server.host, server.port, encrypted=False))
        return broken(f"{place} cannot be reached: {fault or words}.", "Look at the server, and at ESM_MAIL_URL.")
    if greeting.failed is Step.TRUSTING:
        remedy = "Name the root of that certificate with ESM_MAIL_ROOTS, or mend the server's."
        return broken(f"The certificate of the mail server is not trusted ({seen}): {words}.", remedy)
    if greeting.failed is Step.ENCRYPTING:
        remedy = "Switch STARTTLS on there, or write smtps:// in ESM_MAIL_URL where TLS begins with the connection."
        return broken(f"{place} does not encrypt: {words}.", remedy)
    if greeting.failed is Step.SIGNING_IN:
        return broken(f"{place} does not take our user and password: {words}.", "Correct them in ESM_MAIL_URL.")
    return broken(f"{place} does not take mail from us: {words}.", "Look at the server, and at ESM_MAIL_URL.")
