"""Every refusal of the service: a code, one plain sentence, how to fix it, and where (REQUIREMENTS 1.8, R68).

Errors are values first. A `Problem` describes one thing that is wrong; a `PacketsError` carries all the problems that
were found at once, never only the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        code: stable slug for machines and help pages, e.g. `window-closed`.
        sentence: what is wrong, one plain sentence.
        remedy: how to fix it, one plain sentence.
        where: the place: a field path, `row 12, column F`, a page path or a file name; empty when there is none.
    """

    code: str
    sentence: str
    remedy: str
    where: str = ""

    def __str__(self) -> str:
        place = f" [{self.where}]" if self.where else ""
        return f"{self.code}{place}: {self.sentence} {self.remedy}"


class PacketsError(Exception):
    """A refusal with every reason.

    Attributes:
        status_hint: the HTTP status that a web door would answer with.
        problems: the reasons.
        count: how many things are wrong; more than are described when a file has too many.
    """

    status_hint = 422

    def __init__(self, problems: Problem | Iterable[Problem], *, count: int | None = None) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.count = len(self.problems) if count is None else count
        super().__init__("\n".join(map(str, self.problems)))


class NotFoundError(PacketsError):
    """There is no such thing, or it is not yours: the answer is the same for both."""

    status_hint = 404


class ForbiddenError(PacketsError):
    """The person may not do this."""

    status_hint = 403


class ConflictError(PacketsError):
    """Somebody was faster, or the thing changed since it was viewed: look again, then decide again."""

    status_hint = 409


class OvertakenError(ConflictError):
    """The database undid the act because another one stood in its way; the same act may be done again."""


class InputError(PacketsError):
    """What was given cannot be used; nothing was stored."""


class RenderError(PacketsError):
    """A document could not be rendered from its template and data; nothing was stored."""


class BusyError(PacketsError):
    """The machine cannot do this at the moment; nothing is wrong with what was given, and the same may be tried again."""

    status_hint = 503


class StoreError(PacketsError):
    """The store failed or returned something else than was put: the act did not happen."""

    status_hint = 503


class SchemaError(StoreError):
    """The database is not one that this program can work on: older, newer, somebody else's, or none at all."""


class OutcomeUnknownError(StoreError):
    """The connection to the database was lost at COMMIT: the act is recorded whole or not at all, and nobody said which."""


class InternalError(Exception):
    """A fault of the service, never of the person who asked; doors treat it as they treat any bug: a number, and a log entry."""

    def __init__(self, sentence: str) -> None:
        self.problem = Problem(
            "internal-error",
            sentence,
            "It is a fault of the service. Try again; if it happens again, tell the help desk.",
        )
        super().__init__(str(self.problem))
