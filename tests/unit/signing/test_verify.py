"""Verdicts on files that are as they should be, today and decades later."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY

from packets.model.people import Role
from signed_files import NOW, PASSPHRASE, StillClock, document_type, identity, keys, life, live, service
from signing.identity import RevokedCertificate
from signing.pades import SigningService
from signing.pki import init_pki, load_pki
from signing.timestamps import LocalTimeStampAuthority, TimeStampSource
from signing.trust import Expected, ExpectedSigner, Trust
from signing.verdict import Indication, Verdict
from signing.verify import verify_pdf

PEOPLE = tuple(
    ExpectedSigner(slot.name, identity(slot, place).user_id, slot.roles)
    for place, slot in enumerate(document_type().slots)
)
LEDGER = Expected(
    digest=hashlib.sha256(life().closed).hexdigest(), aco_id="A1234", performance_year=2027, signers=PEOPLE, closed=True
)


def judge(pdf: bytes, expected: Expected | None = None, *, trust: Trust | None = None, now: datetime = NOW) -> Verdict:
    """The verdict at a time."""
    return verify_pdf(pdf, trust or keys().trust, expected=expected, now=now)


def test_every_revision_passes() -> None:
    """Sealed, signed by one, two, three, closed: each is good as it stands."""
    for revision in life().revisions[1:]:
        verdict = judge(revision)
        assert verdict.passed, verdict.problems
        assert verdict.signatures[-1].covers_whole_file


def test_the_verdict_names_seal_people_and_time_stamp() -> None:
    """Who, as what, for whom, when, at which level: all from the file alone."""
    verdict = judge(life().closed, LEDGER)
    assert [one.kind for one in verdict.signatures] == ["seal", "signer", "signer", "signer", "timestamp"]
    requestor = verdict.signatures[1]
    assert (requestor.user_id, requestor.role, requestor.aco_id) == ("QA00", Role.DUA_REQUESTOR, "A1234")
    assert (requestor.performance_year, requestor.signed_at, requestor.level) == (2027, NOW, "B-LTA")
    assert verdict.digest == LEDGER.digest


def test_local_time_is_said_to_be_local() -> None:
    """When only our own authority vouches for the time, the verdict says so (DESIGN 5)."""
    verdict = judge(life().closed)
    assert {one.trust for one in verdict.signatures} == {"local"}
    assert "own authority only" in verdict.sentence


def test_levels_follow_what_the_file_carries() -> None:
    """B-LT before the archival time-stamp, B-LTA after it."""
    assert {one.level for one in judge(life().signed[0]).signatures} == {"B-LT"}
    assert [one.level for one in judge(life().closed).signatures] == ["B-LTA"] * 4 + [""]


@pytest.mark.parametrize("years", [0.1, 1, 4, 6, 10, 19])
def test_signatures_hold_long_after_their_certificates(years: float) -> None:
    """Ten minutes of certificate, decades of signature: closed or not, nothing is fetched."""
    later = NOW + timedelta(days=365 * years)
    for revision in life().revisions[1:]:
        assert judge(revision, now=later).passed


def test_a_renewed_file_outlives_the_first_time_stamp_authority(tmp_path: Path) -> None:
    """A later authority's archival time-stamp carries the file beyond the end of the first one's certificate."""
    renewed_at = NOW + timedelta(days=365 * 15)
    init_pki(tmp_path / "later", PASSPHRASE, renewed_at, sample=True)
    later = load_pki(tmp_path / "later", PASSPHRASE)
    trust = replace(keys().trust, timestamp_roots=later.trust.roots)
    clock = StillClock(renewed_at)
    source = TimeStampSource([LocalTimeStampAuthority(later.timestamps, clock)], trust, clock)
    renewed = SigningService(keys(), clock, source).close(life().closed)
    verdict = judge(renewed, trust=trust, now=NOW + timedelta(days=365 * 25))
    assert verdict.passed, verdict.problems
    assert [(one.field, one.trust) for one in verdict.signatures][-2:] == [
        ("Archive_1", "local"),
        ("Archive_2", "public"),
    ]
    assert verdict.signatures[0].signed_at == NOW


def test_an_ended_authority_leaves_the_file_undecided() -> None:
    """Without renewal nothing can be proved after the time-stamp authority's end: not failed, not passed."""
    verdict = judge(life().closed, now=NOW + timedelta(days=365 * 21))
    assert verdict.overall is Indication.INDETERMINATE


def test_a_file_from_the_future_is_undecided() -> None:
    """A time-stamp later than now proves nothing now."""
    assert judge(life().closed, now=NOW - timedelta(minutes=11)).overall is Indication.INDETERMINATE


