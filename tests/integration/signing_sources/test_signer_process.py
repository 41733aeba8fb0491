"""The signer process with a real PKCS #11 module (SoftHSM): whole documents, and all that can stand between it and a worker."""

from __future__ import annotations

import hashlib
import socket
import stat
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency_keys import SEAL_SUBJECT, Chain, certify, held_key, person, service_with
from signed_files import StillClock, document_type, draft, identity, keys, service
from signing.errors import PkiError, SigningError
from signing.pades import SigningService
from signing.sources.process import SignerServer, answer_to
from signing.sources.remote import check_signature
from signing.sources.socket_client import SignerUnavailableError, SocketKey
from signing.sources.source import HeldKey
from signing.sources.wire import LENGTH_BYTES, LONGEST, WireError, parse_message
from signing.verify import verify_pdf
from tokens import PIN, TOKEN, Token, make_token, running

AGENCY_SLOT = document_type().slots[2]
IMPATIENCE = 0.3
LABELS = ("seal", "person")
"""Keys that the signer process may use; the key `other` is in the token too."""


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    """A fresh token."""
    return make_token(tmp_path_factory.mktemp("token"), [*LABELS, "other"])


def chain_of(token: Token, label: str) -> Chain:
    """The agency's certificate of a key."""
    return certify(token.public_keys[label], SEAL_SUBJECT if label == "seal" else person(AGENCY_SLOT))


@pytest.fixture
def place() -> Iterator[Path]:
    """Where to put a socket: the path of one may have a hundred characters only."""
    with tempfile.TemporaryDirectory(prefix="esm-") as folder:
        yield Path(folder) / "signer.sock"


@pytest.fixture(scope="module")
def shared(token: Token) -> Iterator[Path]:
    """The socket of one signer process for tests that leave it alone."""
    with tempfile.TemporaryDirectory(prefix="esm-") as folder:
        path = Path(folder) / "signer.sock"
        with running(token, path, LABELS):
            yield path


def held(token: Token, path: Path, label: str, *, patience: float = 30.0) -> HeldKey:
    """A key in the module, with its certificate."""
    return held_key(chain_of(token, label), SocketKey(path, label, patience).ask)


def services(token: Token, path: Path, *, patience: float = 30.0) -> SigningService:
    """Our service with seal and agency signatory in the module."""
    return service_with(
        StillClock(),
        people=[held(token, path, "person", patience=patience)],
        seal=held(token, path, "seal", patience=patience),
    )


def unavailable(key: SocketKey) -> str:
    """The sentence with which a signature is refused when there is no signer."""
    with pytest.raises(SignerUnavailableError) as error:
        key.sign_digest(bytes(32))
    (problem,) = error.value.problems
    assert problem.code == "signer-unavailable"
    return problem.sentence


def test_a_document_is_sealed_and_countersigned_by_keys_in_a_module(token: Token, shared: Path) -> None:
    """Seal and agency signatory come from the module, people of the ACO sign with keys of one use, and the file passes."""
    signing = services(token, shared)
    head = signing.seal(draft())
    for number, slot in enumerate(document_type().slots):
        who = identity(slot, 0 if slot == AGENCY_SLOT else number)
        viewed = hashlib.sha256(head).hexdigest()
        head = signing.sign(head, slot=slot, identity=who, viewed_digest=viewed, final=slot == AGENCY_SLOT).pdf
    verdict = signing.verify_own(head)
    assert verdict.passed, verdict.problems
    levels = [one.level for one in verdict.signatures if one.kind != "timestamp"]
    assert levels == ["B-LTA"] * 4
    assert not verify_pdf(head, keys().trust, now=StillClock()()).passed


def test_a_root_alone_does_not_make_a_seal(token: Token, shared: Path) -> None:
    """A verifier that believes the agency's root, but not its policy, refuses."""
    signing = services(token, shared)
    sealed = signing.seal(draft())
    wide = signing.trust
    narrow = type(wide)(roots=wide.roots, timestamp_roots=wide.timestamp_roots)
    assert verify_pdf(sealed, wide, now=StillClock()()).passed
    assert verify_pdf(sealed, narrow, now=StillClock()()).sub_indication == "CHAIN_CONSTRAINTS_FAILURE"


def test_many_workers_share_one_session(token: Token, shared: Path) -> None:
    """Every one of many simultaneous questions gets the signature that it asked for."""
    certificate = chain_of(token, "person")[0]
    messages = [f"document {number}".encode() for number in range(60)]
    key = SocketKey(shared, "person", 60.0)
    with ThreadPoolExecutor(12) as workers:
        digests = [hashlib.sha256(one).digest() for one in messages]
        signatures = list(workers.map(key.sign_digest, digests))
    for signature, message in zip(signatures, messages, strict=True):
        check_signature(certificate, signature, message)


def test_the_socket_is_its_owners_only(shared: Path) -> None:
    """No other user can ask for a signature."""
    mode = shared.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize("label", ["other", "missing", ""])
def test_only_named_keys_sign(shared: Path, label: str) -> None:
    """A key of the token that the process was not told about does not sign."""
    with pytest.raises(SigningError, match="signer-refuses"):
        SocketKey(shared, label).sign_digest(bytes(32))


def test_a_label_of_another_key_makes_no_signature(token: Token, shared: Path) -> None:
    """Key and certificate that do not belong together are found out before anything is written."""
    mixed = held_key(chain_of(token, "seal"), SocketKey(shared, "person").ask)
    with pytest.raises(SigningError, match="signature-wrong"):
        service_with(StillClock(), seal=mixed).seal(draft())


