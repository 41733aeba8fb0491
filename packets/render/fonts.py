"""The typefaces of record: static instances of Noto, cut once from the variable fonts that the packages carry.

Body text is Noto Serif; headings, tables and rosters are Noto Sans, rosters in a narrow width. `python -m
packets.render.fonts` cuts them (`make setup` calls it); afterwards a process reads the faces it draws with and no more.
The folder is named by a digest of everything that decides the bytes, so two installations with the same packages have
the same faces, and a change of any package makes a new folder instead of a different document under an old name.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from packets.errors import Problem, RenderError
from packets.render.unicode_map import to_unicode_map

MOST_WORDS, LONGEST_WORD = 20_000, 40
"""Of how many words a face keeps the width, and of how many characters: some two megabytes at the most."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How one static face is cut from a variable font.

    Attributes:
        package: the Python package that carries the variable font.
        file: its file in the package's `files` folder.
        weight, width: positions on the axes `wght` and `wdth`.
        name: PostScript name of the static face.
    """

    package: str
    file: str
    weight: int
    width: int
    name: str


_SANS, _SERIF = "fontpkg_noto_sans", "fontpkg_noto_serif"
CUTS: Mapping[str, Cut] = {
    "serif": Cut(_SERIF, "NotoSerif[wdth,wght].ttf", 400, 100, "NotoSerif-Regular"),
    "serif-bold": Cut(_SERIF, "NotoSerif[wdth,wght].ttf", 700, 100, "NotoSerif-Bold"),
    "serif-italic": Cut(_SERIF, "NotoSerif-Italic[wdth,wght].ttf", 400, 100, "NotoSerif-Italic"),
    "serif-bold-italic": Cut(_SERIF, "NotoSerif-Italic[wdth,wght].ttf", 700, 100, "NotoSerif-BoldItalic"),
    "sans": Cut(_SANS, "NotoSans[wdth,wght].ttf", 400, 100, "NotoSans-Regular"),
    "sans-bold": Cut(_SANS, "NotoSans[wdth,wght].ttf", 650, 100, "NotoSans-SemiBold"),
    "sans-italic": Cut(_SANS, "NotoSans-Italic[wdth,wght].ttf", 400, 100, "NotoSans-Italic"),
    "sans-bold-italic": Cut(_SANS, "NotoSans-Italic[wdth,wght].ttf", 650, 100, "NotoSans-SemiBoldItalic"),
    "narrow": Cut(_SANS, "NotoSans[wdth,wght].ttf", 400, 80, "NotoSans-Narrow"),
    "narrow-bold": Cut(_SANS, "NotoSans[wdth,wght].ttf", 650, 80, "NotoSans-NarrowSemiBold"),
}  # fmt: skip

SCRIPTS: tuple[tuple[int, int], ...] = (
    (0x0020, 0x007E), (0x00A0, 0x058F), (0x1AB0, 0x1AFF), (0x1C80, 0x1C8F), (0x1D00, 0x1FFF), (0x2010, 0x2027),
    (0x2030, 0x205E), (0x2070, 0x218F), (0x2190, 0x22FF), (0x25A0, 0x25FF), (0x2C60, 0x2C7F), (0x2DE0, 0x2E7F),
    (0xA640, 0xA69F), (0xA700, 0xA7FF), (0xAB30, 0xAB6F), (0xFB00, 0xFB06), (0xFE20, 0xFE2F),
)  # fmt: skip
"""Code points that the faces keep: Latin, Greek and Cyrillic with their marks, punctuation, currency and common signs."""

_COVERAGE = "coverage.json"
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
    font = ArchivalFont(f"esm-{name}", str(folder / f"{CUTS[name].name}.ttf"), asciiReadable=1, shapable=False)
    pdfmetrics.registerFont(font)
    return font


def warm_up(folder: str) -> None:
    """Read every face of a folder, so that a process that is forked afterwards has them."""
    for name in CUTS:
        _load_face(Path(folder), name)


@cache
def ensure_fonts(folder: Path | None = None) -> FontSet:
    """The font set of this installation, cut now if nobody has cut it yet.

    Args:
        folder: where font sets are kept; a folder of the Python environment, or one of the user's if that cannot be
            written, when absent.

    Raises:
        RenderError: no folder can be written.
    """
    _pin_reportlab()
    digest = _digest()
    roots = [folder] if folder else _default_roots()
    for root in roots:
        if (root / digest / _COVERAGE).is_file():
            return _read_set(root / digest, digest)
    for root in roots:
        if _writable(root):
            return _cut_set(root / digest, digest)
    places = ", ".join(map(str, roots))
    raise RenderError(
        Problem(
            "fonts-folder",
            f"The document fonts cannot be written to {places}.",
            "Give a folder that can be written.",
            places,
        )
    )


def _pin_reportlab() -> None:
    """Settings that ReportLab would take from a user's files or environment: they may not change our bytes.

    Nothing is ever fetched: no picture and no font of a document comes from an address.
    """
    rl_config.invariant = 1
    rl_config.pdfMultiLine = 0
    rl_config.pdfComments = 0
    rl_config.trustedHosts = []
    rl_config.trustedSchemes = []


def _default_roots() -> list[Path]:
    """The environment's own folder first, then one of this user's among the temporary files, unless it is somebody else's."""
    beside = Path(sys.prefix, "share", "esm-packets", "fonts")
    own = Path(tempfile.gettempdir(), f"esm-packets-fonts-{os.getuid()}")
    return [beside] if own.exists() and own.lstat().st_uid != os.getuid() else [beside, own]


