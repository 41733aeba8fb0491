"""Renewal: what was executed stays provable for as long as anybody renews it, and no longer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

import web.cli.folder as folder_module
from generations import Generations, begin
from packets.audit.log import Act, Outcome, chain_problems
from packets.model.documents import Document, Event
from packets.store.database import Database
from packets.store.objects import MemoryObjects
from packets.store.objects_files import FileObjects
from signing import pki as pki_module
from signing.archival import find_protection
from signing.facts import expected_of
from signing.pki import YEAR
from signing.renewal import WITHIN, RenewalReport
from signing.rotation import Rotation
from signing.timestamps import RemoteTimeStampAuthority, TimeStampSource
from signing.verdict import Verdict
from signing.verify import verify_pdf
from web.bootstrap import build_services
from web.cli import esm
from worlds import PASSPHRASE


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Generations]:
    service = begin(tmp_path)
    yield service
    service.world.services.database.close()


@pytest.fixture
def document(service: Generations) -> Document:
    return service.execute(service.world.first("current"))


def judge(service: Generations, document: Document, pdf: bytes | None = None) -> Verdict:
    """The verdict on a document now, by every root that the service ever had."""
    if pdf is not None:
        return verify_pdf(pdf, service.signer.trust, now=service.world.clock())
    head = service.now(document)
    return verify_pdf(
        service.bytes_of(document), service.signer.trust, expected=expected_of(head), now=service.world.clock()
    )


def let_years_pass(service: Generations, years: float) -> None:
    service.world.clock.advance(years * YEAR)


def counts(report: RenewalReport) -> tuple[int, int, int]:
    return report.examined, len(report.renewed), len(report.refused)


def renewals(service: Generations, outcome: Outcome) -> list[dict[str, object]]:
    with service.world.services.database.read() as records:
        entries = list(records.journal.entries())
    assert chain_problems(entries) == []
    return [dict(one.details) for one in entries if one.act is Act.DOCUMENT_RENEW and one.outcome is outcome]


@pytest.mark.requirement("R4")
def test_every_file_passes_after_thirty_years_of_renewal_and_fails_without(
    service: Generations, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The yearly job is enough: a new time-stamp key every third year, a new root every ninth, SHA-512 from the fifteenth on."""
    monkeypatch.setitem(pki_module.YEARS, "tsa", 5)
    monkeypatch.setitem(pki_module.YEARS, "root", 12)
    service.rotate(Rotation.ROOT)
    other = service.execute(service.world.first("new"))
    forgotten = {one.document_id: service.bytes_of(one) for one in (document, other)}
    for year in range(1, 31):
        let_years_pass(service, 1)
        if year % 9 == 0:
            service.rotate(Rotation.ROOT)
        elif year % 3 == 0:
            service.rotate(Rotation.TIMESTAMPS)
        service.digest = "sha512" if year >= 15 else "sha256"
        report = service.renewal.run()
        assert (report.refused, report.stopped) == ([], False)

    assert len(service.pki.trust.roots) == 5
    for one in (document, other):
        head = service.now(one)
        verdict = judge(service, one)
        assert verdict.passed, verdict.problems
        assert {found.level for found in verdict.signatures if found.kind == "signer"} == {"B-LTA"}
        assert not judge(service, one, forgotten[one.document_id]).passed
        chain = [service.world.services.objects.get(revision.digest) for revision in head.revisions]
        assert all(later.startswith(earlier) for earlier, later in pairwise(chain))
        assert find_protection(chain[-1]).digest == "sha512"
        assert [revision.event for revision in head.revisions].count(Event.RENEWED) == len(chain) - 4 >= 4


def test_nothing_is_renewed_before_it_is_due(service: Generations, document: Document) -> None:
    """A run on the day after changes nothing, and says when the next is due."""
    report = service.renewal.run()

    assert counts(report) == (1, 0, 0)
    assert service.now(document) == document
    assert report.next_due == find_protection(service.bytes_of(document)).ends_at - WITHIN


