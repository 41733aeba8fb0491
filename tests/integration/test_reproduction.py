"""Any file that the service ever gave out can be made again from its frozen facts, up to its first signature."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from packets.documents.catalog import Catalog
from packets.documents.reproduction import reproduce
from packets.errors import ConflictError, NotFoundError
from packets.model.documents import Document, Event
from packets.sample.year import sample_year
from packets.settings import load_settings
from packets.years.enrollment import Enrollment
from web.bootstrap import build_services, initialize
from web.cli import esm
from worlds import START, World, build_world

KIND = "provider-supplier-list"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A world in which one document is signed to its end."""
    world = build_world(2)
    yield world
    world.services.database.close()


@pytest.fixture(scope="module")
def document(world: World) -> Document:
    """A document with all its revisions."""
    sample = world.first("current")
    document = world.document(sample, KIND)
    for slot in world.services.catalog[KIND].slots:
        document = world.sign(document, slot, sample)
    return document


def test_every_revision_begins_with_the_draft_rendered_again(world: World, document: Document) -> None:
    """From the draft to the closed file: each is found as itself, and its draft comes out byte for byte."""
    assert document.revisions[-1].event is Event.EXECUTED
    for revision in document.revisions:
        found = reproduce(world.services.assembler, world.services.objects.get(revision.digest))
        assert found.document.document_id == document.document_id
        assert (found.revision, found.whole, found.reproduced) == (revision, True, True)
        assert found.draft_digest == document.revisions[0].digest


def test_a_file_with_something_after_it_is_found_by_its_beginning(world: World, document: Document) -> None:
    """What somebody appended later does not hide which record the file began as."""
    head = world.services.objects.get(document.head_digest)
    found = reproduce(world.services.assembler, head + b"1 0 obj\n<<>>\nendobj\n%%EOF\n")
    assert (found.revision.digest, found.whole, found.reproduced) == (document.head_digest, False, True)


def test_a_changed_byte_is_no_record(world: World, document: Document) -> None:
    """A file whose draft was changed belongs to no record."""
    head = bytearray(world.services.objects.get(document.head_digest))
    head[1000] ^= 1
    with pytest.raises(NotFoundError, match="no revision of a recorded document"):
        reproduce(world.services.assembler, bytes(head))


@pytest.mark.parametrize("file", [b"", b"%PDF-1.7\n%%EOF\n", b"%%EOF" * 50], ids=["empty", "another", "ends"])
def test_a_file_from_elsewhere_is_no_record(world: World, file: bytes) -> None:
    """Nothing is guessed."""
    with pytest.raises(NotFoundError):
        reproduce(world.services.assembler, file)


def test_an_engine_that_makes_other_bytes_is_told(
    world: World, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer can be no: the same facts under an engine that prints one word differently."""
    monkeypatch.setattr("packets.render.document.ENGINE", "esm-packets rendering 0")
    found = reproduce(world.services.assembler, world.services.objects.get(document.head_digest))
    assert not found.reproduced
    assert found.draft_digest != document.revisions[0].digest


def test_a_changed_template_is_told_and_not_used(world: World, document: Document) -> None:
    """Facts are never printed under words that they were not frozen for."""
    types = [
        replace(one, template_digest="00" * 32) if one.kind == KIND else one for one in world.services.catalog.values()
    ]
    assembler = replace(world.services.assembler, catalog=Catalog(types))
    with pytest.raises(ConflictError, match="is not the one that the document was made from"):
        reproduce(assembler, world.services.objects.get(document.head_digest))


def test_of_two_documents_with_the_same_draft_the_one_that_counts_is_found(world: World) -> None:
    """Facts that changed and changed back make the same draft twice; the voided document is not the answer."""
    sample = world.first("new")
    first = world.document(sample, KIND)
    rows = sample.providers
    for content in (rows[1:], rows):
        with world.services.database.write() as records:
            records.lists.replace(sample.aco.aco_id, sample.aco.performance_year, "provider-supplier", content, 2)
        last = world.document(sample, KIND)
    assert last.document_id != first.document_id
    assert last.revisions[0].digest == first.revisions[0].digest
    draft = world.services.objects.get(first.revisions[0].digest)
    assert reproduce(world.services.assembler, draft).document.document_id == last.document_id


def test_the_command_says_whether_a_file_can_be_made_again(tmp_path: Path) -> None:
    """On a folder of its own: exit 0 and the digests for a sealed file, exit 1 with a reason for another."""
    settings = load_settings(dir=tmp_path / "data", mode="demo")
    initialize(settings, sample=True)
    services = build_services(settings)
    year = sample_year(START.year + 1, 2, now=START)
    services.enrollment.open_year(year.year, "QA00")
    sample = year.acos[0]
    lists = {"participants": sample.participants, "provider-supplier": sample.providers}
    services.enrollment.enroll(Enrollment(sample.aco, sample.contacts, lists), "QA00")
    document = services.assembler.assemble(sample.aco.aco_id, sample.aco.performance_year, KIND)
    services.database.close()
    file, other = tmp_path / "file.pdf", tmp_path / "other.pdf"
    file.write_bytes(services.objects.get(document.head_digest))
    other.write_bytes(b"%PDF-1.7\n%%EOF\n")

    told = _run("rerender", str(file), "--dir", str(settings.dir), "--json")
    assert told.exit_code == 0, told.output
    answer = json.loads(told.output)
    assert answer["reproduced"] is True
    assert answer["event"] == "sealed"
    assert answer["draft_sha256"] == document.revisions[0].digest
    assert "byte for byte" in _run("rerender", str(file), "--dir", str(settings.dir)).output
    refused = _run("rerender", str(other), "--dir", str(settings.dir))
    assert refused.exit_code == 1
    assert isinstance(refused.exception, NotFoundError)


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(esm, ["document", *arguments])
