"""Checkpoints of the log: signed, time-stamped, kept away; whatever is done to a log that was checkpointed is found."""

from __future__ import annotations

import dataclasses
import json
import shutil
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding

from log_tampering import rechained, tamper
from packets.audit.log import Act, Entry, chain
from packets.audit.merkle import is_consistent, is_included
from packets.audit.transcript import read_entries, write_entries
from packets.errors import InputError, NotFoundError
from signed_files import keys as other_keys
from signing.checkpoints import LogVerdict, verify_log
from signing.errors import TimeStampError
from signing.timestamps import TimeStampSource
from web.cli import esm
from web.work import build_executor
from worlds import World, build_world, keys

TAMPERINGS = 1000


@pytest.fixture(scope="module")
def world() -> World:
    """A year with some acts in its log, checkpointed twice, and three entries after the last checkpoint."""
    world = build_world(2)
    world.services.checkpoints.make()
    world.finish(world.first("current"), before_step=4)
    world.services.checkpoints.make()
    with world.services.database.write() as records:
        for number in range(3):
            records.journal.log(Act.ACCOUNT_SIGN_IN, f"AA0{number}", "after", world.clock())
    return world


def log_of(world: World) -> list[Entry]:
    """Every entry."""
    with world.services.database.read() as records:
        return list(records.journal.entries())


def judge(world: World, entries: list[Entry], bundles: list[bytes] | None = None) -> LogVerdict:
    """What the verifier says of a log, with the genuine checkpoints where none are given."""
    kept = list(world.services.checkpoints.bundles()) if bundles is None else bundles
    return verify_log(entries, kept, world.services.signer.trust, world.clock())


def test_a_log_with_checkpoints_holds(world: World) -> None:
    """All of it is checked, and it is told how far the checkpoints reach."""
    verdict = judge(world, log_of(world))
    assert verdict.problems == ()
    assert (verdict.entries - verdict.covered, verdict.checkpoints) == (3, 2)


def test_nothing_new_makes_no_new_checkpoint() -> None:
    """A quiet minute leaves no trace; an empty log has no checkpoint."""
    world = build_world(2)
    first = world.services.checkpoints.make()
    assert first is not None
    assert world.services.checkpoints.make() == first
    with world.services.database.read() as records:
        assert records.journal.checkpoints() == [first]


@pytest.mark.requirement("R4")
def test_a_thousand_tamperings_are_all_found(world: World) -> None:
    """Before the last checkpoint: edited, deleted, inserted, reordered, shortened, doubled, with the old chain and a new one."""
    log = log_of(world)
    counts = tamper(log, judge(world, log).covered, lambda bent: bool(judge(world, bent).problems), TAMPERINGS, seed=7)
    assert {how: missed for how, (_, missed) in counts.items() if missed} == {}
    assert sum(tried for tried, _ in counts.values()) == TAMPERINGS


def test_a_log_that_was_written_anew_is_found_by_its_checkpoints_alone(world: World) -> None:
    """Its chain is perfect; only the roots that were signed before contradict it."""
    log = log_of(world)
    forged = rechained([log[0], *log[2:], log[1]])
    assert judge(world, forged, bundles=[]).problems == ()
    assert {one.code for one in judge(world, forged).problems} == {"checkpoint-differs"}


def _other_root(bundle: dict[str, object]) -> dict[str, object]:
    statement = json.loads(str(bundle["statement"]))
    return {**bundle, "statement": json.dumps({**statement, "root": "0" * 64}, separators=(",", ":"), sort_keys=True)}


def _other_seal(bundle: dict[str, object]) -> dict[str, object]:
    foreign = (other_keys("agency").seal.certificate, other_keys("agency").authority.certificate)
    return {**bundle, "certificates": [one.public_bytes(Encoding.PEM).decode() for one in foreign]}


def _other_stamp(bundle: dict[str, object]) -> dict[str, object]:
    token = bytearray(b64decode(str(bundle["time_stamp"])))
    token[-5] ^= 1
    return {**bundle, "time_stamp": b64encode(token).decode()}


