"""Bags for archives: checked without the service, and whatever is done to one is found and named."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from packets.audit.log import Act, Outcome
from packets.errors import NotFoundError
from signed_files import keys as other_keys
from signing.bags import Selection, write_zip
from signing.standalone.verifier import Bag
from web.bootstrap import build_bags
from worlds import build_world


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
def test_a_bag_is_checked_by_the_program_inside_it_without_this_project_and_without_a_network(
    bag: Path, tmp_path: Path
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
    program = (
        f"import sys, runpy; sys.path = [p for p in sys.path if 'site-packages' not in p] + [{str(seen)!r}];"
        f"sys.argv = ['verify.py', {str(bag)!r}]; runpy.run_path({str(bag / 'data' / 'verify.py')!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [*alone, sys.executable, "-I", "-S", "-c", program], cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "shipped in the bag" in done.stdout


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
    path = folder / "data/log/proofs.json"
    proofs = json.loads(path.read_bytes())
    proofs[0]["steps"][0] = "0" * 64
    path.write_text(json.dumps(proofs))


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


TAMPERINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte of the PDF": (lambda one: _flip(_one(one, "data/documents/*/revision-*.pdf")), "signature"),
    "a byte of the facts": (lambda one: _flip(_one(one, "data/documents/*/facts.json")), "facts"),
    "a line of the table": (lambda one: _flip(_one(one, "data/documents/*/*.csv")), ".csv"),
    "an entry of the log": (_edit_log, "the entry was changed"),
    "a proof": (_edit_proof, "does not lead to the root"),
    "swapped revisions": (_swap, "no prefix"),
    "a revision taken back": (_roll_back, "the revisions are not those"),
    "a document taken out": (_take_a_document, "the log tells of it"),
    "a foreign checkpoint": (_foreign_checkpoint, "checkpoint"),
}


def _seal_anew(folder: Path) -> None:
    """Write the manifests again, as a forger would, so that only what is behind them can contradict."""
    from signing.bags import _manifest

    payload = {
        one.relative_to(folder).as_posix(): one.read_bytes() for one in folder.glob("data/**/*") if one.is_file()
    }
    (folder / "manifest-sha256.txt").write_bytes(_manifest(payload))
    names = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")
    tags = {one: (folder / one).read_bytes() for one in names}
    (folder / "tagmanifest-sha256.txt").write_bytes(_manifest(tags))


@pytest.mark.requirement("R4")
@pytest.mark.parametrize("how", TAMPERINGS)
def test_a_bag_that_was_bent_and_given_new_manifests_is_found_out(copy: Path, how: str) -> None:
    """By the manifests before, and by signatures, proofs and digests after they were written anew."""
    bend, named = TAMPERINGS[how]
    bend(copy)
    assert any("the file was changed" in one or "the file is missing" in one for one in Bag(copy, []).check())
    _seal_anew(copy)
    findings = Bag(copy, []).check()
    assert any(named in one for one in findings), findings


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


def test_equal_bags_are_equal_zips(bag: Path, tmp_path: Path) -> None:
    """Whenever they are written."""
    for name in ("first.zip", "second.zip"):
        write_zip(bag, tmp_path / name)
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
