"""A remote signing service that speaks the API of the Cloud Signature Consortium, over real HTTP, honest and otherwise."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from agency_keys import POLICY, SLOT, Chain, certify, issuers, person, present_lists, service_with
from authorities import Wire, serving
from signed_files import NOW, StillClock, identity, keys, life
from signing.errors import PkiError, SigningError
from signing.sources.cloud import CloudAccount, CloudError, open_cloud_key
from signing.sources.source import HeldKey
from signing.trust import Expected, ExpectedSigner
from signing.verify import verify_pdf

CREDENTIAL, ACCESS, PIN = "credential-7", "an access token", "2468"
SHA256, ECDSA_SHA256 = "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2"
Version = Literal["v1", "v2"]
HASHES: dict[Version, str] = {"v1": "hash", "v2": "hashes"}
HASH_METHOD: dict[Version, str] = {"v1": "hashAlgo", "v2": "hashAlgorithmOID"}
Method = Callable[[dict[str, Any]], dict[str, Any]]


class RefusedError(Exception):
    """The service says no, with this HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass
class CloudService:
    """A signing service with one credential. It gives an authorization for one hash, and takes it once.

    Attributes:
        version: of the API that it speaks, and the only one.
        key: its key.
        chain: the key's certificates.
        open_hashes: authorized hashes, by signature activation data.
        calls: what it was asked for, in order.
    """

    version: Version = "v1"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    chain: Chain = ()
    open_hashes: dict[str, list[str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chain = self.chain or certify(self.key.public_key(), person())

    def answer(self, wire: Wire, body: bytes) -> None:
        """Answer over HTTP."""
        try:
            answered = self._method(wire)(json.loads(body))
        except RefusedError as refusal:
            wire.reply(b'{"error": "invalid_request"}', status=refusal.status)
            return
        reply_json(wire, answered)

    def _method(self, wire: Wire) -> Method:
        if wire.headers["Authorization"] != f"Bearer {ACCESS}":
            raise RefusedError(401)
        self.calls.append(wire.path.rpartition(f"/csc/{self.version}/")[2])
        methods = {
            "credentials/info": self._info,
            "credentials/authorize": self._authorize,
            "signatures/signHash": self._sign,
        }
        try:
            return methods[self.calls[-1]]
        except KeyError:
            raise RefusedError(404) from None

    def _info(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._known(asked)
        encoded = [one.public_bytes(serialization.Encoding.DER) for one in self.chain]
        return {
            "key": {"status": "enabled", "algo": [ECDSA_SHA256], "len": 256},
            "cert": {"status": "valid", "certificates": [b64encode(one).decode() for one in encoded]},
            "SCAL": "2",
            "multisign": 1,
        }

    def _authorize(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._known(asked)
        proof = {"PIN": asked.get("PIN")} if self.version == "v1" else _proof(asked)
        if proof != {"PIN": PIN} or asked["numSignatures"] != 1:
            raise RefusedError(403)
        authorization = secrets.token_hex()
        self.open_hashes[authorization] = self._hashes(asked)
        return {"SAD": authorization, "expiresIn": 300}

    def _sign(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._known(asked)
        wanted = self._hashes(asked)
        allowed = self.open_hashes.pop(asked["SAD"], None)
        if wanted != allowed or asked[HASH_METHOD[self.version]] != SHA256 or asked["signAlgo"] != ECDSA_SHA256:
            raise RefusedError(400)
        return {"signatures": [b64encode(self._signature(b64decode(one))).decode() for one in wanted]}

    def _signature(self, digest: bytes) -> bytes:
        return self.key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))

    def _hashes(self, asked: dict[str, Any]) -> list[str]:
        if HASHES[self.version] not in asked:
            raise RefusedError(400)
        found: list[str] = asked[HASHES[self.version]]
        return found

    def _known(self, asked: dict[str, Any]) -> None:
        if asked["credentialID"] != CREDENTIAL:
            raise RefusedError(404)


def _proof(asked: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["value"] for one in asked.get("authData", [])}


def reply_json(wire: Wire, body: object) -> None:
    """Answer with JSON; the wire itself names no type."""
    encoded = json.dumps(body).encode()
    wire.send_response(200)
    wire.send_header("Content-Type", "application/json")
    wire.send_header("Content-Length", str(len(encoded)))
    wire.end_headers()
    wire.wfile.write(encoded)
    wire.close_connection = True


def account(address: str, *, version: Version = "v1", pin: str | None = PIN, patience: int = 30) -> CloudAccount:
    """Access to the service's credential."""
    return CloudAccount(address, CREDENTIAL, ACCESS, pin, version, patience)


def open_key(given: CloudAccount) -> HeldKey:
    """The key, accepted under the agency's policy."""
    return open_cloud_key(given, issuers=issuers(), revocation_lists=present_lists, policies=frozenset({POLICY}))


def sign(key: HeldKey) -> bytes:
    """A document, signed by the person whose key it is."""
    signing = service_with(StillClock(), people=[key])
    return signing.sign(life().sealed, slot=SLOT, identity=identity(SLOT), viewed_digest=None).pdf


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_remote_service_signs_a_hash(version: Version) -> None:
    """One question for the certificate, then an authorization and a signature; the file passes at B-LT."""
    cloud = CloudService(version)
    with serving(cloud.answer) as address:
        key = open_key(account(address, version=version))
        signed = sign(key)
    assert cloud.calls == ["credentials/info", "credentials/authorize", "signatures/signHash"]
    trust = service_with(StillClock(), people=[key]).trust
    expected = Expected(signers=(ExpectedSigner(SLOT.name, "QA00", SLOT.roles),))
    verdict = verify_pdf(signed, trust, expected=expected, now=NOW)
    assert verdict.passed, verdict.problems
    assert verdict.signatures[-1].level == "B-LT"
    assert not verify_pdf(signed, keys().trust, now=NOW).passed


def test_each_signature_has_an_authorization_of_its_own() -> None:
    """A second signature asks again; none is left open."""
    cloud = CloudService()
    with serving(cloud.answer) as address:
        key = open_key(account(address))
        assert sign(key) != sign(key)
    assert cloud.calls.count("credentials/authorize") == cloud.calls.count("signatures/signHash") == 2
    assert not cloud.open_hashes


def test_another_person_does_not_sign_with_it() -> None:
    """The key is one person's: everybody else gets a key of one use, and the service is not asked."""
    cloud = CloudService()
    with serving(cloud.answer) as address:
        signing = service_with(StillClock(), people=[open_key(account(address))])
        signing.sign(life().sealed, slot=SLOT, identity=identity(SLOT, 5), viewed_digest=None)
    assert cloud.calls == ["credentials/info"]


def refusal(act: Callable[[], object]) -> str:
    """The sentence with which the service's failure is said."""
    with pytest.raises(CloudError) as error:
        act()
    (problem,) = error.value.problems
    assert problem.code == "cloud-unavailable"
    return problem.sentence


@pytest.mark.parametrize("pin", ["1111", None])
def test_a_wrong_pin_signs_nothing(pin: str | None) -> None:
    """The status of the refusal reaches the person who asks the operator."""
    with serving(CloudService().answer) as address:
        key = open_key(account(address, pin=pin))
        assert "refuses with status 403" in refusal(lambda: sign(key))


def test_a_wrong_version_or_token_is_said_at_once() -> None:
    """The service is asked when the key is opened, not when the first person signs."""
    with serving(CloudService("v2").answer) as address:
        assert "refuses with status 404" in refusal(lambda: open_key(account(address)))
        stranger = CloudAccount(address, CREDENTIAL, "no token", PIN, "v2")
        assert "refuses with status 401" in refusal(lambda: open_key(stranger))


def test_a_service_that_is_gone_is_said() -> None:
    """Between the question for the certificate and the signature the service goes away."""
    with serving(CloudService().answer) as address:
        key = open_key(account(address))
    assert "cannot be reached" in refusal(lambda: sign(key))


def test_a_service_with_another_key_makes_no_signature() -> None:
    """What it returns is checked against the certificate."""
    cloud = CloudService()
    with serving(cloud.answer) as address:
        key = open_key(account(address))
        cloud.key = ec.generate_private_key(ec.SECP256R1())
        with pytest.raises(SigningError, match="signature-wrong"):
            sign(key)


@contextmanager
def failing(at: str, act: Callable[[Wire], None]) -> Iterator[str]:
    """A service that is honest up to one method."""
    cloud = CloudService()

    def answer(wire: Wire, body: bytes) -> None:
        if wire.path.endswith(at):
            act(wire)
        else:
            cloud.answer(wire, body)

    with serving(answer) as address:
        yield address


def _redirect(wire: Wire) -> None:
    wire.send_response(307)
    wire.send_header("Location", wire.path)
    wire.send_header("Content-Length", "0")
    wire.end_headers()


METHODS = ["credentials/info", "credentials/authorize", "signatures/signHash"]
FAULTS: dict[str, Callable[[Wire], None]] = {
    "an error": lambda wire: wire.reply(b"", status=500),
    "no type": lambda wire: wire.reply(b"{}"),
    "empty": lambda wire: reply_json(wire, {}),
    "a list": lambda wire: reply_json(wire, []),
    "no signatures": lambda wire: reply_json(wire, {"signatures": []}),
    "no certificates": lambda wire: reply_json(
        wire, {"cert": {"certificates": []}, "key": {"algo": []}, "multisign": 1}
    ),
    "cut short": lambda wire: wire.reply(b"{}", length=99),
    "a redirection": _redirect,
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_goes_wrong_is_one_refusal(method: str, fault: str) -> None:
    """No fault of the service ends in anything else than a refusal that names it, and nothing is signed."""
    with failing(method, FAULTS[fault]) as address:
        assert refusal(lambda: sign(open_key(account(address)))).startswith("The signing service ")


@pytest.mark.parametrize("method", METHODS)
def test_a_service_that_hangs_is_not_waited_for(method: str) -> None:
    """Each request has its time-out."""
    released = threading.Event()

    def hang(wire: Wire) -> None:
        released.wait(30)
        wire.close_connection = True

    with failing(method, hang) as address:
        sentence = refusal(lambda: sign(open_key(account(address, patience=1))))
        released.set()
    assert "did not answer within 1 s" in sentence


def test_a_certificate_of_other_issuers_is_refused() -> None:
    """What is trusted is configured here: the service cannot bring its own authorities."""
    stranger = ec.generate_private_key(ec.SECP256R1())
    other = keys().authority.issue_signer(identity(SLOT), stranger.public_key(), NOW)
    cloud = CloudService(key=stranger, chain=(other, *issuers()))
    with serving(cloud.answer) as address, pytest.raises(PkiError, match="chain-broken"):
        open_key(account(address))


@pytest.mark.parametrize("address", ["http://sign.example", "ftp://localhost", "sign.example", ""])
def test_a_token_is_never_sent_in_the_clear(address: str) -> None:
    """Only https leaves this machine."""
    with pytest.raises(CloudError, match="address-not-https"):
        account(address)


def test_an_account_does_not_print_its_secrets() -> None:
    """Neither token nor PIN ends up in a log."""
    printed = repr(account("https://sign.example"))
    assert ACCESS not in printed
    assert PIN not in printed


def test_only_the_hash_leaves_this_process() -> None:
    """The service sees the digest of the signed attributes; no part of the document."""
    seen: list[bytes] = []
    cloud = CloudService()

    def answer(wire: Wire, body: bytes) -> None:
        seen.append(body)
        cloud.answer(wire, body)

    with serving(answer) as address:
        sign(open_key(account(address)))
    assert max(len(one) for one in seen) < 500
    (pinned,) = json.loads(seen[1])["hash"]
    assert len(b64decode(pinned)) == hashlib.sha256().digest_size
