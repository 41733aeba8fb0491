"""The object store on S3: a conditional write with a checksum and a lock, read back before it counts.

An object is written only where none is (`If-None-Match: *`), with its SHA-256 for the server to compare, and locked in compliance
mode: until its date, no key of the bucket deletes that version or shortens the lock (42 CFR 425.314 wants ten years from the end
of the agreement). A lock is extended and never shortened. What it is worth depends on who runs the store: docs/operations.md.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)

from packets.errors import NotFoundError, Problem, StoreError
from packets.store.objects import checked, damaged, digest_bytes, digest_file, missing
from packets.store.objects_tls import explain_tls

CONNECT_SECONDS, ANSWER_SECONDS, TRIES = 3, 10, 3
PIECE = 1024 * 1024
ABSENT, THERE, RACED = {"NoSuchKey", "404"}, {"PreconditionFailed", "412"}, {"ConditionalRequestConflict", "409"}
REFUSED = {"AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
REFUSALS = {
    "AccessDenied": ("The object store refuses this key.", "Give the key the rights that it needs."),
    "InvalidAccessKeyId": (
        "The object store refuses this key, which it does not know.",
        "Correct the access key.",
    ),
    "SignatureDoesNotMatch": (
        "The object store refuses this key, because the secret is another one.",
        "Correct the secret of the access key.",
    ),
}
NO_BUCKET = "NoSuchBucket"
CLOCK = {"RequestTimeTooSkewed"}
PROBES = "probe"
"""Under this beginning lies what is put to see whether the store works: no object, and nothing that a record names."""

BROKEN_OFF = (IncompleteReadError, ResponseStreamingError, HTTPClientError)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where objects are.

    Attributes:
        name: of the bucket.
        prefix: the beginning of the objects' keys.
        endpoint: address of the server; None means AWS.
        region: where the bucket is.
        locks: whether the bucket locks objects.
        ca: PEM file with the authorities that vouch for the server; None means the public ones.
        ca_variable: the setting that names this file.
    """

    name: str
    prefix: str = ""
    endpoint: str | None = None
    region: str = "us-east-1"
    locks: bool = True
    ca: Path | None = None
    ca_variable: str = "ESM_OBJECTS_CA"


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key and its secret; empty ones leave it to the machine's own role."""

    access_key: str = ""
    secret_key: str = ""


