"""The typefaces are cut once, whole or not at all, the same everywhere, and readable by everybody who may use them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from packets.errors import RenderError
from packets.file_digests import FILE_LIST, FileChange, FileState, list_digest, write_file_list
from packets.render import font_cutting, fonts
from packets.render.font_cutting import CUTS, DESCRIPTION, FILES_SHA256, set_digest
from packets.render.fonts import FontSet, ensure_fonts, find_font_changes


@pytest.fixture
def known() -> FontSet:
    """The set of this installation."""
    return ensure_fonts()


@pytest.fixture
def quick_cutting(known: FontSet, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Sets are copied instead of cut; answers how often one was."""
    calls: list[Path] = []

    def copy(folder: Path) -> None:
        calls.append(folder)
        shutil.copytree(known.folder, folder)

    monkeypatch.setattr(font_cutting, "write_set", copy)
    return lambda: len(calls)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick_cutting: Callable[[], int]) -> Iterator[Path]:
    """A Python environment, a home and a folder for temporary files in which nothing was prepared."""
    assert quick_cutting() == 0
    for name in ("environment", "home", "temporary"):
        (tmp_path / name).mkdir(mode=0o755)
    monkeypatch.setattr("sys.prefix", str(tmp_path / "environment"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    ensure_fonts.cache_clear()
    yield tmp_path
    ensure_fonts.cache_clear()


def unwritable(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Sets cannot be made below a folder; tests run as root, whom modes do not stop."""
    make = fonts._make_root

    def refuse(root: Path) -> None:
        if root.is_relative_to(folder):
            raise PermissionError(13, "Permission denied")
        make(root)

    monkeypatch.setattr(fonts, "_make_root", refuse)


def temporary_root(environment: Path) -> Path:
    return environment / "temporary" / f"esm-packets-fonts-{os.getuid()}"


def test_a_face_that_is_cut_again_has_the_same_bytes(
    known: FontSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder appears whole, with nothing beside it."""
    kept = dict(list(CUTS.items())[:2])
    monkeypatch.setattr(font_cutting, "CUTS", kept)
    again = ensure_fonts(tmp_path)
    names = [f"{cut.name}.ttf" for cut in kept.values()]
    assert [(again.folder / name).read_bytes() for name in names] == [
        (known.folder / name).read_bytes() for name in names
    ]
    assert [path.name for path in tmp_path.iterdir()] == [again.digest]


def test_the_set_of_this_installation_is_the_one_of_record(known: FontSet) -> None:
    """Its digest stands in the source, so that no new version of a package changes documents unnoticed."""
    assert list_digest(known.folder) == FILES_SHA256
    assert find_font_changes(known) == ()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A file where the folder should be is named in the refusal."""
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(RenderError, match=str(blocked)):
        ensure_fonts(blocked / "fonts")


def test_digits_have_one_width(known: FontSet) -> None:
    """Columns of numbers stand under each other in every face."""
    for name in CUTS:
        face = known.face(name).face
        assert len({face.getCharWidth(ord(digit)) for digit in "0123456789"}) == 1


@pytest.mark.parametrize("umask", [0o077, 0o022])
def test_what_is_prepared_beside_the_environment_can_be_read_by_everybody(environment: Path, umask: int) -> None:
    """Whatever the umask of whoever prepares it, who is often root."""
    before = os.umask(umask)
    try:
        folder = ensure_fonts().folder
    finally:
        os.umask(before)
    assert folder.parent == environment / "environment" / "share" / "esm-packets" / "font-sets"
    parents = [environment / "environment" / "share", *list((environment / "environment" / "share").rglob("*"))]
    modes = {path: path.stat().st_mode & 0o777 for path in parents}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o755}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o644}


def test_a_folder_that_only_its_owner_could_read_is_opened(environment: Path) -> None:
    """Earlier versions made it so."""
    root = environment / "environment" / "share" / "esm-packets" / "font-sets"
    root.mkdir(parents=True)
    root.chmod(0o700)
    assert ensure_fonts().folder.parent == root
    assert root.stat().st_mode & 0o777 == 0o755


def test_who_cannot_write_beside_the_environment_has_fonts_in_their_home(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where there is no home among temporary files, both closed to others."""
    unwritable(monkeypatch, environment / "environment")
    cached = ensure_fonts().folder
    assert cached.is_relative_to(environment / "home" / ".cache")
    assert cached.parent.stat().st_mode & 0o777 == 0o700
    ensure_fonts.cache_clear()
    shutil.rmtree(environment / "home" / ".cache")
    unwritable(monkeypatch, environment / "home")
    assert ensure_fonts().folder.parent == temporary_root(environment)
    assert temporary_root(environment).stat().st_mode & 0o777 == 0o700


def test_a_set_that_cannot_be_read_is_passed_over(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of root's that nobody else may enter ends nobody's work."""
    shared = ensure_fonts().folder
    ensure_fonts.cache_clear()
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not Path(path).is_relative_to(shared) and access(path, mode))
    unwritable(monkeypatch, environment / "environment")
    assert ensure_fonts().folder.is_relative_to(environment / "home")


@pytest.mark.parametrize("trap", ["link", "open", "foreign"])
def test_a_folder_that_somebody_else_could_have_filled_is_not_used(
    environment: Path, monkeypatch: pytest.MonkeyPatch, known: FontSet, trap: str
) -> None:
    """Among temporary files anybody may have made it first, with fonts that draw other letters."""
    unwritable(monkeypatch, environment / "environment")
    unwritable(monkeypatch, environment / "home")
    root, theirs = temporary_root(environment), environment / "theirs"
    shutil.copytree(known.folder, theirs / set_digest())
    if trap == "link":
        root.symlink_to(theirs)
    else:
        theirs.rename(root)
        root.chmod(0o777 if trap == "open" else 0o755)
    if trap == "foreign":
        stranger = os.getuid() + 1
        monkeypatch.setattr(os, "getuid", lambda: stranger)
        root.rename(temporary_root(environment))
    with pytest.raises(RenderError, match="fonts-folder"):
        ensure_fonts()


@pytest.mark.parametrize("damage", ["changed", "missing", "garbage list", "no description"])
def test_a_damaged_set_is_refused_with_the_file_and_what_to_do(environment: Path, damage: str) -> None:
    """One sentence, and never a traceback while a document is drawn."""
    folder = ensure_fonts().folder
    ensure_fonts.cache_clear()
    face = folder / "NotoSans-Regular.ttf"
    if damage == "changed":
        face.write_bytes(face.read_bytes()[:-1] + b"?")
    elif damage == "missing":
        face.unlink()
    elif damage == "garbage list":
        (folder / FILE_LIST).write_bytes(b"\xff\n")
    else:
        (folder / DESCRIPTION).unlink()
    with pytest.raises(RenderError) as refusal:
        ensure_fonts()
    (problem,) = refusal.value.problems
    named = {"garbage list": FILE_LIST, "no description": DESCRIPTION}.get(damage, face.name)
    assert (problem.code, problem.where) == ("fonts-damaged", str(folder))
    assert named in problem.sentence
    assert "Remove this folder" in problem.remedy
    assert environment in folder.parents


def test_a_face_that_is_damaged_later_is_refused_when_it_is_drawn_with(environment: Path) -> None:
    """The set was whole at the start; the doctor names the file."""
    found = ensure_fonts()
    path = found.folder / "NotoSans-Regular.ttf"
    path.write_bytes(b"garbage")
    with pytest.raises(RenderError, match="fonts-damaged"):
        found.face("sans")
    assert find_font_changes(found) == (FileChange(path.name, FileState.CHANGED),)
    assert environment in path.parents


def test_a_set_without_its_list_is_replaced(environment: Path, quick_cutting: Callable[[], int]) -> None:
    """It was not prepared to its end, or by another version."""
    (ensure_fonts().folder / FILE_LIST).unlink()
    ensure_fonts.cache_clear()
    assert find_font_changes(ensure_fonts()) == ()
    assert quick_cutting() == 2
    assert environment.exists()


def test_a_wheel_draws_with_the_fonts_that_it_carries(
    environment: Path, monkeypatch: pytest.MonkeyPatch, known: FontSet
) -> None:
    """Nothing is cut and nothing written, whatever else is installed."""
    carried = environment / "site" / "font_files"
    shutil.copytree(known.folder, carried)
    monkeypatch.setattr(fonts, "CARRIED", carried)
    monkeypatch.setattr(fonts, "set_digest", lambda: pytest.fail("the packages that cut are not needed"))
    assert ensure_fonts() == FontSet(carried, known.digest, known.coverage)
    ensure_fonts.cache_clear()
    (carried / "NotoSans-Regular.ttf").unlink()
    with pytest.raises(RenderError, match="Install esm-packets again"):
        ensure_fonts()
    write_file_list(carried)


def test_an_installation_with_neither_fonts_nor_what_cuts_them_says_so(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was not installed from a released wheel."""

    def miss() -> str:
        raise ModuleNotFoundError

    monkeypatch.setattr(fonts, "set_digest", miss)
    with pytest.raises(RenderError, match="Install esm-packets from a released wheel"):
        ensure_fonts()
    assert environment.exists()
