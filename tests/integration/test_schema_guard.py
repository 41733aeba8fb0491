"""No command works on a database that is not what this program needs: each says what it is in a sentence, and changes nothing."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from command_tree import TypedCommand, all_commands
from strange_folders import STRANGE, make_newer, make_strange
from upgrades.old_folders import unpack
from web.cli import main

NEEDS_NO_DATABASE = {"pki init", "year template", "restore"}
"""Commands with a folder that open no database in it; restoring has tests of its own."""
BEGINS_ONE = {"demo", "db upgrade"}
MORE = {
    "archive hold": ("--aco", "A9001", "--reason", "A9001", "--authority", "A9001", "--by", "A9001"),
    "user password": ("--password-file", "-"),
    "serve": ("--port", "0"),
}
"""Without which the command is refused before it looks at the folder."""
COMMANDS = [one for one in all_commands() if one.takes_folder and one.name not in NEEDS_NO_DATABASE]
NOBODY = 65534
every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.name)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command ended with."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Terminal:
    """Runs `esm` as a shell would."""

    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    scratch: Path

    def run(self, command: TypedCommand, folder: Path) -> Answer:
        """Type a command with the least that it needs."""
        return self.type(*command.typed(folder, self.scratch), *MORE.get(command.name, ()))

    def type(self, *words: str) -> Answer:
        """Type words after `esm`."""
        self.patch.setattr(sys, "argv", ["esm", *words])
        self.patch.setattr(sys, "stdin", io.StringIO())
        with pytest.raises(SystemExit) as ended:
            main()
        written = self.capture.readouterr()
        return Answer(int(ended.value.code or 0), written.out + written.err)


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Terminal(capsys, monkeypatch, scratch)


@pytest.fixture(scope="module", params=STRANGE)
def strange(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("strange") / "data"
    return folder, make_strange(folder, request.param)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack("0.1.0", tmp_path_factory.mktemp("older"))


def refuses(answer: Answer, code: str) -> bool:
    """One sentence with its code, exit 1, and no traceback; the doctor tells it as a finding, without the code."""
    return (
        answer.code == 1
        and "Traceback" not in answer.text
        and (f"esm: {code} " in answer.text or "BROKEN" in answer.text)
    )


def contents(folder: Path) -> dict[str, str]:
    """Every file of a folder with the digest of its bytes."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in files}


@every_command
def test_a_strange_database_is_told_by_every_command(
    strange: tuple[Path, str], command: TypedCommand, terminal: Terminal
) -> None:
    """And nothing in the folder is changed; only `esm db upgrade` makes something of an empty database."""
    folder, code = strange
    if (command.name, code) in {("db upgrade", "schema-empty"), ("demo", "schema-empty")}:
        pytest.skip("It begins a database where there is none.")
    before = contents(folder)
    answer = terminal.run(command, folder)
    assert refuses(answer, code), answer
    assert contents(folder) == before


@every_command
def test_an_older_schema_is_told_by_every_command(older: Path, command: TypedCommand, terminal: Terminal) -> None:
    """With the way to upgrade it; only `esm db upgrade` goes that way."""
    if command.name == "db upgrade":
        pytest.skip("It upgrades the schema, as tests/upgrades say.")
    before = contents(older)
    answer = terminal.run(command, older)
    assert refuses(answer, "schema-older"), answer
    assert "esm db upgrade --dir" in answer.text
    assert contents(older) == before


@every_command
@pytest.mark.parametrize("folder", ["missing", "empty"])
def test_a_folder_without_a_database_is_told_by_every_command(
    folder: str, command: TypedCommand, terminal: Terminal, tmp_path: Path
) -> None:
    """And nothing is created by looking."""
    if command.name in BEGINS_ONE:
        pytest.skip("It begins a database where there is none.")
    if command.name == "pki rotate":
        pytest.skip("Keys are rotated where there is no database too; here there are none to rotate.")
    path = tmp_path / "data"
    if folder == "empty":
        path.mkdir()
    answer = terminal.run(command, path)
    assert refuses(answer, "folder-empty"), answer
    assert not path.exists() or list(path.iterdir()) == []


@pytest.fixture(scope="module", params=["closed", "somebody else's"])
def not_mine(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder of root that another user may not enter, or may enter and not use."""
    above = Path(tempfile.mkdtemp(prefix="esm-not-mine-"))
    above.chmod(0o755)
    folder = unpack("0.1.0", above / "data")
    folder.chmod(0o700 if request.param == "closed" else 0o755)
    yield folder
    shutil.rmtree(above)


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can become another user.")
@every_command
def test_a_folder_of_another_user_is_told_by_every_command(
    not_mine: Path, command: TypedCommand, terminal: Terminal
) -> None:
    """No traceback, whichever file it is that may not be opened."""
    scratch = not_mine.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    scratch.chmod(0o777)
    words = [*command.typed(not_mine, scratch), *MORE.get(command.name, ())]
    os.seteuid(NOBODY)
    try:
        answer = terminal.type(*words)
    finally:
        os.seteuid(0)
    assert answer.code == 1, answer
    assert "Traceback" not in answer.text
    assert "esm: " in answer.text or "BROKEN" in answer.text


def test_the_commands_are_all_there() -> None:
    """What is left out of the tests above opens no database, and still exists."""
    names = {one.name for one in all_commands()}
    assert len(COMMANDS) > 40
    assert names >= NEEDS_NO_DATABASE | BEGINS_ONE | set(MORE)


def test_a_program_goes_on_where_the_next_version_has_only_added(terminal: Terminal, tmp_path: Path) -> None:
    """The newer version wrote down that it may; the doctor says so, and the schema is not upgraded backwards."""
    assert terminal.type("db", "upgrade", "--dir", str(tmp_path / "data")).code == 0
    shutil.rmtree(tmp_path / "next", ignore_errors=True)
    (tmp_path / "next").mkdir()
    make_newer(tmp_path / "next", oldest_program="0023")
    shutil.copy(tmp_path / "next" / "esm.db", tmp_path / "data" / "esm.db")
    folder = str(tmp_path / "data")
    assert terminal.type("user", "list", "--dir", folder).code == 0
    assert "watch  database: The schema is 0099, newer than" in terminal.type("doctor", "--dir", folder).text
    assert refuses(terminal.type("db", "upgrade", "--dir", folder), "schema-ahead")
