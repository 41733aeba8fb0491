"""Bags for archives (RFC 8493): documents, facts, log and trust in one folder that is checked without this service."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError

from packets.acts import Tale, carry_out
from packets.audit.log import SERVICE, Act, Entry
from packets.audit.merkle import prove_inclusion
from packets.audit.transcript import write_entries
from packets.canonical import canonical_json
from packets.clock import Clock
from packets.documents.assemble import document_subject
from packets.documents.catalog import Catalog
from packets.errors import ConflictError, NotFoundError, Problem
from packets.model.documents import Document
from packets.store.database import Database
from packets.store.objects import ObjectStore
from packets.store.records import Records
from packets.store.records.journal import JournalRecords
from signing.bag_papers import README, write_premis
from signing.checkpoints import Checkpointer
from signing.etsi_report import write_report
from signing.judge import verify_in_child
from signing.trust import Trust

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a zip, so that equal bags have equal bytes."""


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


@dataclass(frozen=True, slots=True)
class BagDesk:
    """Makes bags; built once with the services that it needs."""

    database: Database
    objects: ObjectStore
    catalog: Catalog
    trust: Trust
    checkpoints: Checkpointer
    clock: Clock

    def export(self, selection: Selection, target: Path) -> int:
        """Write a bag into a new folder; every document in it is logged as retrieved. Answers how many there are.

        Raises:
            ConflictError: there is something in the folder.
            NotFoundError: no executed document belongs to the selection.
            TimeStampError: the log could not be checkpointed; nothing was written.
        """
        if target.exists() and any(target.iterdir()):
            problem = Problem("folder-not-empty", "There is something in the folder.", "Name a new one.", str(target))
            raise ConflictError(problem)
        documents = self._retrieve(selection)
        self.checkpoints.make()
        payload: dict[str, bytes] = {}
        for one in documents:
            payload |= self._document_files(one)
        payload |= self._log_files(documents) | self._trust_files(documents)
        payload["data/index.json"] = canonical_json({"documents": [_index(one) for one in documents]})
        payload["data/premis.xml"] = write_premis(documents)
        payload["data/README.txt"] = README.encode()
        payload["data/verify.py"] = files("signing.standalone").joinpath("verifier.py").read_bytes()
        _write(target, payload | self._tags(payload))
        return len(documents)

    def _retrieve(self, selection: Selection) -> list[Document]:
        """What belongs to the selection, logged before it is given away: a bag that then fails was asked for all the same."""
        tale = Tale(Act.DOCUMENT_DOWNLOAD, SERVICE, "archive", self.clock())

        def check(records: Records) -> list[Document]:
            every = (records.documents.get(one) for one in records.documents.executed())
            found = [one for one in every if one is not None and selection.takes(one)]
            if not found:
                sentence = "No executed document belongs to this selection."
                raise NotFoundError(Problem("selection-empty", sentence, "Name another ACO, year or document."))
            return found

        def record(records: Records, found: list[Document]) -> list[Document]:
            for one in found:
                replace(tale, subject=document_subject(one)).tell(records, digest=one.head_digest, how="bag")
            return found

        return carry_out(self.database, tale, check, record)

    def _document_files(self, document: Document) -> dict[str, bytes]:
        place = f"data/{folder_of(document)}"
        facts = self.objects.get(document.data_digest)
        head = self.objects.get(document.head_digest)
        made = {f"{place}/{one['file']}": self.objects.get(one["sha256"]) for one in _index(document)["revisions"]}
        made[f"{place}/facts.json"] = facts
        named = {name: one for name, one in json.loads(facts)["rosters"].items() if "columns" in one}
        for name, roster in named.items():
            made[f"{place}/{name}.csv"] = _table(roster)
            made[f"{place}/{name}.schema.json"] = _schema(roster["columns"])
        made[f"{place}/verification.xml"] = write_report(verify_in_child(head, self.trust), self.clock())
        document_type = self.catalog.get(document.kind)
        if document_type and document_type.template_digest == document.template_digest:
            made[f"data/templates/{document.template_digest}/body.html.j2"] = document_type.body.encode()
        return made

    def _log_files(self, documents: list[Document]) -> dict[str, bytes]:
        with self.database.read() as records:
            told = {one.sequence: one for document in documents for one in _about(records.journal, document)}
            kept = records.journal.checkpoints()
            digests = [bytes.fromhex(one) for _, one in records.journal.digests(0)]
        entries, proofs, used = [told[one] for one in sorted(told)], [], set()
        over = kept[-1]
        for one in entries:
            steps = [step.hex() for step in prove_inclusion(digests[: over.size], one.sequence - 1)]
            proofs.append({"sequence": one.sequence, "steps": steps, "checkpoint": over.object_digest})
            used.add(over.object_digest)
        made = {f"data/log/checkpoints/{one}.json": self.objects.get(one) for one in used}
        return {
            **made,
            "data/log/entries.jsonl": b"".join(write_entries(entries)),
            "data/log/proofs.json": canonical_json(proofs),
        }

    def _trust_files(self, documents: list[Document]) -> dict[str, bytes]:
        made = {}
        for place, roots in (("anchors", self.trust.roots), ("time-stamp-anchors", self.trust.timestamp_roots)):
            for root in roots:
                written = x509.load_der_x509_certificate(root).public_bytes(Encoding.PEM)
                made[f"data/trust/{place}/{_name(root)}.pem"] = written
        for document in documents:
            lists, certificates = _security_store(self.objects.get(document.head_digest))
            made |= {f"data/trust/lists/{_name(one)}.crl": one for one in lists}
            made |= {f"data/trust/certificates/{_name(one)}.der": one for one in certificates}
        return made

    def _tags(self, payload: Mapping[str, bytes]) -> dict[str, bytes]:
        size = sum(map(len, payload.values()))
        told = f"Bagging-Date: {self.clock():%Y-%m-%d}\nPayload-Oxum: {size}.{len(payload)}\n"
        tags = {"bagit.txt": DECLARATION, "bag-info.txt": told.encode(), "manifest-sha256.txt": _manifest(payload)}
        return {**tags, "tagmanifest-sha256.txt": _manifest(tags)}


def write_zip(folder: Path, target: Path) -> None:
    """A bag as one file with the same bytes for the same bag."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            named = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", FIRST_DAY)
            named.create_system, named.external_attr, named.compress_type = 3, 0o644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(named, path.read_bytes())


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


def _manifest(content: Mapping[str, bytes]) -> bytes:
    return "".join(f"{hashlib.sha256(content[one]).hexdigest()}  {one}\n" for one in sorted(content)).encode()


def _write(target: Path, content: Mapping[str, bytes]) -> None:
    for name, one in content.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one)
