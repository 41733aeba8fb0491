"""Bags for archives: checked without the service, and whatever is done to one is found and named."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from packets.audit.log import Act, Outcome
from packets.errors import NotFoundError, Problem
from packets.store.objects import digest_file
from signed_files import keys as other_keys
from signing.bag_writing import BagWriter, FolderSink, Sink, ZipSink, write_manifest, write_zip
from signing.bags import Selection
from signing.errors import TimeStampError
from signing.pades import SigningService
from signing.standalone.verifier import Bag
from web.keepers import build_bags
from worlds import START, build_world


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bag with one executed document."""
    world = build_world(2)
    sample = world.first("current")
    world.finish(sample, before_step=3)
    target = tmp_path_factory.mktemp("bags") / "bag"
    assert build_bags(world.services).export(Selection(aco_id=sample.aco.aco_id), target) == 1
    return target


@pytest.fixture
def copy(bag: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(bag, tmp_path / "bag"))


@pytest.mark.requirement("R4")
@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
def test_a_bag_is_checked_by_the_program_inside_it_without_this_project_and_without_a_network(
    bag: Path, tmp_path: Path, *, zipped: bool
) -> None:
    """A Python that cannot see the project, in a network namespace of its own where the machine allows one."""
    alone = ["unshare", "-rn"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        print("No network namespace here (unshare -rn is refused): run with the network that there is.")  # noqa: T201
        alone = []
    seen = tmp_path / "seen"
    seen.mkdir()
    library = Path(sys.modules["cryptography"].__file__ or "").parent.parent
    for name in ("cryptography", "cffi", "pycparser"):
        if (library / name).exists():
            (seen / name).symlink_to(library / name)
    for one in library.glob("_cffi_backend*"):
        (seen / one.name).symlink_to(one)
    program, place = tmp_path / "verify.py", bag
    shutil.copy(bag / "data" / "verify.py", program)
    if zipped:
        place = tmp_path / "bag.zip"
        write_zip(bag, place)
    code = (
        f"import sys, runpy; sys.path = [p for p in sys.path if 'site-packages' not in p] + [{str(seen)!r}];"
        f"sys.argv = ['verify.py', {str(place)!r}]; runpy.run_path({str(program)!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [*alone, sys.executable, "-I", "-S", "-c", code], cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "shipped in the bag" in done.stdout
    assert "Sealed by CN=ESM Packets" in done.stdout


@pytest.mark.requirement("R4")
def test_the_seal_of_a_bag_holds_for_openssl_too(bag: Path, tmp_path: Path) -> None:
    """Over the manifest of the manifests, and over nothing else."""
    (root,) = (bag / "data/trust/anchors").glob("*.pem")
    asked = ["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", str(bag / "bag-seal.p7s")]
    asked += ["-CAfile", str(root), "-purpose", "any", "-out", str(tmp_path / "out")]
    asked += ["-attime", str(int(START.timestamp())), "-content"]
    sealed = subprocess.run([*asked, str(bag / "tagmanifest-sha256.txt")], capture_output=True, text=True, check=False)
    other = subprocess.run([*asked, str(bag / "manifest-sha256.txt")], capture_output=True, check=False)
    assert sealed.returncode == 0, sealed.stderr
    assert other.returncode != 0


def test_a_bag_holds_the_report_of_the_services_verifier_in_plain_names(bag: Path) -> None:
    """What a program of an archive reads without knowing ETSI's scheme."""
    told = json.loads(_one(bag, "data/documents/*/verification.json").read_bytes())
    assert (told["overall"], told["problems"], told["verified_at"]) == ("PASSED", [], START.isoformat())
    assert [one["kind"] for one in told["signatures"]] == ["seal", "signer", "timestamp"]
    assert told["digest"] == digest_file(_one(bag, "data/documents/*/revision-*.pdf"))
    readme = (bag / "data/README.txt").read_text()
    assert not [one for one in (*told, *told["signatures"][0], *told["signatures"][0]["proof"]) if one not in readme]


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _one(folder: Path, pattern: str) -> Path:
    return max(folder.glob(pattern))


def _swap(folder: Path) -> None:
    first, second = sorted(folder.glob("data/documents/*/revision-*.pdf"))[1:3]
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def _edit_log(folder: Path) -> None:
    path = folder / "data/log/entries.jsonl"
    lines = [json.loads(one) for one in path.read_text().splitlines()]
    lines[0]["actor"] = "ZZ99"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))


