"""The typefaces of record, as documents are drawn with them: found whole and unchanged, read when they are first asked for.

An installed wheel carries them. A source checkout has them beside its Python environment, where `make setup` cuts them; a
user who can neither read nor write there has a set of their own. A set is named by a digest of everything that decides
its bytes, so two installations with the same packages have the same faces, and a change of any package makes a new set
instead of a different document under an old name.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from packets.errors import InputError, PacketsError, Problem, RenderError
from packets.file_digests import FILE_LIST, FileChange, find_changes, make_shared_folder, read_file_list
from packets.render.font_cutting import CUTS, DESCRIPTION, NEEDED, cut_set, environment_root, set_digest
from packets.render.unicode_map import to_unicode_map

CARRIED = Path(__file__).with_name("font_files")
"""Where a wheel has the faces; there is no such folder in a source checkout."""

MOST_WORDS, LONGEST_WORD = 20_000, 40
"""Of how many words a face keeps the width, and of how many characters: some two megabytes at the most."""

_subsetting = threading.Lock()


@dataclass(frozen=True, slots=True)
class FontSet:
    """The faces of one folder.

    Attributes:
        folder: where they are.
        digest: what the folder is named by; changes when any byte of any face can change.
        coverage: code points for which every face has a glyph.
    """

    folder: Path
    digest: str
    coverage: frozenset[int]

    def face(self, name: str) -> ArchivalFont:
        """The face of that name, read from disk when it is first asked for and registered with ReportLab.

        Raises:
            KeyError: there is no such face.
        """
        return _load_face(self.folder, name)


class ArchivalFont(TTFont):  # type: ignore[misc]  # ReportLab carries no types
    """A ReportLab TrueType font whose subsets carry correct ToUnicode maps (ISO 19005-2, 6.2.11.7.2).

    ReportLab 5.1 writes one block of up to 256 pairs, maps unused codes to U+0000 and cannot express characters beyond
    the Basic Multilingual Plane. Its `addObjects` is kept; only the content of the map streams is replaced. Internals
    relied on: `state[doc].subsets`, and the map's object name `toUnicodeCMap:<BaseFont>`.

    Words come again and again, so the units of a word are added up once: ReportLab does it at every asking.
    """

    def stringWidth(self, text: str, size: float, encoding: str = "utf8") -> float:  # noqa: ARG002, N802  ReportLab's
        """Width of a text in points, by ReportLab's own arithmetic."""
        units = self.__dict__.setdefault("_units", {})
        if text not in units:
            width, default = self.face.charWidths.get, self.face.defaultWidth
            total = sum([width(ord(one), default) for one in text])
            if len(units) >= MOST_WORDS or len(text) > LONGEST_WORD:
                return float(0.001 * size * total)
            units[text] = total
        return float(0.001 * size * units[text])

    def addObjects(self, doc: Any) -> None:  # noqa: N802  ReportLab's name
        """Write the subsets into the document, one thread at a time: a face keeps a reading position."""
        subsets = [list(subset) for subset in self.state[doc].subsets]
        with _subsetting:
            super().addObjects(doc)
        for number, subset in enumerate(subsets):
            name = doc.idToObject[f"{doc.fontMapping[self.fontName][1:]}+{number}"].BaseFont
            doc.idToObject[f"toUnicodeCMap:{name}"].content = to_unicode_map(subset)


@cache
def _load_face(folder: Path, name: str) -> ArchivalFont:
    _pin_reportlab()
    try:
        font = ArchivalFont(f"esm-{name}", str(folder / f"{CUTS[name].name}.ttf"), asciiReadable=1, shapable=False)
    except (TTFError, OSError) as error:
        raise _damage(folder, str(error)) from None
    pdfmetrics.registerFont(font)
    return font


def warm_up(folder: str) -> None:
    """Read every face of a folder, so that a process that is forked afterwards has them."""
    for name in CUTS:
        _load_face(Path(folder), name)


@cache
def ensure_fonts(folder: Path | None = None) -> FontSet:
    """Return the font set of this installation, cut now if it neither came with the wheel nor was cut before.

    Args:
        folder: where a source checkout has its font sets; beside its Python environment, or in a folder of the user's if
            that cannot be used, when absent. A wheel uses its own.

    Raises:
        RenderError: a set is damaged, or there is none and none can be cut.
    """
    _pin_reportlab()
    if (CARRIED / FILE_LIST).is_file():
        return _read_set(CARRIED)
    digest = _needed_digest()
    roots = [folder] if folder else _default_roots()
    for root in roots:
        if _is_readable(root / digest):
            return _read_set(root / digest)
    reasons: list[str] = []
    for root in roots:
        try:
            _make_root(root)
            cut_set(root / digest)
        except OSError as error:
            reasons.append(f"{root}: {error.strerror or error}")
            continue
        return _read_set(root / digest)
    raise RenderError(
        Problem(
            "fonts-folder",
            f"The document fonts cannot be written to {', '.join(map(str, roots))}.",
            "Name a folder that can be written with ESM_FONTS_DIR.",
            "; ".join(reasons),
        )
    )