def _no_seal(bundle: dict[str, object]) -> dict[str, object]:
    authority = keys().authority.certificate.public_bytes(Encoding.PEM).decode()
    return {**bundle, "certificates": [authority, authority]}


FORGERIES: dict[str, Callable[[dict[str, object]], dict[str, object]]] = {
    "another root": _other_root,
    "another service's seal": _other_seal,
    "a spoilt time-stamp": _other_stamp,
    "no seal": _no_seal,
    "nothing": lambda _: {},
    "another signature": lambda bundle: {**bundle, "signature": b64encode(b"none").decode()},
}


@pytest.mark.parametrize("how", FORGERIES)
def test_a_checkpoint_that_was_bent_counts_for_nothing(world: World, how: str) -> None:
    """It is told, and what only it covered is no longer said to be covered."""
    first, second = world.services.checkpoints.bundles()
    bent = json.dumps(FORGERIES[how](json.loads(second)), separators=(",", ":")).encode()
    verdict = judge(world, log_of(world), [first, bent])
    assert {one.code for one in verdict.problems} == {"checkpoint-invalid"}
    assert verdict.covered == judge(world, log_of(world), [first]).covered


def test_every_signature_can_be_proven_without_the_rest_of_the_log(world: World) -> None:
    """A proof of some steps under a checkpoint; an entry that none covers yet has none."""
    signed = [one for one in log_of(world) if one.act is Act.DOCUMENT_SIGN]
    bundles = {world.services.objects.put(one): one for one in world.services.checkpoints.bundles()}
    for entry in signed:
        proof = world.services.checkpoints.prove(entry.sequence)
        statement = json.loads(json.loads(bundles[proof["checkpoint"]])["statement"])
        steps = [bytes.fromhex(one) for one in proof["steps"]]
        place, size = entry.sequence - 1, statement["size"]
        assert is_included(bytes.fromhex(entry.digest), place, size, steps, bytes.fromhex(statement["root"]))
    assert signed
    with pytest.raises(NotFoundError, match="checkpoint-missing"):
        world.services.checkpoints.prove(len(log_of(world)))


@pytest.mark.requirement("R4")
def test_the_proofs_of_a_documents_signatures_need_nothing_but_its_entries_and_a_checkpoint(world: World) -> None:
    """What a bundle for an archive takes along: the entry, its digest made anew from it, some steps, the signed root."""
    sample = world.first("current")
    document = world.document(sample, "provider-supplier-list")
    (proof,) = world.services.checkpoints.prove_signatures(document)
    (entry,) = read_entries([proof["entry"].encode()])
    made_anew = chain_digest(entry)
    statement = json.loads(json.loads(world.services.objects.get(proof["checkpoint"]))["statement"])
    steps = [bytes.fromhex(one) for one in proof["steps"]]
    place, root = proof["sequence"] - 1, bytes.fromhex(statement["root"])
    assert entry.details["slot"] == document.signatures[0].slot
    assert is_included(bytes.fromhex(made_anew), place, proof["size"], steps, root)
    other = chain_digest(dataclasses.replace(entry, actor="ZZ99"))
    assert not is_included(bytes.fromhex(other), place, proof["size"], steps, root)


def chain_digest(entry: Entry) -> str:
    """The digest of an entry's content, whatever it says itself."""
    before = dataclasses.replace(entry, sequence=entry.sequence - 1, digest=entry.previous)
    named = {name: getattr(entry, name) for name in ("at_utc", "act", "actor", "subject", "outcome", "details")}
    return chain(before, **named).digest


def test_each_checkpoint_is_proven_to_go_on_from_the_one_before(world: World) -> None:
    """With two kept bundles and the proof, nobody needs the log to see that nothing before the first was touched."""
    with world.services.database.read() as records:
        first, second = records.journal.checkpoints()
    proof = world.services.checkpoints.prove_growth(first.size, second.size)
    roots = [
        bytes.fromhex(json.loads(json.loads(world.services.objects.get(one))["statement"])["root"])
        for one in proof["checkpoints"]
    ]
    steps = [bytes.fromhex(one) for one in proof["steps"]]
    assert is_consistent(first.size, roots[0], second.size, roots[1], steps)
    assert not is_consistent(first.size, roots[1], second.size, roots[0], steps)
    with pytest.raises(NotFoundError, match="checkpoint-missing"):
        world.services.checkpoints.prove_growth(first.size, second.size + 1)


