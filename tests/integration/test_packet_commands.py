"""`esm packet sign`, `countersign` and `void`: the same gate, the same password, no browser."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from packets.errors import ForbiddenError, InputError, PacketsError
from packets.model.people import Role
from waiting_years import PLAIN_KIND, agency, make_waiting_year, settings_of
from web.bootstrap import build_services
from web.cli import esm
from worlds import PASSWORD


@dataclass
class Shell:
    """A folder in which two agreements wait for CMS, and a terminal in it."""

    folder: Path
    signatory: str
    staff: str
    aco_id: str
    year: str

    def run(self, *words: str, typed: str = PASSWORD) -> Result:
        """A command, with a password on standard input."""
        arguments = ["packet", *words, "--dir", str(self.folder)]
        return CliRunner().invoke(
            esm, arguments, input=f"{typed}\n", env={"ESM_TEMPLATES_DIR": str(self.folder / "templates")}
        )

    def refusal(self, *words: str, typed: str = PASSWORD) -> set[str]:
        """The codes with which a command is refused."""
        error = self.run(*words, typed=typed).exception
        assert isinstance(error, PacketsError)
        return {one.code for one in error.problems}


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("waiting") / "data"
    year = make_waiting_year(folder, 2)
    people = (agency(year, Role.CMS_SIGNATORY), agency(year, Role.CMS_STAFF))
    return Shell(folder, *people, year.acos[0].aco.aco_id, str(year.year.year))


@pytest.fixture
def shell(master: Shell, tmp_path: Path) -> Shell:
    folder = tmp_path / "data"
    shutil.copytree(master.folder, folder)
    return Shell(folder, master.signatory, master.staff, master.aco_id, master.year)


@pytest.mark.requirement("R3")
def test_everything_that_waits_is_countersigned_with_one_password(shell: Shell, tmp_path: Path) -> None:
    """The sheet and one document of each edition are written down first; the outcome is one line of JSON."""
    place = tmp_path / "to-read"
    words = ("countersign", "--batch", "--by", shell.signatory, "--read", str(place))
    assert shell.refusal(*words, typed="wrong") == {"sign-in-wrong"}

    done = shell.run(*words)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["finished"], told["signed"], told["skipped"], told["waiting"]) == (True, 2, 0, 0)
    assert len(json.loads((place / "sheet.json").read_text("utf-8"))) == 2
    assert [path.suffix for path in sorted(place.iterdir())] == [".pdf", ".json"]
    services = build_services(settings_of(shell.folder))
    assert services.checker.run().problems == []
    services.database.close()
    assert shell.refusal(*words) == {"nothing-chosen"}
    again = shell.run("countersign", "--resume", told["batch"], "--by", shell.signatory)
    assert json.loads(again.stdout)["signed"] == 2


@pytest.mark.requirement("R3")
def test_one_document_is_countersigned_after_it_was_written_down(shell: Shell, tmp_path: Path) -> None:
    """Whoever may not is told why by the gate; without a place to read nothing is signed."""
    file = tmp_path / "agreement.pdf"
    one = ("countersign", "--aco", shell.aco_id, "--year", shell.year, "--kind", PLAIN_KIND, "--read", str(file))
    assert shell.refusal(*one, "--by", shell.staff, typed="any") == {"sign-in-wrong"}
    done = shell.run(*one, "--by", shell.signatory)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["slot"] == "CMS"
    assert file.read_bytes().startswith(b"%PDF")
    shown = json.loads(shell.run("show", shell.aco_id, shell.year, "--json").stdout)[0]
    assert shown["status"] == "Executed"
    assert shown["dates"]["cms_signed_at"] is not None
    assert shown["dates"]["starts_on"] == f"{shell.year}-01-01"
    assert shell.run("countersign", "--by", shell.signatory).exit_code == 2


def test_staff_void_a_document_and_the_new_one_is_named(shell: Shell) -> None:
    """Without a reason or by somebody else it is refused; a new document waits for the ACO."""
    words = ("void", shell.aco_id, shell.year, PLAIN_KIND, "--reason")
    assert shell.refusal(*words, "A wrong name", "--by", shell.signatory) == {"void-not-permitted"}
    assert isinstance(shell.run(*words, " ", "--by", shell.staff).exception, InputError)
    done = json.loads(shell.run(*words, "A wrong name", "--by", shell.staff).stdout)
    assert done["voided"] != done["replaced_by"]
    assert shell.refusal("void", "A0000", shell.year, PLAIN_KIND, "--reason", "-", "--by", shell.staff) == {
        "document-unknown"
    }


def test_in_production_nobody_signs_on_a_terminal(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`esm packet sign` is for demonstrations and development."""
    words = ("sign", shell.aco_id, shell.year, PLAIN_KIND, "--by", shell.signatory, "--read", str(tmp_path / "a.pdf"))
    services = build_services(settings_of(shell.folder))
    object.__setattr__(services, "settings", services.settings.model_copy(update={"mode": "production"}))
    with monkeypatch.context() as patch:
        patch.setattr("web.cli.acts.open_folder", lambda _folder: services)
        assert isinstance(shell.run(*words).exception, ForbiddenError)
    services.database.close()
    assert json.loads(shell.run(*words).stdout)["slot"] == "CMS"
