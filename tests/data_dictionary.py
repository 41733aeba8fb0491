"""The data dictionary, made from the layouts themselves: `python -m data_dictionary` writes docs/data-dictionary.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from pathlib import Path

from packets.finding.sheets import ABOUT as SEARCH_ABOUT
from packets.finding.sheets import FIELDS as SEARCH_FIELDS
from packets.list_desks.workbook import ABOUT, WHAT_CHANGED
from packets.lists.columns import CORRECTIONS, PARTICIPANTS, PROVIDER_SUPPLIER, Column, Kind
from packets.lists.provider_rows import REQUIRED
from packets.lists.template import RULES
from packets.model.calendar import ACTIVITY_LABELS
from packets.year_files.layouts import AGREEMENTS, CONTACTS, PARTICIPANT_FIELDS, PARTICIPANT_RULES, PROVIDER_FIELDS
from packets.year_files.layouts import PROVIDER_MEANINGS as PROVIDERS
from packets.year_files.layouts import Field as FileField
from packets.year_files.report import CSV_HEADINGS, FileKind
from packets.year_files.template import file_name
from signing.verdict import SignatureVerdict, Verdict

PAGE = Path(__file__).parents[1] / "docs" / "data-dictionary.md"
HEAD = """# Data dictionary

What stands in each file that the service gives or takes. Made from the layouts in the code by `make dictionary`; a test holds it
to them. A cell without value is empty in files that are given; in files that are taken it may say N/A instead.

"""
TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.ACO_ID: "ACO ID, A and four digits",
    Kind.TIN: "TIN, nine digits",
    Kind.CCN: "CCN, six characters",
    Kind.NPI: "NPI, ten digits",
    Kind.FLAG: "0 or 1",
    Kind.ACTION: "A or D",
    Kind.DATE: "date, YYYY-MM-DD",
}
CODES: Mapping[str, str] = {
    "aco-id-invalid": "ACO ID, A and four digits",
    "ccn-invalid": "CCN, six characters",
    "cohort-invalid": "one of a list",
    "date-invalid": "date",
    "email-invalid": "e-mail address",
    "flag-invalid": "0 or 1",
    "npi-invalid": "NPI, ten digits",
    "number-invalid": "whole number",
    "phone-invalid": "telephone number",
    "role-unknown": "one of a list",
    "state-invalid": "two letters",
    "tin-invalid": "TIN, nine digits",
    "user-id-invalid": "CMS user ID",
    "web-page-invalid": "web address",
    "zip-invalid": "ZIP code",
}
"""What a cell is, by the code of the problem when it is not."""
PARTICIPANT_MEANINGS = {key: rule[1] for key, rule in PARTICIPANT_RULES.items()}
CHANGES = {
    "heading": "Heading of the column that differs",
    "before": "What the cell held the year before",
    "after": "What it holds now",
}
STATEMENTS = {"what": "What the statement is about", "statement": "What is so"}
REPORT = {
    "File": "Name of the file",
    "Row": "Number of the row, counted from 1 with the headings; empty where the remark is about the whole file",
    "Column": "Heading or letter of the column, where the remark is about one",
    "Weight": "Whether it is an error, which refuses the files, or less",
    "Code": "Code of the problem, for machines",
    "What is wrong": "The problem in a sentence",
    "How to fix it": "The remedy in a sentence",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of a file."""

    name: str
    type: str
    meaning: str
    source: str


@dataclass(frozen=True, slots=True)
class Section:
    """A file: what it is called, what one says about it, and its fields in their order."""

    title: str
    about: str
    entries: tuple[Entry, ...]


def sections() -> Iterator[Section]:
    """Every file of the service, exports before uploads."""
    kept = "file that CMS loaded"
    found = (Entry(one.column.heading, TYPES[one.column.kind], one.meaning, one.source) for one in SEARCH_FIELDS)
    yield Section("Search results, CSV and workbook", SEARCH, tuple(found))
    yield _given("Search results, sheet About of the workbook", SEARCH_ABOUT, STATEMENTS, "service", SEARCH_STATEMENTS)
    yield _given("Workbook of a Provider/Supplier List", PROVIDER_SUPPLIER.columns, PROVIDERS, kept)
    yield _given("Workbook of a Participant List", PARTICIPANTS.columns, PARTICIPANT_MEANINGS, kept)
    yield _given(
        "Workbook of a list, sheet Changed, after the list’s own columns",
        WHAT_CHANGED,
        CHANGES,
        "comparison",
        CHANGED_ABOUT,
    )
    yield _given(
        "Workbook of a list, sheet About", ABOUT, STATEMENTS, "service", "One row a statement about the workbook."
    )
    yield _given("Corrections file", CORRECTIONS.columns, RULES, "the ACO", CORRECTIONS_ABOUT)
    for kind, fields in YEAR_FILES.items():
        yield Section(f"Year file {file_name(kind)}", YEAR_ABOUT, tuple(map(_taken, fields)))
    providers = tuple(_provider(at, one) for at, one in enumerate(PROVIDER_FIELDS))
    yield Section(f"Year file {file_name(FileKind.PROVIDERS)}", YEAR_ABOUT, providers)
    windows = (Entry(str(one), "two dates", label, "CMS") for one, label in ACTIVITY_LABELS.items())
    yield Section(f"Year file {file_name(FileKind.WINDOWS)}", WINDOWS_ABOUT, tuple(windows))
    yield Section("Bag and export, verification.json of a document", VERDICT_ABOUT, tuple(_verdict()))
    report = (Entry(one, "text", REPORT[one], "check of the files") for one in CSV_HEADINGS)
    yield Section("Report on year files, CSV", "One row a remark.", tuple(report))


