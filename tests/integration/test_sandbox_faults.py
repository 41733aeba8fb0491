"""An unreadable answer of a confined process is a fault of the service at every door, and nobody's file is refused for it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from browsing import open_site
from offices import open_office
from packets.audit.log import Act
from packets.errors import BusyError, InputError
from packets.lists.corrections import write_corrections
from packets.model.aco import Aco
from packets.model.identifiers import AcoId
from packets.model.people import Role
from packets.sandbox.confined import ConfinedSandbox
from packets.sandbox.endings import TIME_LIMIT, TOO_SLOW, UnreadableAnswerError
from packets.sandbox.sandbox import Incident, UnconfinedSandbox
from packets.year_files.agreements import NamedAco
from packets.year_files.material import Material
from packets.year_files.report import FileKind
from web.incidents import log_incident
from web.logs import configure_logs

WHO = ("--given-name", "Imani", "--family-name", "Washington", "--title", "Analyst", "--email", "imani@cms.example")


def raising(error: Exception) -> Callable[..., Any]:
    """Work that ends so, wherever it is done."""

    def run(*_: Any, **_options: Any) -> Any:
        raise error

    return run


def test_a_page_answers_500_with_the_number_under_which_the_log_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log of acts has no refusal: nothing was wrong with the file."""
    site = open_site(tmp_path)
    sample = next(one for one in site.world.year.acos if one.corrections_upload)
    browser = site.enter(site.holder(Role.ACO_EXECUTIVE, sample))
    place = f"/packets/{sample.aco.aco_id}/2027/corrections"
    browser.get(place)
    name, content = write_corrections((), sample.aco.aco_id, site.world.clock().date())
    monkeypatch.setattr(UnconfinedSandbox, "run", raising(UnreadableAnswerError()))
    with capture_logs() as lines:
        form = {"file": (io.BytesIO(content), name), "agreed": "yes"}
        answer = browser.post(place, form, content_type="multipart/form-data")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    [failure] = [line for line in lines if line["event"] == "failure"]
    assert failure["request_id"] in answer.text
    with site.world.services.database.read() as records:
        assert Act.CORRECTIONS_UPLOAD not in {one.act for one in records.journal.entries()}


@pytest.mark.parametrize(("error", "status"), [(BusyError(TOO_SLOW), 503), (InputError(TIME_LIMIT), 422)])
def test_a_busy_machine_and_a_limit_are_refusals_with_their_own_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BusyError | InputError, status: int
) -> None:
    """The one may be tried again as it is, the other not."""
    site = open_site(tmp_path)
    sample = next(one for one in site.world.year.acos if one.corrections_upload)
    browser = site.enter(site.holder(Role.ACO_EXECUTIVE, sample))
    place = f"/packets/{sample.aco.aco_id}/2027/corrections"
    browser.get(place)
    monkeypatch.setattr(UnconfinedSandbox, "run", raising(error))
    form = {"file": (io.BytesIO(b"PK"), "a.zip"), "agreed": "yes"}
    answer = browser.post(place, form, content_type="multipart/form-data")
    assert answer.status_code == status
    assert error.problems[0].remedy in answer.text


BROKEN = (
    "from packets.sandbox.confined import ConfinedSandbox\n"
    "from packets.sandbox.endings import UnreadableAnswerError\n"
    "from web.cli import main\n"
    "def run(*_, **__): raise UnreadableAnswerError\n"
    "ConfinedSandbox.run = run\n"
    "main()\n"
)
"""The program `esm`, whose confined processes answer what cannot be read."""


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A command of that program, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", BROKEN, *map(str, arguments)], check=False, capture_output=True, text=True, timeout=120
    )


def test_a_command_says_one_sentence(tmp_path: Path) -> None:
    """Exit 1, and no traceback."""
    data, layouts = tmp_path / "data", tmp_path / "layouts"
    for prepare in (
        ("db", "upgrade", "--dir", data),
        ("user", "add", "CM01", *WHO, "--cms-role", "cms-staff", "--dir", data),
        ("year", "template", "--dir", layouts),
    ):
        assert command(*prepare).returncode == 0
    year = int((layouts / "windows.toml").read_text("utf-8").split("[")[2][:4]) + 1
    opening = command(
        "year", "open", str(year), "--agreements", layouts / "agreements.csv", "--by", "CM01", "--dir", data
    )
    assert (opening.returncode, opening.stderr) == (1, f"esm: {UnreadableAnswerError()}\n")
    assert "It is a fault of the service." in opening.stderr


