"""Judges that are not ours: poppler's pdfsig, OpenSSL and qpdf look at signed files, each with its own reader.

Each check raises `AssertionError` with what the judge said. A judge that is not installed is a failure, never a skip.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asn1crypto import cms, parser

SECONDS = 120
SIGNED = re.compile(rb"/ByteRange ?\[ ?(\d+) (\d+) (\d+) (\d+) *\]")
NOT_SIGNED, NOT_IMPLEMENTED = "is not signed", "has not yet been verified"


@dataclass(frozen=True, slots=True)
class Container:
    """One signature container, cut out of a file without a PDF library.

    Attributes:
        signed: the bytes that it signs.
        der: its CMS, without padding.
    """

    signed: bytes
    der: bytes

    @property
    def is_timestamp(self) -> bool:
        """Whether it is a time-stamp token rather than a signature."""
        kind = cms.ContentInfo.load(self.der)["content"]["encap_content_info"]["content_type"].native
        return bool(kind == "tst_info")

    @property
    def signature(self) -> bytes:
        """The signature value, over which the time-stamp was made."""
        value: bytes = self._signer["signature"].native
        return value

    @property
    def token(self) -> bytes:
        """The signature's time-stamp token, DER."""
        found = [one for one in self._signer["unsigned_attrs"] if one["type"].native == "signature_time_stamp_token"]
        encoded: bytes = found[0]["values"][0].dump()
        return encoded

    @property
    def time(self) -> datetime:
        """The time in the signature's time-stamp."""
        token = cms.ContentInfo.load(self.token)
        time: datetime = token["content"]["encap_content_info"]["content"].parsed["gen_time"].native
        return time

    @property
    def _signer(self) -> cms.SignerInfo:
        return cms.ContentInfo.load(self.der)["content"]["signer_infos"][0]


def containers(pdf: bytes) -> list[Container]:
    """Every signature container of a file, in the order of their byte ranges."""
    ranges = sorted({tuple(int(one) for one in found) for found in SIGNED.findall(pdf)}, key=lambda one: one[2])
    return [_container(pdf, one) for one in ranges]


def check_qpdf(pdf: bytes, folder: Path) -> None:
    """The syntax of all revisions is right, by qpdf."""
    result = _run("qpdf", "--check", _file(folder, "file.pdf", pdf))
    assert result.returncode == 0, result.stdout + result.stderr


def check_pdfsig(pdf: bytes, root_pem: Path, folder: Path) -> int:
    """Every signature is valid and trusted, by poppler with the root in a store of its own; their number.

    Poppler judges certificates as of now, so the signers' certificates must not have expired yet. It does not implement
    archival time-stamps: those are left to OpenSSL.
    """
    result = _run("pdfsig", "-nssdir", f"sql:{_trust_store(root_pem, folder)}", _file(folder, "file.pdf", pdf))
    reports = [one for one in result.stdout.split("Signature #")[1:] if NOT_SIGNED not in one]
    found = containers(pdf)
    people = [one for one in found if not one.is_timestamp]
    assert people, "the file carries no signature"
    assert len(reports) == len(found), result.stdout + result.stderr
    judged = [one for one in reports if "Signature is Valid." in one and "Certificate is Trusted." in one]
    unjudged = [one for one in reports if NOT_IMPLEMENTED in one]
    assert len(judged) == len(people), result.stdout
    assert len(judged) + len(unjudged) == len(reports), result.stdout
    return len(judged)


def check_openssl_cms(pdf: bytes, root_pem: Path, folder: Path) -> int:
    """Every signature verifies as CAdES at the time of its time-stamp, by OpenSSL; their number."""
    found = [one for one in containers(pdf) if not one.is_timestamp]
    assert found, "the file carries no signature"
    for container in found:
        paths = _file(folder, "signature.p7s", container.der), _file(folder, "signed.bin", container.signed)
        trust = ("-CAfile", str(root_pem), "-purpose", "any", "-attime", str(int(container.time.timestamp())))
        result = _run(
            "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", paths[0], "-content", paths[1],
            *trust, "-out", str(folder / "content.out"),
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert "CAdES Verification successful" in result.stderr, result.stderr
    return len(found)


def check_openssl_ts(pdf: bytes, root_pem: Path, folder: Path) -> int:
    """Every time-stamp token, in a signature or archival, verifies, by OpenSSL; their number."""
    stamped = [(one.der, one.signed) if one.is_timestamp else (one.token, one.signature) for one in containers(pdf)]
    assert stamped, "the file carries no time-stamp"
    for token, data in stamped:
        paths = _file(folder, "token.der", token), _file(folder, "stamped.bin", data)
        result = _run(
            "openssl", "ts", "-verify", "-token_in", "-in", paths[0], "-data", paths[1], "-CAfile", str(root_pem)
        )
        assert "Verification: OK" in result.stdout + result.stderr, result.stdout + result.stderr
    return len(stamped)


def _container(pdf: bytes, ranges: Sequence[int]) -> Container:
    start, first, second, length = ranges
    content = bytes.fromhex(pdf[start + first + 1 : second - 1].decode("ascii"))
    return Container(pdf[start : start + first] + pdf[second : second + length], content[: parser.peek(content)])


def _trust_store(root_pem: Path, folder: Path) -> Path:
    store = folder / "nss"
    if not store.exists():
        store.mkdir()
        for arguments in (("-N", "--empty-password"), ("-A", "-n", "root", "-t", "CT,CT,CT", "-i", str(root_pem))):
            result = _run("certutil", arguments[0], "-d", f"sql:{store}", *arguments[1:])
            assert result.returncode == 0, result.stderr
    return store


def _file(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which(program) is None:
        raise AssertionError(f"{program} is not installed: run make tools")
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
    )
