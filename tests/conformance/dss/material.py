"""What EU DSS is shown: every signed revision of finished packets, files that are wrong, and the root to trust."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import serialization

from packets.model.aco import Cohort
from packets.model.documents import Document, Event
from signed_files import life
from worlds import START, World, build_world, keys

OPEN, CLOSED, BROKEN = "open", "closed", "broken"
JUDGED_AT: datetime = START + timedelta(days=3652)
"""When the files are judged, ten years on (42 CFR 425.314): all certificates of signers and the seal have long ended."""


def root() -> bytes:
    """The root under which the packets were signed, PEM."""
    return keys().root.public_bytes(serialization.Encoding.PEM)


def revisions() -> Iterator[tuple[str, str, bytes]]:
    """For an ACO of each cohort: the state of each signed revision, its name, and the file."""
    world = build_world(2)
    for cohort in Cohort:
        for document in world.finish(world.first(cohort)):
            yield from _signed(world, document, cohort)
    world.services.database.close()


def wrong() -> Iterator[tuple[str, str, bytes]]:
    """Files that must not pass, so that a judge who passes everything is found out."""
    yield BROKEN, "signed under another root", life("theirs").closed
    *_, (_, _, pdf) = revisions()
    yield BROKEN, "with one byte changed", pdf.replace(b"/MediaBox", b"/MediaBoy", 1)


def _signed(world: World, document: Document, cohort: Cohort) -> Iterator[tuple[str, str, bytes]]:
    for one in document.revisions:
        if one.event is not Event.DRAFTED:
            state = CLOSED if one.event is Event.EXECUTED else OPEN
            name = f"{document.kind} of a {cohort} ACO, revision {one.number} {one.event}"
            yield state, name, world.services.objects.get(one.digest)
