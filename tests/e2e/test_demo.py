"""The main job as a stranger runs it, and what judges that are not ours say of every file that it makes."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from packets.documents.catalog import load_catalog
from packets.settings import Settings
from validators import check_openssl_cms, check_pdfsig, check_qpdf
from web.bootstrap import build_services

pytestmark = pytest.mark.xdist_group("demo")
ACOS = 2
PUF_HEADER = (
    "ACO_ID", "ACO_Name", "Par_LBN", "ACO_Service_Area", "Agreement_Period_Num", "Initial_Start_Date", "Current_Start_Date",
    "BASIC_Track", "BASIC_Track_Level", "ENHANCED_Track", "High_Revenue_ACO", "Low_Revenue_ACO", "ACO_Public_Reporting_Website",
)  # fmt: skip


def esm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from web.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, Any]:
    done = esm("demo", "--dir", folder, "--acos", str(ACOS), "--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def documents_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [document for packet in report["packets"] for document in packet["documents"]]


def test_what_does_not_go_by_plan_is_shown_too(report: dict[str, Any], folder: Path) -> None:
    """A list is corrected, agreements are extended, time is granted, a document is declined and replaced; all is executed."""
    acts = [one["act"] for one in report["episodes"]]
    assert set(acts) == {"corrections-uploaded", "agreement-extended", "window-extended", "declined", "replaced"}
    declined = next(one["aco_id"] for one in report["episodes"] if one["act"] == "declined")
    services = build_services(Settings(dir=folder, mode="demo"))
    with services.database.read() as records:
        voided = [one for one in records.ledger.documents() if one["voided_at_utc"] is not None]
    services.database.close()
    assert [one["aco_id"] for one in voided] == [declined]


def test_every_document_of_both_cohorts_is_executed_and_passes(report: dict[str, Any]) -> None:
    """A current ACO has three documents, a new one five; all are executed and pass our verifier."""
    kinds = {packet["cohort"]: [one["kind"] for one in packet["documents"]] for packet in report["packets"]}
    in_order = [one.kind for one in load_catalog().values() if not one.on_demand]

    assert kinds == {"current": in_order[:3], "new": in_order}
    assert {one["status"] for one in documents_of(report)} == {"Executed"}
    assert {one["verdict"] for one in documents_of(report)} == {"PASSED"}


def test_the_signers_are_the_right_ones_in_the_right_slots(report: dict[str, Any]) -> None:
    """Every slot of every type is signed once, in a permitted role; the DUA by two people; CMS last."""
    catalog = load_catalog()
    for one in documents_of(report):
        document_type = catalog[one["kind"]]
        signed = {signature["slot"]: signature for signature in one["signatures"]}
        assert set(signed) == {slot.name for slot in document_type.slots}
        assert all(signed[slot.name]["role"] in slot.roles for slot in document_type.slots)
        assert all(
            signed[slot.name]["signer"] != signed[other]["signer"]
            for slot in document_type.slots
            for other in slot.different_from
        )
        assert one["signatures"][-1]["role"] == "cms-signatory" or not document_type.countersigned


def test_files_lie_where_they_are_said_to_lie(report: dict[str, Any], folder: Path) -> None:
    """`DIR/packets/<ACO>/<PY>/<kind>.pdf`, and the digest is that of the file."""
    import hashlib

    for packet in report["packets"]:
        for one in packet["documents"]:
            path = folder / one["file"]
            assert (
                path == folder / "packets" / packet["aco_id"] / str(packet["performance_year"]) / f"{one['kind']}.pdf"
            )
            assert hashlib.sha256(path.read_bytes()).hexdigest() == one["sha256"]


JUDGES: dict[str, Callable[[bytes, Path, Path], object]] = {
    "pdfsig": check_pdfsig,
    "openssl": check_openssl_cms,
    "qpdf": lambda pdf, _root, scratch: check_qpdf(pdf, scratch),
}


@pytest.mark.parametrize("judge", JUDGES)
def test_judges_that_are_not_ours_agree_on_every_file(
    report: dict[str, Any], folder: Path, judge: str, tmp_path: Path
) -> None:
    """`pdfsig` trusts every signature, `openssl cms -verify -cades` every CMS, `qpdf --check` the syntax of the chain."""
    root = folder / "pki" / "trust.pem"
    for number, one in enumerate(documents_of(report)):
        scratch = tmp_path / str(number)
        scratch.mkdir()
        JUDGES[judge]((folder / one["file"]).read_bytes(), root, scratch)


def test_each_revision_is_a_byte_prefix_of_the_next(report: dict[str, Any], folder: Path) -> None:
    """Drafted, sealed, signed, countersigned, executed: nothing that was there is ever rewritten."""
    services = build_services(Settings(dir=folder, mode="demo"))
    for packet in report["packets"]:
        with services.database.read() as records:
            documents = records.documents.packet(packet["aco_id"], packet["performance_year"])
        for document in documents:
            chain = [services.objects.get(revision.digest) for revision in document.revisions]
            assert [str(one.event) for one in document.revisions][:2] == ["drafted", "sealed"]
            assert document.revisions[-1].event == "executed"
            assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(chain))
    services.database.close()


def test_sample_data_says_so_on_every_page_and_in_every_record(report: dict[str, Any], folder: Path) -> None:
    """No page without the mark, no record without the flag."""
    assert report["sample"] is True
    for one in documents_of(report):
        for page in range(1, one["pages"] + 1):
            words = subprocess.run(
                ["pdftotext", "-f", str(page), "-l", str(page), folder / one["file"], "-"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            assert "SAMPLE DATA" in words, (one["file"], page)
    services = build_services(Settings(dir=folder, mode="demo"))
    with services.database.read() as records:
        year = report["packets"][0]["performance_year"]
        assert all(one.sample for one in records.documents.in_year(year))
        assert all(one.sample for one in records.acos.in_year(year))
    services.database.close()


def test_one_corrections_file_was_handed_in_and_is_in_the_certified_list(report: dict[str, Any], folder: Path) -> None:
    """At least one ACO uploaded corrections, and its provider list certification carries the file's digest."""
    services = build_services(Settings(dir=folder, mode="demo"))
    year = report["packets"][0]["performance_year"]
    with services.database.read() as records:
        uploads = [one for packet in report["packets"] for one in records.lists.uploads(packet["aco_id"], year)]
    services.database.close()

    assert uploads
    words = subprocess.run(
        ["pdftotext", folder / "packets" / uploads[0].aco_id / str(year) / "provider-supplier-list.pdf", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert uploads[0].file_name in words.replace("\n", "")


def test_a_second_run_says_so_and_harms_nothing(report: dict[str, Any], folder: Path) -> None:
    """Every file stays as it is, the message names the folder, and the exit is 0 because all still passes."""
    before = {path: path.read_bytes() for path in (folder / "packets").rglob("*.pdf")}
    again = esm("demo", "--dir", folder, "--acos", str(ACOS), "--json")

    assert again.returncode == 0, again.stderr
    assert "already" in again.stderr
    assert {path: path.read_bytes() for path in (folder / "packets").rglob("*.pdf")} == before
    assert [one["sha256"] for one in documents_of(json.loads(again.stdout))] == [
        one["sha256"] for one in documents_of(report)
    ]


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    """Somebody's files are never mixed with a demonstration."""
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    refused = esm("demo", "--dir", tmp_path)

    assert refused.returncode == 1
    assert "folder-not-empty" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_the_audit_log_of_the_demonstration_is_one_chain(report: dict[str, Any], folder: Path) -> None:
    """`esm audit verify` finds every entry in its place, and one for each signature."""
    checked = esm("audit", "verify", "--dir", folder)
    assert checked.returncode == 0, checked.stderr

    services = build_services(Settings(dir=folder, mode="demo"))
    with services.database.read() as records:
        acts = [str(entry.act) for entry in records.journal.entries() if entry.outcome == "done"]
    services.database.close()
    signatures = sum(len(one["signatures"]) for one in documents_of(report))
    assert sum(act in {"document:sign", "document:countersign"} for act in acts) == signatures


def test_esm_verify_judges_the_files_without_the_database(report: dict[str, Any], folder: Path, tmp_path: Path) -> None:
    """The file and the root certificate are enough; a changed byte is found."""
    pdf = folder / documents_of(report)[0]["file"]
    trust = folder / "pki" / "trust.pem"
    assert esm("verify", pdf, "--trust", trust).returncode == 0

    content = bytearray(pdf.read_bytes())
    content[len(content) // 4] ^= 1
    changed = tmp_path / "changed.pdf"
    changed.write_bytes(content)
    judged = esm("verify", changed, "--trust", trust, "--json")
    assert judged.returncode == 1
    assert json.loads(judged.stdout)[0]["overall"] != "PASSED"


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_real_acos_and_participants_come_from_the_public_use_file(tmp_path: Path, packed: bool) -> None:
    """The file's year, its ACOs and participants; those whose first start date is in that year are new."""
    path = tmp_path / ("puf.csv.gz" if packed else "puf.csv")
    with (
        gzip.open(path, "wt", encoding="utf-8", newline="")
        if packed
        else path.open("w", encoding="utf-8", newline="") as file
    ):
        writer = csv.writer(file)
        writer.writerow(PUF_HEADER)
        for aco, name, started in (
            ("A2811", "Mesa & Sons Health, LLC", "01/01/2016"),
            ("A5999", "Harbor ACO", "01/01/2026"),
            ("A3000", "Plain ACO", "01/01/2020"),
        ):
            for participant in ("VALLEY CLINIC PC", "NORTH <CARE> GROUP"):
                writer.writerow(
                    [
                        aco,
                        name,
                        participant,
                        "AZ",
                        "3",
                        started,
                        "01/01/2026",
                        "0",
                        "N/A",
                        "1",
                        "0",
                        "1",
                        "https://aco.example",
                    ]
                )
    done = esm("demo", "--dir", tmp_path / "data", "--participants", path, "--acos", "2", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)

    assert {(one["aco_id"], one["performance_year"], one["cohort"]) for one in report["packets"]} == {
        ("A2811", 2026, "current"),
        ("A5999", 2026, "new"),
    }
    assert report["practice"] == ["A3000"]
    participants = tmp_path / "data" / "packets" / "A2811" / "2026" / "participant-list.pdf"
    words = subprocess.run(
        ["pdftotext", "-layout", participants, "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "NORTH <CARE> GROUP" in words
    assert "Mesa & Sons Health, LLC" in words


def test_a_changed_copy_is_told_apart_and_left_alone(report: dict[str, Any], folder: Path, tmp_path: Path) -> None:
    """Looking again judges what lies in the folder, not what should lie there; exit 1 says that something is wrong."""
    copy = tmp_path / "data"
    shutil.copytree(folder, copy)
    path = copy / documents_of(report)[0]["file"]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    again = esm("demo", "--dir", copy, "--json")

    assert again.returncode == 1
    assert [one["verdict"] for one in documents_of(json.loads(again.stdout))].count("PASSED") == len(
        documents_of(report)
    ) - 1
    assert path.read_bytes() == content
