"""A signature in two acts and three processes: ours, openssl with the key, and another one of ours."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from agency_keys import AGENCY, POLICY, SLOT, YEAR, Chain, certify, person, present_lists
from signed_files import NOW, StillClock, document_type, identity, keys, keys_folder, life, service
from signing.errors import PkiError, SigningError
from signing.pades import SignedRevision
from signing.sources.deferred import Begun, DeferredSigning
from signing.sources.deferred_state import DeferredState
from signing.trust import Expected, ExpectedSigner, Trust
from signing.verify import verify_pdf

FINISH = """
import json, sys
from base64 import b64decode, b64encode
from pathlib import Path
from datetime import datetime
from signing.pades import SigningService
from signing.pki import load_pki
from signing.sources.deferred import DeferredSigning

given = json.load(sys.stdin)
service = SigningService(load_pki(Path(given["keys"]), given["passphrase"]), lambda: datetime.fromisoformat(given["now"]))
deferred = DeferredSigning(service, frozenset(), lambda: ())
made = deferred.finish(b64decode(given["pdf"]), given["state"], b64decode(given["signature"]))
print(b64encode(made.pdf).decode())
"""
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
SEALED = life().sealed


def agency_trust() -> Trust:
    """Our trust, and the agency's for people."""
    ours, theirs = keys().trust, keys(AGENCY).trust
    return replace(ours, roots=(*ours.roots, *theirs.roots), signer_policies=ours.signer_policies | {POLICY})


def deferred(clock: StillClock | None = None) -> DeferredSigning:
    """Our service, which accepts the agency's policy."""
    return DeferredSigning(service(clock or StillClock()), frozenset({POLICY}), present_lists)


def begin(chain: Chain, pdf: bytes = SEALED) -> Begun:
    """The first act."""
    return deferred().begin(pdf, slot=SLOT, chain=chain, viewed_digest=None)


def sign_with_openssl(key: Key, digest: str, folder: Path) -> bytes:
    """The signature over a digest, made by somebody who knows nothing but the digest."""
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "key.pem"
    path.write_bytes(pem)
    command = ["openssl", "pkeyutl", "-sign", "-inkey", str(path), "-pkeyopt", "digest:sha256"]
    return subprocess.run(command, input=bytes.fromhex(digest), capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> tuple[Begun, bytes]:
    """A signature that was begun, and its value."""
    key = ec.generate_private_key(ec.SECP256R1())
    begun = begin(certify(key.public_key(), person()))
    return begun, sign_with_openssl(key, begun.digest, tmp_path_factory.mktemp("key"))


def refusal(pdf: bytes, state: str, signature: bytes, clock: StillClock | None = None) -> str:
    """The code with which the second act is refused."""
    with pytest.raises(SigningError) as error:
        deferred(clock).finish(pdf, state, signature)
    (problem,) = error.value.problems
    return problem.code


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 3072)], ids=["P-256", "RSA"]
)
def test_a_token_that_sees_only_the_hash_signs(key: Key, tmp_path: Path) -> None:
    """The file passes, at B-LT, under the name in the token's certificate; our own trust alone does not suffice."""
    begun = begin(certify(key.public_key(), person()))
    made = deferred().finish(SEALED, begun.state, sign_with_openssl(key, begun.digest, tmp_path))
    expected = Expected(signers=(ExpectedSigner(SLOT.name, "QA00", SLOT.roles),), aco_id="A1234")
    verdict = verify_pdf(made.pdf, agency_trust(), expected=expected, now=NOW)
    assert verdict.passed, verdict.problems
    assert (made.level, made.signed_at, verdict.signatures[-1].level) == ("B-LT", NOW, "B-LT")
    assert not verify_pdf(made.pdf, keys().trust, now=NOW).passed


