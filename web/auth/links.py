"""First links between an account at the provider of single sign-on and a person, approved by CMS."""

from __future__ import annotations

from datetime import datetime

from packets.audit.log import Act
from packets.errors import ConflictError, InputError, Problem
from packets.store.database import Database
from packets.store.records.accounts import Identity
from web.auth.notes import tell_person
from web.auth.provider_claims import SUBJECT


def approve_link(database: Database, issuer: str, subject: str, user_id: str, actor: str, now: datetime) -> None:
    """Link an account at the provider to a person, tell the log, and tell the person by mail.

    Raises:
        InputError: no provider is set, or the subject cannot be one.
        ConflictError: the account or the person is linked already.
    """
    if not issuer:
        sentence = "No provider of single sign-on is set."
        raise InputError(Problem("oidc-issuer-missing", sentence, "Set ESM_OIDC_ISSUER.", "ESM_OIDC_ISSUER"))
    if not SUBJECT.fullmatch(subject) or not subject.strip():
        sentence = "This is not a name that a provider can have for somebody."
        raise InputError(Problem("subject-unusable", sentence, "Copy it as the page showed it.", "subject"))
    with database.write() as records:
        if records.accounts.identity(issuer, subject) or records.accounts.is_linked(issuer, user_id):
            sentence = "This account or this person is linked already."
            raise ConflictError(Problem("already-linked", sentence, "Check the user ID and the subject."))
        records.accounts.link(Identity(issuer, subject, user_id, now))
        records.journal.log(Act.ACCOUNT_LINK, actor, user_id, now, issuer=issuer, by="approval")
        tell_person(records, user_id, "linked", now)
