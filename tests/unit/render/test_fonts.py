"""The typefaces are cut once, whole or not at all, and the same everywhere."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from packets.errors import RenderError
from packets.render import fonts
from packets.render.fonts import CUTS, ensure_fonts


def test_the_faces_of_a_new_folder_are_those_of_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut again elsewhere, a face has the same bytes; the folder appears whole, with nothing beside it."""
    known = ensure_fonts()
    kept = dict(list(CUTS.items())[:2])
    monkeypatch.setattr(fonts, "CUTS", kept)
    cut = ensure_fonts(tmp_path)
    names = [f"{face.name}.ttf" for face in kept.values()]
    assert [_digest(cut.folder / name) for name in names] == [_digest(known.folder / name) for name in names]
    assert [one.name for one in tmp_path.iterdir()] == [cut.digest]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A file where the folder should be is named in the refusal."""
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(RenderError, match=str(blocked)):
        ensure_fonts(blocked / "fonts")


def test_digits_have_one_width() -> None:
    """Columns of numbers stand under each other in every face."""
    for name in CUTS:
        face = ensure_fonts().face(name).face
        assert len({face.getCharWidth(ord(digit)) for digit in "0123456789"}) == 1