def find_font_changes(fonts: FontSet) -> tuple[FileChange, ...]:
    """Compare every file of a set with its list: what is missing or changed.

    Raises:
        OSError: the list cannot be read.
        InputError: the list is damaged.
    """
    return tuple(find_changes(fonts.folder, read_file_list(fonts.folder)))


def _pin_reportlab() -> None:
    """Settings that ReportLab would take from a user's files or environment: they may not change our bytes.

    Nothing is ever fetched: no picture and no font of a document comes from an address.
    """
    rl_config.invariant = 1
    rl_config.pdfMultiLine = 0
    rl_config.pdfComments = 0
    rl_config.trustedHosts = []
    rl_config.trustedSchemes = []


def _needed_digest() -> str:
    try:
        return set_digest()
    except ModuleNotFoundError:
        raise RenderError(
            Problem(
                "fonts-missing",
                "This installation has no document fonts, and no packages to prepare them with.",
                f"Install esm-packets from a released wheel, which has them, or install {', '.join(NEEDED)}.",
                str(CARRIED),
            )
        ) from None


def _default_roots() -> list[Path]:
    """List the environment's own folder, then those of this user that nobody else can have filled."""
    own = [*_cache_root(), Path(tempfile.gettempdir(), f"esm-packets-fonts-{os.getuid()}")]
    return [environment_root(), *(root for root in own if not os.path.lexists(root) or _is_private(root))]


def _cache_root() -> Iterator[Path]:
    """Give the folder below the user's home; nothing where there is no home."""
    try:
        yield Path.home() / ".cache" / "esm-packets" / "font-sets"
    except RuntimeError:
        return


def _is_private(root: Path) -> bool:
    """Tell whether a folder is this user's and can be written by nobody else."""
    try:
        status = root.lstat()
    except OSError:
        return False
    return root.is_dir() and not root.is_symlink() and status.st_uid == os.getuid() and not status.st_mode & 0o022


def _make_root(root: Path) -> None:
    """Make a folder for sets: beside the environment for everybody, elsewhere for this user.

    Raises:
        OSError: it cannot be made.
    """
    if root == environment_root():
        make_shared_folder(root, Path(sys.prefix))
    else:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if root.is_relative_to(tempfile.gettempdir()) and not _is_private(root):
            raise PermissionError(errno.EPERM, "somebody else can write there")


def _is_readable(folder: Path) -> bool:
    """Tell whether there is a set of which this user can read every file."""
    if not os.access(folder / FILE_LIST, os.R_OK) or not os.access(folder, os.R_OK | os.X_OK):
        return False
    return all(os.access(path, os.R_OK) for path in folder.iterdir())


def _read_set(folder: Path) -> FontSet:
    """Read the description of a set after every file was compared with the list: it takes some milliseconds.

    Raises:
        RenderError: a file is missing or changed.
    """
    if reason := _find_damage(folder):
        raise _damage(folder, reason)
    description = json.loads((folder / DESCRIPTION).read_text("ascii"))
    coverage = frozenset(code for first, last in description["coverage"] for code in range(first, last + 1))
    return FontSet(folder, description["digest"], coverage)


def _find_damage(folder: Path) -> str:
    """Say what is wrong with the files of a set; empty when nothing is."""
    try:
        digests = read_file_list(folder)
    except (OSError, InputError):
        return f"{FILE_LIST} cannot be read"
    return ", ".join(f"{change.path} is {change.state}" for change in find_changes(folder, digests))


def _damage(folder: Path, reason: str) -> RenderError:
    remedy = (
        "Install esm-packets again." if folder == CARRIED else "Remove this folder; the fonts are then prepared again."
    )
    return RenderError(Problem("fonts-damaged", f"The document fonts are damaged: {reason}.", remedy, str(folder)))


if __name__ == "__main__":
    try:
        ensure_fonts()
    except PacketsError as failure:
        sys.exit("\n".join(f"{problem.sentence} {problem.remedy} ({problem.where})" for problem in failure.problems))
