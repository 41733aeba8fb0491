"""What is wrong with a file, gathered until the whole file was read, then raised at once (R68, REQ 1.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from packets.errors import InputError, Problem

LIMIT = 1000
"""So many problems are described; the rest is counted. Nobody reads more, and a hostile file must not fill the memory."""


def place(row: int, column: int | None = None) -> str:
    """A place as a spreadsheet names it: `row 12, column F`. Rows count from 1, the heading is row 1; columns from 0."""
    return f"row {row}" if column is None else f"row {row}, column {chr(ord('A') + column)}"


PLACE = re.compile(r"row ([1-9][0-9]*)(?:, column ([A-Z]))?")


def read_place(where: str) -> tuple[int, int | None] | None:
    """The inverse of `place`: row and column, or None for what is no place in a table."""
    match = PLACE.fullmatch(where)
    return (int(match[1]), ord(match[2]) - ord("A") if match[2] else None) if match else None


@dataclass(slots=True)
class Findings:
    """The problems of one file.

    Attributes:
        most: so many of them are described.
        count: how many there are.
        described: the first of them.

    Raises:
        ValueError: more are described than there are, or than are to be described.
    """

    most: int = LIMIT
    count: int = 0
    described: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Compare the numbers."""
        if len(self.described) > min(self.most, self.count):
            raise ValueError("more problems are described than there are")

    def add(self, code: str, sentence: str, remedy: str, where: str = "") -> None:
        """Note one problem."""
        self.count += 1
        if self.count <= self.most:
            self.described.append(Problem(code, sentence, remedy, where))

    def include(self, problems: tuple[Problem, ...]) -> None:
        """Note the problems that somebody else found."""
        for problem in problems:
            self.add(problem.code, problem.sentence, problem.remedy, problem.where)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The described problems, and one more that counts the rest when there is a rest."""
        rest = self.count - len(self.described)
        if not rest:
            return tuple(self.described)
        more = Problem(
            "more-problems", f"There are {rest:,} more problems.", "Mend those described first, then try again."
        )
        return (*self.described, more)

    def refuse(self) -> None:
        """Refuse the file if anything is wrong with it.

        Raises:
            InputError: with the problems.
        """
        if self.count:
            raise InputError(self.problems, count=self.count)
