"""Cut the typefaces of record: static instances of Noto from the variable fonts that build-time packages carry.

Body text is Noto Serif; headings, tables and rosters are Noto Sans, rosters in a narrow width. The build of a wheel cuts
them into it, and `python -m packets.render.fonts` cuts them for a source checkout. Only this module needs fontTools and
the packages with the variable fonts: an installed wheel has neither.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from packets.file_digests import FILE_LIST, open_for_reading, write_file_list

NEEDED = ("fonttools", "fontpkg-noto-sans", "fontpkg-noto-serif")
"""Distributions without which nothing can be cut."""

DESCRIPTION = "set.json"
"""The file of a set that names its digest and the characters that every face has."""


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


FILES_SHA256 = "4117dbb1964633d7daf3338390a6fbda8135b1c0360618992371eb9207c3e9c7"
"""SHA-256 of the list of all files of the set that the locked packages give. Documents of record are drawn with it."""


def environment_root() -> Path:
    """Return the folder beside the Python environment where a source checkout has its font sets."""
    return Path(sys.prefix, "share", "esm-packets", "font-sets")


def set_digest() -> str:
    """Digest the source fonts, the cuts, the scripts and the version of the tool: all that decides the bytes.

    Raises:
        ModuleNotFoundError: the packages that cut are not installed.
    """
    seed = hashlib.sha256(repr((sorted(CUTS.items()), SCRIPTS, version("fonttools"))).encode())
    for package, file in sorted({(cut.package, cut.file) for cut in CUTS.values()}):
        seed.update(_source(package, file))
    return seed.hexdigest()[:32]


def _source(package: str, file: str) -> bytes:
    return (files(package) / "files" / file).read_bytes()


def cut_set(target: Path) -> None:
    """Cut the faces into a folder; readers see the whole set or none, also when two processes cut at once.

    A folder of that name that has no list of its files is replaced.

    Raises:
        OSError: the folder cannot be written.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".cutting-") as scratch:
        work = Path(scratch, "set")
        write_set(work)
        open_for_reading(work)
        if (target / FILE_LIST).exists():
            return
        if target.exists():
            target.rename(Path(scratch, "replaced"))
        work.rename(target)


def write_set(folder: Path) -> None:
    """Write faces, licenses, description and list of files into a folder that is new."""
    folder.mkdir()
    maps = [_cut_face(cut, folder / f"{cut.name}.ttf") for cut in CUTS.values()]
    spans = list(_spans(sorted(set.intersection(*maps))))
    description = {"digest": set_digest(), "coverage": spans}
    (folder / DESCRIPTION).write_text(json.dumps(description) + "\n", "ascii")
    for package in sorted({cut.package for cut in CUTS.values()}):
        text = (files(package) / "LICENSE").read_bytes()
        (folder / f"LICENSE-{package.removeprefix('fontpkg_')}.txt").write_bytes(text)
    write_file_list(folder)


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
