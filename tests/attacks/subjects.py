"""The documents that mutants are made of: one of each type in three states; and an authority that stamps for anybody."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import cache

from authorities import INDEPENDENT
from packets.documents.catalog import load_catalog
from packets.model.documents import DocumentType
from packets.render.document import render_document
from signed_files import StillClock, identity, keys, service
from signing.fields import field_dictionaries
from signing.revisions import ArchivalWriter, append_timestamp
from signing.timestamps import LOCAL_CONTAINER, LocalTimeStampAuthority, TimeStampSource
from signing.trust import Trust

OPEN, HALF_SIGNED, EXECUTED = "open", "half signed", "executed"


@dataclass(frozen=True, slots=True)
class Subject:
    """A genuine document in one of its states.

    Attributes:
        name: its type and state.
        pdf: the file.
        revisions: its own revisions up to that state, the draft left out.
    """

    name: str
    pdf: bytes
    revisions: tuple[bytes, ...]


@cache
def subjects() -> tuple[Subject, ...]:
    """Every type in every state."""
    return tuple(subject for document_type in load_catalog().values() for subject in _states(document_type))


def _states(document_type: DocumentType) -> list[Subject]:
    draft = render_document(document_type, document_type.sample, field_dictionaries(document_type)).pdf
    signing = service(StillClock())
    revisions = [signing.seal(draft)]
    for place, slot in enumerate(document_type.slots):
        made = signing.sign(revisions[-1], slot=slot, identity=identity(slot, place), viewed_digest=None)
        revisions.append(made.pdf)
    revisions.append(signing.close(revisions[-1]))
    states = {OPEN: 1, HALF_SIGNED: 2, EXECUTED: len(revisions)}
    return [
        Subject(f"{document_type.kind}, {state}", revisions[count - 1], tuple(revisions[:count]))
        for state, count in states.items()
    ]


@cache
def both_trusted() -> Trust:
    """A verifier that believes us, and for times an authority that stamps whatever anybody sends."""
    return replace(keys().trust, timestamp_roots=keys(INDEPENDENT).trust.roots)


@cache
def public_source() -> TimeStampSource:
    """That authority, as anybody asks it."""
    clock = StillClock()
    authority = LocalTimeStampAuthority(keys(INDEPENDENT).timestamps, clock)
    return TimeStampSource([authority], both_trusted(), clock, reserved=LOCAL_CONTAINER)


def closed_by_others(writer: ArchivalWriter, field: str) -> bytes:
    """The file with whatever the writer holds, and a time-stamp of that authority over all of it."""
    return asyncio.run(append_timestamp(writer, field, public_source()))
