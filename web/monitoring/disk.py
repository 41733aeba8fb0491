"""The disks of every place that is written: how much is free, and whether it can be written at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packets.settings import Settings
from web.monitoring.findings import Finding, State, broken, good
from web.monitoring.installation import Installation

MEGABYTE = 1024**2
LEAST, FEW = 500 * MEGABYTE, 5 * 1024 * MEGABYTE
LEAST_PASSING, FEW_PASSING = 20 * MEGABYTE, 200 * MEGABYTE
"""Of a disk on which nothing stays: uploads and exports while they are worked on."""
LEAST_FILES = 1000
SIZES = ((1024**4, "TB"), (1024**3, "GB"), (1024**2, "MB"), (1024, "KB"))
SQLITE, FILES = "sqlite", "file"
TEMPORARY = "temporary files"


@dataclass(frozen=True, slots=True)
class Room:
    """What is free on one disk.

    Attributes:
        uses: what the service has there.
        path: one of those places.
        files: how many more files fit; None where the file system does not count them.
        closed: places that the service may not write.
    """

    uses: tuple[str, ...]
    path: Path
    free: int
    files: int | None
    closed: tuple[Path, ...] = ()


def examine_disk(installation: Installation) -> Iterator[Finding]:
    """Find what is free on each disk that the service writes."""
    yield from _readable_by_all(installation)
    for room in rooms(places(installation.settings)):
        yield from judge_room(room)


def _readable_by_all(installation: Installation) -> Iterator[Finding]:
    """Records name people and tax numbers: the folder is for the service's user alone."""
    folder = installation.settings.dir
    mode = stat.S_IMODE(folder.stat().st_mode) if folder.is_dir() else 0
    if mode & 0o007:
        state = State.BROKEN if installation.is_production else State.WATCH
        yield Finding(
            state, f"Every user of this machine can look into {folder} ({mode:o}).", f"Run `chmod 700 {folder}`."
        )


def places(settings: Settings) -> Mapping[str, Path]:
    """Every place that the service writes, by what it has there. A folder with keys alone may be read only."""
    named = {
        "the database": _file_of(settings.database, SQLITE),
        "the objects": _file_of(settings.objects_url, FILES) if settings.objects_url else settings.objects,
        "the second store": _file_of(settings.objects_copy_url, FILES),
        "exports": settings.exports,
        TEMPORARY: Path(tempfile.gettempdir()),
    }
    return {use: path for use, path in named.items() if path is not None}


def rooms(named: Mapping[str, Path]) -> list[Room]:
    """What is free on the disks of these places; one that is not there yet is made where its nearest parent is."""
    disks: dict[int, list[tuple[str, Path]]] = {}
    for use, path in named.items():
        there = next(parent for parent in (path, *path.parents) if parent.exists())
        disks.setdefault(there.stat().st_dev, []).append((use, there))
    return [_room(found) for found in disks.values()]


def judge_room(room: Room) -> Iterator[Finding]:
    """Judge what is free on a disk. Without IO."""
    for path in room.closed:
        remedy = "Let the service's user write there, on a disk that is not read only."
        yield broken(f"{path} cannot be written.", remedy)
    least, few = (LEAST_PASSING, FEW_PASSING) if room.uses == (TEMPORARY,) else (LEAST, FEW)
    state = State.BROKEN if room.free < least else State.WATCH if room.free < few else State.GOOD
    uses = ", ".join(room.uses)
    sentence = f"{size(room.free)} are free on the disk of {uses} ({room.path})."
    yield (
        good(sentence) if state is State.GOOD else Finding(state, sentence, "Free space, or move it to a larger disk.")
    )
    if room.files is not None and room.files < LEAST_FILES:
        sentence = f"Only {room.files} more files fit on the disk of {uses} ({room.path})."
        yield broken(sentence, "Remove files, or move it to a disk with more room for files (inodes).")


def size(number: int) -> str:
    """Write a number of bytes in the unit in which it has two or three digits: `31 MB`, `1.4 GB`."""
    for length, unit in SIZES:
        if number >= length:
            return f"{number / length:.1f} {unit}" if number < 10 * length else f"{number / length:.0f} {unit}"
    return f"{number} bytes"


def _room(found: list[tuple[str, Path]]) -> Room:
    path = found[0][1]
    disk = os.statvfs(path)
    closed = tuple(dict.fromkeys(place for _, place in found if not os.access(place, os.W_OK, effective_ids=True)))
    files = disk.f_favail if disk.f_files else None
    return Room(tuple(use for use, _ in found), path, disk.f_bavail * disk.f_frsize, files, closed)


def _file_of(address: str, scheme: str) -> Path | None:
    """The folder that an address of files leads to; None for one of another kind."""
    begin = f"{scheme}://" if scheme == FILES else f"{scheme}:///"
    if not address.startswith(begin) or "mode=ro" in address:
        return None
    path = Path(unquote(urlsplit(address.removeprefix(begin)).path))
    return path if scheme == FILES else path.absolute().parent
