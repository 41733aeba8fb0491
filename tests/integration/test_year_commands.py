"""`esm user`, `esm year` and `esm packet assemble`: a year from an empty folder to documents that wait for signatures."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from packets.errors import ForbiddenError, InputError
from packets.settings import load_settings
from web.bootstrap import build_services
from web.cli import esm

WHO = ("--given-name", "Imani", "--family-name", "Washington", "--title", "Analyst", "--email", "imani@cms.example")


def run(*arguments: object, stdin: str = "") -> Result:
    return CliRunner().invoke(esm, [str(one) for one in arguments], input=stdin)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a member of CMS staff and nothing else."""
    data = tmp_path / "data"
    assert run("db", "upgrade", "--dir", data).exit_code == 0
    added = run(
        "user", "add", "cm01", *WHO, "--cms-role", "cms-staff", "--password-file", "-", "--dir", data,
        stdin="correct horse battery\n",
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    return data


def files(path: Path, *extra: str) -> list[str]:
    kinds = ("agreements", "participants", "providers", "contacts")
    return [*(part for kind in kinds for part in (f"--{kind}", str(path / f"{kind}.csv"))), *extra]


def this_year(path: Path) -> str:
    """The year of the template's examples."""
    return (path / "windows.toml").read_text("utf-8").split("[")[2][:4]


@pytest.mark.requirement("R1", "R36")
def test_a_year_from_an_empty_folder_to_its_documents(tmp_path: Path, folder: Path) -> None:
    """Template, check, open, a second time refused, assemble twice, list."""
    layouts = tmp_path / "layouts"
    assert "README.txt" in run("year", "template", "--dir", layouts).output
    year = str(int(this_year(layouts)) + 1)
    opening = (
        "year",
        "open",
        year,
        *files(layouts),
        "--windows",
        layouts / "windows.toml",
        "--by",
        "CM01",
        "--dir",
        folder,
    )
    assert "Nothing was stored" in run(*opening, "--check").output
    opened = run(*opening, "--sample", "--json")
    assert opened.exit_code == 0, opened.output
    report = json.loads(opened.output)
    assert (report["accepted"], len(report["files"])) == (True, 5)
    assert "year-open" in str(run(*opening).exception)

    one = run("packet", "assemble", year, "--aco", "A9002", "--dir", folder)
    assert one.output == "3 documents of A9002 are prepared.\n"
    told = json.loads(run("packet", "assemble", year, "--json", "--dir", folder).output)
    assert told == {"year": int(year), "documents": 8, "failed": 0}
    listed = json.loads(run("packet", "list", "--json", "--dir", folder).output)
    assert len(listed) == 8
    assert len(json.loads(run("packet", "show", "A9002", year, "--dir", folder).output)) == 3
    loaded = run("year", "load", year, "--participants", layouts / "participants.csv", "--by", "CM01", "--dir", folder)
    assert "The files were stored" in loaded.output


def test_files_with_errors_end_with_1_and_the_whole_report(tmp_path: Path, folder: Path) -> None:
    """As text and as JSON, the same errors."""
    layouts = tmp_path / "layouts"
    run("year", "template", "--dir", layouts, "--year", "2031", "--acos", "3")
    agreements = layouts / "agreements.csv"
    agreements.write_text(agreements.read_text("utf-8").replace("A9002", "B9002"), encoding="utf-8")
    year = str(build_services(load_settings(dir=folder)).clock().year + 1)
    opening = ("year", "open", year, *files(layouts), "--by", "CM01", "--dir", folder)
    text, data = run(*opening), run(*opening, "--json")
    assert (text.exit_code, data.exit_code) == (1, 1)
    assert "agreements.csv, row 3, column A" in text.output
    assert "Nothing was stored" in text.output
    assert json.loads(data.output)["errors"] >= 2


def test_a_file_whose_name_is_no_text_is_read_all_the_same(tmp_path: Path, folder: Path) -> None:
    """Names on a disk are bytes; what is shown and recorded of one is a text."""
    layouts = tmp_path / "layouts"
    run("year", "template", "--dir", layouts)
    year, odd = str(int(this_year(layouts)) + 1), layouts / os.fsdecode(b"a\xff.csv")
    (layouts / "agreements.csv").rename(odd)
    checked = run("year", "open", year, "--agreements", odd, "--by", "CM01", "--check", "--json", "--dir", folder)
    assert checked.exit_code == 0, checked.output
    assert [one["file"] for one in json.loads(checked.stdout)["files"]] == ["a?.csv"]


def test_a_window_is_moved_by_command(tmp_path: Path, folder: Path) -> None:
    """The new day is told; a refusal too."""
    layouts = tmp_path / "layouts"
    run("year", "template", "--dir", layouts)
    year = str(int(this_year(layouts)) + 1)
    run("year", "open", year, *files(layouts), "--by", "CM01", "--dir", folder)
    due = f"{int(year) - 1}-12-30"
    window = (
        "year",
        "window",
        year,
        "--cohort",
        "new",
        "--activity",
        "sign-documents",
        "--by",
        "CM01",
        "--dir",
        folder,
    )
    assert due in run(*window, "--due", due, "--reason", "More time for all").output
    assert isinstance(run(*window, "--due", due, "--reason", "Again").exception, InputError)


def test_people_are_kept_by_command(tmp_path: Path, folder: Path) -> None:
    """Add, list, show, grant, revoke, deactivate; who is not CMS staff may not."""
    at = ("--dir", folder)
    secret = tmp_path / "secret"
    secret.write_text("another long password\n", encoding="utf-8")
    run("user", "add", "CM02", *WHO, "--password-file", secret, "--by", "CM01", *at)
    assert "e-signature" in run("user", "grant", "CM02", "--cms-role", "cms-signatory", "--e-signature", *at).output
    assert isinstance(run("user", "grant", "CM02", "--active", "--by", "CM02", *at).exception, ForbiddenError)
    assert [one["user_id"] for one in json.loads(run("user", "list", "--json", *at).output)] == ["CM01", "CM02"]
    assert "CM01" not in run("user", "list", "--cms-role", "cms-signatory", *at).output
    assert "[contact]" in run("user", "revoke", "CM02", "--cms-role", "cms-signatory", "--e-signature", *at).output
    assert "INACTIVE" in run("user", "deactivate", "CM02", "--reason", "Left", *at).output
    shown = json.loads(run("user", "show", "cm02", *at).output)
    assert (shown["account_active"], shown["contact_of"]) == (False, [])
    assert "new password" in run("user", "password", "CM01", "--password-file", secret, *at).output
    services = build_services(load_settings(dir=folder))
    services.accounts.check_password("CM01", "another long password")
    services.accounts.check_password("CM02", "another long password")
    services.database.close()
    for missing in (
        ("user", "password", "CM01", *at),
        ("user", "password", "CM01", "--password-file", tmp_path / "no", *at),
    ):
        assert isinstance(run(*missing).exception, InputError)


def test_a_template_is_not_written_over_files(tmp_path: Path) -> None:
    """A folder with files in it is somebody's; with no ACOs the files have their headings only."""
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    assert isinstance(run("year", "template", "--dir", tmp_path).exception, InputError)
    run("year", "template", "--dir", tmp_path / "bare", "--acos", "0")
    assert len((tmp_path / "bare" / "contacts.csv").read_text("utf-8").splitlines()) == 1
