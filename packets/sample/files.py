"""A sample year as files, in the layouts in which CMS opens a year: for the template, for tests and for trying it out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from packets.model.calendar import Window
from packets.sample.year import SampleYear, sample_year
from packets.year_files.template import FileContents, write_files, write_template
from packets.year_files.windows import default_windows


def example_files(year: int, acos: int, *, now: datetime) -> FileContents:
    """The layouts with so many invented ACOs in them; with none, the headings only.

    Args:
        year: the performance year of the examples.
        acos: how many ACOs, 0 to 600.
        now: the present instant (aware).

    Raises:
        InputError: so many ACOs cannot be invented.
    """
    return write_template(year, files_of(sample_year(year, acos, now=now)) if acos else None)


def files_of(year: SampleYear, windows: Iterable[Window] = ()) -> FileContents:
    """The files of a sample year, with these windows, or else those of the calendar."""
    return write_files(
        acos=[one.aco for one in year.acos],
        contacts={one.aco.aco_id: one.contacts for one in year.acos},
        participants=[row for one in year.acos for row in one.participants],
        providers=[row for one in year.acos for row in one.providers],
        windows=windows or default_windows(year.year.year),
    )
