"""What a bag says about itself: the README for its reader, and events, rights and agents by PREMIS 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Self
from xml.etree.ElementTree import Element, SubElement, tostring

from packets.canonical import canonical_json
from packets.model.documents import Document

PREMIS = b"""<?xml version='1.0' encoding='utf-8'?>
<premis xmlns="http://www.loc.gov/premis/v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0">"""
MOST_IN_MEMORY, PIECE = 1 << 20, 1 << 16
README = """\
WHAT THIS IS
Executed certification documents of Accountable Care Organizations in the Medicare Shared Savings Program, with what shows that
nobody changed them since they were signed. The folder is a bag by RFC 8493. It needs no network and no service.

HOW TO CHECK IT
Install Python 3.11 or later and its package "cryptography". In the folder that holds bagit.txt, run

    python3 -I data/verify.py

It prints "Everything in this bag holds." and ends with 0, or names every finding and ends with 1. A bag that came as a zip file
need not be unpacked: take verify.py out of it, and name the zip file behind the program. It also names the root certificate
that everything led to. The one in this bag could have been put there by whoever made the bag: compare its digest with one that
you have from elsewhere, or name your own copy with --trust ROOT.pem.

WHAT EACH FILE HOLDS
bag-seal.p7s      the seal of the service over tagmanifest-sha256.txt, which names the digests of everything else: a detached
                  signature with a time-stamp (CMS, RFC 5652). It shows that the bag is as the service made it, whole
data/documents    a folder for each document: every revision of its PDF, each the beginning of the next; the facts it was made
                  from (facts.json); its lists as tables (.csv) with their columns (.schema.json); the report of the
                  service's own verifier when the bag was made (verification.xml by ETSI TS 119 102-2, and the same in plain
                  names, verification.json)
data/templates    the wording from which the documents were made, by digest, where that edition was still in use
data/log          what the log tells of these documents (entries.jsonl), the proof that each entry stands in the log
                  (proofs.jsonl, RFC 9162), and the signed and time-stamped checkpoint that the proofs lead to
data/trust        root certificates, further certificates, revocation lists. Time-stamps stand inside PDFs and checkpoints
data/premis.xml   events, agents and rights by PREMIS 3
data/index.json   which revisions belong to which document

WHAT VERIFICATION.JSON SAYS
overall           PASSED, INDETERMINATE or FAILED, by ETSI EN 319 102-1; sentence says why, sub_indication in the words of ETSI
digest            SHA-256 of the newest revision, which was judged; verified_at is the time of that
signatures        the seal, each signature, each archival time-stamp, in the order of their revisions: its field; kind (seal,
                  signer, timestamp); name, and of a signer user_id, role, organization, aco_id, performance_year;
                  signed_at by its time-stamp; level (PAdES); indication, sub_indication and sentence as above;
                  covers_whole_file; trust (local: the service's own authority stamped the time; public: another one);
                  proof: signature_value and certificate in base64, attributes_digest and document_digest as SHA-256
problems          everything that is wrong: code, sentence, remedy, where

WHAT THE PROGRAM JUDGES, AND WHAT IT DOES NOT
It shows that each revision was signed, by which certificate, and when, and that no revision after the seal holds anything but
what the service appends: a signature in a field of the draft, or an archival time-stamp, with validation data. It does not say
that what was signed is true.
"""


class Papers:
    """The index and the PREMIS file of a bag, written while documents pass by; what is long waits in files of its own."""

    def __init__(self) -> None:
        self.count = 0
        self._agents = {"service": "esm-packets"}
        self._files = ExitStack()
        self._index, self._objects, self._events = (
            self._files.enter_context(SpooledTemporaryFile(MOST_IN_MEMORY))  # noqa: SIM115  the stack closes it
            for _ in range(3)
        )

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget everything."""
        self._files.close()

    def add(self, document: Document, index: Mapping[str, Any]) -> None:
        """Tell of a document; `index` is its line in the index."""
        self._index.write((b"," if self.count else b"") + canonical_json(index))
        self._objects.writelines(map(_write, _objects(document)))
        self._events.writelines(map(_write, _events(document)))
        self._agents |= {one.user_id: one.name for one in document.signatures}
        self.count += 1

    def index(self) -> Iterator[bytes]:
        """The index as canonical JSON, in pieces."""
        yield b'{"documents":['
        yield from _pieces(self._index)
        yield b"]}"

    def premis(self) -> Iterator[bytes]:
        """Objects, events, agents and rights of these documents, in pieces."""
        yield PREMIS
        yield from _pieces(self._objects)
        yield from _pieces(self._events)
        yield from map(_write, _agents(self._agents))
        yield _write(_rights()) + b"</premis>"


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    return iter(lambda: file.read(PIECE), b"")


def _write(element: Element) -> bytes:
    written: bytes = tostring(element, encoding="utf-8", xml_declaration=False)
    return written


def _agents(names: Mapping[str, str]) -> Iterator[Element]:
    for user_id, name in sorted(names.items()):
        agent = Element("agent")
        _identify(agent, "agent", user_id)
        _say(agent, "agentName", name)
        _say(agent, "agentType", "software" if user_id == "service" else "person")
        yield agent


def _objects(document: Document) -> Iterator[Element]:
    for revision in document.revisions:
        made = Element("object", {"xsi:type": "file"})
        _identify(made, "object", revision.digest)
        traits = SubElement(made, "objectCharacteristics")
        fixity = SubElement(traits, "fixity")
        _say(fixity, "messageDigestAlgorithm", "SHA-256")
        _say(fixity, "messageDigest", revision.digest)
        _say(traits, "size", str(revision.size))
        kind = SubElement(SubElement(traits, "format"), "formatDesignation")
        _say(kind, "formatName", "application/pdf")
        yield made


def _events(document: Document) -> Iterator[Element]:
    signers = {one.revision_digest: one.user_id for one in document.signatures}
    for revision in document.revisions:
        event = Element("event")
        _identify(event, "event", f"{document.document_id}/{revision.number}")
        _say(event, "eventType", str(revision.event))
        _say(event, "eventDateTime", revision.at_utc.isoformat())
        _link(event, "Agent", signers.get(revision.digest, "service"))
        _link(event, "Object", revision.digest)
        yield event


def _rights() -> Element:
    rights = Element("rights")
    statement = SubElement(rights, "rightsStatement")
    _identify(statement, "rightsStatement", "retention")
    _say(statement, "rightsBasis", "statute")
    told = SubElement(statement, "statuteInformation")
    _say(told, "statuteJurisdiction", "United States")
    _say(told, "statuteCitation", "42 CFR 425.314")
    return rights


def _identify(parent: Element, what: str, value: str) -> None:
    identifier = SubElement(parent, f"{what}Identifier")
    _say(identifier, f"{what}IdentifierType", "local")
    _say(identifier, f"{what}IdentifierValue", value)


def _link(parent: Element, what: str, value: str) -> None:
    identifier = SubElement(parent, f"linking{what}Identifier")
    _say(identifier, f"linking{what}IdentifierType", "local")
    _say(identifier, f"linking{what}IdentifierValue", value)


def _say(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
