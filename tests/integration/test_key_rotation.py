"""Key rotation and the roll-over of the root: the past stays valid, the future has new keys, a crash leaves one or the other."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography import x509

from generations import Generations, begin
from packets.audit.log import Act
from packets.model.documents import Document
from packets.model.people import Role
from packets.store.database import Database
from signing.errors import PkiError, SigningError
from signing.facts import expected_of
from signing.pki import PARTS, TITLES, YEAR, Pki, init_pki, load_pki
from signing.rotation import FORMER_FILE, ROTATED, Rotation, rotate_pki
from signing.trust import read_trust
from signing.vault import Vault
from signing.verify import verify_pdf
from web.cli import esm
from web.demo import choose_signer, holder
from worlds import PASSPHRASE, START

DUA = "data-use-agreement"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Generations]:
    service = begin(tmp_path)
    yield service
    service.world.services.database.close()


def certificates(pki: Pki) -> dict[str, x509.Certificate]:
    return {part: pki.certificate(part) for part in PARTS}


def content(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def passes(service: Generations, document: Document) -> bool:
    """Whether a document passes for somebody who has nothing but the trust file."""
    trust = read_trust([service.folder / "trust.pem"])
    expected = expected_of(service.now(document))
    return verify_pdf(service.bytes_of(document), trust, expected=expected, now=service.world.clock()).passed


@pytest.mark.parametrize("rotation", Rotation)
def test_what_was_signed_before_and_after_a_rotation_both_hold(service: Generations, rotation: Rotation) -> None:
    """Exactly what was asked for is new; former certificates are kept, former keys are not; old and new files pass."""
    before = service.execute(service.world.first("current"))
    old = certificates(service.pki)
    old_keys = {part: (service.folder / f"{part}.key").read_bytes() for part in PARTS}
    service.world.clock.advance(timedelta(days=1))
    service.rotate(rotation)
    after = service.execute(service.world.first("current"), "participant-list")

    new = certificates(service.pki)
    assert {part for part in PARTS if new[part] != old[part]} == set(ROTATED[rotation])
    assert len({one.subject for one in (*old.values(), *new.values())}) == len(PARTS) + len(ROTATED[rotation])
    kept = x509.load_pem_x509_certificates((service.folder / FORMER_FILE).read_bytes())
    assert kept == [old[part] for part in ROTATED[rotation]]
    assert all((service.folder / f"{part}.key").read_bytes() != old_keys[part] for part in ROTATED[rotation])
    assert passes(service, before)
    assert passes(service, after)


def test_a_document_is_signed_across_every_rotation(service: Generations) -> None:
    """Sealed, signed three times and closed, with other keys each time: one file, and it passes."""
    sample = service.world.first("new")
    for document_type in service.world.types(sample):
        if document_type.kind == DUA:
            break
        service.execute(sample, document_type.kind)
    document = service.assemble(sample, DUA)
    slots = service.world.services.catalog[DUA].slots
    for slot, rotation in zip(slots, (Rotation.SEAL, Rotation.AUTHORITY, Rotation.TIMESTAMPS), strict=True):
        service.world.clock.advance(timedelta(hours=1))
        service.rotate(rotation)
        role, user_id = choose_signer(slot, sample, service.world.year, document.step)
        document = service.sign(document, slot.name, role, user_id)
    service.rotate(Rotation.ROOT)

    assert document.executed_at is not None
    assert passes(service, document)
    only_new = service.pki.trust.roots[:1]
    assert not verify_pdf(
        service.bytes_of(document), type(service.pki.trust)(roots=only_new), now=service.world.clock()
    ).passed


def test_a_new_root_takes_no_signature_in_a_document_that_names_the_former_one(service: Generations) -> None:
    """Whoever signs later than the roll-over signs a document that was assembled later; an unsigned one is, at once."""
    sample, kind = service.world.first("current"), "provider-supplier-list"
    before = service.assemble(sample, kind)
    service.rotate(Rotation.ROOT)
    request = service.world.request(before, "AuthorizedSigner", Role.ACO_EXECUTIVE, holder(sample, Role.ACO_EXECUTIVE))
    with pytest.raises(SigningError, match="issuer"):
        service.ceremony.sign(request)

    after = service.execute(sample, kind)
    assert after.document_id != before.document_id
    assert passes(service, after)


def test_every_root_stays_trusted_the_newest_first(service: Generations) -> None:
    """After two roll-overs verifiers trust three roots, and the folder's root is the newest."""
    roots = [service.pki.root]
    for _ in range(2):
        service.rotate(Rotation.ROOT)
        roots.insert(0, service.pki.root)

    assert x509.load_pem_x509_certificates((service.folder / "trust.pem").read_bytes()) == roots
    assert (service.pki.root, list(service.pki.former_roots)) == (roots[0], roots[1:])
    assert service.pki.is_sample
    assert {path.stat().st_mode & 0o777 for path in service.folder.iterdir()} == {0o600}


