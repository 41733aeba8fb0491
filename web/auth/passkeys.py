"""Passkeys (W3C Web Authentication, by the package `webauthn`): the only factor here that a false page cannot take.

User verification (a finger, a face, a PIN) is always required, so that a passkey alone counts as two factors. A challenge is
recorded, lasts five minutes and counts once. For a step-up it is derived from the document and the digest that was viewed.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from packets.audit.log import Act, Outcome
from packets.clock import Clock
from packets.errors import ForbiddenError, InputError, NotFoundError, Problem
from packets.model.people import Person
from packets.store.database import Database
from packets.store.records import Records
from packets.store.records.factors import Challenge, Passkey, Purpose
from web.auth.factors import drop_useless_codes, require_enough_left, standing_of
from web.auth.notes import tell_person

LIFETIME = timedelta(minutes=5)
NONCE_BYTES = 32
LONGEST_LABEL, LONGEST_ANSWER, MOST_PASSKEYS = 60, 20_000, 10
RP_NAME = "ACO signature packets"
CREDENTIAL_ID = re.compile(r"[A-Za-z0-9_-]{1,1400}")
MALFORMED = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, LookupError, RecursionError)
"""What reading a hostile answer raises, in webauthn and cbor2."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """For whom a passkey is: the host without port, and the origin (scheme, host, port) of the pages."""

    rp_id: str
    origin: str

    @property
    def has_name(self) -> bool:
        """Whether browsers make passkeys for it: it is a name, not a number."""
        return bool(self.rp_id) and not self.rp_id.replace(".", "").isdigit() and ":" not in self.rp_id


@dataclass(frozen=True, slots=True)
class Bound:
    """What a step-up is for: a document or a batch, and the digest of what the person was shown."""

    document_id: str
    digest: str


def derived_challenge(nonce: str, user_id: str, bound: Bound) -> bytes:
    """The challenge of a step-up: nobody can answer it who was not asked about exactly this digest."""
    said = json.dumps(["esm-packets step-up", nonce, user_id, bound.document_id, bound.digest])
    return hashlib.sha256(said.encode()).digest()


@dataclass(frozen=True, slots=True)
class PasskeyDesk:
    """Where passkeys are added, asked for and removed; built once with the services that it needs."""

    database: Database
    clock: Clock

    def ask_to_enroll(self, person: Person, party: RelyingParty) -> str:
        """Options for making a passkey, JSON for the browser.

        Raises:
            InputError: the person has as many as one may have.
        """
        challenge, now = secrets.token_bytes(NONCE_BYTES), self.clock()
        with self.database.write() as records:
            held = records.factors.passkeys(person.user_id)
            if len(held) >= MOST_PASSKEYS:
                sentence = f"You have {MOST_PASSKEYS} passkeys already."
                raise InputError(Problem("passkeys-too-many", sentence, "Remove one that you do not use."))
            records.factors.ask(Challenge(_digest(challenge), person.user_id, Purpose.ENROLL, now))
        options = generate_registration_options(
            rp_id=party.rp_id,
            rp_name=RP_NAME,
            user_name=person.user_id,
            user_id=hashlib.sha256(f"esm-packets user {person.user_id}".encode()).digest(),
            user_display_name=person.full_name,
            challenge=challenge,
            timeout=int(LIFETIME.total_seconds() * 1000),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=_descriptors(held),
        )
        return options_to_json(options)

    def enroll(self, user_id: str, answer: str, label: str, party: RelyingParty) -> Passkey:
        """Add the passkey that the browser has made.

        Raises:
            ForbiddenError: the answer does not fit what was asked, or the person was not verified; the log tells.
            InputError: it has no usable name.
        """
        name = "".join(one for one in label if one.isprintable()).strip()
        if not 0 < len(name) <= LONGEST_LABEL:
            sentence = f"The passkey has no name of at most {LONGEST_LABEL} characters."
            raise InputError(Problem("passkey-unnamed", sentence, "Name it, e.g. after the device.", "label"))
        now = self.clock()
        challenge = self._spend(answer, Purpose.ENROLL, user_id, now)
        made = _registered(answer, challenge, party) if challenge else None
        with self.database.write() as records:
            known = made is not None and records.factors.passkey(bytes_to_base64url(made[0])) is not None
            if made is None or known:
                records.journal.log(Act.ACCOUNT_FACTOR_ADD, user_id, user_id, now, Outcome.REFUSED, factor="passkey")
            else:
                passkey = Passkey(bytes_to_base64url(made[0]), user_id, bytes_to_base64url(made[1]), made[2], name, now)
                records.factors.add_passkey(passkey)
                records.journal.log(Act.ACCOUNT_FACTOR_ADD, user_id, user_id, now, factor="passkey")
                tell_person(records, user_id, "passkey-added", now)
                return passkey
        raise ForbiddenError(unusable("added"))

    def ask_to_sign_in(self, party: RelyingParty, user_id: str | None = None) -> str:
        """Options for proving who one is, JSON for the browser: as a second factor of a person, or with nothing else."""
        purpose = Purpose.SIGN_IN if user_id is None else Purpose.SECOND_FACTOR
        challenge, now = secrets.token_bytes(NONCE_BYTES), self.clock()
        with self.database.write() as records:
            held = records.factors.passkeys(user_id) if user_id else []
            records.factors.ask(Challenge(_digest(challenge), user_id, purpose, now))
        return _asked(party, challenge, held)

    def ask_to_step_up(self, user_id: str, bound: Bound, party: RelyingParty) -> str:
        """Options for signing one's name under exactly this digest, JSON for the browser."""
        nonce, now = secrets.token_urlsafe(NONCE_BYTES), self.clock()
        challenge = derived_challenge(nonce, user_id, bound)
        with self.database.write() as records:
            held = records.factors.passkeys(user_id)
            asked = Challenge(_digest(challenge), user_id, Purpose.STEP_UP, now, nonce, bound.document_id, bound.digest)
            records.factors.ask(asked)
        return _asked(party, challenge, held)

    def prove(self, answer: str, party: RelyingParty, purpose: Purpose, *, user_id: str | None = None) -> str:
        """Whose passkey answered a challenge for a sign-in.

        Raises:
            ForbiddenError: nobody's, or not this person's; the log tells when it was somebody's.
        """
        return self._prove(answer, party, purpose, user_id, None)

    def step_up(self, user_id: str, answer: str, bound: Bound, party: RelyingParty) -> None:
        """Check that a person's passkey answered the challenge for exactly this digest.

        Raises:
            ForbiddenError: it did not; the log tells.
        """
        self._prove(answer, party, Purpose.STEP_UP, user_id, bound)

    def _prove(
        self, answer: str, party: RelyingParty, purpose: Purpose, user_id: str | None, bound: Bound | None
    ) -> str:
        now = self.clock()
        challenge = self._spend(answer, purpose, user_id, now, bound)
        with self.database.write() as records:
            held = records.factors.passkey(_credential_id(answer))
            mine = held is not None and user_id in {None, held.user_id}
            used = _verified(answer, challenge, held, party) if challenge and held and mine else None
            if held and used and records.factors.use_passkey(held, used.new_sign_count, now):
                return held.user_id
            who = user_id or (held.user_id if held else None)
            if who is not None:
                act = Act.ACCOUNT_STEP_UP if purpose is Purpose.STEP_UP else Act.ACCOUNT_SIGN_IN
                records.journal.log(act, who, who, now, Outcome.REFUSED, factor="passkey")
        raise ForbiddenError(unusable("taken"))

    def _spend(
        self, answer: str, purpose: Purpose, user_id: str | None, now: datetime, bound: Bound | None = None
    ) -> bytes | None:
        """The challenge that an answer is to, spent; None when nobody asked it, or of somebody else, or for something else."""
        challenge = _challenge_in(answer)
        if challenge is None:
            return None
        with self.database.write() as records:
            asked = records.factors.challenge(_digest(challenge))
            if asked is None or not records.factors.spend(asked.challenge_digest, now):
                return None
        fits = (asked.purpose, asked.user_id) == (purpose, user_id) and now - asked.asked_at_utc <= LIFETIME
        if bound is not None:
            fits = fits and user_id is not None and challenge == derived_challenge(asked.nonce, user_id, bound)
        return challenge if fits else None

    def remove(self, user_id: str, credential_id: str) -> None:
        """Remove a passkey.

        Raises:
            NotFoundError: the person has no such one.
            ConflictError: the password is too short to stay behind alone.
        """
        now = self.clock()
        with self.database.write() as records:
            standing = standing_of(records, user_id)
            if credential_id not in {one.credential_id for one in standing.passkeys}:
                raise NotFoundError(Problem("no-passkey", "There is no such passkey.", "Look at your account again."))
            require_enough_left(standing, len(standing.passkeys) - 1 + standing.app)
            _remove(records, user_id, credential_id, now)


