"""What a file's newest archival time-stamp says, and when another one is worth a revision."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from signed_files import NOW, StillClock, document_type, draft, identity, keys, life
from signing.archival import Protection, find_protection
from signing.errors import SigningError
from signing.pades import SigningService
from signing.timestamps import LocalTimeStampAuthority, TimeStampSource, local_source
from signing.tokens import token_info
from signing.verify import verify_pdf

DECADE = timedelta(days=3650)
PRESENT = Protection("Archive_1", NOW, NOW + DECADE, "sha256")


def closed_again(digest: str, *, who: str = "ours") -> bytes:
    """The closed file with one more archival time-stamp, a year later."""
    clock = StillClock(NOW + timedelta(days=365))
    trust = replace(keys().trust, timestamp_roots=keys(who).trust.roots if who != "ours" else ())
    source = TimeStampSource([LocalTimeStampAuthority(keys(who).timestamps, clock)], trust, clock)
    return SigningService(keys(), clock, source, archival_digest=digest).close(life().closed)


def test_the_newest_archival_time_stamp_is_found() -> None:
    """Field, time, end of the authority's certificate and digest, before and after a renewal."""
    ends = keys().timestamps.certificate.not_valid_after_utc
    assert find_protection(life().closed) == Protection("Archive_1", NOW, ends, "sha256")
    assert find_protection(closed_again("sha512")) == Protection("Archive_2", NOW + timedelta(days=365), ends, "sha512")


@pytest.mark.parametrize("pdf", [b"", b"not a PDF", draft(), life().sealed, life().signed[-1]])
def test_a_file_that_is_not_closed_has_none(pdf: bytes) -> None:
    """Garbage, a draft, a sealed and a signed file are refused with one sentence."""
    with pytest.raises(SigningError) as error:
        find_protection(pdf)
    assert [one.code for one in error.value.problems] == ["not-closed"]


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_the_digest_may_grow_while_the_file_goes_on_passing(digest: str) -> None:
    """An archival time-stamp over each digest is accepted, and the token is signed over the same (RFC 5652, 5.4)."""
    pdf = closed_again(digest)
    verdict = verify_pdf(pdf, keys().trust, now=NOW + timedelta(days=400))
    assert verdict.passed, verdict.problems
    assert find_protection(pdf).digest == digest

    token = asyncio.run(
        local_source(keys(), StillClock()).async_timestamp(hashlib.new(digest, b"these bytes").digest(), digest)
    )
    assert token_info(token)["message_imprint"]["hash_algorithm"]["algorithm"].native == digest
    assert token["content"]["signer_infos"][0]["digest_algorithm"]["algorithm"].native == digest


@pytest.mark.parametrize(
    ("other", "worth"),
    [
        (PRESENT, False),
        (replace(PRESENT, at=NOW + DECADE), False),
        (replace(PRESENT, ends_at=NOW + DECADE - timedelta(seconds=1)), False),
        (replace(PRESENT, ends_at=NOW + DECADE + timedelta(seconds=1)), True),
        (replace(PRESENT, digest="sha384"), True),
        (replace(PRESENT, digest="sha512", ends_at=NOW), True),
    ],
)
def test_a_time_stamp_is_worth_a_revision_when_it_holds_longer_or_is_stronger(
    other: Protection, *, worth: bool
) -> None:
    """Later alone is no gain."""
    assert PRESENT.outlasted_by(other) is worth


def test_only_a_lower_digest_is_weaker() -> None:
    """SHA-256 is weaker than SHA-512 and not than itself."""
    strong = replace(PRESENT, digest="sha512")
    assert PRESENT.is_weaker_than("sha512")
    assert not PRESENT.is_weaker_than("sha256")
    assert not strong.is_weaker_than("sha256")


def test_the_service_trusts_the_authorities_that_it_asks() -> None:
    """With an independent authority its own verifier passes what it makes; one that trusts our root alone does not."""
    clock, slot = StillClock(), document_type().slots[0]
    trust = replace(keys().trust, timestamp_roots=keys("independent").trust.roots)
    source = TimeStampSource([LocalTimeStampAuthority(keys("independent").timestamps, clock)], trust, clock)
    signing = SigningService(keys(), clock, source)
    made = signing.sign(life().sealed, slot=slot, identity=identity(slot), viewed_digest=None)
    assert signing.trust == trust
    assert signing.verify_own(made.pdf).passed
    assert not verify_pdf(made.pdf, keys().trust, now=NOW).passed


def test_a_file_can_be_renewed_by_another_authority() -> None:
    """Closed by our own, renewed by an independent one: the newest is public, and the whole file passes."""
    trust = replace(keys().trust, timestamp_roots=keys("independent").trust.roots)
    verdict = verify_pdf(closed_again("sha256", who="independent"), trust, now=NOW + timedelta(days=400))
    assert verdict.passed, verdict.problems
    assert [one.trust for one in verdict.signatures if one.kind == "timestamp"] == ["local", "public"]