def _edit_proof(folder: Path) -> None:
    path = folder / "data/log/proofs.jsonl"
    proofs = [json.loads(one) for one in path.read_text().splitlines()]
    proofs[0]["steps"][0] = "0" * 64
    path.write_text("".join(json.dumps(one) + "\n" for one in proofs))


def _roll_back(folder: Path) -> None:
    """Take the newest revision out of the folder and the index, as if it had never been."""
    _one(folder, "data/documents/*/revision-*.pdf").unlink()
    path = folder / "data/index.json"
    index = json.loads(path.read_bytes())
    index["documents"][0]["revisions"].pop()
    path.write_text(json.dumps(index))


def _take_a_document(folder: Path) -> None:
    """Take a whole document out, and leave the log as it is."""
    shutil.rmtree(_one(folder, "data/documents/*"))
    (folder / "data/index.json").write_text('{"documents":[]}')


def _foreign_checkpoint(folder: Path) -> None:
    path = _one(folder, "data/log/checkpoints/*.json")
    data = json.loads(path.read_bytes())
    foreign = (other_keys("agency").seal.certificate, other_keys("agency").authority.certificate)
    data["certificates"] = [one.public_bytes(Encoding.PEM).decode() for one in foreign]
    path.write_text(json.dumps(data))


def _take_a_document_with_its_traces(folder: Path) -> None:
    """Take a whole document out of folder, index and log, as if it had never been in the bag."""
    _take_a_document(folder)
    for name in ("entries", "proofs"):
        (folder / f"data/log/{name}.jsonl").write_bytes(b"")


def _take_lists(folder: Path) -> None:
    """Take out what says which certificates were revoked."""
    shutil.rmtree(folder / "data/trust/lists")


TAMPERINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte of the PDF": (lambda one: _flip(_one(one, "data/documents/*/revision-*.pdf")), "signature"),
    "a byte of the facts": (lambda one: _flip(_one(one, "data/documents/*/facts.json")), "facts"),
    "a line of the table": (lambda one: _flip(_one(one, "data/documents/*/*.csv")), ".csv"),
    "an entry of the log": (_edit_log, "the entry was changed"),
    "a proof": (_edit_proof, "does not lead to the root"),
    "swapped revisions": (_swap, "no prefix"),
    "a revision taken back": (_roll_back, "the revisions are not those"),
    "a document taken out": (_take_a_document, "the log tells of it"),
    "a document taken out with all that tells of it": (_take_a_document_with_its_traces, "bag-seal.p7s"),
    "revocation lists": (_take_lists, "there is no revocation list of"),
    "the seal": (lambda one: (one / "bag-seal.p7s").unlink(), "bag-seal.p7s is not there"),
    "a byte of the seal": (lambda one: _flip(one / "bag-seal.p7s"), "bag-seal.p7s"),
    "a foreign checkpoint": (_foreign_checkpoint, "checkpoint"),
}


