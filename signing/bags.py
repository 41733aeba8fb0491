"""Bags for archives (RFC 8493): documents, facts, log and trust in one folder that is checked without this service."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError

from packets.acts import Tale, carry_out
from packets.audit.log import SERVICE, Act, Entry
from packets.audit.merkle import Tree
from packets.audit.transcript import write_entries
from packets.canonical import canonical_json
from packets.clock import Clock
from packets.documents.assemble import document_subject
from packets.documents.catalog import Catalog
from packets.errors import NotFoundError, Problem, StoreError
from packets.model.documents import Document
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records import Records
from packets.store.records.journal import JournalRecords
from signing.bag_papers import README, Papers
from signing.bag_writing import BagWriter, FolderSink, Sink, ZipSink, replacing
from signing.checkpoints import Checkpointer
from signing.etsi_report import write_report
from signing.pades import SigningService
from signing.standalone.program import standalone_program
from signing.verify import verify_pdf


@dataclass(frozen=True, slots=True)
class Selection:
    """Which executed documents: of an ACO, of a year, or by their ids; all of them where nothing is said."""

    aco_id: str = ""
    year: int | None = None
    document_ids: tuple[str, ...] = ()

    def takes(self, document: Document) -> bool:
        """Whether a document belongs to it."""
        right_place = self.aco_id in {"", document.aco_id} and self.year in {None, document.performance_year}
        return right_place and (not self.document_ids or document.document_id in self.document_ids)


class Told(Protocol):
    """Is told how many of how many documents are in the bag."""

    def __call__(self, done: int, total: int, /) -> None:
        """After each document, and before the first."""


@dataclass(frozen=True, slots=True)
class BagDesk:
    """Makes bags; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    catalog: Catalog
    signer: SigningService
    checkpoints: Checkpointer
    clock: Clock

    def export(self, selection: Selection, target: Path) -> int:
        """Write a bag into a new folder, or into a new file when the name ends in `.zip`. Answers how many documents it holds.

        Every document in it is logged as retrieved.

        Raises:
            ConflictError: there is something in that place.
            NotFoundError: no executed document belongs to the selection.
            TimeStampError: the log could not be checkpointed, or the bag not sealed; nothing was left there.
        """
        with replacing(target) as part:
            chosen = self._retrieve(selection)
            with ZipSink(part, target.stem) if target.suffix == ".zip" else FolderSink(part) as sink:
                return self.fill(sink, chosen)

    def fill(self, sink: Sink, document_ids: Sequence[str], told: Told = lambda *_: None) -> int:
        """Write a whole bag with these documents, one after the other; those that are not kept any more are left out.

        Their revisions and what the log tells of them are read in one transaction, so that both fit together, and the
        checkpoint over the log is made after the last of them.

        Raises:
            TimeStampError: the log could not be checkpointed, or the bag not sealed.
        """
        bag, sequences = BagWriter(sink), set[int]()
        told(0, len(document_ids))
        with Papers() as papers:
            for done, (document, entries) in enumerate(self._read(document_ids), start=1):
                self._add_document(bag, document)
                papers.add(document, _index(document))
                sequences |= entries
                told(done, len(document_ids))
            bag.add("data/index.json", papers.index())
            bag.add("data/premis.xml", papers.premis())
        self._add_log(bag, sequences)
        self._add_trust(bag)
        bag.add("data/README.txt", README.encode())
        bag.add("data/verify.py", standalone_program())
        bag.finish(self.clock().date(), self.signer.seal_statement)
        return papers.count

    def _retrieve(self, selection: Selection) -> list[str]:
        """What belongs to the selection, logged before it is given away: a bag that then fails was asked for all the same."""
        tale = Tale(Act.DOCUMENT_DOWNLOAD, SERVICE, "archive", self.clock())

        def check(records: Records) -> list[Document]:
            every = (records.documents.get(one) for one in records.documents.executed())
            found = [one for one in every if one is not None and selection.takes(one)]
            if not found:
                sentence = "No executed document belongs to this selection."
                raise NotFoundError(Problem("selection-empty", sentence, "Name another ACO, year or document."))
            return found

        def record(records: Records, found: list[Document]) -> list[str]:
            for one in found:
                replace(tale, subject=document_subject(one)).tell(records, digest=one.head_digest, how="bag")
            return [one.document_id for one in found]

        return carry_out(self.database, tale, check, record)

    def _read(self, document_ids: Sequence[str]) -> Iterator[tuple[Document, set[int]]]:
        """Each document with the numbers of the entries that tell of it, both as of one moment."""
        for document_id in document_ids:
            with self.database.read() as records:
                document = records.documents.get(document_id)
                entries = {one.sequence for one in _about(records.journal, document)} if document else set()
            if document is not None and document.disposed_at is None:
                yield document, entries

    def _add_document(self, bag: BagWriter, document: Document) -> None:
        place = f"data/{folder_of(document)}"
        for one in _index(document)["revisions"]:
            bag.add(f"{place}/{one['file']}", self.objects.get(one["sha256"]))
        facts = self.objects.get(document.data_digest)
        bag.add(f"{place}/facts.json", facts)
        for name, roster in json.loads(facts)["rosters"].items():
            if "columns" in roster:
                bag.add(f"{place}/{name}.csv", _table(roster))
                bag.add(f"{place}/{name}.schema.json", _schema(roster["columns"]))
        self._add_verdict(bag, place, self.objects.get(document.head_digest))
        self._add_words(bag, document)

    def _add_verdict(self, bag: BagWriter, place: str, head: bytes) -> None:
        """What our own verifier says of the newest revision now, and the lists and certificates that stand in it."""
        now = self.clock()
        verdict = verify_pdf(head, self.signer.trust, now=now)
        bag.add(f"{place}/verification.xml", write_report(verdict, now))
        bag.add(f"{place}/verification.json", canonical_json({**verdict.as_data(), "verified_at": now.isoformat()}))
        lists, certificates = _security_store(head)
        _add_once(bag, "data/trust/lists", ".crl", lists)
        _add_once(bag, "data/trust/certificates", ".der", certificates)

    def _add_words(self, bag: BagWriter, document: Document) -> None:
        """The wording, where the edition is still in use."""
        document_type, name = self.catalog.get(document.kind), f"data/templates/{document.template_digest}/body.html.j2"
        if document_type and document_type.template_digest == document.template_digest and name not in bag:
            bag.add(name, document_type.body.encode())

    def _add_log(self, bag: BagWriter, sequences: Collection[int]) -> None:
        """The entries, a proof for each, and the checkpoint to which all proofs lead."""
        over = self.checkpoints.make()
        if over is None:  # a document is never executed without an entry
            raise StoreError(Problem("log-empty", "The log has no entry.", "Restore the log from a copy."))
        wanted = sorted(sequences)
        with self.database.read() as records:
            bag.add("data/log/entries.jsonl", write_entries(records.journal.numbered(wanted)))
            digests = (bytes.fromhex(one) for _, one in islice(records.journal.digests(0), over.size))
            tree = Tree.over(digests)
        bag.add("data/log/proofs.jsonl", (_proof(tree, one, over.object_digest) for one in wanted))
        bag.add(f"data/log/checkpoints/{over.object_digest}.json", self.objects.get(over.object_digest))

    def _add_trust(self, bag: BagWriter) -> None:
        """Roots, and the lists that show that nothing behind the checkpoint and the bag's own seal is revoked."""
        trust = self.signer.trust
        for place, roots in (("anchors", trust.roots), ("time-stamp-anchors", trust.timestamp_roots)):
            written = {_name(one): x509.load_der_x509_certificate(one).public_bytes(Encoding.PEM) for one in roots}
            for name, content in written.items():
                bag.add(f"data/trust/{place}/{name}.pem", content)
        _add_once(bag, "data/trust/lists", ".crl", self.signer.present_lists())