def test_without_a_time_stamp_there_is_no_checkpoint() -> None:
    """It is refused, nothing is recorded, and the next one covers all of it."""
    world = build_world(2)
    none = TimeStampSource([], keys().trust, world.clock)
    checkpoints = world.services.checkpoints
    silent = type(checkpoints)(checkpoints.database, checkpoints.objects, checkpoints.pki, none, checkpoints.clock)
    with pytest.raises(TimeStampError):
        silent.make()
    with world.services.database.read() as records:
        assert records.journal.checkpoints() == []
    kept = checkpoints.make()
    assert kept is not None
    assert kept.size == len(log_of(world))


def test_an_execution_asks_for_a_checkpoint() -> None:
    """In the same transaction; a worker makes it."""
    world = build_world(2)
    world.finish(world.first("current"), before_step=3)
    build_executor(world.services).work_off()
    with world.services.database.read() as records:
        executed = [one for one in records.journal.entries() if one.act is Act.DOCUMENT_EXECUTE]
        covered = records.journal.last_checkpoint()
    assert covered is not None
    assert executed[-1].sequence <= covered.size


def test_a_transcript_reads_back_as_it_was(world: World) -> None:
    """Line by line, and a line that is none is named."""
    log = log_of(world)
    lines = list(write_entries(log))
    assert list(read_entries(lines)) == log
    for spoilt in (b"{}\n", b"no\n", lines[0].replace(b"year:open", b"year:close")):
        with pytest.raises(InputError, match="line 2"):
            list(read_entries([lines[0], spoilt]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished demonstration, as its user has it."""
    place = tmp_path_factory.mktemp("audit") / "data"
    done = CliRunner().invoke(esm, ["demo", "--dir", str(place), "--acos", "2"])
    assert done.exit_code == 0, done.output
    return place


def test_an_export_is_checked_without_database_and_service(folder: Path, tmp_path: Path) -> None:
    """Taken elsewhere with nothing but the root; a line less, and it fails."""
    export, trust = tmp_path / "export", tmp_path / "root.pem"
    shutil.copy(folder / "pki" / "trust.pem", trust)
    runner = CliRunner()
    assert runner.invoke(esm, ["audit", "export", "--dir", str(folder), "--to", str(export)]).exit_code == 0
    again = runner.invoke(esm, ["audit", "export", "--dir", str(folder), "--to", str(export)])
    assert "folder-not-empty" in str(again.exception)

    verify = ["audit", "verify", str(export), "--trust", str(trust)]
    told = runner.invoke(esm, [*verify, "--json"])
    assert told.exit_code == 0, told.output
    verdict = json.loads(told.stdout)
    assert verdict["entries"] == verdict["covered"] > 50

    lines = (export / "entries.jsonl").read_bytes().splitlines(keepends=True)
    (export / "entries.jsonl").write_bytes(b"".join(lines[:-1]))
    told = runner.invoke(esm, verify)
    assert told.exit_code == 1
    assert "log-shortened" in told.output
    assert "trust-missing" in str(runner.invoke(esm, verify[:3]).exception)
    assert "export-incomplete" in str(runner.invoke(esm, ["audit", "verify", str(tmp_path), *verify[3:]]).exception)


def test_the_log_of_a_folder_is_checked_where_it_is(folder: Path) -> None:
    """With the service's own trust."""
    runner = CliRunner()
    assert "entries, " in runner.invoke(esm, ["audit", "checkpoint", "--dir", str(folder)]).stdout
    told = runner.invoke(esm, ["audit", "verify", "--dir", str(folder)])
    assert told.exit_code == 0, told.output
    assert "one unbroken chain; 1 signed checkpoints" in told.stdout.replace("2 signed", "1 signed")
