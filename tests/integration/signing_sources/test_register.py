"""The register of held keys: a setting, a file, and people whose signatures come from elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from agency_keys import AGENCY, POLICY, certify, issuers, present_lists
from packets.errors import PacketsError
from packets.model.documents import Document
from signed_files import NOW
from signed_files import keys as other_keys
from signing.errors import PkiError, SigningError
from signing.identity import SignerIdentity, subject_name
from signing.judge import verify_in_child
from signing.sources.register import open_register
from signing.sources.socket_client import SignerUnavailableError
from signing.trust import Trust, read_trust
from tokens import Token, make_token, running
from web.bootstrap import compose
from web.cli import esm
from web.demo import choose_signer
from worlds import World, build_world, keys

LABEL = "executive"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    """A hardware module with one key."""
    return make_token(tmp_path_factory.mktemp("token"), [LABEL])


@pytest.fixture
def place() -> Iterator[Path]:
    """Where to put a socket: the path of one may have a hundred characters only."""
    with tempfile.TemporaryDirectory(prefix="esm-") as folder:
        yield Path(folder) / "signer.sock"


@pytest.fixture
def world() -> World:
    """A year whose clock stands within the validity of the agency's certificates."""
    world = build_world(2)
    world.clock.now = NOW
    return world


def signer_of(world: World) -> tuple[Document, str, SignerIdentity]:
    """The first document of the first ACO, its slot, and who signs there."""
    sample = world.first("current")
    document = world.document(sample, world.types(sample)[0].kind)
    slot = world.services.catalog[document.kind].slots[0]
    role, user_id = choose_signer(slot, sample, world.year, document.step)
    person = next(one.person for one in sample.contacts if one.role is role)
    aco = sample.aco
    return (
        document,
        slot.name,
        SignerIdentity(user_id, person.full_name, role, aco.legal_name, aco.aco_id, aco.performance_year),
    )


def write_pem(path: Path, chain: tuple[x509.Certificate, ...]) -> None:
    """Certificates one after the other."""
    path.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in chain))


def write_register(folder: Path, token: Token, identity: SignerIdentity) -> Path:
    """A register with one key of the module, certified for this person."""
    write_pem(folder / "chain.pem", certify(token.public_keys[LABEL], subject_name(identity)))
    for name, content in zip(("root.crl", "ca.crl"), present_lists(), strict=True):
        (folder / name).write_bytes(content)
    register = folder / "keys.toml"
    register.write_text(
        f'[[keys]]\nlabel = "{LABEL}"\ncertificates = "chain.pem"\n'
        f'revocation_lists = ["root.crl", "ca.crl"]\npolicies = ["{POLICY}"]\n',
        "utf-8",
    )
    return register


def with_register(world: World, register: Path, socket: Path) -> World:
    """The same world, its services built with the setting."""
    services = world.services
    settings = services.settings.model_copy(update={"signer_keys": register, "signer_socket": socket})
    built = compose(settings, world.clock, services.database, services.objects, keys())
    return World(built, world.year, world.clock)


def test_a_person_of_the_register_signs_with_their_own_key(
    world: World, token: Token, place: Path, tmp_path: Path
) -> None:
    """From setting to signed record; everybody else still gets a key of one use."""
    _, _, identity = signer_of(world)
    register = write_register(tmp_path, token, identity)
    with running(token, place, [LABEL]):
        world = with_register(world, register, place)
        document, slot, _ = signer_of(world)  # assembled anew: its fields accept the agency's root too
        signed = world.services.ceremony.sign(world.request(document, slot, identity.role, identity.user_id))
        (other,) = world.finish(world.first("new"), before_step=3)
    pdf = world.services.objects.get(signed.head_digest)
    certificate = x509.load_pem_x509_certificates((tmp_path / "chain.pem").read_bytes())[0]
    assert signed.signatures[0].certificate_serial == f"{certificate.serial_number:x}"
    assert other.signatures[0].certificate_serial != signed.signatures[0].certificate_serial

    accepted = Trust((*keys().trust.roots, *other_keys(AGENCY).trust.roots)).accepting([POLICY])
    assert verify_in_child(pdf, accepted, now=NOW).passed
    assert not verify_in_child(pdf, keys().trust.accepting([POLICY]), now=NOW).passed
    assert not verify_in_child(pdf, Trust(accepted.roots), now=NOW).passed


def test_without_the_signer_process_nothing_is_signed_or_recorded(
    world: World, token: Token, place: Path, tmp_path: Path
) -> None:
    """The service starts, as only this person's signature needs it; their click is refused and can be repeated."""
    _, _, identity = signer_of(world)
    world = with_register(world, write_register(tmp_path, token, identity), place)
    document, slot, _ = signer_of(world)
    with pytest.raises(SignerUnavailableError):
        world.services.ceremony.sign(world.request(document, slot, identity.role, identity.user_id))
    assert world.services.reading.document(identity.user_id, document.document_id).signatures == ()


