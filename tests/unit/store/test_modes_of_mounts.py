"""A data folder that is mounted read-only keeps the modes that whoever mounts it gave it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from packets.store.modes import make_private_folder, tighten


def test_a_folder_that_is_mounted_read_only_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's containers have their keys so; nothing is refused for it, and nothing is told."""
    tmp_path.chmod(0o770)

    def refuse(path: Path, _mode: int) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "chmod", refuse)
    make_private_folder(tmp_path)
    assert list(tighten(tmp_path).sentences()) == []


def test_any_other_fault_of_the_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a read-only mount is somebody's intention."""
    tmp_path.chmod(0o770)

    def break_off(path: Path, _mode: int) -> None:
        raise OSError(errno.EIO, "Input/output error", str(path))

    monkeypatch.setattr(Path, "chmod", break_off)
    with pytest.raises(OSError, match="Input/output"):
        tighten(tmp_path)