def test_a_revoked_seal_seals_nothing_more() -> None:
    """A key found compromised is put on a list; what it sealed afterwards does not pass, however old its own list."""
    revoked = replace(
        keys().authority, revoked=(RevokedCertificate(keys().seal.certificate.serial_number, NOW - timedelta(days=2)),)
    )
    trust = replace(keys().trust, revocation_lists=(revoked.issue_revocation_list(NOW + timedelta(days=1)),))
    verdict = judge(life().closed, trust=trust, now=NOW + timedelta(days=2))
    assert not verdict.passed
    assert verdict.signatures[0].sub_indication.startswith("REVOKED")


def test_what_was_sealed_before_the_revocation_still_holds() -> None:
    """The time-stamp shows that the seal is older than the revocation."""
    after = RevokedCertificate(keys().seal.certificate.serial_number, NOW + timedelta(days=1))
    listed = replace(keys().authority, revoked=(after,)).issue_revocation_list(NOW + timedelta(days=2))
    assert judge(
        life().closed, trust=replace(keys().trust, revocation_lists=(listed,)), now=NOW + timedelta(days=3)
    ).passed


@pytest.mark.parametrize(
    ("expected", "where"),
    [
        (replace(LEDGER, digest="0" * 64), ""),
        (replace(LEDGER, aco_id="A9999"), "Requestor_16"),
        (replace(LEDGER, performance_year=2028), "Requestor_16"),
        (replace(LEDGER, closed=False), ""),
        (replace(LEDGER, signers=PEOPLE[:2]), "CMS_20"),
        (replace(LEDGER, signers=(*PEOPLE, ExpectedSigner("Witness"))), "Witness"),
        (replace(LEDGER, signers=(replace(PEOPLE[0], user_id="QA99"), *PEOPLE[1:])), "Requestor_16"),
        (replace(LEDGER, signers=(replace(PEOPLE[0], roles=(Role.ACO_EXECUTIVE,)), *PEOPLE[1:])), "Requestor_16"),
    ],
    ids=["digest", "aco", "year", "closed", "slot-too-many", "slot-too-few", "person", "role"],
)
def test_a_file_that_is_not_as_the_ledger_says_fails(expected: Expected, where: str) -> None:
    """Digest, ACO, year, closing, slots, people and roles are compared with the ledger."""
    verdict = judge(life().closed, expected)
    assert verdict.overall is Indication.FAILED
    assert where in {problem.where for problem in verdict.problems}


def test_an_older_genuine_revision_is_not_the_one_in_the_ledger() -> None:
    """Rolling a file back to before a signature is found by its digest and by the missing signature."""
    assert judge(life().signed[0]).passed
    assert judge(life().signed[0], Expected(digest=LEDGER.digest)).overall is Indication.FAILED
    assert judge(life().signed[0], Expected(signers=PEOPLE)).overall is Indication.FAILED


def test_clocks_of_two_honest_authorities_may_differ() -> None:
    """A few minutes backwards are two clocks, not a lie; just as a few minutes ahead of ours."""
    slot = document_type().slots[0]
    made = service(StillClock(NOW - timedelta(minutes=4))).sign(
        life().sealed, slot=slot, identity=identity(slot), viewed_digest=None
    )
    assert judge(made.pdf).passed
    assert judge(life().closed, now=NOW - timedelta(minutes=4)).passed


def test_times_that_run_backwards_are_not_believed() -> None:
    """A signature that claims to be older than the seal below it leaves the file undecided."""
    earlier = service(StillClock(NOW - timedelta(minutes=11)))
    slot = document_type().slots[0]
    made = earlier.sign(life().sealed, slot=slot, identity=identity(slot), viewed_digest=None)
    verdict = judge(made.pdf)
    assert (verdict.overall, verdict.sub_indication) == (Indication.INDETERMINATE, "TIMESTAMP_ORDER_FAILURE")


def test_pyhankos_own_analysis_of_changes_agrees() -> None:
    """Ours is faster and stricter, and clears nothing that pyHanko's does not."""
    for signature in PdfFileReader(BytesIO(life().closed)).embedded_signatures:
        signature.compute_integrity_info(diff_policy=DEFAULT_DIFF_POLICY)
        assert signature.summarise_integrity_info()["docmdp_ok"]


def test_a_later_life_with_the_same_keys_passes_too() -> None:
    """Years after the keys were made, documents are signed as on the first day."""
    later = NOW + timedelta(days=365 * 3)
    assert judge(live(service(StillClock(later))).closed, now=later).passed