def _remove(records: Records, user_id: str, credential_id: str, now: datetime) -> None:
    records.factors.remove_passkey(user_id, credential_id)
    drop_useless_codes(records, user_id)
    records.journal.log(Act.ACCOUNT_FACTOR_REMOVE, user_id, user_id, now, factor="passkey")
    tell_person(records, user_id, "passkey-removed", now)


def unusable(what: str) -> Problem:
    """One answer for everything that can be wrong with what a browser sends."""
    remedy = "Open the page again and try once more, or use another way."
    return Problem("passkey-refused", f"The passkey was not {what}.", remedy)


def _asked(party: RelyingParty, challenge: bytes, held: list[Passkey]) -> str:
    options = generate_authentication_options(
        rp_id=party.rp_id,
        challenge=challenge,
        timeout=int(LIFETIME.total_seconds() * 1000),
        allow_credentials=_descriptors(held),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def _descriptors(held: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential_id)) for one in held]


def _registered(answer: str, challenge: bytes, party: RelyingParty) -> tuple[bytes, bytes, int] | None:
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except MALFORMED:
        return None
    return made.credential_id, made.credential_public_key, made.sign_count


def _verified(answer: str, challenge: bytes, held: Passkey, party: RelyingParty) -> VerifiedAuthentication | None:
    """What was verified: the signature, the origin, the person; and a sign count that has not gone back (a copied key)."""
    try:
        return verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            credential_public_key=base64url_to_bytes(held.public_key),
            credential_current_sign_count=held.sign_count,
            require_user_verification=True,
        )
    except MALFORMED:
        return None


def _parsed(answer: str) -> dict[str, Any]:
    try:
        found = json.loads(answer) if len(answer) <= LONGEST_ANSWER else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _credential_id(answer: str) -> str:
    found = _parsed(answer).get("id")
    return found if isinstance(found, str) and CREDENTIAL_ID.fullmatch(found) else ""


def _challenge_in(answer: str) -> bytes | None:
    """The challenge that an answer says it is to; what it signs is verified afterwards."""
    try:
        said = json.loads(base64url_to_bytes(_parsed(answer)["response"]["clientDataJSON"]))
        return base64url_to_bytes(said["challenge"])
    except MALFORMED:
        return None


def _digest(challenge: bytes) -> str:
    return hashlib.sha256(challenge).hexdigest()