def test_a_new_roots_key_can_be_put_elsewhere(service: Generations, tmp_path: Path) -> None:
    """It never comes into the folder, the former one leaves it, and the new one signs later rotations."""
    elsewhere, now = tmp_path / "medium.key", service.world.clock()
    rotate_pki(service.folder, Vault(PASSPHRASE), Rotation.ROOT, now, root_key=elsewhere)
    assert not (service.folder / "root.key").exists()
    rotate_pki(service.folder, Vault(PASSPHRASE), Rotation.AUTHORITY, now, root_key=elsewhere)
    assert elsewhere.stat().st_mode & 0o777 == 0o600


def test_a_root_key_that_is_kept_elsewhere_is_given(service: Generations, tmp_path: Path) -> None:
    """Off line it is not in the folder: named it serves, missing or foreign it is refused, and nothing changes."""
    elsewhere = shutil.move(service.folder / "root.key", tmp_path / "vault.key")
    before, now = content(service.folder), service.world.clock()
    for given in (None, service.folder / "seal.key"):
        with pytest.raises(PkiError):
            rotate_pki(service.folder, Vault(PASSPHRASE), Rotation.TIMESTAMPS, now, root_key=given)
    assert content(service.folder) == before

    rotate_pki(service.folder, Vault(PASSPHRASE), Rotation.AUTHORITY, now, root_key=Path(elsewhere))
    rotate_pki(service.folder, Vault(PASSPHRASE), Rotation.SEAL, now)
    assert not (service.folder / "root.key").exists()


def test_nothing_outlives_its_issuer_and_an_expired_issuer_issues_nothing(service: Generations) -> None:
    """A time-stamp authority of the root's last years ends with it; after its end the refusal says what to rotate."""
    service.world.clock.advance(24 * YEAR)
    service.rotate(Rotation.TIMESTAMPS)
    assert service.pki.timestamps.certificate.not_valid_after_utc == service.pki.root.not_valid_after_utc
    with pytest.raises(PkiError, match="Rotate the authority first"):
        service.rotate(Rotation.SEAL)
    service.world.clock.advance(2 * YEAR)
    with pytest.raises(PkiError, match="Rotate the root first"):
        service.rotate(Rotation.TIMESTAMPS)
    service.rotate(Rotation.ROOT)
    service.rotate(Rotation.SEAL)


class Crash:
    """Lets so many steps to the disk succeed; at the next one, and ever after, the machine is gone."""

    def __init__(self, patch: pytest.MonkeyPatch, steps: int) -> None:
        self.left = steps
        for name in ("fsync", "rename", "replace", "rmdir", "unlink"):
            patch.setattr(os, name, self._counted(getattr(os, name)))

    def _counted(self, original: Callable[..., None]) -> Callable[..., None]:
        def step(*args: Any, **options: Any) -> None:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            original(*args, **options)

        return step