def test_a_renewal_is_one_revision_one_record_and_one_audit_entry(service: Generations, document: Document) -> None:
    """The signer's certificate ended decades ago, the seal's too: the file is renewed, says so, and a second run rests."""
    let_years_pass(service, 19.5)
    service.rotate(Rotation.TIMESTAMPS)
    report, again = service.renewal.run(), service.renewal.run()

    renewed = service.now(document)
    assert (counts(report), counts(again)) == ((1, 1, 0), (1, 0, 0))
    assert [one.event for one in renewed.revisions[len(document.revisions) :]] == [Event.RENEWED]
    assert renewed.revisions[-1] == report.renewed[0].revision
    assert renewed.signatures == document.signatures
    assert renewed.executed_at == document.executed_at
    assert [one["digest"] for one in renewals(service, Outcome.DONE)] == [renewed.head_digest]
    assert judge(service, document).passed


def test_without_a_newer_key_a_renewal_gains_nothing_and_says_so(service: Generations, document: Document) -> None:
    """A time-stamp that ends with the old one is no help: refused with what to do, and not piled up."""
    let_years_pass(service, 19.5)
    report = service.renewal.run()

    assert counts(report) == (1, 0, 1)
    assert [one.code for one in report.refused[0].problems] == ["nothing-gained"]
    assert "esm pki rotate timestamps" in str(report.refused[0].problems[0])
    assert service.now(document) == document


def test_a_stronger_digest_makes_every_weaker_file_due(service: Generations, document: Document) -> None:
    """The policy moves to SHA-512: files with SHA-256 are renewed at once, with a token of the same strength, and once."""
    service.digest = "sha512"
    assert counts(service.renewal.run()) == (1, 1, 0)
    assert find_protection(service.bytes_of(document)).digest == "sha512"
    assert judge(service, document).passed
    assert counts(service.renewal.run()) == (1, 0, 0)
    service.digest = "sha256"
    assert counts(service.renewal.run(everything=True)) == (1, 0, 0)


def test_all_renews_what_is_not_due_where_that_gains_something(service: Generations, document: Document) -> None:
    """After a rotation everything can be put under the new key; a second run finds nothing to gain."""
    let_years_pass(service, 1)
    assert counts(service.renewal.run(everything=True)) == (1, 0, 0)
    service.rotate(Rotation.ROOT)
    assert counts(service.renewal.run(everything=True)) == (1, 1, 0)
    assert counts(service.renewal.run(everything=True)) == (1, 0, 0)
    assert judge(service, document).passed


def test_what_no_longer_proves_anything_is_not_renewed(service: Generations, document: Document) -> None:
    """A renewal that comes too late would only cover up the gap: the verdict on the new file refuses it."""
    let_years_pass(service, 20.5)
    service.rotate(Rotation.TIMESTAMPS)
    report = service.renewal.run()

    assert counts(report) == (1, 0, 1)
    assert service.now(document) == document
    reasons = [one.code for one in report.refused[0].problems]
    assert "out-of-bounds-no-poe" in reasons
    assert renewals(service, Outcome.REFUSED) == [{"reasons": reasons}]


def test_a_run_that_is_cut_short_is_resumed(service: Generations, document: Document) -> None:
    """The machine dies after the first of two documents was stored but not recorded: the next run does both, each once."""
    other = service.execute(service.world.first("new"))
    let_years_pass(service, 19.5)
    service.rotate(Rotation.TIMESTAMPS)

    class Dying(MemoryObjects):
        """Keeps the bytes, then the machine is gone."""

        def put(self, content: bytes) -> str:
            """Store and die."""
            super().put(content)
            raise KeyboardInterrupt

    dying, objects = Dying(), service.world.services.objects
    assert isinstance(objects, MemoryObjects)
    dying._kept = objects._kept
    with pytest.raises(KeyboardInterrupt):
        replace(service.renewal, objects=dying).run()
    assert [service.now(one).head_digest for one in (document, other)] == [document.head_digest, other.head_digest]

    assert counts(service.renewal.run()) == (2, 2, 0)
    assert counts(service.renewal.run()) == (2, 0, 0)
    assert all(judge(service, one).passed for one in (document, other))


def test_a_store_that_fails_costs_one_document_and_not_the_run(service: Generations, document: Document) -> None:
    """A damaged file is told of; the others are renewed."""
    other = service.execute(service.world.first("new"))
    let_years_pass(service, 19.5)
    service.rotate(Rotation.TIMESTAMPS)
    objects = service.world.services.objects
    assert isinstance(objects, MemoryObjects)
    objects._kept[document.head_digest] += b"\n"

    report = service.renewal.run()

    assert (counts(report), report.stopped) == ((2, 1, 1), False)
    assert [one.code for one in report.refused[0].problems] == ["object-damaged"]
    assert judge(service, other).passed


