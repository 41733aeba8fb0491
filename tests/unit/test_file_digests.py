"""Lists of files: coreutils read them too, and what differs is named."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from packets.errors import InputError
from packets.file_digests import (
    FILE_LIST,
    FileChange,
    FileState,
    find_changes,
    list_digest,
    read_file_list,
    write_file_list,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files, one of them in a folder of its own, and their list."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "first.txt").write_text("first")
    (tmp_path / "deep" / "second file.txt").write_text("second")
    write_file_list(tmp_path)
    return tmp_path


def test_a_list_is_checked_by_sha256sum_too(folder: Path) -> None:
    """Nobody needs our program to check it."""
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", FILE_LIST], cwd=folder, check=True)


def test_a_folder_that_is_as_listed_has_no_changes(folder: Path) -> None:
    """Writing the list again changes nothing: it does not list itself."""
    before = list_digest(folder)
    assert [*find_changes(folder, read_file_list(folder))] == []
    write_file_list(folder)
    assert list_digest(folder) == before


def test_what_is_missing_and_what_is_changed_is_named(folder: Path) -> None:
    """A folder in place of a file is a change as well."""
    digests = read_file_list(folder)
    (folder / "first.txt").write_text("First")
    (folder / "deep" / "second file.txt").unlink()
    changes = {FileChange("first.txt", FileState.CHANGED), FileChange("deep/second file.txt", FileState.MISSING)}
    assert {*find_changes(folder, digests)} == changes
    (folder / "deep" / "second file.txt").mkdir()
    assert FileChange("deep/second file.txt", FileState.CHANGED) in find_changes(folder, digests)


@pytest.mark.parametrize("content", [b"", b"no list\n", b"\xff\xfe"])
def test_what_is_not_a_list_is_refused(folder: Path, content: bytes) -> None:
    """An empty one too: it would find nothing wrong."""
    (folder / FILE_LIST).write_bytes(content)
    with pytest.raises(InputError, match="file-list-invalid"):
        read_file_list(folder)