def test_without_the_process_nothing_is_sealed(token: Token, place: Path) -> None:
    """The refusal names the socket and says what to do."""
    with pytest.raises(SignerUnavailableError, match="cannot be reached"):
        services(token, place).seal(draft())


def test_a_process_that_died_is_replaced(token: Token, place: Path) -> None:
    """What a killed process leaves behind is no obstacle for the next."""
    with running(token, place, LABELS) as process:
        process.kill()
        process.wait(timeout=30)
        assert place.is_socket()
        assert "cannot be reached" in unavailable(SocketKey(place, "seal"))
    with running(token, place, LABELS):
        SocketKey(place, "seal").sign_digest(bytes(32))
    assert not place.exists()


def test_a_second_process_does_not_take_over(token: Token, shared: Path) -> None:
    """The socket of a living process stays its own."""
    done = subprocess.run(
        token.command(shared, LABELS),
        env=token.environment,
        input=f"{PIN}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "socket-unusable" in done.stderr
    SocketKey(shared, "seal").sign_digest(bytes(32))


@pytest.mark.parametrize(("name", "pin"), [(TOKEN, "wrong"), ("unknown", PIN)])
def test_a_wrong_pin_or_token_is_said(token: Token, place: Path, name: str, pin: str) -> None:
    """The process does not start, says why, and does not repeat the PIN."""
    command = token.command(place, LABELS, token=name)
    done = subprocess.run(command, env=token.environment, input=f"{pin}\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "module-unusable" in done.stderr
    assert pin not in done.stderr
    assert not place.exists()


@contextmanager
def listening(path: Path, act: Callable[[socket.socket], None]) -> Iterator[None]:
    """Somebody who is no signer process, at its socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                act(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(timeout=30)
        assert not thread.is_alive()


def _hang(connection: socket.socket) -> None:
    while connection.recv(LONGEST):
        pass


def _drip(connection: socket.socket) -> None:
    """A byte now and then, so that no single one of them is late."""
    pause = threading.Event()
    try:
        connection.sendall((LONGEST).to_bytes(LENGTH_BYTES, "big"))
        while not pause.wait(IMPATIENCE / 10):
            connection.sendall(b" ")
    except OSError:
        return


@pytest.mark.parametrize("act", [_hang, _drip])
def test_a_signer_that_hangs_is_not_waited_for(place: Path, act: Callable[[socket.socket], None]) -> None:
    """The whole exchange has one deadline, however its bytes come."""
    with listening(place, act):
        assert "did not answer within" in unavailable(SocketKey(place, "seal", IMPATIENCE))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\x00",
        (LONGEST + 1).to_bytes(LENGTH_BYTES, "big"),
        b"\x00\x00\x00\x02[]",
        b"\x00\x00\x00\x02{}",
        b'\x00\x00\x00\x12{"signature":"zz"}',
    ],
)
def test_an_answer_that_is_none_is_refused(place: Path, answer: bytes) -> None:
    """A worker is not harmed by what comes over the socket."""

    def reply(connection: socket.socket) -> None:
        connection.recv(LONGEST)
        connection.sendall(answer)

    with listening(place, reply):
        assert "answers nonsense" in unavailable(SocketKey(place, "seal"))


def test_a_worker_that_talks_nonsense_harms_nobody(shared: Path) -> None:
    """The process drops such a connection and goes on."""
    for sent in (b"", b"\xff" * 64, b"\x00\x00\x00\x03abc", b'\x00\x00\x00\x09{"act":1}'):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(str(shared))
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionResetError):  # what was sent is not read to its end
                assert connection.recv(LONGEST) == b""
    SocketKey(shared, "seal").sign_digest(bytes(32))


def test_a_folder_that_is_not_there_is_said(place: Path) -> None:
    """The server names the path that it cannot use."""
    with pytest.raises(PkiError, match="socket-unusable"):
        SignerServer(place / "deeper", lambda _label, _digest: b"")


@given(st.binary(max_size=64))
def test_any_bytes_are_a_message_or_no_message(body: bytes) -> None:
    """Parsing ends with texts by name, or with one kind of error."""
    try:
        message = parse_message(body)
    except WireError:
        return
    assert all(isinstance(one, str) for pair in message.items() for one in pair)


@given(st.dictionaries(st.sampled_from(["act", "digest", "key", "more"]), st.text() | st.just("sign")))
def test_no_question_reaches_the_key_unless_it_is_one(question: dict[str, str]) -> None:
    """Only 32 bytes are ever signed: a whole document, or a prefix of it, is refused."""
    asked: list[bytes] = []

    def sign(_label: str, digest: bytes) -> bytes:
        asked.append(digest)
        return b"signed"

    answer = answer_to(question, sign)
    assert ("refusal" in answer) is (not asked)
    assert all(len(one) == 32 for one in asked)


def test_a_good_question_reaches_the_key() -> None:
    """The label and the digest are handed on as they are."""
    question = {"act": "sign", "digest": "ab" * 32, "key": "seal"}
    assert answer_to(question, lambda label, digest: label.encode() + digest) == {
        "signature": (b"seal" + b"\xab" * 32).hex()
    }


def test_our_own_seal_stays_the_default() -> None:
    """Without other sources the service trusts its own root and policies only."""
    assert service(StillClock()).trust == keys().trust