def test_without_any_authority_the_run_stops_at_the_first_document(service: Generations, document: Document) -> None:
    """Two thousand documents are not worth two thousand time-outs."""
    service.execute(service.world.first("new"))
    let_years_pass(service, 19.5)
    nobody = TimeStampSource(
        [RemoteTimeStampAuthority("http://127.0.0.1:9/", 2)], service.pki.trust, service.world.clock
    )
    report = replace(service.renewal, signer=type(service.signer)(service.pki, service.world.clock, nobody)).run()

    assert (counts(report), report.stopped) == ((1, 0, 1), True)
    assert [one.code for one in report.refused[0].problems] == ["time-stamp-refused"]
    assert service.now(document) == document


def test_two_runs_at_once_renew_a_document_once(tmp_path: Path) -> None:
    """Both make a time-stamp, one is recorded; the other is told that the document changed."""
    service = begin(tmp_path, Database(f"sqlite:///{tmp_path / 'esm.db'}"))
    document = service.execute(service.world.first("current"))
    let_years_pass(service, 19.5)
    service.rotate(Rotation.TIMESTAMPS)
    barrier, reports = threading.Barrier(2), list[RenewalReport]()

    class Meeting(MemoryObjects):
        """Lets both runs come to the point where they record."""

        def put(self, content: bytes) -> str:
            """Store, then wait for the other."""
            stored = super().put(content)
            barrier.wait(timeout=60)
            return stored

    meeting, objects = Meeting(), service.world.services.objects
    assert isinstance(objects, MemoryObjects)
    meeting._kept = objects._kept
    renewal = replace(service.renewal, objects=meeting)
    threads = [threading.Thread(target=lambda: reports.append(renewal.run())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(counts(one) for one in reports) == [(1, 0, 1), (1, 1, 0)]
    assert [one.code for report in reports for lost in report.refused for one in lost.problems] == ["document-changed"]
    assert [one.event for one in service.now(document).revisions].count(Event.RENEWED) == 1
    service.world.services.database.close()


def test_the_command_says_what_was_done_and_what_is_due_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`esm archive renew` on a folder: nothing due, due without a newer key, renewed, and nothing due again."""
    service = begin(tmp_path, Database(f"sqlite:///{tmp_path / 'esm.db'}"))
    document, clock = service.execute(service.world.first("current")), service.world.clock
    service.world.services.database.close()
    memory, files = service.world.services.objects, FileObjects(tmp_path / "objects")
    assert isinstance(memory, MemoryObjects)
    for content in memory._kept.values():
        files.put(content)
    monkeypatch.setenv("ESM_PKI_PASSPHRASE", PASSPHRASE)
    monkeypatch.setattr(folder_module, "build_services", lambda settings: build_services(settings, clock))

    def renew(*options: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(esm, ["archive", "renew", "--dir", str(tmp_path), *options])
        return done.exit_code, done.stdout, done.stderr

    first_end = find_protection(files.get(document.head_digest)).ends_at
    summary = "Executed documents: 1 examined, 0 renewed, 0 refused"
    assert renew() == (0, f"{summary}. The next is due on {first_end - WITHIN:%Y-%m-%d}.\n", "")
    clock.advance(19.5 * YEAR)
    assert renew("--within-days", "30")[0] == 0
    code, said, reasons = renew()
    assert (code, "1 refused" in said, "nothing-gained" in reasons) == (1, True, True)

    service.rotate(Rotation.TIMESTAMPS)
    code, said, _ = renew("--json")
    (renewed,) = json.loads(said)["renewed"]
    assert (code, renewed["revision"], renewed["digest"]) == (0, 5, "sha256")
    assert verify_pdf(files.get(renewed["sha256"]), service.signer.trust, now=clock()).passed
    code, said, _ = renew("--all")
    assert (code, "0 renewed" in said) == (0, True)
    assert f"The next is due on {service.pki.timestamps.certificate.not_valid_after_utc - WITHIN:%Y-%m-%d}" in said
