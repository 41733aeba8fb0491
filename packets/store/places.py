"""Object stores by their address: a folder of local files, or a bucket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from packets.errors import InputError, Problem
from packets.store.objects import MendableStore
from packets.store.objects_files import FileObjects
from packets.store.objects_tls import require_authorities

LOCKS = {"": True, "compliance": True, "none": False}


@dataclass(frozen=True, slots=True)
class Access:
    """What a store needs beside its address: keys, until when a new object is locked, and authorities that vouch for it."""

    access_key: str
    secret_key: str
    locked_until: Callable[[], datetime]
    ca: Path | None = None


def open_store(url: str, access: Access, variable: str = "ESM_OBJECTS_URL") -> MendableStore:
    """The store at an address.

    `file:///FOLDER[?mode=ro]` is a folder; `s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME&lock=none]` is a bucket. `lock=none`
    is for buckets without Object Lock.

    Raises:
        InputError: the address is neither, the library for S3 is not installed, or the file of authorities has none.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme == "file" and not parts.netloc and set(options) <= {"mode"} and options.get("mode", "ro") == "ro":
        return FileObjects(Path(unquote(parts.path)), read_only="mode" in options)
    known = set(options) <= {"endpoint", "region", "lock"} and options.get("lock", "") in LOCKS
    if parts.scheme != "s3" or not parts.netloc or not known:
        remedy = "Use file:///FOLDER or s3://BUCKET/PREFIX?endpoint=URL&region=NAME."
        raise InputError(Problem("objects-url-invalid", "This is no address of an object store.", remedy, variable))
    return _bucket(parts.netloc, parts.path.strip("/"), options, access, variable)


def _bucket(name: str, prefix: str, options: dict[str, str], access: Access, variable: str) -> MendableStore:
    try:
        from packets.store.objects_s3 import Bucket, Keys, S3Objects
    except ImportError:
        remedy = "Install requirements/scaled.lock, or boto3."
        raise InputError(Problem("driver-missing", "The library for S3 is not installed.", remedy, variable)) from None
    ca_variable = variable.replace("_URL", "_CA")
    if access.ca is not None:
        require_authorities(access.ca, ca_variable)
    bucket = Bucket(
        name,
        f"{prefix}/" if prefix else "",
        options.get("endpoint"),
        options.get("region", "us-east-1"),
        LOCKS[options.get("lock", "")],
        access.ca,
        ca_variable,
    )
    return S3Objects(bucket, Keys(access.access_key, access.secret_key), access.locked_until)
