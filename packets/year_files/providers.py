"""The Provider/Supplier Lists of a year's ACOs: up to a million rows, read as a stream into a spool (R45, R47, R49, REQ 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packets.errors import InputError
from packets.lists.columns import PROVIDER_SUPPLIER, Row
from packets.lists.intake import lines_below
from packets.lists.provider_rows import ACO_ID, ACO_NAME, EXCLUDED, TIN, TIN_NAME, ProviderRows
from packets.sandbox.endings import UnreadableAnswerError
from packets.year_files.report import Reading
from packets.year_files.sheets import include


@dataclass(slots=True)
class ProviderLists:
    """What a file of providers says of each ACO, without its rows; these lie in a spool on the disk.

    Attributes:
        counts: rows of each ACO.
        excluded: how many parties are flagged as excluded.
        names: what each TIN of an ACO is called, with the row in which it first stands.
        aco_names: what each ACO is called, with the row in which it first stands.
    """

    spool: Path
    counts: Counter[str] = field(default_factory=Counter)
    excluded: int = 0
    names: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    aco_names: dict[str, tuple[int, str]] = field(default_factory=dict)

    def rows(self) -> Iterator[tuple[str, int, str, Row]]:
        """Yield every row once, in the order of the file: ACO ID, position within the ACO's list, TIN, cells.

        Raises:
            UnreadableAnswerError: a line of the spool, which a confined process has written, is no row.
        """
        positions: Counter[str] = Counter()
        with self.spool.open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                cells = tuple(line.removesuffix("\n").split("\t"))
                if len(cells) != len(PROVIDER_SUPPLIER.columns):
                    raise UnreadableAnswerError
                yield cells[ACO_ID], positions[cells[ACO_ID]], cells[TIN], cells
                positions[cells[ACO_ID]] += 1


def read_providers(path: Path, folder: Path, reading: Reading, only_aco: str = "") -> ProviderLists:
    """The Provider/Supplier Lists of the file, of all ACOs or of one; what is wrong with it is noted in `reading`.

    Good rows are spooled as they come: a checked cell holds neither tab nor line end, so a line is a row.

    Args:
        path: the file.
        folder: where the spool is kept for as long as its rows are wanted.
        reading: where findings go.
        only_aco: take the rows of this ACO only; all when empty.
    """
    lists, rows = ProviderLists(folder / "providers.rows"), ProviderRows(reading.errors)
    try:
        with lists.spool.open("w", encoding="utf-8", newline="\n") as spool:
            for number, cells in lines_below(path, PROVIDER_SUPPLIER.headings, reading.errors):
                reading.rows += 1
                row = rows.read(number, cells)
                if row is not None and only_aco in {"", row[ACO_ID]}:
                    _note(lists, number, row)
                    spool.write("\t".join(row) + "\n")
    except InputError as error:
        include(reading, error)
    if reading.whole and not reading.rows and not reading.errors.count:
        sentence = "The file has no rows below its headings."
        reading.errors.add("file-without-rows", sentence, "Give the complete file.")
    return lists


def _note(lists: ProviderLists, number: int, row: Row) -> None:
    lists.counts[row[ACO_ID]] += 1
    lists.excluded += row[EXCLUDED] == "1"
    if (row[ACO_ID], row[TIN]) not in lists.names:
        lists.names[row[ACO_ID], row[TIN]] = (number, row[TIN_NAME])
        lists.aco_names.setdefault(row[ACO_ID], (number, row[ACO_NAME]))