class S3Objects:
    """Objects under `prefix/ab/abcdef…` in a bucket. One may be shared by threads."""

    def __init__(self, bucket: Bucket, keys: Keys, locked_until: Callable[[], datetime]) -> None:
        """`locked_until` says until when a new object is locked; `retain` extends that when more is known."""
        self._bucket = bucket
        self._locked_until = locked_until
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=bucket.endpoint,
            region_name=bucket.region,
            verify=str(bucket.ca) if bucket.ca else None,
            aws_access_key_id=keys.access_key or None,
            aws_secret_access_key=keys.secret_key or None,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=ANSWER_SECONDS,
                retries={"mode": "standard", "total_max_attempts": TRIES},
                s3={"addressing_style": "path"} if bucket.endpoint else {},
            ),
        )

    def put(self, content: bytes) -> str:
        """Store the bytes and read them back; answer their digest. Where they are already, nothing is written.

        Raises:
            StoreError: the bytes are not there, whole and right.
        """
        digest = digest_bytes(content)
        self._write(digest, content, only_new=True)
        self._read_back(digest)
        return digest

    def put_file(self, path: Path) -> str:
        """Store the bytes of a file of up to 5 GB as `put` does.

        Raises:
            StoreError: the bytes are not there, whole and right.
        """
        digest = digest_file(path)
        with path.open("rb") as content:
            self._write(digest, content, only_new=True)
        self._read_back(digest)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes with that digest; their digest is checked on every read.

        Raises:
            NotFoundError: there are none.
            StoreError: the store cannot be reached, or returns something else.
        """
        return checked(self._read(digest), digest)

    def repair(self, content: bytes) -> str:
        """Put a new version over one that no longer has its digest; the old version stays under its lock.

        Raises:
            StoreError: the bytes are not there, whole and right.
        """
        digest = digest_bytes(content)
        self._write(digest, content, only_new=False)
        self._read_back(digest)
        return digest

    def retain(self, digest: str, until: datetime) -> bool:
        """Lock an object until a date at least. False when it was locked for as long already.

        Raises:
            NotFoundError: there is no such object.
            StoreError: the key may not, or the store cannot be reached.
        """
        if not self._bucket.locks or self.retained_until(digest) >= until:
            return False
        retention = {"Mode": "COMPLIANCE", "RetainUntilDate": until}
        with self._refusals(digest):
            self._client.put_object_retention(**self._object(digest), Retention=retention)
        return True

    def retained_until(self, digest: str) -> datetime:
        """Until when an object is locked.

        Raises:
            NotFoundError: there is no such object.
        """
        with self._refusals(digest):
            found: datetime = self._client.get_object_retention(**self._object(digest))["Retention"]["RetainUntilDate"]
        return found

    def hold(self, digest: str, *, held: bool) -> None:
        """Set or lift a legal hold, which no date ends. The service's own key must not be able to; a records officer's is.

        Raises:
            StoreError: the key may not.
        """
        with self._refusals(digest):
            self._client.put_object_legal_hold(**self._object(digest), LegalHold={"Status": "ON" if held else "OFF"})

    def lock_end(self, digest: str) -> datetime | None:
        """Until when the newest version is locked; None when the bucket locks nothing, or there is no such object.

        Raises:
            StoreError: the store cannot be reached, or the key may not.
        """
        if not self._bucket.locks:
            return None
        try:
            return self.retained_until(digest)
        except NotFoundError:
            return None

    def remove(self, digest: str) -> None:
        """Remove every version of an object, and the marks of versions that were removed before.

        Raises:
            StoreError: a version is locked or held, the key may not, or the store cannot be reached.
        """
        name, key = self._bucket.name, self._object(digest)["Key"]
        with self._refusals(digest):
            for page in self._client.get_paginator("list_object_versions").paginate(Bucket=name, Prefix=key):
                for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    if one["Key"] == key:
                        self._client.delete_object(Bucket=name, Key=key, VersionId=one["VersionId"])

    def probe(self, content: bytes) -> bool:
        """Put bytes beside the objects, without a lock, read them back and remove them.

        Raises:
            StoreError: they could not be written, or did not come back as they were.
        """
        digest = digest_bytes(content)
        place = {"Bucket": self._bucket.name, "Key": f"{self._bucket.prefix}{PROBES}/{secrets.token_hex(8)}"}
        with self._refusals(digest):
            put = self._client.put_object(**place, Body=content, IfNoneMatch="*", ChecksumSHA256=_checksum(digest))
            version = {"VersionId": put["VersionId"]} if put.get("VersionId") else {}
            answer: bytes = self._client.get_object(**place, **version)["Body"].read()
        checked(answer, digest)
        with suppress(ClientError):  # the service's own key need not be able to remove anything
            self._client.delete_object(**place, **version)
            return True
        return False

    def require_lock(self) -> None:
        """Announce an object under a lock, and take it back before it is there: no right to read settings is needed.

        Raises:
            StoreError: there is no bucket, it locks nothing, the key may not, or the store cannot be reached.
        """
        self._require_bucket()
        if not self._bucket.locks:
            return
        place = {"Bucket": self._bucket.name, "Key": f"{self._bucket.prefix}{PROBES}/{secrets.token_hex(8)}"}
        lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": self._locked_until()}
        with self._refusals(place["Key"]):
            upload = self._client.create_multipart_upload(**place, **lock)["UploadId"]
        with suppress(ClientError):
            self._client.abort_multipart_upload(**place, UploadId=upload)

    def _require_bucket(self) -> None:
        """Ask for the bucket before anything is put: some stores make one that is missing. Who may not ask goes on."""
        with self._refusals(self._bucket.name):
            try:
                self._client.head_bucket(Bucket=self._bucket.name)
            except ClientError as error:
                if _code(error) in {"404", NO_BUCKET}:
                    raise self._no_bucket() from error

    def _no_bucket(self) -> StoreError:
        return StoreError(
            Problem("bucket-missing", "There is no such bucket.", "Make it, with Object Lock.", self._bucket.name)
        )

    def _write(self, digest: str, content: bytes | IO[bytes], *, only_new: bool) -> None:
        options: dict[str, Any] = {"ChecksumSHA256": _checksum(digest)}
        if only_new:
            options["IfNoneMatch"] = "*"
        if self._bucket.locks:
            options |= {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": self._locked_until()}
        with self._refusals(digest):
            try:
                self._client.put_object(**self._object(digest), Body=content, **options)
            except ClientError as error:
                if _code(error) not in THERE | RACED:
                    raise

    def _read_back(self, digest: str) -> None:
        """Whether what was accepted is there: an answer to a write proves nothing yet."""
        try:
            self.get(digest)
        except NotFoundError as error:
            raise StoreError(error.problems) from error

    def _read(self, digest: str) -> bytes:
        with self._refusals(digest):
            for turn in range(TRIES):
                try:
                    answer: bytes = self._client.get_object(**self._object(digest))["Body"].read()
                except BROKEN_OFF:
                    if turn == TRIES - 1:
                        raise
                else:
                    return answer
        raise missing(digest)

    def _object(self, digest: str) -> dict[str, str]:
        return {"Bucket": self._bucket.name, "Key": f"{self._bucket.prefix}{digest[:2]}/{digest}"}

    @contextmanager
    def _refusals(self, digest: str) -> Iterator[None]:
        """What the store refuses, in our words."""
        try:
            yield
        except ClientError as error:
            raise self._told(error, digest) from error
        except FlexibleChecksumError as error:
            raise damaged(digest) from error
        except (BotoCoreError, Boto3Error) as error:
            away = Problem(
                "objects-away", "The object store cannot be reached, or broke off.", "Try again in a minute.", digest
            )
            problem = explain_tls(error, self._client.meta.endpoint_url, self._bucket.ca_variable)
            raise StoreError(problem or away) from error

    def _told(self, error: ClientError, digest: str) -> NotFoundError | StoreError:
        code = _code(error)
        if code in ABSENT:
            return missing(digest)
        if code == NO_BUCKET or (code in {"InvalidRequest", *REFUSED} and self._is_bucket_missing()):
            return self._no_bucket()
        if code == "InvalidRequest" and self._bucket.locks:
            remedy = "Make the bucket with Object Lock, or say lock=none in its address."
            return StoreError(Problem("bucket-without-lock", "The bucket locks no objects.", remedy, self._bucket.name))
        if code in CLOCK:
            sentence = "The object store does not talk to this machine, because its clock is off."
            return StoreError(Problem("objects-clock", sentence, "Set the clock, and keep it with NTP or PTP.", digest))
        if code in REFUSED:
            sentence, remedy = REFUSALS.get(code, REFUSALS["AccessDenied"])
            return StoreError(Problem("objects-refused", sentence, remedy, digest))
        return StoreError(
            Problem(
                "object-not-stored", f"The object store answers {code}.", "Look at the store, then try again.", digest
            )
        )

    def _is_bucket_missing(self) -> bool:
        """Ask for the bucket itself: some stores refuse the key, or the lock, where there is none."""
        try:
            self._client.head_bucket(Bucket=self._bucket.name)
        except ClientError as error:
            return _code(error) in {"404", "NoSuchBucket"}
        except (BotoCoreError, Boto3Error):
            pass
        return False


def _checksum(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
