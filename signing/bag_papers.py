"""What a bag says about itself: the README for its reader, and events, rights and agents by PREMIS 3."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from packets.model.documents import Document

PREMIS = "http://www.loc.gov/premis/v3"
README = """\
WHAT THIS IS
Executed certification documents of Accountable Care Organizations in the Medicare Shared Savings Program, with what shows that
nobody changed them since they were signed. The folder is a bag by RFC 8493. It needs no network and no service.

HOW TO CHECK IT
Install Python 3.11 or later and its package "cryptography". In the folder that holds bagit.txt, run

    python3 -I data/verify.py

It prints "Everything in this bag holds." and ends with 0, or names every finding and ends with 1. It also names the root
certificate that everything led to. The one in this bag could have been put there by whoever made the bag: compare its digest
with one that you have from elsewhere, or name your own copy with --trust ROOT.pem.

WHAT EACH FOLDER HOLDS
data/documents    a folder for each document: every revision of its PDF, each the beginning of the next; the facts it was made
                  from (facts.json); its lists as tables (.csv) with their columns (.schema.json); the report of the
                  service's own verifier when the bag was made (verification.xml, by ETSI TS 119 102-2)
data/templates    the wording from which the documents were made, by digest, where that edition was still in use
data/log          what the log tells of these documents (entries.jsonl), the proof that each entry stands in the log
                  (proofs.json, RFC 9162), and the signed and time-stamped checkpoints that the proofs lead to
data/trust        root certificates, further certificates, revocation lists. Time-stamps stand inside PDFs and checkpoints
data/premis.xml   events, agents and rights by PREMIS 3
data/index.json   which revisions belong to which document

WHAT THE PROGRAM DOES NOT JUDGE
It shows that each revision was signed, by which certificate, and when. It does not judge whether a later revision changed
what the page shows; each verification.xml does. It does not say that what was signed is true.
"""


def write_premis(documents: Iterable[Document]) -> bytes:
    """Objects, events, agents and rights of these documents."""
    register_namespace("", PREMIS)
    root, agents = Element(_name("premis"), {"version": "3.0"}), {"service": "esm-packets"}
    documents = list(documents)
    for document in documents:
        _object(root, document)
    for document in documents:
        _events(root, document)
        agents |= {one.user_id: one.name for one in document.signatures}
    for user_id, name in sorted(agents.items()):
        agent = SubElement(root, _name("agent"))
        _identify(agent, "agent", user_id)
        _say(agent, "agentName", name)
        _say(agent, "agentType", "software" if user_id == "service" else "person")
    _rights(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _object(root: Element, document: Document) -> None:
    for revision in document.revisions:
        made = SubElement(root, _name("object"))
        made.set("{http://www.w3.org/2001/XMLSchema-instance}type", "file")
        _identify(made, "object", revision.digest)
        traits = SubElement(made, _name("objectCharacteristics"))
        fixity = SubElement(traits, _name("fixity"))
        _say(fixity, "messageDigestAlgorithm", "SHA-256")
        _say(fixity, "messageDigest", revision.digest)
        _say(traits, "size", str(revision.size))
        kind = SubElement(SubElement(traits, _name("format")), _name("formatDesignation"))
        _say(kind, "formatName", "application/pdf")


def _events(root: Element, document: Document) -> None:
    signers = {one.revision_digest: one.user_id for one in document.signatures}
    for revision in document.revisions:
        event = SubElement(root, _name("event"))
        _identify(event, "event", f"{document.document_id}/{revision.number}")
        _say(event, "eventType", str(revision.event))
        _say(event, "eventDateTime", revision.at_utc.isoformat())
        _link(event, "Agent", signers.get(revision.digest, "service"))
        _link(event, "Object", revision.digest)


def _rights(root: Element) -> None:
    statement = SubElement(SubElement(root, _name("rights")), _name("rightsStatement"))
    _identify(statement, "rightsStatement", "retention")
    _say(statement, "rightsBasis", "statute")
    told = SubElement(statement, _name("statuteInformation"))
    _say(told, "statuteJurisdiction", "United States")
    _say(told, "statuteCitation", "42 CFR 425.314")


def _identify(parent: Element, what: str, value: str) -> None:
    identifier = SubElement(parent, _name(f"{what}Identifier"))
    _say(identifier, f"{what}IdentifierType", "local")
    _say(identifier, f"{what}IdentifierValue", value)


def _link(parent: Element, what: str, value: str) -> None:
    identifier = SubElement(parent, _name(f"linking{what}Identifier"))
    _say(identifier, f"linking{what}IdentifierType", "local")
    _say(identifier, f"linking{what}IdentifierValue", value)


def _say(parent: Element, name: str, text: str) -> None:
    SubElement(parent, _name(name)).text = text


def _name(name: str) -> str:
    return f"{{{PREMIS}}}{name}"