@pytest.mark.parametrize("rotation", [Rotation.SEAL, Rotation.ROOT])
def test_a_crash_in_a_rotation_leaves_the_old_keys_or_the_new_ones(
    tmp_path: Path, rotation: Rotation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut at every single step to the disk: whoever opens the folder next finds all of the one or all of the other."""
    folder, parts, outcomes = tmp_path / "pki", set(ROTATED[rotation]), list[bool]()
    init_pki(folder, PASSPHRASE, START, sample=True)
    for steps in range(100):
        old = certificates(load_pki(folder, PASSPHRASE))
        crashed = False
        with monkeypatch.context() as patch:
            Crash(patch, steps)
            try:
                rotate_pki(folder, Vault(PASSPHRASE), rotation, START)
            except KeyboardInterrupt:
                crashed = True
        found = certificates(load_pki(folder, PASSPHRASE))
        changed = {part for part in PARTS if found[part] != old[part]}
        assert changed in (set(), parts)
        assert all(path.is_file() for path in folder.iterdir())
        outcomes.append(bool(changed))
        if not crashed:
            break
    assert outcomes == sorted(outcomes)
    assert outcomes[0] is False
    assert outcomes.count(True) > len(parts)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("ESM_PKI_PASSPHRASE", PASSPHRASE)
    return CliRunner()


def test_the_commands_make_rotate_and_tell(run: CliRunner, tmp_path: Path) -> None:
    """`esm pki init`, then each rotation: results on stdout, what to do next on stderr, an entry in the log."""
    made = run.invoke(esm, ["pki", "init", "--dir", str(tmp_path), "--sample"], catch_exceptions=False)
    assert made.exit_code == 0
    assert [line.partition(" until ")[0].strip() for line in made.stdout.splitlines()] == list(TITLES.values())
    assert str(tmp_path / "pki" / "trust.pem") in made.stderr
    assert run.invoke(esm, ["db", "upgrade", "--dir", str(tmp_path)]).exit_code == 0
    for rotation in Rotation:
        before = certificates(load_pki(tmp_path / "pki", PASSPHRASE))
        done = run.invoke(esm, ["pki", "rotate", str(rotation), "--dir", str(tmp_path)], catch_exceptions=False)
        after = certificates(load_pki(tmp_path / "pki", PASSPHRASE))
        assert done.exit_code == 0
        assert {part for part in PARTS if after[part] != before[part]} == set(ROTATED[rotation])
        assert len(done.stdout.splitlines()) == len(ROTATED[rotation])
        assert "Start the service again" in done.stderr
    vault = shutil.move(tmp_path / "pki" / "root.key", tmp_path / "vault.key")
    offline = ["pki", "rotate", "timestamps", "--dir", str(tmp_path), "--root-key", str(vault)]
    assert run.invoke(esm, offline, catch_exceptions=False).exit_code == 0
    database = Database(f"sqlite:///{tmp_path / 'esm.db'}")
    with database.read() as records:
        told = [(one.act, one.subject) for one in records.journal.entries()]
    database.close()
    assert told == [(Act.KEYS_ROTATE, f"keys/{rotation}") for rotation in (*Rotation, Rotation.TIMESTAMPS)]


def test_the_commands_refuse_what_they_cannot_do(run: CliRunner, tmp_path: Path) -> None:
    """Keys are never made over others; nothing is rotated where nothing is; only what there is can be named."""
    assert run.invoke(esm, ["pki", "rotate", "seal", "--dir", str(tmp_path)]).exception.__class__ is PkiError
    assert run.invoke(esm, ["pki", "init", "--dir", str(tmp_path)]).exit_code == 0
    before = content(tmp_path / "pki")
    assert run.invoke(esm, ["pki", "init", "--dir", str(tmp_path)]).exception.__class__ is PkiError
    assert run.invoke(esm, ["pki", "rotate", "everything", "--dir", str(tmp_path)]).exit_code == 2
    assert content(tmp_path / "pki") == before
