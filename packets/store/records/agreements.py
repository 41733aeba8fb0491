"""Records of what ACOs say about their Data Use Agreement in Step 4."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from packets.model.agreements import Closure, ContactConfirmation, DataOutcome, ExtensionRequest
from packets.model.people import Role
from packets.store.tables import dua_closures, dua_confirmations, dua_extensions

_ACO: sa.BindParameter[str] = sa.bindparam("aco_id", type_=sa.String)
_YEAR: sa.BindParameter[int] = sa.bindparam("year", type_=sa.Integer)


def _newest(table: sa.Table, key: sa.Column[Any]) -> sa.Select[Any]:
    return table.select().where(table.c.aco_id == _ACO, table.c.year == _YEAR).order_by(key.desc()).limit(1)


# Asked for every document that somebody may sign: built once, since building them takes longer than answering them.
CONFIRMED = _newest(dua_confirmations, dua_confirmations.c.confirmation_id)
ASKED = _newest(dua_extensions, dua_extensions.c.request_id)
CLOSED = dua_closures.select().where(
    dua_closures.c.aco_id == _ACO, dua_closures.c.dua_number == sa.bindparam("dua_number", type_=sa.String)
)


class AgreementRecords:
    """Confirmations and requests of an ACO in a year; the newest one counts, the earlier ones stay on record."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def confirm(self, aco_id: str, year: int, confirmation: ContactConfirmation) -> None:
        """Record that the contacts were confirmed (R23)."""
        values = {name: getattr(confirmation, name) for name in ("contacts_digest", "confirmed_by", "role")}
        at = confirmation.confirmed_at
        self._connection.execute(
            dua_confirmations.insert().values(aco_id=aco_id, year=year, **values, confirmed_at_utc=at)
        )

    def confirmation(self, aco_id: str, year: int) -> ContactConfirmation | None:
        """The newest confirmation, or None."""
        row = self._connection.execute(CONFIRMED, {"aco_id": aco_id, "year": year}).one_or_none()
        if row is None:
            return None
        return ContactConfirmation(row.contacts_digest, row.confirmed_by, Role(row.role), row.confirmed_at_utc)

    def ask(self, aco_id: str, year: int, request: ExtensionRequest) -> None:
        """Record that an extension was asked for (R74)."""
        values = {name: getattr(request, name) for name in ("expires_on", "extended_to", "asked_by", "role")}
        self._connection.execute(
            dua_extensions.insert().values(aco_id=aco_id, year=year, **values, asked_at_utc=request.asked_at)
        )

    def request(self, aco_id: str, year: int) -> ExtensionRequest | None:
        """The newest request, or None."""
        row = self._connection.execute(ASKED, {"aco_id": aco_id, "year": year}).one_or_none()
        return _request(row) if row else None

    def requests_in(self, year: int) -> dict[str, ExtensionRequest]:
        """The newest request of each ACO of a year, by ACO ID."""
        asked = dua_extensions.select().where(dua_extensions.c.year == year).order_by(dua_extensions.c.request_id)
        return {row.aco_id: _request(row) for row in self._connection.execute(asked)}

    def close(self, aco_id: str, year: int, closure: Closure) -> None:
        """Record that CMS closed an agreement."""
        same = ("outcome", "certified_on", "reason", "closed_by")
        values = {name: getattr(closure, name) for name in same}
        at, dua_number = closure.closed_at, closure.number
        self._connection.execute(
            dua_closures.insert().values(aco_id=aco_id, year=year, dua_number=dua_number, **values, closed_at_utc=at)
        )

    def closure(self, aco_id: str, dua_number: str) -> Closure | None:
        """That CMS closed an ACO's agreement of this number, in whichever year; None when it has not."""
        row = self._connection.execute(CLOSED, {"aco_id": aco_id, "dua_number": dua_number}).one_or_none()
        return _closure(row) if row else None

    def closures(self) -> dict[tuple[str, str], Closure]:
        """Every agreement that CMS closed, by ACO ID and number."""
        found = self._connection.execute(dua_closures.select())
        return {(row.aco_id, row.dua_number): _closure(row) for row in found}


def _request(row: Any) -> ExtensionRequest:
    return ExtensionRequest(row.expires_on, row.extended_to, row.asked_by, Role(row.role), row.asked_at_utc)


def _closure(row: Any) -> Closure:
    outcome = DataOutcome(row.outcome)
    return Closure(row.dua_number, outcome, row.certified_on, row.reason, row.closed_by, row.closed_at_utc)