def _seal_anew(folder: Path) -> None:
    """Write the manifests again, as a forger would, so that only what is behind them can contradict."""
    payload = {
        one.relative_to(folder).as_posix(): digest_file(one) for one in folder.glob("data/**/*") if one.is_file()
    }
    (folder / "manifest-sha256.txt").write_bytes(b"".join(write_manifest(payload)))
    tags = {one: digest_file(folder / one) for one in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")}
    (folder / "tagmanifest-sha256.txt").write_bytes(b"".join(write_manifest(tags)))


@pytest.mark.requirement("R4")
@pytest.mark.parametrize("how", TAMPERINGS)
def test_a_bag_that_was_bent_and_given_new_manifests_is_found_out(copy: Path, how: str) -> None:
    """By the manifests before, and by signatures, proofs and digests after they were written anew."""
    bend, named = TAMPERINGS[how]
    bend(copy)
    found = ("the file was changed", "the file is missing", "bag-seal.p7s")
    assert any(one in finding for finding in Bag(copy, []).check() for one in found)
    _seal_anew(copy)
    findings = Bag(copy, []).check()
    assert any(named in one for one in findings), findings
    assert any("bag-seal.p7s" in one for one in findings), findings


def test_files_that_are_missing_or_added_are_named(copy: Path) -> None:
    """Both at once."""
    (copy / "data/README.txt").unlink()
    (copy / "data/more.txt").write_text("more")
    findings = Bag(copy, []).check()
    assert findings == ["data/README.txt: the file is missing", "data/more.txt: the file was added"]


def test_another_anchor_is_not_led_to(bag: Path, tmp_path: Path) -> None:
    """Nothing that was signed under one root holds under another one."""
    foreign = tmp_path / "root.pem"
    foreign.write_bytes(other_keys("agency").authority.certificate.public_bytes(Encoding.PEM))
    assert any("does not lead to a trust anchor" in one for one in Bag(bag, [foreign]).check())


def test_roots_of_time_stamps_are_for_time_stamps_only(copy: Path) -> None:
    """An authority that only stamps cannot vouch for a signer or a seal, whatever policy its certificates state."""
    place = copy / "data/trust"
    (place / "time-stamp-anchors").mkdir(exist_ok=True)
    for root in (place / "anchors").glob("*.pem"):
        root.rename(place / "time-stamp-anchors" / root.name)
    _seal_anew(copy)
    findings = Bag(copy, []).check()
    wrong = [one for one in findings if "does not lead to a trust anchor" in one]
    assert any("signature 1" in one for one in wrong)
    assert any("checkpoint" in one for one in wrong)
    assert not [one for one in findings if "time-stamp" in one]


def test_a_certificate_that_was_issued_for_something_else_signs_nothing(bag: Path) -> None:
    """Everything under the root is trusted for its own purpose only: here the policies of people are taken away."""
    strict = Bag(bag, [])
    strict.trust.signers.clear()
    assert any("was not issued for this" in one for one in strict.check())


def test_a_selection_without_a_record_is_refused_and_the_log_tells_of_it(tmp_path: Path) -> None:
    """Nothing is written, and nobody asks the archive unseen."""
    world = build_world(2)
    with pytest.raises(NotFoundError, match="selection-empty"):
        build_bags(world.services).export(Selection(aco_id="A0000"), tmp_path / "bag")
    assert not (tmp_path / "bag").exists()
    with world.services.database.read() as records:
        told = [(one.act, one.outcome) for one in records.journal.entries("archive")]
    assert told == [(Act.DOCUMENT_DOWNLOAD, Outcome.REFUSED)]


def test_a_bag_that_could_not_be_sealed_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No half of it either: a bag gets its name when all of it is written."""
    world = build_world(2)
    world.finish(world.first("current"), before_step=3)

    def refuse(*_: object) -> bytes:
        raise TimeStampError(Problem("timestamp-missing", "Nobody gave one.", "Try again."))

    monkeypatch.setattr(SigningService, "seal_statement", refuse)
    for name in ("bag", "bag.zip"):
        with pytest.raises(TimeStampError):
            build_bags(world.services).export(Selection(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_bag_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    """One finding, and no traceback."""
    path = tmp_path / "bag.zip"
    path.write_bytes(content)
    assert len(Bag(path, []).check()) == 1


def test_a_name_that_stands_twice_in_a_zip_is_found(bag: Path, tmp_path: Path) -> None:
    """Programs differ about which of the two they unpack."""
    path = tmp_path / "bag.zip"
    write_zip(bag, path)
    assert Bag(path, []).check() == []
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("bag/data/README.txt", "another")
    assert Bag(path, []).check() == ["bag.zip: it is not one folder in which each file stands once"]


def test_a_bag_is_never_whole_in_memory(tmp_path: Path) -> None:
    """What is in memory at once is one file of it, however many documents there are; a zip is written as it comes."""

    def pieces() -> Iterator[bytes]:
        for _ in range(16):
            yield bytes(1 << 20)

    sinks: tuple[Sink, ...] = (FolderSink(tmp_path / "bag"), ZipSink(tmp_path / "bag.zip", "bag"))
    for sink in sinks:
        tracemalloc.start()
        with sink:
            bag = BagWriter(sink)
            for number in range(2):
                bag.add(f"data/{number}.pdf", pieces())
            bag.finish(START.date(), lambda _: b"")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 8 << 20
    assert (tmp_path / "bag.zip").stat().st_size > 32 << 20


def test_equal_bags_are_equal_zips(bag: Path, tmp_path: Path) -> None:
    """Whenever they are written."""
    for name in ("first.zip", "second.zip"):
        write_zip(bag, tmp_path / name)
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
