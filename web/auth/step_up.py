"""Re-authentication to sign: which ways a person has, and whether one of them was taken for exactly these bytes (R40).

A password or a code says who is there; the form around it carries the digest. A passkey signs a challenge that was made from
the digest. Either way the proof that is recorded is bound to the digest, lasts five minutes and counts once (`signing.proofs`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from packets.errors import ForbiddenError, InputError, Problem
from packets.model.people import Person
from web.auth.accounts import AccountDesk
from web.auth.origin import Method
from web.auth.passkeys import Bound, RelyingParty


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways that a person has to prove who they are when they sign.

    Attributes:
        passkey: options for the browser, JSON; empty when they have none, or browsers know none here.
        passkey_only: they sign with a passkey and with nothing else.
    """

    password: bool
    code: bool
    passkey: str
    passkey_only: bool

    @property
    def only_password(self) -> bool:
        """Whether the password is the only way."""
        return self.password and not self.code and not self.passkey


@dataclass(frozen=True, slots=True)
class StepUpDesk:
    """Where people prove who they are, in order to sign; built once with the services that it needs."""

    accounts: AccountDesk

    def ways(self, person: Person, bound: Bound, party: RelyingParty) -> Ways:
        """What the page offers."""
        standing, only = self.accounts.standing(person.user_id), self.accounts.rules.passkey_only(person)
        usable = bool(standing.passkeys) and party.has_name
        options = self.accounts.passkeys.ask_to_step_up(person.user_id, bound, party) if usable else ""
        return Ways(standing.password and not only, standing.app and not only, options, only)

    def check(self, person: Person, form: Mapping[str, str], bound: Bound, party: RelyingParty) -> Method:
        """Check what a form brings: the answer of a passkey, else a code, else the password.

        Raises:
            InputError: it brings nothing.
            ForbiddenError: it is wrong, or this person signs with a passkey only.
            TooManyTriesError: there were too many wrong tries.
        """
        if form.get("passkey"):
            self.accounts.passkeys.step_up(person.user_id, form["passkey"], bound, party)
            return Method.PASSKEY
        if self.accounts.rules.passkey_only(person):
            sentence = "CMS signatories sign with a passkey."
            raise ForbiddenError(Problem("passkey-needed", sentence, "Add one on the page of your account, then sign."))
        if form.get("code"):
            return self.accounts.factors.check_code(person.user_id, form["code"], recovery=False)
        if not form.get("password"):
            raise InputError(missing())
        self.accounts.check_password(person.user_id, form["password"])
        return Method.PASSWORD


def missing() -> Problem:
    """Nothing was given that proves anything."""
    return Problem("password-missing", "The password is missing.", "Enter your password to sign.", "password")


def is_given(form: Mapping[str, str]) -> bool:
    """Whether a form brings any proof."""
    return any(form.get(name) for name in ("passkey", "code", "password"))
