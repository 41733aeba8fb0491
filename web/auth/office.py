"""The desks of accounts, built together from settings."""

from __future__ import annotations

from datetime import timedelta

from packets.clock import Clock
from packets.settings import Settings
from packets.store.database import Database
from web.auth.accounts import AccountDesk, Rules
from web.auth.factors import FactorDesk
from web.auth.limits import Guard
from web.auth.passkeys import PasskeyDesk
from web.auth.resets import ResetDesk
from web.auth.secret_box import SecretBox
from web.auth.sessions import SessionDesk
from web.mail import Mail


def open_accounts(settings: Settings, database: Database, clock: Clock, passphrase: str) -> AccountDesk:
    """Passwords, sessions and second factors. `passphrase` is that of the service's keys."""
    guard = Guard(database, clock)
    idle, absolute = timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours)
    return AccountDesk(
        database,
        clock,
        Rules(settings.needs_second_factor, signatories_by_passkey=settings.mode == "production"),
        guard,
        SessionDesk(database, clock, idle, absolute),
        FactorDesk(database, clock, SecretBox(passphrase), guard),
        PasskeyDesk(database, clock),
    )


def open_resets(settings: Settings, accounts: AccountDesk, mail: Mail, secret: str) -> ResetDesk:
    """Links by mail. `secret` is the one that signs the cookies of forms."""
    lifetime, mailed = timedelta(minutes=settings.reset_minutes), mail.server is not None
    return ResetDesk(accounts.database, accounts.clock, accounts, secret, mail.public_url, lifetime, mailed)