def test_lists_are_read_anew_and_a_missing_one_stops_the_signature(
    world: World, token: Token, place: Path, tmp_path: Path
) -> None:
    """Whoever keeps the lists fresh replaces files; a file that is gone is no list."""
    _, _, identity = signer_of(world)
    register = write_register(tmp_path, token, identity)
    with running(token, place, [LABEL]):
        (held,) = open_register(register, place)
        held.credential(NOW)
        (tmp_path / "ca.crl").unlink()
        with pytest.raises(PkiError, match="key-file-unreadable"):
            held.credential(NOW)
        with pytest.raises(SigningError, match="certificate-not-valid"):
            held.credential(NOW + timedelta(days=800))


CASES = {
    "": "register-invalid",
    "keys = 7": "register-invalid",
    "[[keys]": "register-unreadable",
    "[[keys]]\nlabel = 'a'\ncertificates = 'none.pem'\nrevocation_lists = ['a.crl']\npolicies = ['1.2.3']": "key-file",
    "[[keys]]\nlabel = 'a'\naddress = 'https://a.example'\ncertificates = 'chain.pem'\n"
    "revocation_lists = ['root.crl']\npolicies = ['1.2.3']": "either a label",
    "[[keys]]\naddress = 'https://a.example'\ncertificates = 'chain.pem'\nrevocation_lists = ['root.crl']\n"
    "policies = ['1.2.3']": "needs a credential",
    "[[keys]]\naddress = 'http://a.example'\ncredential = 'c'\ntoken_file = 'token'\ncertificates = 'chain.pem'\n"
    "revocation_lists = ['root.crl']\npolicies = ['1.2.3']": "address-not-https",
    "[[keys]]\nlabel = 'a'\ncertificates = 'chain.pem'\nrevocation_lists = []\npolicies = ['1.2.3']": "register-invalid",
    "[[keys]]\nlabel = 'a'\ncertificates = 'chain.pem'\nrevocation_lists = ['root.crl']\npolicies = ['1.2.3']\n"
    "pin = '1234'": "Extra inputs",
    "[[keys]]\nlabel = 'a'\ncertificates = 'chain.pem'\nrevocation_lists = ['root.crl']\npolicies = ['1.2.3']": "chain",
}


@pytest.mark.parametrize(("content", "told"), CASES.items(), ids=range(len(CASES)))
def test_a_register_that_cannot_be_used_says_what_is_wrong(tmp_path: Path, content: str, told: str) -> None:
    """At the start, with the place; a secret is never written into the register itself."""
    write_pem(tmp_path / "chain.pem", tuple(reversed(issuers())))
    (tmp_path / "root.crl").write_bytes(present_lists()[0])
    (tmp_path / "token").write_text("access")
    register = tmp_path / "keys.toml"
    register.write_text(content, "utf-8")
    with pytest.raises(PacketsError, match=told):
        open_register(register, tmp_path / "signer.sock")


def test_all_that_is_wrong_with_a_register_is_told_at_once(tmp_path: Path) -> None:
    """Two keys, two problems, each with its place."""
    line = "[[keys]]\nlabel = 'a'\ncertificates = '{0}.pem'\nrevocation_lists = ['{0}.crl']\npolicies = ['1.2.3']\n"
    register = tmp_path / "keys.toml"
    register.write_text(line.format("one") + line.format("two"), "utf-8")
    with pytest.raises(PkiError) as error:
        open_register(register, None)
    assert [one.where.rpartition("key ")[2].partition(":")[0] for one in error.value.problems] == ["1", "2"]


def test_verify_takes_the_policy_of_another_authority(world: World, token: Token, place: Path, tmp_path: Path) -> None:
    """`esm verify` passes such a file when it is given both roots and the policy, and not with less."""
    _, _, identity = signer_of(world)
    with running(token, place, [LABEL]):
        world = with_register(world, write_register(tmp_path, token, identity), place)
        document, slot, _ = signer_of(world)
        signed = world.services.ceremony.sign(world.request(document, slot, identity.role, identity.user_id))
    (tmp_path / "signed.pdf").write_bytes(world.services.objects.get(signed.head_digest))
    write_pem(tmp_path / "roots.pem", (keys().root, other_keys(AGENCY).root))
    assert len(read_trust([tmp_path / "roots.pem"]).roots) == 2

    command = ["verify", str(tmp_path / "signed.pdf"), "--trust", str(tmp_path / "roots.pem")]
    for further, code in (([], 1), (["--signer-policy", POLICY], 0)):
        told = CliRunner().invoke(esm, [*command, *further])
        assert told.exit_code == code, told.output
