"""Whether a designee will be able to sign, weeks before they must (R15, R77). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from packets.errors import Problem
from packets.model.people import Person

WARN_DAYS = 60
"""From so many days before the recertification is due people are warned: renewing can take weeks (REQ 2.6)."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """How a designee stands.

    Attributes:
        problems: what keeps them from signing today.
        warnings: what will keep them from signing soon.
        days_left: days until the recertification of the user ID is due, 0 on the last day, negative when it has passed; None
            when CMS has not told the day.
    """

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    days_left: int | None

    @property
    def ready(self) -> bool:
        """Whether they could sign today."""
        return not self.problems

    @property
    def told(self) -> tuple[Problem, ...]:
        """What there is to say: problems, then warnings."""
        return (*self.problems, *self.warnings)


def readiness_of(person: Person, today: date) -> Readiness:
    """How somebody stands on a day.

    Args:
        person: the designee with the state of their account.
        today: the day at CMS.
    """
    due = person.recertification_due_on
    left = (due - today).days if due else None
    problems = []
    if not person.user_id:
        problems.append(Problem("user-id-missing", "There is no CMS user ID.", "Enter it in Contact Data."))
    elif left is not None and left < 0:
        sentence = f"The user ID was to be recertified by {due:%B %-d, %Y} and is revoked."
        problems.append(Problem("recertification-overdue", sentence, "Have the user ID recertified by CMS."))
    elif not person.account_active:
        problems.append(Problem("account-inactive", "The user ID is not active.", "Have it reactivated by CMS."))
    if person.user_id and not person.may_sign_electronically:
        remedy = "Request electronic signature access."
        problems.append(Problem("entitlement-missing", "There is no electronic signature access.", remedy))
    return Readiness(tuple(problems), tuple(_due_soon(left)), left)


def _due_soon(left: int | None) -> list[Problem]:
    if left is None or not 0 <= left <= WARN_DAYS:
        return []
    when = "today" if left == 0 else f"in {left} day{'s' if left != 1 else ''}"
    sentence = f"The recertification of the user ID is due {when}."
    return [Problem("recertification-due", sentence, "Recertify before then; afterwards the user ID is revoked.")]
