"""A release, made in a clone without a network, is whole, the same twice, and checkable; `.ci/wheel` walks through its wheel."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from installed import Installation
from packets.file_digests import list_digest
from packets.render.font_cutting import FILES_SHA256 as FONTS
from servers import require
from web.look.packages import FILES_SHA256 as LOOK
from web.look.packages import PACKAGES, is_there

ROOT = Path(__file__).parents[2]
FLOORS = {"packets", "signing", "templates", "web"}
SECONDS = 300
pytestmark = pytest.mark.xdist_group("release")


def run(*command: str | Path, cwd: Path, expected: int = 0, stdin: str = "") -> str:
    done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == expected, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def git(checkout: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Release", "-c", "user.email=release@esm.example", "-c", "commit.gpgsign=false")
    return run("git", *who, *arguments, cwd=checkout)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the repository, with what was not committed yet committed in it."""
    require(shutil.which("git"), "git is not installed")
    require(is_there(), "the look was not fetched: run `make look`")
    clone = tmp_path_factory.mktemp("release") / "checkout"
    git(ROOT, "clone", "--quiet", str(ROOT), str(clone))
    for name in git(ROOT, "ls-files", "--modified", "--others", "--exclude-standard").splitlines():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, clone / name) if (ROOT / name).exists() else (clone / name).unlink()
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "Everything that is being tried")
    return clone


@pytest.fixture(scope="module")
def dist(checkout: Path) -> Path:
    """What `make dist` builds of it."""
    return build(checkout, checkout.parent / "dist")


def build(checkout: Path, folder: Path) -> Path:
    run(sys.executable, ".ci/dist.py", folder, cwd=checkout)
    return folder


def wheel_of(dist: Path) -> Path:
    (wheel,) = dist.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def site(dist: Path) -> Path:
    """The wheel, installed by pip into a folder of its own; other packages are those of the tests."""
    target = dist.parent / "site"
    options = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", "--target", target)
    run(sys.executable, "-m", "pip", "install", *options, wheel_of(dist), cwd=dist)
    return target


@pytest.fixture(scope="module")
def installation(site: Path) -> Installation:
    """That `esm`, called in an empty folder where there is no repository."""
    folder = site.parent / "somewhere"
    folder.mkdir()
    return Installation(("env", f"PYTHONPATH={site}", sys.executable, str(site / "bin" / "esm")), folder)


def test_two_builds_of_one_commit_are_the_same(checkout: Path, dist: Path, tmp_path: Path) -> None:
    """In another place, from another clone, by somebody with another umask: the digests agree."""
    elsewhere = tmp_path / "another place"
    git(checkout, "clone", "--quiet", str(checkout), str(elsewhere))
    command = f"umask 077; TZ=Pacific/Auckland '{sys.executable}' .ci/dist.py '{tmp_path}/dist'"
    run("sh", "-c", command, cwd=elsewhere)
    assert (tmp_path / "dist" / "SHA256SUMS").read_text() == (dist / "SHA256SUMS").read_text()


def test_what_is_not_committed_is_not_built(checkout: Path, dist: Path, tmp_path: Path) -> None:
    """A file that lies about changes nothing."""
    stray = checkout / "web" / "stray.py"
    stray.write_text("raise SystemExit\n")
    try:
        again = build(checkout, tmp_path / "dist")
    finally:
        stray.unlink()
    assert (again / "SHA256SUMS").read_text() == (dist / "SHA256SUMS").read_text()


def test_the_digests_name_every_file_that_was_built(dist: Path) -> None:
    """`sha256sum --check` agrees, and nothing lies beside what it names."""
    names = [line.split("  ")[1] for line in (dist / "SHA256SUMS").read_text("ascii").splitlines()]
    assert {*names, "SHA256SUMS"} == {path.name for path in dist.iterdir()}
    run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=dist)


def test_the_wheel_has_four_top_level_packages_and_the_licenses_of_what_it_carries(dist: Path) -> None:
    """They are those of the floors; fonts and look come with the terms that they are passed on under."""
    with zipfile.ZipFile(wheel_of(dist)) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == FLOORS
    for text in ("packets/render/font_files/LICENSE-noto_sans.txt", "packets/render/font_files/LICENSE-noto_serif.txt"):
        assert text in names
    assert {"web/look/files/uswds/LICENSE.md", "web/look/files/htmx/LICENSE"} <= {*names}


def test_the_sdist_carries_what_the_wheel_needs_and_nothing_that_a_commit_ignores(dist: Path) -> None:
    """A wheel that is built from it is the same one, without npm and without what cuts fonts."""
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"prepared/build.json", "prepared/font_files/set.json", "prepared/look/uswds/LICENSE.md"} <= names
    assert {".ci/build_hook.py", "requirements/wheel.lock", "tests/installed.py"} <= names
    assert [name for name in names if "__pycache__" in name or name.startswith((".git/", ".venv"))] == []


def test_the_requirements_pin_every_package_and_the_wheel_itself_by_digest(dist: Path) -> None:
    """What pip installs with them is what was tried; `constraints.txt` has the same versions."""
    text = (dist / "requirements.txt").read_text("utf-8")
    lock = (ROOT / "requirements" / "wheel.lock").read_text("utf-8")
    assert text.endswith(lock)
    assert f"--hash=sha256:{hashlib.sha256(wheel_of(dist).read_bytes()).hexdigest()}" in text
    pins = re.findall(r"^[a-z0-9][^\s;\\]*==[^\s;\\]+", lock, re.MULTILINE)
    constraints = (dist / "constraints.txt").read_text("utf-8")
    assert re.findall(r"^[^\s;]+", constraints, re.MULTILINE) == pins
    assert "hash" not in constraints