def folder_of(document: Document) -> str:
    """Where a document lies in a bag."""
    where = f"{document.aco_id}-{document.performance_year}-{document.kind}-{document.occurrence}"
    return f"documents/{where}-{document.document_id[:8]}"


def _index(document: Document) -> dict[str, Any]:
    return {
        "document_id": document.document_id,
        "folder": folder_of(document),
        "edition": document.edition,
        "template_sha256": document.template_digest,
        "revisions": [
            {"file": f"revision-{one.number:02}-{one.event}.pdf", "sha256": one.digest, "at": one.at_utc.isoformat()}
            for one in document.revisions
        ],
    }


def _about(journal: JournalRecords, document: Document) -> Iterator[Entry]:
    """What the log tells of a document, and of its place without naming another one."""
    for entry in journal.entries(document_subject(document)):
        if entry.details.get("document", document.document_id) == document.document_id:
            yield entry


def _table(roster: Mapping[str, Any]) -> bytes:
    output = io.StringIO(newline="")
    table = csv.writer(output)
    table.writerow([*roster["columns"], "excluded"])
    table.writerows([*one, "0"] for one in roster["rows"])
    table.writerows([*one, "1"] for one in roster["excluded"])
    return output.getvalue().encode()


def _schema(columns: list[str]) -> bytes:
    fields = [{"name": one, "type": "string"} for one in columns]
    marked = {"name": "excluded", "type": "string", "constraints": {"enum": ["0", "1"]}}
    return canonical_json({"fields": [*fields, marked], "missingValues": ["N/A"]})


def _security_store(pdf: bytes) -> tuple[list[bytes], list[bytes]]:
    try:
        store = DocumentSecurityStore.read_dss(PdfFileReader(io.BytesIO(pdf)))
    except NoDSSFoundError:
        return [], []
    return [one.get_object().data for one in store.crls], [one.dump() for one in store.load_certs()]


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _add_once(bag: BagWriter, place: str, ending: str, contents: Iterable[bytes]) -> None:
    """Files that are named by their content, each once however many documents bring it."""
    for one in contents:
        name = f"{place}/{_name(one)}{ending}"
        if name not in bag:
            bag.add(name, one)


def _proof(tree: Tree, sequence: int, checkpoint: str) -> bytes:
    steps = [one.hex() for one in tree.prove_inclusion(sequence - 1)]
    return canonical_json({"sequence": sequence, "steps": steps, "checkpoint": checkpoint}) + b"\n"
