"""Links by mail to choose a new password: they work once, for a quarter of an hour, and sign nobody in.

The request is answered before anybody has looked whether the user ID exists: a job looks, so that the answer takes as long and
says the same in every case. The secret of a link is made from the service's own secret and the message that carries it: the
database keeps its digest, and only the mail itself ever holds it.
"""

from __future__ import annotations

import base64
import hmac
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from packets.audit.log import Act
from packets.clock import Clock
from packets.errors import ForbiddenError, Problem
from packets.jobs.queue import enqueue
from packets.jobs.registry import Run
from packets.model.calendar import agency_day
from packets.model.identifiers import UserId
from packets.model.notices import Notice
from packets.notices.topics import Topic
from packets.store.database import Database
from packets.store.records.accounts import Reset
from web.auth.accounts import AccountDesk
from web.auth.limits import RESETS_BY_NETWORK, RESETS_FROM_NETWORK, RESETS_OF_ACCOUNT, Try
from web.auth.origin import Origin, digest_of_secret
from web.auth.passwords import hash_password

RESET_JOB = "password-reset"
PATH = "/password/new"


@dataclass(frozen=True, slots=True)
class ResetDesk:
    """Where links are asked for and used; built once with the services that it needs.

    Attributes:
        secret: from which the secrets of links are made.
        public_url: where links lead; empty when no setting says, and then there are none.
        lifetime: how long a link counts.
        mailed: whether there is a mail server.
    """

    database: Database
    clock: Clock
    accounts: AccountDesk
    secret: str
    public_url: str
    lifetime: timedelta
    mailed: bool

    def ask(self, user_id: str, origin: Origin) -> None:
        """Ask for a link, for whatever was typed. The answer is the same for everybody.

        Raises:
            TooManyTriesError: for this user ID, or from this network, too many were asked for.
        """
        self.accounts.guard.admit(*self._tries(user_id, origin))
        if self.mailed and not UserId.problem(user_id):
            with self.database.write() as records:
                enqueue(records, RESET_JOB, {"user_id": user_id}, f"{RESET_JOB}:{uuid.uuid4()}", self.clock())

    def _tries(self, user_id: str, origin: Origin) -> tuple[Try, ...]:
        """By what asking is counted; what strangers ask for keeps nobody waiting who has signed in here before."""
        if self.accounts.sessions.is_known(user_id, origin.browser):
            return ((RESETS_FROM_NETWORK, f"{user_id}/{origin.browser}"),)
        from_network = (RESETS_FROM_NETWORK, f"{user_id}/{origin.network}")
        return ((RESETS_OF_ACCOUNT, user_id), from_network, (RESETS_BY_NETWORK, origin.network))

    def work(self, run: Run) -> None:
        """Write the link for a person, if the user ID is somebody's and active."""
        user_id, now = str(run.job.arguments["user_id"]), self.clock()
        with self.database.write() as records:
            run.hold(records)
            person = records.people.get(user_id)
            if person is None or not person.is_active(agency_day(now)):
                return
            message = records.journal.queue(Topic.PASSWORD_RESET, {"user_id": user_id, "minutes": self._minutes}, now)
            digest = digest_of_secret(self._token(message, user_id, now))
            records.accounts.add_reset(Reset(digest, user_id, message, now))
            records.journal.log(Act.ACCOUNT_RESET, user_id, user_id, now, message=message)

    def link(self, notice: Notice) -> str:
        """The link that the mail of a notice carries; empty for notices that carry none."""
        if notice.topic != Topic.PASSWORD_RESET:
            return ""
        with self.database.read() as records:
            reset = records.accounts.reset_of(notice.message_id)
        if reset is None:
            return ""
        return f"{self.public_url}{PATH}?token={self._token(reset.message_id, reset.user_id, reset.asked_at_utc)}"

    def owner(self, token: str) -> str:
        """Whose password a link lets choose.

        Raises:
            ForbiddenError: it is wrong, was used, or is too old; the answer does not say which.
        """
        with self.database.read() as records:
            reset = records.accounts.reset(digest_of_secret(token))
        if reset is None or reset.used_at_utc is not None or self.clock() - reset.asked_at_utc > self.lifetime:
            raise ForbiddenError(_spent())
        return reset.user_id

    def choose(self, token: str, password: str) -> None:
        """Choose the password, once; every session ends, second factors stay.

        Raises:
            ForbiddenError: the link is wrong, was used, or is too old.
            InputError: the password is too weak; the link can be used again.
        """
        user_id = self.owner(token)
        self.accounts.check_strength(password, user_id)
        hashed = hash_password(password)
        with self.database.write() as records:
            reset = records.accounts.reset(digest_of_secret(token))
            if reset is None or reset.used_at_utc is not None:
                raise ForbiddenError(_spent())
            self.accounts.put_password(records, user_id, password, hashed, user_id)
            records.sessions.close_all(user_id)

    @property
    def _minutes(self) -> int:
        return int(self.lifetime.total_seconds() // 60)

    def _token(self, message_id: int, user_id: str, asked_at: datetime) -> str:
        said = f"esm-packets reset|{message_id}|{user_id}|{asked_at.isoformat()}"
        return base64.urlsafe_b64encode(hmac.digest(self.secret.encode(), said.encode(), "sha256")).decode().rstrip("=")


def _spent() -> Problem:
    sentence = "This link does not work any more: it was used, replaced, or is too old."
    return Problem("link-spent", sentence, "Ask for a new one.")