@pytest.mark.parametrize("tty", [True, False])
def test_a_log_has_the_places_of_an_error_and_none_of_its_values(
    tty: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also on a terminal."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: tty)
    try:
        configure_logs("info")
        tin = "078051120"
        try:
            tin.index("x")
        except ValueError as error:
            structlog.get_logger().error("failure", exc_info=error)
    finally:
        structlog.reset_defaults()
    written = capsys.readouterr().err
    assert "test_a_log_has_the_places" in written
    assert tin not in written


@pytest.mark.parametrize(
    ("code", "level"), [("time-limit", "warning"), ("reader-crashed", "error"), ("internal-error", "error")]
)
def test_an_incident_is_one_line_of_the_log(code: str, level: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And of the terminal, where a command has no log."""
    incident = Incident("packets.lists.corrections.examine", code, "signal 11")
    log_incident(incident)
    outside = capsys.readouterr()
    assert (outside.out, outside.err.count("\n")) == ("", 1)
    try:
        configure_logs("info")
        log_incident(incident)
    finally:
        structlog.reset_defaults()
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["code"], line["detail"]) == (
        "confined work ended",
        level,
        code,
        "signal 11",
    )


def _another_year(found: Material) -> None:
    found.year += 1


def _another_aco(found: Material) -> None:
    found.only_aco = "A1001"


def _another_digest(found: Material) -> None:
    found.readings[FileKind.AGREEMENTS].digest = "0" * 64


def _another_name(found: Material) -> None:
    found.readings[FileKind.AGREEMENTS].file = "other.csv"


def _a_file_that_was_not_given(found: Material) -> None:
    found.readings[FileKind.WINDOWS] = found.readings[FileKind.AGREEMENTS]


def _change_first(found: Material, change: Callable[[Aco], Aco]) -> None:
    key, one = next(iter(found.agreements.items()))
    found.agreements[key] = NamedAco(one.row, change(one.aco))


def _an_aco_of_another_year(found: Material) -> None:
    _change_first(found, lambda aco: replace(aco, performance_year=aco.performance_year - 1))


def _an_aco_under_another_name(found: Material) -> None:
    _change_first(found, lambda aco: replace(aco, aco_id=AcoId("A9999")))


def _rows_from_elsewhere(found: Material) -> None:
    assert found.providers is not None
    found.providers.spool = Path("/etc/passwd")


def _rows_behind_a_link(found: Material) -> None:
    assert found.providers is not None
    found.providers.spool.unlink()
    found.providers.spool.symlink_to("/etc/passwd")


def _rows_that_are_none(found: Material) -> None:
    assert found.providers is not None
    found.providers.spool.write_text("root:x:0:0:root:/root:/bin/bash\n", "utf-8")


LIES = [
    _another_year,
    _another_aco,
    _another_digest,
    _another_name,
    _a_file_that_was_not_given,
    _an_aco_of_another_year,
    _an_aco_under_another_name,
    _rows_from_elsewhere,
    _rows_behind_a_link,
    _rows_that_are_none,
]


@pytest.mark.parametrize("lie", LIES, ids=lambda one: one.__name__)
def test_a_file_can_lie_about_nothing_but_its_own_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: Callable[[Material], None]
) -> None:
    """An answer of the right shape that speaks of another year, other files or other rows is no answer either."""
    office = open_office(tmp_path)
    work = UnconfinedSandbox().run

    def run(self: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ARG001  in the place of a method
        found = work(*arguments, **options)
        lie(found)
        return found

    monkeypatch.setattr(ConfinedSandbox, "run", run)
    monkeypatch.setattr(UnconfinedSandbox, "run", run)
    with pytest.raises(UnreadableAnswerError):
        office.open(FileKind.AGREEMENTS, FileKind.PARTICIPANTS, FileKind.PROVIDERS)
    with office.services.database.read() as records:
        assert not records.years.numbers()
