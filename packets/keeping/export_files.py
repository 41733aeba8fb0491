"""The folder in which the files of exports lie for some days; every process of an installation must see the same one.

A file is written under the number of its attempt, and gets its own name, with its digest in it, when all of it is on the disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packets.store.objects_files import sync_folder

NAME = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(?:([0-9a-f]{64})\.zip|([0-9]+)\.part)")


@dataclass(frozen=True, slots=True)
class Lying:
    """A file of an export. `digest` is empty while it is being written."""

    path: Path
    export_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class ExportFiles:
    """The folder of exports."""

    folder: Path

    def path(self, export_id: str, digest: str) -> Path:
        """Where the finished file of an export lies."""
        return self.folder / f"{export_id}.{digest}.zip"

    def part(self, export_id: str, attempt: int) -> Path:
        """Where an attempt writes; nobody but the service's own user may look into the folder."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.folder / f"{export_id}.{attempt}.part"

    def publish(self, part: Path, export_id: str, digest: str) -> None:
        """Give a file that is whole, and on the disk, its name."""
        part.rename(self.path(export_id, digest))
        sync_folder(self.folder)

    def lying(self) -> Iterator[Lying]:
        """Every file of an export that is there; what is called otherwise is none of ours."""
        for path in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if found := NAME.fullmatch(path.name):
                yield Lying(path, found[1], found[2] or "")

    def clear(self, export_id: str) -> None:
        """Remove whatever lies there of an export."""
        for one in self.lying():
            if one.export_id == export_id:
                one.path.unlink(missing_ok=True)