VERDICT_ABOUT = """What the service’s own verifier says of the newest revision when the bag is made, canonical JSON.
It says the same as verification.xml."""
VERDICT: Mapping[str, tuple[str, str]] = {
    "overall": ("PASSED, INDETERMINATE or FAILED", "What is said of the file (ETSI EN 319 102-1)"),
    "sentence": ("text", "Why, in one sentence"),
    "sub_indication": ("text; empty when passed", "Why, in the words of ETSI, of the worst fault"),
    "digest": ("SHA-256, hex", "Of the revision that was judged"),
    "signatures": ("list", "The seal, signatures and archival time-stamps, in the order of their revisions"),
    "problems": ("list", "Everything that is wrong: code, sentence, remedy, where"),
    "verified_at": ("time, UTC", "When it was judged"),
}
SIGNATURE: Mapping[str, tuple[str, str]] = {
    "field": ("text", "Name of the signature field"),
    "kind": ("seal, signer or timestamp", "What it is"),
    "name": ("text", "Of the signer, the seal or the authority, from the certificate"),
    "user_id": ("CMS user ID; null", "From a signer’s certificate"),
    "role": ("text; null", "Role in which the person signed"),
    "organization": ("text; null", "For which organization"),
    "aco_id": ("ACO ID; null", "For which ACO"),
    "performance_year": ("whole number; null", "For which year"),
    "signed_at": ("time, UTC; null", "The time in the time-stamp"),
    "level": ("B-B, B-T, B-LT, B-LTA; empty", "PAdES level; empty of a time-stamp"),
    "indication": ("PASSED, INDETERMINATE or FAILED", "What is said of it"),
    "sub_indication": ("text; empty when passed", "Why, in the words of ETSI"),
    "sentence": ("text", "Why, in one sentence"),
    "covers_whole_file": ("true or false", "Whether it protects every byte of the file"),
    "trust": ("local or public", "Whether the service’s own authority or another one vouches for the time"),
    "proof": ("object", "Signature and certificate in base64, digests of what was signed and of what it covers"),
}
WORKBOOK_ABOUT = (
    "A zip archive with one workbook. TINs are whole, or the last four digits only, as its sheet About says."
)
SEARCH = "One row a document that was found, newest year first."
SEARCH_STATEMENTS = "One row a statement: when it was made, how many rows, and what was asked."
CHANGED_ABOUT = "One row a cell that differs from last year’s list; there only when the two were compared."
CORRECTIONS_ABOUT = """A zip archive with one tab-delimited text file, taken whole or refused whole.
The sheet to fill in of the template has the same columns."""
YEAR_ABOUT = "CSV or tab-delimited, UTF-8, plain or gzip; the first row has exactly these headings."
WINDOWS_ABOUT = "TOML with a table for each cohort. First and last day of each activity, both included, Eastern time."
YEAR_FILES: Mapping[FileKind, tuple[FileField, ...]] = {
    FileKind.AGREEMENTS: AGREEMENTS,
    FileKind.PARTICIPANTS: PARTICIPANT_FIELDS,
    FileKind.CONTACTS: CONTACTS,
}


def write_page() -> str:
    """The page as it should be."""
    return HEAD + "\n".join(_write(one) for one in sections())


def _verdict() -> Iterator[Entry]:
    """The fields of a verdict, then those of each signature; a field without a meaning fails here."""
    source = "verifier of the service"
    for name in (*(one.name for one in dataclass_fields(Verdict)), "verified_at"):
        yield Entry(name, *VERDICT[name], source)
    for one in dataclass_fields(SignatureVerdict):
        yield Entry(f"signatures[].{one.name}", *SIGNATURE[one.name], source)


def _given(
    title: str, columns: tuple[Column, ...], meanings: Mapping[str, str], source: str, about: str = WORKBOOK_ABOUT
) -> Section:
    entries = (Entry(one.heading, TYPES[one.kind], meanings[one.key], source) for one in columns)
    return Section(title, about, tuple(entries))


def _taken(field: FileField) -> Entry:
    kind = CODES[field.code] if field.code else "text"
    return Entry(field.heading, kind if field.required else f"{kind}; may be blank", field.meaning, "CMS")


def _provider(place: int, field: FileField) -> Entry:
    """The rules of this file stand in `provider_rows`, so its types come from the columns of the list."""
    kind = TYPES[PROVIDER_SUPPLIER.columns[place].kind]
    return Entry(field.heading, kind if place in REQUIRED else f"{kind}; may be blank", field.meaning, "CMS")


def _write(section: Section) -> str:
    rows = [
        f"| {_cell(one.name)} | {_cell(one.type)} | {_cell(one.meaning)} | {_cell(one.source)} |"
        for one in section.entries
    ]
    head = ["| Field | Type | Meaning | Source |", "|---|---|---|---|"]
    return "\n".join([f"## {section.title}", "", section.about, "", *head, *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(write_page(), "utf-8")
