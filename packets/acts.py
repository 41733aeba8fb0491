"""An act in one transaction: it is checked and recorded, or it is refused and the log tells of the refusal (R4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from packets.audit.log import Act, Outcome
from packets.errors import PacketsError
from packets.store.database import Database
from packets.store.records import Records

Checked = TypeVar("Checked")
Recorded = TypeVar("Recorded")


@dataclass(frozen=True, slots=True)
class Tale:
    """What the log will say of an act, done or refused: which, by whom, about what, when."""

    act: Act
    actor: str
    subject: str
    now: datetime

    def tell(self, records: Records, **details: Any) -> None:
        """Log that the act was done."""
        records.journal.log(self.act, self.actor, self.subject, self.now, **details)


def carry_out(
    database: Database, tale: Tale, check: Callable[[Records], Checked], record: Callable[[Records, Checked], Recorded]
) -> Recorded:
    """Check and record in one transaction that writes.

    Args:
        database: where.
        tale: what the log says when `check` refuses; when it does not, `record` tells the log.
        check: looks at the records and answers what `record` needs; writes nothing.
        record: writes; it refuses nothing any more.

    Raises:
        PacketsError: `check` refused; nothing but the refusal was recorded.
    """
    refused: PacketsError
    with database.write() as records:
        try:
            checked = check(records)
        except PacketsError as error:
            refused = error
            codes = sorted({one.code for one in error.problems})
            records.journal.log(tale.act, tale.actor, tale.subject, tale.now, Outcome.REFUSED, reasons=codes)
        else:
            return record(records, checked)
    raise refused
