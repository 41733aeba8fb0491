"""The files of the look: what is fetched is what was looked at, names belong to bytes, sheets name what is served."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from packets.errors import InputError, PacketsError
from packets.file_digests import FILE_LIST, FileChange, FileState, write_file_list
from web.look import assets, packages
from web.look.assets import DRAWN, ICONS, load_look
from web.look.packages import (
    PACKAGES,
    Package,
    fetch_look,
    find_look_changes,
    is_there,
    look_folder,
    require_integrity,
)

SHEET = "uswds/dist/css/uswds.min.css"
needs_look = pytest.mark.skipif(not is_there(), reason="the look was not fetched: run `make look`")
"""Nothing is lost by skipping: `test_wheel` fails where everything has to be there."""


def package_of(content: bytes) -> Package:
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    return Package("sample", "1.0.0", f"sha512-{digest}", (r"dist/one\.css",), "sample")


def test_a_package_that_is_another_one_is_refused() -> None:
    """One changed byte, and nothing is unpacked."""
    package = package_of(b"content")
    require_integrity(package, b"content")
    with pytest.raises(InputError, match="not the one that is expected"):
        require_integrity(package, b"kontent")


def test_a_fetch_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No half of a look: the folder is there with everything, or not at all."""
    target = tmp_path / "look" / "digest"
    monkeypatch.setattr(packages, "look_folder", lambda: target)

    def refuse(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "no network")

    monkeypatch.setattr(subprocess, "run", refuse)
    monkeypatch.setattr(shutil, "which", lambda *_names, **_options: "/usr/bin/npm")
    with pytest.raises(PacketsError, match="could not fetch"):
        fetch_look()
    assert list(target.parent.iterdir()) == []


def test_why_npm_failed_is_told_in_one_line() -> None:
    """The same stands in many lines in many lines; where it gives no reason, its first words are told."""
    lines = "npm error code ECONNREFUSED\nnpm error FetchError: request failed, reason: connect refused\nnpm error   at x.js:1\n"
    assert packages._find_cause(lines) == "FetchError: request failed, reason: connect refused"
    assert packages._find_cause("npm error code E404\nnpm error 404 Not Found\n") == "code E404"
    assert packages._find_cause("") == ""


def test_without_the_packages_our_own_files_are_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages then have no style and work; they say what to run."""
    monkeypatch.setattr(assets, "look_folder", lambda: tmp_path / "none")
    look = load_look.__wrapped__()
    assert not look.complete
    assert look.has("packets.css")
    assert not look.has(SHEET)


def test_no_address_of_a_registry_is_written_down() -> None:
    """Packages are known by name, version and digest; where from is the machine's own business."""
    source = Path(packages.__file__).read_text("utf-8")
    assert "://" not in source
    assert all(one.integrity.startswith("sha512-") for one in PACKAGES)


@needs_look
def test_the_look_of_this_installation_is_the_one_that_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File by file; what is missing or changed is named, and a list that was changed to hide it too."""
    assert find_look_changes() == ()
    copy = tmp_path / "files"
    shutil.copytree(look_folder(), copy)
    monkeypatch.setattr(packages, "CARRIED", copy)
    assert look_folder() == copy
    (copy / "htmx/dist/htmx.min.js").write_text("changed")
    (copy / SHEET).unlink()
    changes = (FileChange("htmx/dist/htmx.min.js", FileState.CHANGED), FileChange(SHEET, FileState.MISSING))
    assert find_look_changes() == changes
    write_file_list(copy)
    assert find_look_changes() == (FileChange(FILE_LIST, FileState.CHANGED),)


@needs_look
def test_every_file_has_a_name_of_its_own_bytes_and_a_compressed_form_of_them() -> None:
    """A changed file has a new name, so a browser may keep each for ever."""
    for asset in load_look().by_name.values():
        assert hashlib.sha256(asset.content).hexdigest()[:16] in asset.name
        if asset.packed:
            assert gzip.decompress(asset.packed) == asset.content


@needs_look
def test_the_sheet_names_only_files_that_are_served() -> None:
    """Every address in it is a name in the same folder, and no picture is inlined, which the content policy would block."""
    look = load_look()
    sheet = look.by_path[SHEET].content.decode("utf-8")
    named = set(re.findall(r"url\(([^)]+)\)", sheet))
    assert named
    assert named <= set(look.by_name)


@needs_look
def test_the_icons_that_pages_draw_are_in_the_sprite() -> None:
    """And no others: the whole sprite would be the longest file of a page."""
    sprite = load_look().by_path[ICONS].content.decode("utf-8")
    assert set(re.findall(r'id="([a-z_]+)"', sprite)) == set(DRAWN)
    templates = Path(assets.__file__).parent.parent / "pages" / "templates"
    used = {
        name
        for page in templates.glob("*.html")
        for name in re.findall(r'icon\("([a-z_]+)"\)', page.read_text("utf-8"))
    }
    assert used <= set(DRAWN)


@needs_look
def test_a_first_page_stays_within_its_weight() -> None:
    """Style sheets, scripts and the typefaces of a page: 400 KB compressed at most, once; then nothing more."""
    look = load_look()
    asked = (
        SHEET,
        "uswds/dist/js/uswds.min.js",
        "uswds/dist/js/uswds-init.min.js",
        "htmx/dist/htmx.min.js",
        "packets.css",
        ICONS,
    )
    fonts = [
        path
        for path in look.by_path
        if re.search(r"(regular|bold|semibold)-webfont\.woff2|Merriweather-Bold\.woff2|mono-v5-latin-regular", path)
    ]
    weight = sum(len(look.by_path[path].packed or look.by_path[path].content) for path in (*asked, *fonts))
    assert weight <= 400_000