def test_the_bill_of_materials_is_valid_and_names_every_locked_package_once(dist: Path) -> None:
    """CycloneDX 1.6 by its own schema; every part has a digest, and whether it is installed is said."""
    (path,) = dist.glob("*.cdx.json")
    text = path.read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    parts = json.loads(text)["components"]
    locked = {
        f"pkg:pypi/{pin}"
        for lock in (ROOT / "requirements").glob("*.lock")
        for pin in re.findall(
            r"^[a-z0-9][a-z0-9._-]*==[^\s;\\]+", re.sub(r"\[.*?\]", "", lock.read_text()), re.MULTILINE
        )
    }
    npm = {f"pkg:npm/{package.name.replace('@', '%40')}@{package.version}" for package in PACKAGES}
    assert sorted(part["purl"] for part in parts) == sorted({purl.replace("==", "@") for purl in locked} | npm)
    assert all(part["hashes"] for part in parts)
    scopes = {part["name"]: part["scope"] for part in parts}
    assert (scopes["flask"], scopes["psycopg"], scopes["pytest"]) == ("required", "optional", "excluded")
    assert (scopes["@uswds/uswds"], scopes["fontpkg-noto-sans"]) == ("required", "required")


def test_the_wheel_carries_the_fonts_and_the_look_that_are_written_down(site: Path) -> None:
    """Byte by byte, so that documents are the same on every machine."""
    assert list_digest(site / "packets" / "render" / "font_files") == FONTS
    assert list_digest(site / "web" / "look" / "files") == LOOK


def test_the_version_tells_commit_and_lock(installation: Installation, checkout: Path) -> None:
    """In a wheel too, where there is neither git nor a lock file."""
    commit = git(checkout, "rev-parse", "--short=12", "HEAD").strip()
    lock = hashlib.sha256((ROOT / "requirements" / "wheel.lock").read_bytes()).hexdigest()[:12]
    expected = f"esm {version('esm-packets')} (commit {commit}, lock sha256:{lock})\n"
    assert re.sub(r"^esm \S+", "", installation.run("--version")) == re.sub(r"^esm \S+", "", expected)


def test_a_commit_is_a_release_when_version_changelog_and_tag_agree(checkout: Path, tmp_path: Path) -> None:
    """Until then everything that is missing is told at once; a signed tag verifies, and dates are written."""
    require(shutil.which("ssh-keygen"), "ssh-keygen is not installed")
    clone = tmp_path / "clone"
    git(checkout, "clone", "--quiet", str(checkout), str(clone))
    declared = re.findall(r'^version = "(.+)"$', (clone / "pyproject.toml").read_text(), re.MULTILINE)[0]
    changelog = clone / "CHANGELOG.md"
    unreleased = re.sub(r"^## .*$", f"## {declared} (unreleased)", changelog.read_text(), count=1, flags=re.MULTILINE)
    changelog.write_text(unreleased)
    (clone / "stray").touch()
    told = run(sys.executable, ".ci/release.py", cwd=clone, expected=1)
    assert f"no day for {declared}" in told
    assert f"no tag v{declared}" in told
    assert "files are not committed" in told

    (clone / "stray").unlink()
    changelog.write_text(unreleased.replace("(unreleased)", "- 2026-12-24", 1))
    git(clone, "commit", "--quiet", "--all", "--message", f"Release {declared}")
    key, signers = make_key(tmp_path)
    signing = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}", "-c", f"gpg.ssh.allowedSignersFile={signers}")
    git(clone, *signing, "tag", "--sign", f"v{declared}", "--message", f"esm-packets {declared}")
    git(clone, *signing, "verify-tag", f"v{declared}")
    assert run(sys.executable, ".ci/release.py", cwd=clone) == f"This commit is release {declared}.\n"


def test_the_signature_of_the_digests_is_checked_as_the_documentation_says(dist: Path, tmp_path: Path) -> None:
    """It holds for what was built, and not for a changed file or another key."""
    require(shutil.which("ssh-keygen"), "ssh-keygen is not installed")
    key, signers = make_key(tmp_path)
    folder = shutil.copytree(dist, tmp_path / "dist")
    run("ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", "esm-packets-release", "SHA256SUMS", cwd=folder)
    check = ("ssh-keygen", "-Y", "verify", "-f", signers, "-I", "release@esm.example", "-n", "esm-packets-release")
    sums = (folder / "SHA256SUMS").read_text("ascii")
    run(*check, "-s", "SHA256SUMS.sig", cwd=folder, stdin=sums)
    run(*check, "-s", "SHA256SUMS.sig", cwd=folder, stdin=sums.replace("a", "b", 1), expected=255)
    documented = (ROOT / "docs" / "release.md").read_text("utf-8")
    assert "ssh-keygen -Y verify" in documented
    assert "esm-packets-release" in documented


def make_key(folder: Path) -> tuple[Path, Path]:
    """A key that lives for one test, and the file that names its owner."""
    key, signers = folder / "key", folder / "allowed_signers"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "release", "-f", key, cwd=folder)
    signers.write_text(f"release@esm.example {key.with_suffix('.pub').read_text()}")
    return key, signers
