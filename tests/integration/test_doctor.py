"""`esm doctor` on folders that are broken: each state is told with its remedy, and the other parts are examined all the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import web.monitoring.examiner
from broken_states import STATES, BrokenState, copy_folder, healthy_folder, ordinary_user
from faults.full_disks import may_mount, small_disk
from packets.clock import system_clock
from packets.file_digests import FILE_LIST, list_digest, write_file_list
from packets.render import fonts
from packets.settings import Settings
from web.cli.doctor import doctor
from web.look import packages as look
from web.monitoring.examiner import CHECKS, FAULT, examine
from web.monitoring.findings import Finding, State
from web.monitoring.installation import Installation

QUICK = {"ESM_CONFINEMENT": "off"}
"""Most states have nothing to do with the sandbox, which takes seconds to start."""


def run(folder: Path, **settings: str) -> Result:
    """`esm doctor` with these variables."""
    return CliRunner().invoke(doctor, ["--dir", str(folder), "--json"], env={**QUICK, **settings})


def findings_of(result: Result) -> list[Finding]:
    """What was printed."""
    return [Finding(**{**one, "state": State(one["state"])}) for one in json.loads(result.stdout)["findings"]]


def asked(folder: Path, *parts: str, **settings: object) -> list[Finding]:
    """What is found of some parts."""
    installation = Installation(Settings(dir=folder, confinement="off", **settings))  # type: ignore[arg-type]
    try:
        return examine(installation, {part: CHECKS[part] for part in parts})
    finally:
        installation.close()


def words(findings: list[Finding]) -> str:
    """Everything that a person reads of them."""
    return "\n".join(f"{one.part}: {one.sentence} {one.remedy}" for one in findings)


def examine_state(state: BrokenState, folder: Path) -> list[Finding]:
    """What is found in a state. An ordinary user is asked about the one part: what root has installed may be closed to them."""
    state.spoil(folder)
    if state.ordinary:
        with ordinary_user(folder):
            return asked(folder, state.part)
    result = run(folder, **state.settings)
    findings = findings_of(result)
    broken = any(one.state is State.BROKEN for one in findings)
    assert (result.exit_code, result.exception is None or isinstance(result.exception, SystemExit)) == (
        int(broken),
        True,
    )
    return findings


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_broken_state_is_told_with_its_remedy_and_without_harm(
    state: BrokenState, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The part, the state, the sentence and the remedy are right; no part is a fault of ours, and nothing else is printed."""
    findings = examine_state(state, copy_folder(tmp_path / "data"))
    told = [one for one in findings if one.part == state.part and state.phrase in one.sentence]
    assert told, words(findings)
    assert {one.state for one in told} == {state.state}
    assert any(state.remedy in one.remedy for one in told), words(told)
    assert FAULT not in words(findings), [one.detail for one in findings]
    assert [word for word in state.never if word in words(findings)] == []
    assert all(one.remedy for one in findings if one.state is not State.GOOD)
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_healthy_folder_is_in_order_and_left_as_it_is(tmp_path: Path) -> None:
    """Every part is told of; nothing is broken; no probe stays in the store, no job in the queue, no file in the folder."""
    folder = copy_folder(tmp_path / "data")
    before = sorted(path.name for path in (folder / "objects").rglob("*") if path.is_file())
    for _ in range(3):
        result = run(folder, ESM_CONFINEMENT="on")
        assert (result.exit_code, {one.part for one in findings_of(result)}) == (0, set(CHECKS)), result.stdout
    assert sorted(path.name for path in (folder / "objects").rglob("*") if path.is_file()) == before
    assert sorted(path.name for path in folder.iterdir() if "esm.db" not in path.name) == ["objects", "pki", "secrets"]
    assert "make " not in words(findings_of(result))


