"""Signing with a key that the person holds: digest out, value back, and the ceremony of every signature."""

from __future__ import annotations

import subprocess
import uuid
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from werkzeug.test import TestResponse

from browsing import Site, open_site
from callers import Caller, caller, certificate_of, refused, write_register
from packets.audit.log import Act, Outcome
from packets.model.documents import Document
from packets.model.people import Role
from packets.model.tokens import Scope
from signing.identity import SignerIdentity, subject_name
from web.demo import holder

KIND, SLOT = "provider-supplier-list", "AuthorizedSigner"
ROLE = Role.ACO_EXECUTIVE


@dataclass
class Signer:
    """A person with a key of their own, certified by the agency, and a program that signs with it."""

    site: Site
    api: Caller
    key: ec.EllipticCurvePrivateKey
    identity: SignerIdentity

    @property
    def document(self) -> Document:
        """Step 2 of the current ACO as it is now."""
        return self.site.document(KIND)

    @property
    def path(self) -> str:
        """Where its signatures are prepared."""
        return f"/documents/{self.document.document_id}/prepared-signatures"

    def wanted(self, **changed: str) -> dict[str, str]:
        """What is asked for after the document was read."""
        document = self.document
        self.api.get(f"/documents/{document.document_id}/pdf")
        certificate = certificate_of(self.key, subject_name(self.identity))
        asked = {"slot": SLOT, "role": str(ROLE), "viewed_digest": document.head_digest, "certificate": certificate}
        return {**asked, **changed}

    def told(self, act: Act) -> list[Outcome]:
        """How every act of a kind ended, as the log has it."""
        with self.site.world.services.database.read() as records:
            return [one.outcome for one in records.journal.entries() if one.act is act]

    def prepare(self) -> dict[str, str]:
        """A prepared signature."""
        response = self.api.make(self.path, self.wanted())
        assert response.status_code == 201, response.text
        told: dict[str, str] = response.get_json()
        return told

    def complete(self, prepared: dict[str, str], signature: bytes, *, key: str = "") -> TestResponse:
        """Bring the value back."""
        path = f"{self.path}/{prepared['prepared_id']}/completion"
        return self.api.make(path, {"signature": b64encode(signature).decode()}, key=key)

    def sign(self, digest: str, key: ec.EllipticCurvePrivateKey | None = None) -> bytes:
        """What a token makes of a digest."""
        return (key or self.key).sign(bytes.fromhex(digest), ec.ECDSA(Prehashed(hashes.SHA256())))


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    """On a site of their own; the last tests move the document on."""
    folder = tmp_path_factory.mktemp("prepared")
    site = open_site(folder, signer_keys=write_register(folder))
    user_id = holder(site.current, ROLE)
    with site.world.services.database.read() as records:
        person = records.people.get(user_id)
    assert person is not None
    aco = site.current.aco
    identity = SignerIdentity(user_id, person.full_name, ROLE, aco.legal_name, aco.aco_id, aco.performance_year)
    yield Signer(site, caller(site, user_id), ec.generate_private_key(ec.SECP256R1()), identity)
    site.world.services.database.close()


@pytest.mark.requirement("R40")
def test_nobody_prepares_what_they_have_not_seen_or_may_not_sign(signer: Signer) -> None:
    """The policy's reasons, all at once, and an entry of the log for each refusal."""
    before = signer.told(Act.SIGNATURE_PREPARE)
    wanted = signer.wanted()
    other = caller(signer.site, signer.site.holder(Role.DUA_CUSTODIAN))
    found = refused(other.make(signer.path, wanted), 403, "role-not-held")
    assert "not-viewed" not in found
    stale = signer.api.make(signer.path, {**wanted, "viewed_digest": "0" * 64, "slot": "Nowhere"})
    refused(stale, 403, "slot-unknown")
    second = caller(signer.site, signer.site.holder(Role.AUTHORIZED_TO_SIGN_SECONDARY))
    asked = {**wanted, "role": str(Role.AUTHORIZED_TO_SIGN_SECONDARY)}
    refused(second.make(signer.path, asked), 403, "not-viewed")
    reader = caller(signer.site, signer.identity.user_id, [Scope.READ])
    refused(reader.make(signer.path, wanted), 403, "scope-missing")
    assert signer.told(Act.SIGNATURE_PREPARE)[len(before) :] == [Outcome.REFUSED] * 3


@pytest.mark.requirement("R19", "R21")
def test_only_a_certificate_of_this_person_in_this_role_counts(signer: Signer) -> None:
    """Of another person, for another year, of an authority that nobody has accepted, or none at all."""
    for subject in (replace(signer.identity, user_id="QA00"), replace(signer.identity, performance_year=2028)):
        wrong = certificate_of(signer.key, subject_name(subject))
        response = signer.api.make(signer.path, signer.wanted(certificate=wrong))
        refused(response, 422, "certificate-not-yours")
    ours = signer.site.world.services.pki.seal.certificate.public_bytes(serialization.Encoding.PEM).decode()
    refused(signer.api.make(signer.path, signer.wanted(certificate=ours)), 422, "certificate-not-accepted")
    refused(signer.api.make(signer.path, signer.wanted(certificate="x")), 422, "certificate-unreadable")


