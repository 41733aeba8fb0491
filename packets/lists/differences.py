"""What was added to a list, removed from it and changed in it since another one (REQ 6). Pure, in linear time.

Rows that are equal cancel out. Of the others, those are one row that changed whose identifiers agree, first by all of them, then
by fewer where the list says so: a participant that became a clinic with a CCN is still the participant with that TIN.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packets.lists.columns import Row

Places = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """One row that is on both lists with the same identifiers and different other cells."""

    before: Row
    after: Row

    @property
    def places(self) -> Places:
        """The places of the cells that differ."""
        pairs = enumerate(zip(self.before, self.after, strict=True))
        return tuple(at for at, (before, after) in pairs if before != after)


@dataclass(frozen=True, slots=True)
class Differences:
    """The differences, each in the order of the list in which it stands; changed rows in the order of the later one."""

    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    changed: tuple[ChangedRow, ...]


def find_differences(before: Sequence[Row], after: Sequence[Row], identities: Iterable[Places]) -> Differences:
    """What has to be done to the one list so that it has the rows of the other.

    Args:
        before: rows of the earlier list.
        after: rows of the later one, in the same columns.
        identities: places of the cells by which two rows are the same one, the strictest first.
    """
    gone, come = _without(before, after), _without(after, before)
    partners: dict[int, Row] = {}
    for places in identities:
        _pair_up(gone, come, places, partners)
    return Differences(
        added=tuple(row for number, row in come.items() if number not in partners),
        removed=tuple(gone.values()),
        changed=tuple(ChangedRow(partners[number], row) for number, row in come.items() if number in partners),
    )


def _without(rows: Sequence[Row], others: Sequence[Row]) -> dict[int, Row]:
    """The rows, by number, that are not among the others; a row that is there twice cancels out twice."""
    spare = Counter(others)
    left: dict[int, Row] = {}
    for number, row in enumerate(rows):
        if spare[row] > 0:
            spare[row] -= 1
        else:
            left[number] = row
    return left


def _pair_up(gone: dict[int, Row], come: dict[int, Row], places: Places, partners: dict[int, Row]) -> None:
    """Give every row that came, and has none, a partner with the same cells at these places, and take it from those gone."""
    waiting: defaultdict[Row, deque[int]] = defaultdict(deque)
    for number, row in gone.items():
        waiting[tuple(row[at] for at in places)].append(number)
    for number, row in come.items():
        candidates = waiting.get(tuple(row[at] for at in places))
        if candidates and number not in partners:
            partners[number] = gone.pop(candidates.popleft())
