"""S3 with Object Lock, on a real server: what it promises, and what becomes of an object when the way to it is bad."""

from __future__ import annotations

import hashlib
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import buckets
import servers
from connections import Door
from packets.errors import InputError, NotFoundError, StoreError
from packets.keeping.locks import LockDesk
from packets.model.calendar import AGENCY_ZONE
from packets.store.objects_files import FileObjects
from packets.store.objects_s3 import Bucket, Keys, S3Objects
from packets.store.places import Access, open_store
from web.bootstrap import compose
from worlds import build_world, keys

CONTENT = b"what was signed"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
KEY = f"{DIGEST[:2]}/{DIGEST}"


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """The way to the server."""
    monkeypatch.setattr("packets.store.objects_s3.ANSWER_SECONDS", 1)
    door = Door(servers.shared("seaweedfs")["port"])
    yield door
    door.close()


@pytest.fixture
def far(door: Door) -> S3Objects:
    """A store behind the door."""
    return buckets.new_store(endpoint=f"http://127.0.0.1:{door.port}")


def near(store: S3Objects) -> S3Objects:
    """The same store, by the straight way."""
    return buckets.new_store(prefix=store._bucket.prefix)


def versions(store: S3Objects) -> list[Any]:
    """Every version of the object."""
    listed = buckets.client().list_object_versions(Bucket=buckets.NAME, Prefix=f"{store._bucket.prefix}{KEY}")
    return list(listed.get("Versions", []))


def refused(call: Any, **options: Any) -> int:
    """The status with which the server refuses a call."""
    with pytest.raises(ClientError) as refusal:
        call(**options)
    return int(refusal.value.response["ResponseMetadata"]["HTTPStatusCode"])


def test_an_object_is_written_once() -> None:
    """Putting the same bytes again makes no second version."""
    store = buckets.new_store()

    assert store.put(CONTENT) == store.put(CONTENT) == DIGEST
    assert len(versions(store)) == 1


@pytest.mark.parametrize("identity", ["app", "records", "admin"])
def test_nobody_deletes_an_object_before_its_date(identity: str) -> None:
    """Compliance mode: no key, with the bypass or without, and no shorter or weaker lock."""
    store = buckets.new_store()
    store.put(CONTENT)
    version = {
        "Bucket": buckets.NAME,
        "Key": f"{store._bucket.prefix}{KEY}",
        "VersionId": versions(store)[0]["VersionId"],
    }
    client, sooner = buckets.client(identity), buckets.in_an_hour() - timedelta(minutes=30)

    assert refused(client.delete_object, **version) == 403
    assert refused(client.delete_object, **version, BypassGovernanceRetention=True) == 403
    for mode in ("COMPLIANCE", "GOVERNANCE"):
        lock = {"Mode": mode, "RetainUntilDate": sooner}
        assert refused(client.put_object_retention, **version, Retention=lock) == 403
    assert near(store).get(DIGEST) == CONTENT


def test_a_lock_is_extended_and_never_shortened() -> None:
    """More is known later, such as when the agreement ends."""
    store = buckets.new_store()
    store.put(CONTENT)
    first = store.retained_until(DIGEST)

    assert store.retain(DIGEST, first + timedelta(days=1))
    assert not store.retain(DIGEST, first)
    assert store.retained_until(DIGEST) == first + timedelta(days=1)


def test_a_legal_hold_needs_a_key_that_the_service_does_not_have() -> None:
    """The records officer sets it and lifts it; the service cannot do either."""
    store = buckets.new_store()
    store.put(CONTENT)
    officer = buckets.new_store("records", prefix=store._bucket.prefix)

    with pytest.raises(StoreError) as refusal:
        store.hold(DIGEST, held=True)
    officer.hold(DIGEST, held=True)
    with pytest.raises(StoreError):
        store.hold(DIGEST, held=False)
    officer.hold(DIGEST, held=False)

    assert refusal.value.problems[0].code == "objects-refused"


def test_what_was_disposed_of_is_removed_with_every_version_after_its_lock_and_not_under_a_hold() -> None:
    """The lock is told beforehand; until it ends the store refuses, and a hold outlasts it."""
    soon = datetime.now(UTC) + timedelta(seconds=3)  # noqa: TID251  the server compares with the real time
    store = buckets.new_store(locked_until=lambda: soon)
    officer = buckets.new_store("records", prefix=store._bucket.prefix)
    store.put(CONTENT)
    store.repair(CONTENT)
    officer.hold(DIGEST, held=True)
    end = officer.lock_end(DIGEST)
    assert end is not None
    assert abs(end - soon) < timedelta(seconds=2)
    assert officer.lock_end("0" * 64) is None
    with pytest.raises(StoreError):
        officer.remove(DIGEST)
    time.sleep(max((end - datetime.now(UTC)).total_seconds(), 0) + 1)  # noqa: TID251  likewise
    with pytest.raises(StoreError):
        officer.remove(DIGEST)
    assert store.get(DIGEST) == CONTENT
    officer.hold(DIGEST, held=False)

    officer.remove(DIGEST)

    with pytest.raises(NotFoundError):
        store.get(DIGEST)
    officer.remove(DIGEST)


def test_the_ports_behind_the_store_are_shut() -> None:
    """The filer would remove a locked object for anybody who reaches it (docs/operations.md): it does not answer."""
    store = buckets.new_store()
    store.put(CONTENT)
    address = f"http://127.0.0.1:{servers.shared('seaweedfs')['filer']}/buckets/{buckets.NAME}/{store._bucket.prefix}"
    request = urllib.request.Request(f"{address}{KEY}.versions?recursive=true", method="DELETE")  # noqa: S310  http, ours

    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(request, timeout=5)  # noqa: S310  http, ours

    assert store.get(DIGEST) == CONTENT


