"""Judges that are not ours look at every revision that the service makes (PAdES B-LT and B-LTA, EN 319 142-1)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import page
import pytest
from asn1crypto import cms

from packets.clock import system_clock
from signed_files import PASSPHRASE, Life, life, live
from signing.pades import SigningService
from signing.pki import init_pki, load_pki
from validators import check_openssl_cms, check_openssl_ts, check_pdfsig, check_qpdf, containers

EXPECTED_FINDINGS = {"PDFA2A-SIGNATURE-BYTERANGE-001"}
"""The checker wants each byte range to end at the end of the file, as only the newest signature's can (ISO 32000-1, 12.8.1)."""


@pytest.fixture(scope="module")
def root_pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of keys that are valid now, for judges that know no other time."""
    folder = tmp_path_factory.mktemp("now") / "pki"
    init_pki(folder, PASSPHRASE, system_clock() - timedelta(hours=1), sample=True)
    return folder / "trust.pem"


@pytest.fixture(scope="module")
def document(root_pem: Path) -> Life:
    """A document that was signed just now."""
    return live(SigningService(load_pki(root_pem.parent, PASSPHRASE), system_clock))


def test_qpdf_finds_every_revision_well_formed(document: Life, tmp_path: Path) -> None:
    """The syntax of each revision holds, cross-references included."""
    for revision in document.revisions:
        check_qpdf(revision, tmp_path)


def test_poppler_finds_every_signature_valid_and_trusted(document: Life, root_pem: Path, tmp_path: Path) -> None:
    """Poppler says that each signature of each revision is valid and its certificate trusted."""
    counts = [check_pdfsig(revision, root_pem, tmp_path) for revision in document.revisions[1:]]
    assert counts == [1, 2, 3, 4, 4]


def test_openssl_verifies_every_signature_as_cades(document: Life, root_pem: Path, tmp_path: Path) -> None:
    """OpenSSL verifies each container as CAdES against the root."""
    counts = [check_openssl_cms(revision, root_pem, tmp_path) for revision in document.revisions[1:]]
    assert counts == [1, 2, 3, 4, 4]


def test_openssl_verifies_every_time_stamp(document: Life, root_pem: Path, tmp_path: Path) -> None:
    """OpenSSL verifies the token in each signature, and the archival time-stamp."""
    counts = [check_openssl_ts(revision, root_pem, tmp_path) for revision in document.revisions[1:]]
    assert counts == [1, 2, 3, 4, 5]


def test_openssl_rejects_a_changed_byte(document: Life, root_pem: Path, tmp_path: Path) -> None:
    """The check can fail: one changed byte of the first page is found."""
    place = document.closed.index(b"/MediaBox")
    changed = document.closed[:place] + b"/MediaBoy" + document.closed[place + 9 :]
    with pytest.raises(AssertionError):
        check_openssl_cms(changed, root_pem, tmp_path)


def test_poppler_does_not_trust_another_root(document: Life, tmp_path: Path) -> None:
    """The check can fail: with somebody else's root no certificate is trusted."""
    init_pki(tmp_path / "other", PASSPHRASE, system_clock(), sample=True)
    with pytest.raises(AssertionError):
        check_pdfsig(document.closed, tmp_path / "other" / "trust.pem", tmp_path)


def test_every_revision_stays_archival_and_accessible(document: Life) -> None:
    """PDF/A-2a and PDF/UA-1 hold from the draft to the closed file."""
    for revision in document.revisions:
        for profile in (page.ValidationProfile.PDF_A_2A, page.ValidationProfile.PDF_UA_1):
            report = page.validate_pdf_bytes(revision, profile=profile)
            assert {one.rule_id for one in report.failures} <= EXPECTED_FINDINGS, report.failures


def test_every_revision_is_a_prefix_of_the_next(document: Life) -> None:
    """Nothing that was ever seen is rewritten."""
    pairs = zip(document.revisions, document.revisions[1:], strict=False)
    assert all(later.startswith(earlier) and len(later) > len(earlier) for earlier, later in pairs)


def test_containers_hold_the_baseline_attributes_only() -> None:
    """PAdES forbids the signing-time attribute and demands the certificate's digest (EN 319 142-1, 6.3)."""
    for container in containers(life().closed):
        if container.is_timestamp:
            continue
        signer = cms.ContentInfo.load(container.der)["content"]["signer_infos"][0]
        kinds = {one["type"].native for one in signer["signed_attrs"]}
        assert kinds == {"content_type", "message_digest", "signing_certificate_v2"}
