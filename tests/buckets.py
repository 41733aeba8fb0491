"""A bucket with Object Lock on the session's S3 server; each test has the beginning of its keys for itself."""

from __future__ import annotations

import fcntl
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from packets.store.objects_s3 import Bucket, Keys, S3Objects
from servers import shared

NAME = "esm"


def client(identity: str = "admin", endpoint: str | None = None) -> Any:
    """A client of the server for one of its identities: `app`, `records`, `admin`."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint or shared("seaweedfs")["endpoint"],
        aws_access_key_id=identity,
        aws_secret_access_key=f"{identity}-secret",
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 3, "mode": "standard"}),
    )


def new_store(
    identity: str = "app",
    *,
    prefix: str | None = None,
    endpoint: str | None = None,
    locked_until: Callable[[], datetime] | None = None,
) -> S3Objects:
    """A store of its own, or the one with a given prefix."""
    _make_bucket()
    server = endpoint or shared("seaweedfs")["endpoint"]
    bucket = Bucket(NAME, f"{uuid.uuid4()}/" if prefix is None else prefix, server)
    return S3Objects(bucket, Keys(identity, f"{identity}-secret"), locked_until or in_an_hour)


def in_an_hour() -> datetime:
    """How long the objects of most tests are locked."""
    return datetime.now(UTC) + timedelta(hours=1)  # noqa: TID251  the server compares with the real time


@cache
def _make_bucket() -> None:
    folder = Path(shared("seaweedfs")["folder"])
    with (folder / "bucket.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        admin = client()
        try:
            admin.head_bucket(Bucket=NAME)
        except ClientError:
            admin.create_bucket(Bucket=NAME, ObjectLockEnabledForBucket=True)