def test_a_value_of_another_key_or_one_that_comes_late_is_refused(signer: Signer) -> None:
    """Then nobody has re-authenticated, and nothing is signed; the refusal is in the log."""
    prepared = signer.prepare()
    stranger = signer.sign(prepared["digest"], ec.generate_private_key(ec.SECP256R1()))
    refused(signer.complete(prepared, stranger), 409, "signature-wrong")
    refused(signer.complete(prepared, b"12345678"), 409, "signature-wrong")
    bad = signer.api.make(f"{signer.path}/{prepared['prepared_id']}/completion", {"signature": "not base64!"})
    refused(bad, 422, "member-invalid")
    signer.site.world.clock.advance(timedelta(minutes=6))
    refused(signer.complete(prepared, signer.sign(prepared["digest"])), 403, "preparation-expired")
    assert signer.told(Act.ACCOUNT_STEP_UP) == []
    assert signer.told(Act.DOCUMENT_SIGN) == [Outcome.REFUSED] * 3
    assert signer.document.signatures == ()


def test_what_was_prepared_for_somebody_else_is_not_there(signer: Signer) -> None:
    """Nor under the address of another document."""
    prepared = signer.prepare()
    value = {"signature": b64encode(signer.sign(prepared["digest"])).decode()}
    other = caller(signer.site, signer.site.holder(Role.AUTHORIZED_TO_SIGN_SECONDARY))
    refused(other.make(f"{signer.path}/{prepared['prepared_id']}/completion", value), 404, "not-found")
    elsewhere = f"/documents/{signer.site.document('participant-list').document_id}/prepared-signatures"
    refused(signer.api.make(f"{elsewhere}/{prepared['prepared_id']}/completion", value), 404, "not-found")


@pytest.mark.requirement("R19", "R21", "R40")
def test_a_key_that_never_comes_here_signs_once(signer: Signer, tmp_path: Path) -> None:
    """`openssl` has the key and sees the digest only; our verifier, `pdfsig` and the checker pass the file."""
    prepared, late = signer.prepare(), signer.prepare()
    pem = signer.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(pem)
    command = ["openssl", "pkeyutl", "-sign", "-inkey", str(tmp_path / "key.pem"), "-pkeyopt", "digest:sha256"]
    signed = subprocess.run(command, input=bytes.fromhex(prepared["digest"]), capture_output=True, check=True).stdout
    key = str(uuid.uuid4())
    response = signer.complete(prepared, signed, key=key)
    assert response.status_code == 201, response.text
    told = response.get_json()
    assert [(one["slot"], one["user_id"], one["level"]) for one in told["signatures"]] == [
        (SLOT, signer.identity.user_id, "B-LT")
    ]
    assert told["status"] == "executed"
    assert signer.complete(prepared, signed, key=key).data == response.data
    assert signer.complete(prepared, signed).get_json()["signatures"] == told["signatures"]
    refused(signer.complete(late, signer.sign(late["digest"])), 409, "already-signed")
    document = signer.document
    assert signer.api.get(f"/documents/{document.document_id}/verification").get_json()["overall"] == "PASSED"
    assert signer.site.world.services.checker.run(lambda _done, _all: None).problems == []
    (tmp_path / "signed.pdf").write_bytes(signer.site.world.services.objects.get(document.head_digest))
    said = subprocess.run(["pdfsig", "-nocert", tmp_path / "signed.pdf"], capture_output=True, text=True, check=False)
    assert said.stdout.count("Signature is Valid.") >= 2, said.stdout
    assert signer.told(Act.DOCUMENT_SIGN).count(Outcome.DONE) == 1


def test_without_an_authority_nobody_brings_a_signature_along(signer: Signer) -> None:
    """The default: people sign on the page, with a key of one use."""
    services, world = signer.site.app.extensions["esm-packets"], signer.site.world
    if not signer.document.signatures:  # no test before has run in this process
        world.sign(signer.document, services.catalog[KIND].slot(SLOT), signer.site.current)
    bare = replace(services, deferring=replace(services.deferring, authorities=()))
    document, wanted = signer.site.document("participant-list"), signer.wanted()
    signer.api.get(f"/documents/{document.document_id}/pdf")
    asked = {**wanted, "viewed_digest": document.head_digest}
    signer.site.app.extensions["esm-packets"] = bare
    try:
        response = signer.api.make(f"/documents/{document.document_id}/prepared-signatures", asked)
    finally:
        signer.site.app.extensions["esm-packets"] = services
    refused(response, 422, "certificate-not-accepted")
