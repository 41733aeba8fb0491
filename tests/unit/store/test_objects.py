"""The object store: put once by digest, read back, never another file for the same name. One contract, every store."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import buckets
from packets.errors import NotFoundError, StoreError
from packets.store.objects import MemoryObjects, MendableStore, RemovingStore
from packets.store.objects_files import FileObjects

STORES: dict[str, Callable[[Path], MendableStore]] = {
    "memory": lambda _folder: MemoryObjects(),
    "files": FileObjects,
    "s3": lambda _folder: buckets.new_store(),
}


@pytest.fixture(params=STORES)
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> MendableStore:
    return STORES[request.param](tmp_path / "objects")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=4096))
def test_what_is_put_comes_back_under_its_digest(objects: MendableStore, content: bytes) -> None:
    """The key is the SHA-256 of the bytes, and the bytes are the same; putting them again changes nothing."""
    digest = objects.put(content)

    assert digest == hashlib.sha256(content).hexdigest()
    assert objects.put(content) == digest
    assert objects.get(digest) == content


def test_a_digest_that_was_never_put_is_not_found(objects: MendableStore) -> None:
    """An unknown digest is a refusal with a code, not an empty answer."""
    with pytest.raises(NotFoundError) as refusal:
        objects.get("0" * 64)

    assert refusal.value.problems[0].code == "object-missing"


@pytest.mark.parametrize("kind", ["memory", "files"])
def test_what_is_removed_is_gone_and_removing_it_again_is_nothing(kind: str, tmp_path: Path) -> None:
    """A store without locks; one with locks is tried in `integration/test_s3.py`. The same bytes can be put again."""
    store = cast("RemovingStore", STORES[kind](tmp_path / "objects"))
    digest = store.put(b"content")
    assert store.lock_end(digest) is None
    for _ in range(2):
        store.remove(digest)
        with pytest.raises(NotFoundError):
            store.get(digest)
    store.remove("0" * 64)
    assert store.put(b"content") == digest
    assert store.get(digest) == b"content"


def test_a_file_is_put_as_its_bytes_are(objects: MendableStore, tmp_path: Path) -> None:
    """Two megabytes from the disk: the same digest, the same object."""
    content = bytes(range(256)) * 8192
    path = tmp_path / "a file"
    path.write_bytes(content)

    assert objects.put_file(path) == objects.put(content)
    assert objects.get(hashlib.sha256(content).hexdigest()) == content


def test_what_is_gone_is_put_right(objects: MendableStore) -> None:
    """Repairing writes whether something is there or not."""
    digest = objects.repair(b"content")

    assert objects.repair(b"content") == digest
    assert objects.get(digest) == b"content"


def test_a_rotten_file_is_put_right(tmp_path: Path) -> None:
    """The bytes of the copy take the place of what rotted."""
    objects = FileObjects(tmp_path)
    digest = objects.put(b"as it was")
    path = tmp_path / digest[:2] / digest
    path.chmod(0o600)
    path.write_bytes(b"as it is")

    objects.repair(b"as it was")

    assert objects.get(digest) == b"as it was"
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_store_that_is_read_only_takes_nothing_and_makes_nothing(tmp_path: Path) -> None:
    """A copy on a medium that cannot be written can still be read."""
    digest = FileObjects(tmp_path / "kept").put(b"content")
    kept, other = FileObjects(tmp_path / "kept", read_only=True), FileObjects(tmp_path / "none", read_only=True)

    assert kept.get(digest) == b"content"
    with pytest.raises(StoreError) as refusal:
        other.put(b"content")
    assert refusal.value.problems[0].code == "store-read-only"
    assert not (tmp_path / "none").exists()


def test_the_folder_is_synchronized_also_when_the_file_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever wrote it may have died before the folder knew its name for good."""
    synchronized: list[int] = []
    objects = FileObjects(tmp_path)
    objects.put(b"content")
    real = os.fsync

    def synchronize(handle: int) -> None:
        synchronized.append(handle)
        real(handle)

    monkeypatch.setattr(os, "fsync", synchronize)

    objects.put(b"content")

    assert len(synchronized) == 2


def test_a_damaged_file_is_never_served(tmp_path: Path) -> None:
    """A flipped bit on the disk is found when the object is read."""
    objects = FileObjects(tmp_path)
    digest = objects.put(b"as it was")
    path = tmp_path / digest[:2] / digest
    path.chmod(0o600)
    path.write_bytes(b"as it is")

    with pytest.raises(StoreError) as refusal:
        objects.get(digest)

    assert refusal.value.problems[0].code == "object-damaged"


def test_stored_files_are_read_only_and_leave_nothing_behind(tmp_path: Path) -> None:
    """Nobody may write to an object, and no temporary file stays."""
    digest = FileObjects(tmp_path).put(b"content")

    assert (tmp_path / digest[:2] / digest).stat().st_mode & 0o222 == 0
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_store_that_cannot_write_refuses_and_keeps_nothing(tmp_path: Path) -> None:
    """Where a folder for the digest cannot be made, the put is refused with a remedy."""
    objects = FileObjects(tmp_path)
    digest = hashlib.sha256(b"content").hexdigest()
    (tmp_path / digest[:2]).write_text("a file where the folder should be", encoding="utf-8")

    with pytest.raises(StoreError) as refusal:
        objects.put(b"content")

    assert refusal.value.problems[0].code == "object-not-stored"
    assert list((tmp_path / "incoming").iterdir()) == []
