"""The object store: put once by digest, read back, never another file for the same name. One contract, every store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packets.errors import NotFoundError, StoreError
from packets.store.objects import MemoryObjects, ObjectStore
from packets.store.objects_files import FileObjects

STORES: dict[str, Callable[[Path], ObjectStore]] = {"memory": lambda _folder: MemoryObjects(), "files": FileObjects}


@pytest.fixture(params=STORES)
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return STORES[request.param](tmp_path / "objects")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=4096))
def test_what_is_put_comes_back_under_its_digest(objects: ObjectStore, content: bytes) -> None:
    """The key is the SHA-256 of the bytes, and the bytes are the same; putting them again changes nothing."""
    digest = objects.put(content)

    assert digest == hashlib.sha256(content).hexdigest()
    assert objects.put(content) == digest
    assert objects.get(digest) == content


def test_a_digest_that_was_never_put_is_not_found(objects: ObjectStore) -> None:
    """An unknown digest is a refusal with a code, not an empty answer."""
    with pytest.raises(NotFoundError) as refusal:
        objects.get("0" * 64)

    assert refusal.value.problems[0].code == "object-missing"


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