def test_another_process_can_finish(waiting: tuple[Begun, bytes]) -> None:
    """All that passes between the processes is the text of the state and the signature."""
    begun, signature = waiting
    question = {
        "keys": str(keys_folder()),
        "passphrase": "a passphrase for tests",
        "now": NOW.isoformat(),
        "pdf": b64encode(SEALED).decode(),
        "state": begun.state,
        "signature": b64encode(signature).decode(),
    }
    done = subprocess.run(
        [sys.executable, "-c", FINISH], input=json.dumps(question), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert verify_pdf(b64decode(done.stdout), agency_trust(), now=NOW).passed


def test_the_next_person_signs_on_top(waiting: tuple[Begun, bytes]) -> None:
    """A deferred signature is a revision like any other: a key of one use signs after it, and the file is closed."""
    made: SignedRevision = deferred().finish(SEALED, *_value(waiting))
    other = document_type().slots[1]
    signing = service(StillClock())
    later = signing.sign(made.pdf, slot=other, identity=identity(other, 1), viewed_digest=None).pdf
    assert verify_pdf(signing.close(later), agency_trust(), now=NOW).passed


def test_a_document_that_moved_on_is_not_overwritten(waiting: tuple[Begun, bytes]) -> None:
    """Somebody else signed in between: the state is of no use any more."""
    assert refusal(life().signed[0], *_value(waiting)) == "document-changed"


def test_a_signature_of_another_key_is_refused(waiting: tuple[Begun, bytes], tmp_path: Path) -> None:
    """What the holder gives back is checked before it is put into the file."""
    begun, _ = waiting
    stranger = sign_with_openssl(ec.generate_private_key(ec.SECP256R1()), begun.digest, tmp_path)
    assert refusal(SEALED, begun.state, stranger) == "signature-wrong"


def test_a_certificate_that_expired_in_between_is_refused(waiting: tuple[Begun, bytes]) -> None:
    """A signature that no verifier would accept is not made."""
    late = StillClock(NOW + YEAR + timedelta(seconds=1))
    assert refusal(SEALED, *_value(waiting), late) == "certificate-not-valid"


def _tamper(state: DeferredState) -> dict[str, DeferredState]:
    other = certify(ec.generate_private_key(ec.SECP256R1()).public_key(), person())[0]
    der = other.public_bytes(serialization.Encoding.DER)
    spot = state.appended.index(b"/Reason")
    return {
        "content": replace(state, appended=state.appended[:spot] + b"/Season" + state.appended[spot + 7 :]),
        "length": replace(state, appended=state.appended + b"\n"),
        "place": replace(state, start=state.start + 2, end=state.end + 2),
        "outside": replace(state, start=-5, end=len(SEALED) * 9),
        "base": replace(state, base="0" * 64),
        "certificate": replace(state, chain=(der, *state.chain[1:])),
        "no certificate": replace(state, chain=()),
        "attributes": replace(state, attributes=state.attributes.replace(b"\x04\x20", b"\x04\x21", 1)),
    }


@pytest.mark.parametrize(
    "what", ["content", "length", "place", "outside", "base", "certificate", "no certificate", "attributes"]
)
def test_a_changed_state_is_refused(waiting: tuple[Begun, bytes], what: str) -> None:
    """Whatever is changed in the state, no file comes of it."""
    begun, signature = waiting
    changed = _tamper(DeferredState.parse(begun.state))[what]
    assert refusal(SEALED, changed.dump(), signature) in {"state-unusable", "document-changed"}


@pytest.mark.parametrize("seed", range(60))
def test_one_changed_character_gives_the_same_file_or_none(waiting: tuple[Begun, bytes], seed: int) -> None:
    """A state that was damaged anywhere is refused, or the file holds all the same."""
    begun, signature = waiting
    dice = random.Random(seed)  # noqa: S311  which character, not a secret
    spot = dice.randrange(len(begun.state))
    text = begun.state[:spot] + chr(dice.randrange(127)) + begun.state[spot + 1 :]
    try:
        made = deferred().finish(SEALED, text, signature)
    except SigningError:
        return
    assert verify_pdf(made.pdf, agency_trust(), now=NOW).passed


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_what_is_no_state_is_refused(text: str) -> None:
    """Any text at all leads to a refusal that says what to do."""
    assert refusal(SEALED, text, b"") == "state-unusable"


def test_a_key_under_another_policy_is_refused_at_once() -> None:
    """Nothing is prepared for a certificate that a verifier would not accept."""
    chain = certify(ec.generate_private_key(ec.SECP256R1()).public_key(), person())
    strict = replace(deferred(), policies=frozenset({"2.5.29.32.0"}))
    with pytest.raises(PkiError, match="policy-not-accepted"):
        strict.begin(SEALED, slot=SLOT, chain=chain, viewed_digest=None)


def _value(waiting: tuple[Begun, bytes]) -> tuple[str, bytes]:
    begun, signature = waiting
    return begun.state, signature
