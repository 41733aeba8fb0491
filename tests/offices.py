"""The office in which CMS opens a year: real services without any year, the people of the agency, and files to open one with."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

import worlds
from packets.model.people import Role
from packets.sample.files import files_of
from packets.sample.year import SampleYear, sample_year
from packets.settings import Settings
from packets.store.database import Database
from packets.store.objects import MemoryObjects
from packets.year_files.material import GivenFile
from packets.year_files.report import FileKind, FilesRefusedError, Report
from packets.year_files.template import file_name
from web.bootstrap import Services, compose
from worlds import START, MovingClock, keys

YEAR = START.year + 1
LISTS = (FileKind.AGREEMENTS, FileKind.PARTICIPANTS, FileKind.PROVIDERS, FileKind.CONTACTS)
Rows = list[list[str]]


@dataclass
class Office:
    """Services, the clock, and the files of a sample year in a folder."""

    services: Services
    clock: MovingClock
    folder: Path
    sample: SampleYear
    staff: str
    files: dict[FileKind, bytes] = field(default_factory=dict)

    def given(self, *kinds: FileKind) -> dict[FileKind, GivenFile]:
        """The files of these kinds, as somebody would give them."""
        found = {}
        for kind in kinds or LISTS:
            path = self.folder / file_name(kind)
            path.write_bytes(self.files[kind])
            found[kind] = GivenFile(path.name, path)
        return found

    def edit(self, kind: FileKind, change: Callable[[Rows], object]) -> None:
        """Change the rows of a file; row 0 are the headings."""
        rows = list(csv.reader(io.StringIO(self.files[kind].decode("utf-8-sig"))))
        change(rows)
        target = io.StringIO(newline="")
        csv.writer(target).writerows(rows)
        self.files[kind] = target.getvalue().encode()

    def open(self, *kinds: FileKind) -> Report:
        """Open the year with the files of these kinds."""
        return self.services.openings.open(YEAR, self.given(*kinds), self.staff, sample=True)

    def refused(self, *kinds: FileKind) -> Report:
        """The report with which opening the year is refused."""
        try:
            self.open(*kinds)
        except FilesRefusedError as error:
            return error.report
        raise AssertionError("the files were accepted")


def open_office(folder: Path, acos: int = 2, database: Database | None = None) -> Office:
    """An office with nothing but the people of the agency, and the files of a year of invented ACOs."""
    clock = MovingClock(START)
    database = database or worlds.new_database()
    database.upgrade()
    settings = Settings(dir=folder, session_secret=SecretStr("a session secret for tests"), mode="development")
    services = compose(settings, clock, database, MemoryObjects(), keys())
    sample = sample_year(YEAR, acos, now=START)
    services.enrollment.register(sample.agency)
    staff = next(one.user_id for one in sample.agency if Role.CMS_STAFF in one.cms_roles)
    files = files_of(sample)
    kinds = {kind: files[file_name(kind)] for kind in FileKind}
    return Office(services, clock, folder, sample, staff, kinds)


def codes(report: Report, weight: str = "error") -> set[str]:
    """The codes of what a report tells."""
    return {one.code for one in report.remarks if one.weight == weight}


def records_of(office: Office) -> dict[str, object]:
    """How much is recorded, table by table, without the log and the people of the agency."""
    with office.services.database.read() as records:
        years = records.years.numbers()
        acos = records.acos.in_year(YEAR)
        lists = {
            (one.aco_id, name): list(records.lists.rows(one.aco_id, YEAR, name))
            for one in acos
            for name in ("participants", "provider-supplier")
        }
        return {"years": years, "acos": acos, "lists": lists, "loads": records.years.loads(YEAR)} | {
            "people": [one for one in records.people.everybody() if not one.cms_roles]
        }


NOTHING: dict[str, object] = {"years": [], "acos": [], "lists": {}, "loads": [], "people": []}


def set_cell(row: int, column: int, value: str) -> Callable[[Rows], object]:
    """Puts a value into a cell of a file; row 0 are the headings."""
    return lambda rows: rows[row].__setitem__(column, value)


def drop_last_provider(aco_id: str) -> Callable[[Rows], object]:
    """Takes the last row of an ACO out of a file."""

    def change(rows: Rows) -> None:
        rows.remove([row for row in rows if row[0] == aco_id][-1])

    return change
