"""Hatchling's hook: what `make setup` prepares for a checkout goes into the wheel and the sdist when they are built.

These are the document fonts, the look of the pages, and the names of commit and lock. The sdist carries them in the folder
`prepared`, so that a wheel that is built from it needs neither npm nor the packages that cut fonts, and is the same wheel.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACES = {"font_files": "packets/render/font_files", "look": "web/look/files", "build.json": "web/build.json"}
"""Where a wheel has what is prepared."""


class PreparedFilesHook(BuildHookInterface):  # type: ignore[misc]  # hatchling's class takes any configuration
    """Add prepared files to a wheel or an sdist; an editable install has them beside its environment."""

    scratch: Path | None = None

    def dependencies(self) -> list[str]:
        """Name the packages that cut fonts, as they are locked, unless the fonts are there."""
        if self._carried.is_dir():
            return []
        lock = Path(self.root, "requirements", "runtime.lock").read_text("utf-8")
        return re.findall(r"^(?:fonttools|fontpkg-noto-[a-z]+)==[^ ;]+", lock, re.MULTILINE)

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the prepared files to the builder, prepared now where the source does not carry them."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        folder = self._carried if self._carried.is_dir() else self._prepare()
        _require_recorded(folder)
        for name, place in PLACES.items():
            if (folder / name).exists():
                build_data["force_include"][str(folder / name)] = (
                    place if self.target_name == "wheel" else f"prepared/{name}"
                )

    def finalize(self, *_arguments: object) -> None:
        """Remove what was prepared for this build alone."""
        if self.scratch:
            shutil.rmtree(self.scratch)

    @property
    def _carried(self) -> Path:
        return Path(self.root, "prepared")

    def _prepare(self) -> Path:
        from web.build_info import read_build_info

        self.scratch = Path(tempfile.mkdtemp(prefix="esm-build-"))
        _prepare_fonts(self.scratch / "font_files")
        self._prepare_look(self.scratch / "look")
        info = read_build_info(root=Path(self.root))
        (self.scratch / "build.json").write_text(json.dumps(dataclasses.asdict(info)) + "\n", "utf-8")
        return self.scratch

    def _prepare_look(self, folder: Path) -> None:
        """Take the look of this environment, or fetch it; without it the pages have no style, and the build says so."""
        from packets.errors import PacketsError
        from web.look.packages import fetched_folder, unpack_look

        if fetched_folder().is_dir():
            shutil.copytree(fetched_folder(), folder)
            return
        try:
            unpack_look(folder)
        except PacketsError as error:
            shutil.rmtree(folder, ignore_errors=True)
            self.app.display_warning(f"Built without the look of the pages, which then have no style. {error}")


def _prepare_fonts(folder: Path) -> None:
    """Take the fonts of this environment, or cut them, which takes half a minute."""
    from packets.file_digests import FILE_LIST
    from packets.render.font_cutting import environment_root, set_digest, write_set

    present = environment_root() / set_digest()
    if (present / FILE_LIST).is_file():
        shutil.copytree(present, folder)
    else:
        write_set(folder)


def _require_recorded(folder: Path) -> None:
    """Refuse files that are not, byte by byte, those whose digests are written down in the source."""
    from packets.file_digests import find_changes, list_digest, read_file_list
    from packets.render.font_cutting import FILES_SHA256 as FONTS
    from web.look.packages import FILES_SHA256 as LOOK

    for name, digest in (("font_files", FONTS), ("look", LOOK)):
        part = folder / name
        if not part.is_dir():
            continue
        changes = [*find_changes(part, read_file_list(part))]
        if changes or list_digest(part) != digest:
            raise SystemExit(f"{part} holds other files than those that are written down in the source: {changes}")
