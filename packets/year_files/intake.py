"""Reading all files of a year, each by its own rules, then comparing them with each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from packets.store.objects import digest_file
from packets.year_files.agreements import read_agreements
from packets.year_files.comparison import compare
from packets.year_files.contacts import read_contacts
from packets.year_files.material import GivenFile, Known, Material
from packets.year_files.participants import read_participants
from packets.year_files.providers import read_providers
from packets.year_files.report import FileKind, Reading
from packets.year_files.windows import default_windows, read_windows


def read_material(
    year: int,
    given: Mapping[FileKind, GivenFile],
    known: Known,
    folder: Path,
    *,
    only_aco: str = "",
    sample: bool = False,
) -> Material:
    """Read every file, and compare them with each other and with what is known.

    Args:
        year: the performance year.
        given: the files.
        known: what is recorded already.
        folder: for the spool of provider rows.
        only_aco: take the lists of this ACO only; of all when empty.
        sample: whether the year is a demonstration.
    """
    readings = {
        kind: Reading(kind, one.name, digest_file(one.path), one.path.stat().st_size) for kind, one in given.items()
    }
    found = Material(year, only_aco, readings, windows=default_windows(year))
    for kind, one in given.items():
        match kind:
            case FileKind.AGREEMENTS:
                found.agreements = read_agreements(one.path, year, readings[kind], sample=sample)
            case FileKind.PARTICIPANTS:
                found.participants = read_participants(one.path, readings[kind], only_aco)
            case FileKind.PROVIDERS:
                found.providers = read_providers(one.path, folder, readings[kind], only_aco)
            case FileKind.CONTACTS:
                found.contacts = read_contacts(one.path, known.directory, readings[kind], sample=sample)
            case FileKind.WINDOWS:
                found.windows = read_windows(one.path, year, readings[kind])
    compare(found, known)
    return found
