"""The service's own keys in a hardware module: issuing authority, seal, time-stamps; from `esm pki init` to closed files."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from packets.errors import PacketsError
from packets.settings import Settings, load_settings
from packets.store.database import IN_MEMORY, Database
from packets.store.objects import MemoryObjects
from signed_files import StillClock, live
from signing.errors import PkiError, SigningError
from signing.pki import OPENED, load_pki
from signing.sources.held_private_key import HeldPrivateKey
from signing.sources.socket_client import SocketKey
from signing.verify import verify_pdf
from tokens import Token, make_token, running
from validators import check_openssl_cms, check_openssl_ts
from web.bootstrap import Services, build_services, compose, upgrade_folder
from web.cli import esm
from web.kept_secrets import find_secret
from web.keys import key_holder

LABELS = ("authority-1", "seal-1", "stamps-1", "seal-2")
HELD = {"issuing": "authority-1", "seal": "seal-1", "tsa": "stamps-1"}


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    return make_token(tmp_path_factory.mktemp("token"), LABELS)


@pytest.fixture
def socket(token: Token) -> Iterator[Path]:
    """Where the signer process listens: the path of a socket may have a hundred characters only."""
    with tempfile.TemporaryDirectory(prefix="esm-") as folder:
        path = Path(folder) / "signer.sock"
        with running(token, path, LABELS):
            yield path


@pytest.fixture
def folder(socket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose keys are in the module."""
    monkeypatch.setenv("ESM_SIGNER_SOCKET", str(socket))
    held = [argument for part, label in HELD.items() for argument in ("--held", part, label)]
    made = run("pki", "init", "--dir", str(tmp_path), "--sample", *held)
    assert made.exit_code == 0, made.output
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(esm, arguments)


def services_in(folder: Path) -> Services:
    """The services of that folder, with records and files in memory."""
    settings = load_settings(dir=folder)
    pki = load_pki(settings.pki, find_secret(settings, "pki_passphrase"), key_holder(settings))
    database = Database(IN_MEMORY)
    database.upgrade()
    # One that was rotated begins later than the root.
    begun = max(pki.certificate(part).not_valid_before_utc for part in OPENED)
    return compose(settings, StillClock(begun), database, MemoryObjects(), pki)


def test_no_private_key_but_the_roots_is_in_the_folder(folder: Path, token: Token) -> None:
    """The key files say where the keys are; the certificates are of the module's keys."""
    for part in OPENED:
        assert (folder / "pki" / f"{part}.key").read_text() == f"signer-process: {HELD[part]}\n"
    pki = services_in(folder).pki
    for part in OPENED:
        assert pki.certificate(part).public_key() == token.public_keys[HELD[part]]


def test_a_packet_is_sealed_signed_stamped_and_closed_by_the_module(folder: Path, tmp_path: Path) -> None:
    """Certificates of minutes, revocation lists, seal and time-stamps all come out of it, and every validator agrees."""
    services = services_in(folder)
    made = live(services.signer)

    assert verify_pdf(made.closed, services.pki.trust, now=services.clock()).passed
    root = folder / "pki" / "root.pem"
    assert check_openssl_cms(made.closed, root, tmp_path) == 4
    assert check_openssl_ts(made.closed, root, tmp_path) > 0


def test_archival_time_stamps_over_longer_digests_come_out_of_the_module_too(folder: Path) -> None:
    """ECDSA takes the leftmost bits of a longer digest: the module is asked for no more than that."""
    key = services_in(folder).pki.timestamps.key
    for algorithm in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
        key.public_key().verify(key.sign(b"stamped", ec.ECDSA(algorithm)), b"stamped", ec.ECDSA(algorithm))


def test_the_seal_is_rotated_to_another_key_of_the_module(folder: Path, token: Token) -> None:
    """The file of the key names the new label; what was sealed before stays valid."""
    before = live(services_in(folder).signer)
    rotated = run("pki", "rotate", "seal", "--dir", str(folder), "--held", "seal", "seal-2")
    assert rotated.exit_code == 0, rotated.output

    services = services_in(folder)
    assert services.pki.seal.certificate.public_key() == token.public_keys["seal-2"]
    for made in (before, live(services.signer)):
        assert verify_pdf(made.closed, services.pki.trust, now=services.clock()).passed


def test_a_key_moves_from_the_module_into_a_file_by_rotation(folder: Path) -> None:
    """Each part may be in another place, and changes it alone."""
    assert run("pki", "rotate", "seal", "--dir", str(folder)).exit_code == 0

    assert "BEGIN ENCRYPTED PRIVATE KEY" in (folder / "pki" / "seal.key").read_text()
    assert (folder / "pki" / "issuing.key").read_text() == "signer-process: authority-1\n"
    services = services_in(folder)
    assert verify_pdf(live(services.signer).closed, services.pki.trust, now=services.clock()).passed


def test_without_the_signer_process_the_service_does_not_start(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every key that cannot be reached is named, at once, with what to do."""
    upgrade_folder(load_settings(dir=folder))
    monkeypatch.delenv("ESM_SIGNER_SOCKET")
    with pytest.raises(PkiError) as unnamed:
        build_services(load_settings(dir=folder))
    monkeypatch.setenv("ESM_SIGNER_SOCKET", str(tmp_path / "nobody.sock"))
    with pytest.raises(PkiError) as unreachable:
        build_services(load_settings(dir=folder))

    assert [one.code for one in unnamed.value.problems] == ["signer-missing"] * 3
    assert [one.code for one in unreachable.value.problems] == ["signer-unavailable"] * 3


def test_a_label_that_the_module_does_not_have_makes_no_keys(
    socket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written, and the label is named."""
    monkeypatch.setenv("ESM_SIGNER_SOCKET", str(socket))
    refused = run("pki", "init", "--dir", str(tmp_path), "--held", "seal", "no-such-key")

    assert isinstance(refused.exception, PacketsError)
    assert "no-such-key" in json.dumps([one.where for one in refused.exception.problems])
    assert not (tmp_path / "pki").exists()


def test_a_held_key_is_used_and_never_read(socket: Path) -> None:
    """It signs, and gives out nothing else."""
    key = HeldPrivateKey(SocketKey(socket, "seal-1"))
    assert (key.key_size, key.curve.name) == (256, "secp256r1")
    for read in (key.private_numbers, key.private_bytes):
        with pytest.raises(SigningError, match="does not leave"):
            read()


def test_production_takes_the_socket_from_its_environment(socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ESM_SIGNER_SOCKET` is a setting like the others."""
    monkeypatch.setenv("ESM_SIGNER_SOCKET", str(socket))
    assert Settings().signer_socket == socket
