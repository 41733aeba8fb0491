"""The desks of accounts, built together from settings."""

from __future__ import annotations

from collections.abc import Callable
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
from web.auth.step_up import StepUpDesk
from web.mail import Mail


def open_accounts(
    settings: Settings, database: Database, clock: Clock, mail: Mail, passphrase: Callable[[], str], secret: str
) -> tuple[AccountDesk, StepUpDesk, ResetDesk]:
    """Passwords, sessions and second factors; re-authentication to sign; links by mail.

    Args:
        settings: how long and how strict.
        database: where.
        clock: the time.
        mail: whether and from where links are mailed.
        passphrase: gives that of the service's keys.
        secret: the one that signs the cookies of forms; links are made from it.
    """
    guard = Guard(database, clock)
    idle, absolute = timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours)
    accounts = AccountDesk(
        database,
        clock,
        Rules(settings.needs_second_factor, signatories_by_passkey=settings.mode == "production"),
        guard,
        SessionDesk(database, clock, idle, absolute),
        FactorDesk(database, clock, SecretBox(passphrase), guard),
        PasskeyDesk(database, clock),
    )
    lifetime, mailed = timedelta(minutes=settings.reset_minutes), mail.server is not None
    resets = ResetDesk(database, clock, accounts, secret, mail.public_url, lifetime, mailed)
    return accounts, StepUpDesk(accounts), resets
