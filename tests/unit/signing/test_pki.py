"""Keys and certificates: made whole or not at all, opened only when they belong together."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from signed_files import NOW, PASSPHRASE, keys, keys_folder
from signing.errors import PkiError
from signing.oids import SEAL_POLICY, TIMESTAMP_POLICY
from signing.pki import init_pki, load_pki
from signing.trust import read_trust


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the session's keys, to be spoilt."""
    return Path(shutil.copytree(keys_folder(), tmp_path / "pki"))


def codes(error: pytest.ExceptionInfo[PkiError]) -> list[str]:
    """The codes of a refusal's problems."""
    return [problem.code for problem in error.value.problems]


def test_only_the_owner_can_read_the_keys() -> None:
    """Every file has mode 0600, the folder 0700."""
    assert keys_folder().stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in keys_folder().iterdir()} == {0o600}


def test_private_keys_are_encrypted() -> None:
    """No key lies in the clear."""
    for path in keys_folder().glob("*.key"):
        assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_existing_keys_are_never_overwritten(folder: Path) -> None:
    """A second `init` refuses and leaves every byte."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(PkiError) as error:
        init_pki(folder, PASSPHRASE, NOW, sample=False)
    assert codes(error) == ["pki-exists"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_empty_passphrase_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    """No keys are made without a passphrase."""
    with pytest.raises(PkiError) as error:
        init_pki(tmp_path / "pki", " ", NOW, sample=False)
    assert codes(error) == ["pki-passphrase-missing"]
    assert list(tmp_path.iterdir()) == []


def test_the_roots_key_may_be_put_elsewhere_from_the_start(tmp_path: Path) -> None:
    """The folder never holds it, works without it, and nobody but its owner can read the file."""
    elsewhere = tmp_path / "medium.key"
    init_pki(tmp_path / "pki", PASSPHRASE, NOW, sample=True, root_key=elsewhere)
    assert not (tmp_path / "pki" / "root.key").exists()
    assert elsewhere.stat().st_mode & 0o777 == 0o600
    root = serialization.load_pem_private_key(elsewhere.read_bytes(), PASSPHRASE.encode())
    assert root.public_key() == load_pki(tmp_path / "pki", PASSPHRASE).root.public_key()


def test_the_roots_key_is_put_over_no_file(tmp_path: Path) -> None:
    """What is there stays, and no keys are made."""
    elsewhere = tmp_path / "medium.key"
    elsewhere.write_text("the key of another root", "utf-8")
    with pytest.raises(PkiError) as error:
        init_pki(tmp_path / "pki", PASSPHRASE, NOW, sample=True, root_key=elsewhere)
    assert codes(error) == ["root-key-exists"]
    assert elsewhere.read_text("utf-8") == "the key of another root"
    assert not (tmp_path / "pki").exists()


def test_a_roots_key_without_its_folder_is_not_left_behind(tmp_path: Path) -> None:
    """Where the folder cannot be made, the key that was put elsewhere is removed again."""
    (tmp_path / "closed").write_text("a file where the folder's parent should be", "utf-8")
    with pytest.raises(PkiError) as error:
        init_pki(tmp_path / "closed" / "pki", PASSPHRASE, NOW, sample=True, root_key=tmp_path / "medium.key")
    assert codes(error) == ["pki-unwritable"]
    assert not (tmp_path / "medium.key").exists()


def test_a_wrong_passphrase_names_every_key(folder: Path) -> None:
    """All keys that cannot be opened are told at once."""
    with pytest.raises(PkiError) as error:
        load_pki(folder, "another passphrase")
    assert [Path(problem.where).name for problem in error.value.problems] == ["issuing.key", "seal.key", "tsa.key"]


def test_every_missing_or_broken_file_is_named(folder: Path) -> None:
    """A missing certificate, a spoilt one and a spoilt list are told at once."""
    (folder / "root.pem").unlink()
    (folder / "seal.pem").write_bytes(b"nonsense")
    (folder / "root.crl").write_bytes(b"nonsense")
    with pytest.raises(PkiError) as error:
        load_pki(folder, PASSPHRASE)
    assert {Path(problem.where).name for problem in error.value.problems} == {"root.pem", "seal.pem", "root.crl"}


def test_keys_of_somebody_else_do_not_fit(folder: Path) -> None:
    """A seal from another folder is found out, though it opens."""
    for name in ("seal.key", "seal.pem"):
        shutil.copy(keys_folder("theirs") / name, folder / name)
    with pytest.raises(PkiError) as error:
        load_pki(folder, PASSPHRASE)
    assert codes(error) == ["pki-misfit"]


def test_a_key_that_is_not_of_its_certificate_does_not_fit(folder: Path) -> None:
    """Key and certificate are compared."""
    shutil.copy(keys_folder("theirs") / "tsa.key", folder / "tsa.key")
    with pytest.raises(PkiError) as error:
        load_pki(folder, PASSPHRASE)
    assert codes(error) == ["pki-misfit"]


def test_the_service_works_without_the_root_key(folder: Path) -> None:
    """The root's key can be taken off line."""
    (folder / "root.key").unlink()
    assert load_pki(folder, PASSPHRASE).root == keys().root


def test_each_certificate_has_its_own_purpose() -> None:
    """Seal and time-stamp carry their policies; only the latter may time-stamp, and nothing else (RFC 3161, 2.3)."""
    seal, stamp = keys().seal.certificate, keys().timestamps.certificate
    usage = stamp.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert usage.critical
    assert list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
    for certificate, policy in ((seal, SEAL_POLICY), (stamp, TIMESTAMP_POLICY)):
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
        assert [one.policy_identifier.dotted_string for one in policies] == [policy]


def test_sample_keys_say_so() -> None:
    """No certificate of a demonstration can be taken for a real one."""
    assert "(SAMPLE)" in keys().root.subject.rfc4514_string()


def test_time_stamps_outlive_the_records() -> None:
    """The authority's certificate lasts longer than ten years from any signature of its first years (42 CFR 425.314)."""
    assert keys().timestamps.certificate.not_valid_after_utc - NOW > timedelta(days=365 * 15)


def test_trust_is_read_from_pem_files(tmp_path: Path) -> None:
    """A verifier elsewhere needs the root alone; what cannot be read is named."""
    assert read_trust([keys_folder() / "trust.pem"]) == keys().trust
    with pytest.raises(PkiError) as error:
        read_trust([tmp_path / "missing.pem"], [keys_folder() / "seal.key"])
    assert codes(error) == ["trust-unreadable", "trust-unreadable"]


def test_no_certificate_starts_after_the_list_that_clears_it() -> None:
    """Validators, EU DSS among them, set a revocation list aside that is older than the certificate."""
    pki = keys()
    root_list = x509.load_der_x509_crl(pki.root_list)
    issuing_list = x509.load_der_x509_crl(pki.authority.issue_revocation_list(NOW - timedelta(days=30)))
    cleared = [
        (pki.authority.certificate, root_list),
        (pki.timestamps.certificate, root_list),
        (pki.seal.certificate, issuing_list),
    ]
    assert all(one.not_valid_before_utc <= listed.last_update_utc for one, listed in cleared)