def test_a_write_whose_answer_is_lost_is_tried_again_and_made_once(door: Door, far: S3Objects) -> None:
    """The object arrives, the answer does not: the second try finds it there, and it is read back."""
    fates = ["deliver and cut"]
    door.watch = lambda sent: fates.pop() if CONTENT in sent and fates else "pass"

    assert far.put(CONTENT) == DIGEST

    assert fates == []
    assert len(versions(far)) == 1


def test_a_store_that_cannot_be_reached_refuses(far: S3Objects, door: Door) -> None:
    """Every try is cut off: a refusal with a code, and nothing there."""
    door.watch = lambda _sent: "cut"

    with pytest.raises(StoreError) as refusal:
        far.put(CONTENT)

    assert refusal.value.problems[0].code == "objects-away"
    with pytest.raises(NotFoundError):
        near(far).get(DIGEST)


def test_a_store_that_stalls_is_given_up(far: S3Objects, door: Door) -> None:
    """It takes the bytes and never answers: bounded, and refused."""
    door.watch = lambda _sent: "stall"

    with pytest.raises(StoreError) as refusal:
        far.put(CONTENT)

    assert refusal.value.problems[0].code == "objects-away"


@pytest.mark.parametrize("damage", ["other bytes", "a part"])
def test_what_comes_back_otherwise_does_not_count(far: S3Objects, door: Door, damage: str) -> None:
    """The store says yes and returns other bytes, or breaks off in the middle: the put is refused."""
    if damage == "other bytes":
        door.change = lambda got: got.replace(CONTENT, CONTENT[::-1])
    else:
        door.change = lambda got: got.replace(CONTENT, CONTENT[:4]) if CONTENT in got else got

    with pytest.raises(StoreError) as refusal:
        far.put(CONTENT)

    assert refusal.value.problems[0].code in {"object-damaged", "objects-away"}
    assert near(far).get(DIGEST) == CONTENT


def test_a_rotten_version_is_covered_and_kept() -> None:
    """Other bytes under the digest are found; the right ones become the newest version."""
    store = buckets.new_store()
    buckets.client().put_object(Bucket=buckets.NAME, Key=f"{store._bucket.prefix}{KEY}", Body=b"rotten")

    with pytest.raises(StoreError) as refusal:
        store.put(CONTENT)
    store.repair(CONTENT)

    assert refusal.value.problems[0].code == "object-damaged"
    assert store.get(DIGEST) == CONTENT
    assert len(versions(store)) == 2


def test_refusals_of_the_store_have_codes() -> None:
    """A bucket without Object Lock, a key that is wrong."""
    server = servers.shared("seaweedfs")["endpoint"]
    name = f"plain-{uuid.uuid4()}"
    buckets.client().create_bucket(Bucket=name)
    nowhere = S3Objects(Bucket(name, "", server), Keys("admin", "admin-secret"), buckets.in_an_hour)
    stranger = S3Objects(Bucket(buckets.NAME, "", server), Keys("app", "wrong"), buckets.in_an_hour)

    for store, code in ((nowhere, "bucket-without-lock"), (stranger, "objects-refused")):
        with pytest.raises(StoreError) as refusal:
            store.put(CONTENT)
        assert refusal.value.problems[0].code == code


def test_a_bucket_that_is_not_there_is_told_as_such() -> None:
    """Not as a missing object."""
    server = servers.shared("seaweedfs")["endpoint"]
    nowhere = S3Objects(Bucket("no-such-bucket", "", server), Keys("admin", "admin-secret"), buckets.in_an_hour)

    with pytest.raises(StoreError) as refusal:
        nowhere.get(DIGEST)

    assert refusal.value.problems[0].code == "bucket-missing"


def test_a_packet_is_signed_on_s3_and_locked_until_ten_years_after_its_agreement() -> None:
    """The ceremony on a real bucket; then the locks are extended from the default, once, and never shortened."""
    world = build_world(2)
    store = buckets.new_store()
    sample = world.first("current")
    services = compose(world.services.settings, world.clock, world.services.database, store, keys())
    world.services = services
    world.finish(sample, before_step=3)
    desk = LockDesk(services.database, services.retention)

    count = desk.extend(store)

    end = sample.aco.agreement.end_date
    assert count >= 4
    assert desk.extend(store) == 0
    assert {store.retained_until(one) for one in desk.dates()} == {
        datetime(end.year + 10, end.month, end.day, 23, 59, 59, tzinfo=AGENCY_ZONE)
    }
    assert services.checker.run().problems == []
    services.database.close()


def test_stores_are_opened_by_their_address(tmp_path: Path) -> None:
    """Both kinds, with their options; anything else is refused at the start."""
    access = Access("app", "app-secret", buckets.in_an_hour)

    assert isinstance(open_store(f"file://{tmp_path}/objects", access), FileObjects)
    assert open_store("s3://esm/here?endpoint=http://127.0.0.1:1&lock=none", access)._bucket == Bucket(  # type: ignore[attr-defined]
        "esm", "here/", "http://127.0.0.1:1", "us-east-1", locks=False
    )
    for url in (
        "ftp://here",
        "s3://",
        "s3://esm?lock=governance",
        "s3://esm?endpiont=x",
        "file://host/x",
        "file:///x?mode=rw",
    ):
        with pytest.raises(InputError) as refusal:
            open_store(url, access)
        assert refusal.value.problems[0].code == "objects-url-invalid"