def test_a_check_that_fails_ends_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as a fault of the program; what kind of error it was stands in JSON only."""

    def fail(_installation: Installation) -> Iterator[Finding]:
        yield Finding(State.GOOD, "Half of it is in order.")
        raise ZeroDivisionError("by nothing")

    checks = {**CHECKS, "queue": fail}
    monkeypatch.setattr(web.monitoring.examiner, "CHECKS", checks)
    monkeypatch.setattr("web.cli.doctor.examine", lambda installation: examine(installation, checks))
    folder = copy_folder(tmp_path / "data")
    result = run(folder)
    findings = findings_of(result)
    assert result.exit_code == 1
    assert {one.part for one in findings} == set(CHECKS)
    queue = [one for one in findings if one.part == "queue"]
    assert [one.sentence for one in queue] == ["Half of it is in order.", FAULT]
    assert queue[1].detail == "ZeroDivisionError: by nothing"
    plain = CliRunner().invoke(doctor, ["--dir", str(folder)], env=QUICK)
    assert ("ZeroDivisionError" in plain.output, "BROKEN queue: " in plain.output) == (False, True)


def test_a_folder_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    """Whoever mistypes --dir gets no new service."""
    result = run(tmp_path / "nothing")
    assert (result.exit_code, "There is no database in" in result.stdout) == (1, True)
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    ("off", "sentence"),
    [
        (timedelta(hours=-2), "behind"),
        (timedelta(days=-6 * 365), "behind"),
        (timedelta(days=6 * 365), "ahead of the disk of the folder"),
    ],
    ids=["two hours back", "six years back", "six years ahead"],
)
def test_a_wrong_clock_is_told_and_no_key_is_blamed(
    off: timedelta, sentence: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nobody is told to rotate a key on account of a clock, whatever the certificates look like by it."""
    folder = copy_folder(tmp_path / "data")
    installation = Installation(Settings(dir=folder, confinement="off"), lambda: system_clock() + off)
    findings = examine(installation)
    installation.close()
    assert any(one.part == "clock" and one.state is State.BROKEN and sentence in one.sentence for one in findings)
    keys = [one for one in findings if one.part == "keys" and one.state is State.BROKEN]
    assert keys, words(findings)
    assert all("Set the clock" in one.remedy for one in keys), words(keys)
    assert "rotate" not in words(findings)
    assert FAULT not in words(findings), [one.detail for one in findings]
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_clock_years_ahead_of_everything_is_doubted_before_any_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk has the same wrong clock, nothing proves it: the certificate that ended is told with that doubt."""
    monkeypatch.setattr("web.monitoring.clock._new_file", lambda _installation: ())
    installation = Installation(
        Settings(dir=copy_folder(tmp_path / "data")), lambda: system_clock() + timedelta(days=6 * 365)
    )
    findings = examine(installation, {part: CHECKS[part] for part in ("keys", "clock", "time-stamps")})
    installation.close()
    seal = next(one for one in findings if one.state is State.BROKEN and "seal ended" in one.sentence)
    assert "Compare the clock" in seal.remedy
    assert any(one.part == "clock" and "the newest record is 6 years older" in one.sentence for one in findings)
    assert "rotate" not in words(findings)


@pytest.fixture
def own_fonts(tmp_path: Path) -> Path:
    """A set of fonts that a test may break."""
    return fonts.ensure_fonts(tmp_path / "fonts").folder


@pytest.mark.parametrize(
    "spoil",
    [Path.unlink, lambda face: face.write_bytes(b"no font"), lambda face: face.write_bytes(face.read_bytes() + b"!")],
    ids=["gone", "garbage", "changed"],
)
def test_a_font_that_is_not_what_was_prepared_is_named(
    spoil: Callable[[Path], object], own_fonts: Path, tmp_path: Path
) -> None:
    """With the folder whose removal mends it."""
    face = next(own_fonts.glob("NotoSerif-Bold.ttf"))
    face.chmod(0o644)
    spoil(face)
    findings = asked(copy_folder(tmp_path / "data"), "assets", fonts_dir=own_fonts.parent)
    told = [one for one in findings if "NotoSerif-Bold.ttf" in one.sentence]
    assert ([one.state for one in told], "emove" in told[0].remedy) == ([State.BROKEN], True), words(findings)


def test_packages_of_fonts_that_are_not_installed_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what brings them, and without a traceback."""

    def missing() -> str:
        raise ModuleNotFoundError("No module named 'fontpkg_noto_serif'")

    monkeypatch.setattr(fonts, "set_digest", missing)
    findings = asked(copy_folder(tmp_path / "data"), "assets", fonts_dir=tmp_path / "none")
    told = [one for one in findings if "no document fonts" in one.sentence]
    assert ([one.state for one in told], "fontpkg-noto-serif" in told[0].remedy) == ([State.BROKEN], True)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"changed")], ids=["gone", "changed"])
def test_a_file_of_the_style_that_is_not_what_was_fetched_is_named(
    spoil: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its digest, which was written down when the files were looked at."""
    folder = tmp_path / "look"
    (folder / "uswds").mkdir(parents=True)
    (folder / "uswds" / "a.css").write_text("body {}", "utf-8")
    write_file_list(folder)
    monkeypatch.setattr(look, "CARRIED", folder)
    monkeypatch.setattr(look, "FILES_SHA256", list_digest(folder))
    assert "Every file of the pages' style" in words(asked(copy_folder(tmp_path / "data"), "assets"))
    spoil(folder / "uswds" / "a.css")
    told = words(asked(tmp_path / "data", "assets"))
    assert "The style of the pages is damaged: uswds/a.css is" in told
    (folder / FILE_LIST).write_text("0" * 64 + "  uswds/a.css\n", "utf-8")
    assert f"{FILE_LIST} is changed" in words(asked(tmp_path / "data", "assets"))


@pytest.mark.skipif(not may_mount(), reason="Only root may mount a small disk.")
def test_a_full_disk_is_told_where_it_is(tmp_path: Path) -> None:
    """By the store that cannot take anything, and in megabytes by what is free."""
    with small_disk(tmp_path / "disk", 3) as disk:
        folder = copy_folder(tmp_path / "data")
        (disk / "filler").write_bytes(b"\0" * (3 * 1024**2 - 64 * 1024))
        findings = asked(folder, "objects", "disk", objects_url=f"file://{disk}/objects")
        told = [one for one in findings if one.state is State.BROKEN]
        assert any(one.part == "disk" and " KB are free on the disk of the objects" in one.sentence for one in told)
        _fill(disk / "more")
        again = asked(folder, "objects", objects_url=f"file://{disk}/objects")
        assert "No space left on device" in words(again), words(again)
        assert "Free space" in words(again)


def _fill(path: Path) -> None:
    """Write until the disk takes nothing more."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"\0" * 4096):
            pass


def test_what_is_said_of_one_part_does_not_hang_on_another(tmp_path: Path) -> None:
    """Without database and keys, store, disk, mail, sign-on, fonts and style are examined; what needs more says of what."""
    folder = copy_folder(tmp_path / "data")
    for path in folder.glob("esm.db*"):
        path.unlink()
    (folder / "secrets" / "pki_passphrase").write_text("another", "ascii")
    findings = findings_of(run(folder))
    assert {one.part for one in findings} == set(CHECKS)
    needs = {one.part for one in findings if "because it needs the" in one.sentence}
    assert needs == {"queue", "search", "time-stamps", "start"}
    assert "took something new" in words(findings)


def test_the_healthy_folder_of_these_tests_was_not_touched() -> None:
    """Each test broke a copy."""
    assert (healthy_folder() / "pki" / "seal.key").stat().st_mode & 0o777 == 0o600