def _writable(root: Path) -> bool:
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(root, os.W_OK)


def _digest() -> str:
    """SHA-256 over the source bytes, the cuts, the scripts kept and the version of the tool that cuts."""
    seed = hashlib.sha256(repr((sorted(CUTS.items()), SCRIPTS, version("fonttools"))).encode())
    for package, file in sorted({(cut.package, cut.file) for cut in CUTS.values()}):
        seed.update(_source(package, file))
    return seed.hexdigest()[:32]


def _source(package: str, file: str) -> bytes:
    return (files(package) / "files" / file).read_bytes()


def _read_set(folder: Path, digest: str) -> FontSet:
    spans = json.loads((folder / _COVERAGE).read_text("ascii"))
    return FontSet(folder, digest, frozenset(code for first, last in spans for code in range(first, last + 1)))


def _cut_set(target: Path, digest: str) -> FontSet:
    """Cut into a folder of its own, then rename: a reader sees a whole set or none, also when two processes cut at once."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".cutting-") as scratch:
        work = Path(scratch, "set")
        work.mkdir()
        maps = [_cut_face(cut, work / f"{cut.name}.ttf") for cut in CUTS.values()]
        coverage = sorted(set.intersection(*maps))
        (work / _COVERAGE).write_text(json.dumps(list(_spans(coverage))), "ascii")
        if not target.exists():
            work.rename(target)
    return _read_set(target, digest)


def _cut_face(cut: Cut, path: Path) -> set[int]:
    """Write one static face and return the code points for which it has a glyph."""
    from fontTools.ttLib import TTFont as FontFile
    from fontTools.varLib import instancer

    source = FontFile(BytesIO(_lean_source(cut.package, cut.file)), recalcTimestamp=False)
    static = instancer.instantiateVariableFont(source, {"wght": cut.weight, "wdth": cut.width})
    for identifier in (1, 4, 6):
        static["name"].setName(cut.name, identifier, 3, 1, 0x409)
    static.save(path, reorderTables=True)
    return set(static.getBestCmap())


@cache
def _lean_source(package: str, file: str) -> bytes:
    """The variable font with our scripts only and without hinting and layout features: instances are then quick to cut."""
    from fontTools import subset
    from fontTools.ttLib import TTFont as FontFile

    font = FontFile(BytesIO(_source(package, file)), recalcTimestamp=False)
    cutter = subset.Subsetter(
        subset.Options(hinting=False, layout_features=[], notdef_outline=True, name_IDs=[1, 2, 4, 6])
    )
    cutter.populate(unicodes=[code for first, last in SCRIPTS for code in range(first, last + 1)])
    cutter.subset(font)
    lean = BytesIO()
    font.save(lean)
    return lean.getvalue()


def _spans(codes: list[int]) -> Iterator[tuple[int, int]]:
    """Runs of consecutive numbers as (first, last)."""
    first = last = codes[0]
    for code in codes[1:]:
        if code != last + 1:
            yield first, last
            first = code
        last = code
    yield first, last


if __name__ == "__main__":
    ensure_fonts()
