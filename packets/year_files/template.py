"""The layouts of a year's files for the people who fill them in: a file with headings and examples each, and what they mean."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date

from packets.lists.columns import Row
from packets.lists.text import NO_VALUE
from packets.model.aco import Aco
from packets.model.calendar import Window
from packets.model.people import CONTACT_SLOTS, Contact
from packets.year_files.layouts import (
    AGREEMENTS,
    CONTACTS,
    PARTICIPANT_FIELDS,
    PROVIDER_FIELDS,
    Field,
    headings,
)
from packets.year_files.report import FileKind
from packets.year_files.windows import default_windows

README = "README.txt"
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
FIELDS: dict[FileKind, tuple[Field, ...]] = {
    FileKind.AGREEMENTS: AGREEMENTS,
    FileKind.PARTICIPANTS: PARTICIPANT_FIELDS,
    FileKind.PROVIDERS: PROVIDER_FIELDS,
    FileKind.CONTACTS: CONTACTS,
}
"""The columns of each kind of file but the windows."""
ABOUT = {
    FileKind.AGREEMENTS: "One row an ACO. Necessary to open a year.",
    FileKind.PARTICIPANTS: "One row a participant, or a facility of one: the Participant Lists.",
    FileKind.PROVIDERS: "One row a person or a facility that bills under a participant's TIN: the Provider/Supplier Lists.",
    FileKind.CONTACTS: "One row a contact slot. Without rows an ACO brings its contacts from the year before.",
}
HEAD = """The files with which a performance year is opened
=================================================

CSV or tab-delimited, UTF-8 with or without byte order mark, plain or gzip. The first row has exactly these headings. A cell
without value is blank or N/A. TINs may have a hyphen. The rows in these files are examples and are invented: replace them.
Everything that is wrong in any of the files is told in one report, and nothing is stored until nothing is wrong.
"""
FileContents = dict[str, bytes]
"""File names and what stands in the files."""


def write_files(
    acos: Iterable[Aco],
    contacts: Mapping[str, Iterable[Contact]],
    participants: Iterable[Row],
    providers: Iterable[Row],
    windows: Iterable[Window],
) -> FileContents:
    """The files of a year with these rows, in the layouts in which they are read."""
    return {
        file_name(FileKind.AGREEMENTS): _csv(AGREEMENTS, (agreement_row(one) for one in acos)),
        file_name(FileKind.PARTICIPANTS): _csv(PARTICIPANT_FIELDS, participants),
        file_name(FileKind.PROVIDERS): _csv(
            PROVIDER_FIELDS, (tuple(cell or NO_VALUE for cell in row) for row in providers)
        ),
        file_name(FileKind.CONTACTS): _csv(
            CONTACTS, (contact_row(aco_id, one) for aco_id, held in contacts.items() for one in held)
        ),
        file_name(FileKind.WINDOWS): _toml(windows),
    }


def write_template(year: int, example: FileContents | None = None) -> FileContents:
    """The layouts: files with headings, and with example rows where there are some, and a README that explains every column."""
    files = example or write_files((), {}, (), (), default_windows(year))
    return {README: _readme().encode(), **files}


def pack(files: FileContents) -> bytes:
    """The files as one zip archive, the same bytes for the same files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def file_name(kind: FileKind) -> str:
    """What the file of a kind is called in the template."""
    return f"{kind}.toml" if kind is FileKind.WINDOWS else f"{kind}.csv"


def agreement_row(aco: Aco) -> Row:
    """An ACO as a row of the agreements' file."""
    agreement, dua = aco.agreement, aco.dua
    values: dict[str, str | int | date] = {
        **{name: getattr(aco, name) for name in ("aco_id", "legal_name", "trade_name", "tax_status", "web_page")},
        **{name: getattr(aco.address, name) for name in ("line_1", "line_2", "city", "state", "zip_code")},
        **{
            name: getattr(agreement, name) for name in ("period_number", "initial_start_date", "start_date", "end_date")
        },
        "cohort": str(aco.cohort),
        "service_area": aco.service_area,
        "track": agreement.track,
        "dua_number": dua.number,
        "dua_expires_on": dua.expires_on,
    }
    return tuple(str(values[one.key]) for one in AGREEMENTS)


def contact_row(aco_id: str, contact: Contact) -> Row:
    """A contact as a row of the contacts' file."""
    person = contact.person
    flag = {True: "1", False: "0"} if person.user_id else {True: "", False: ""}
    values: dict[str, str] = {
        **{name: getattr(person, name) for name in ("user_id", "given_name", "family_name", "title", "organization")},
        **{name: getattr(person.address, name) for name in ("line_1", "line_2", "city", "state", "zip_code")},
        "aco_id": aco_id,
        "role": str(contact.role),
        "email": person.email,
        "phone": person.phone,
        "account_active": flag[person.account_active],
        "may_sign_electronically": flag[person.may_sign_electronically],
    }
    return tuple(values[one.key] for one in CONTACTS)


def _csv(fields: tuple[Field, ...], rows: Iterable[Row]) -> bytes:
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(headings(fields))
    writer.writerows(rows)
    return target.getvalue().encode("utf-8-sig")


def _toml(windows: Iterable[Window]) -> bytes:
    lines = ["# First and last day of every activity, both included, Eastern time. Leave out what stays as it is.", ""]
    cohort = ""
    for one in windows:
        if one.cohort != cohort:
            lines += [""] * bool(cohort) + [f"[{one.cohort}]"]
            cohort = one.cohort
        lines.append(f"{one.activity} = [{one.begins_on}, {one.due_on}]")
    return ("\n".join(lines) + "\n").encode()


def _readme() -> str:
    parts = [HEAD]
    for kind, fields in FIELDS.items():
        title = file_name(kind)
        parts.append(f"\n{title}\n{'-' * len(title)}\n{ABOUT[kind]}\n")
        parts += [f"  {_letter(at)}  {one.heading:<28} {one.meaning}\n" for at, one in enumerate(fields)]
    slots = "\n".join(f"  {one.role:<32} {one.label}{' *' if one.required else ''}" for one in CONTACT_SLOTS)
    parts.append(f"\nContact slots (* must be filled before the DUA is signed):\n{slots}\n")
    title = file_name(FileKind.WINDOWS)
    parts.append(f"\n{title}\n{'-' * len(title)}\nThe windows of the year; optional, whole or in part.\n")
    return "".join(parts)


def _letter(at: int) -> str:
    return chr(ord("A") + at)
