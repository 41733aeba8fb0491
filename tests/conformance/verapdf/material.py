"""What veraPDF is shown: every type in every variant of its data, every revision of packets, and files that are wrong."""

from __future__ import annotations

from collections.abc import Iterator

from packets.documents.catalog import load_catalog
from packets.model.aco import Cohort
from packets.render.document import render_document
from packets.render.variants import variants
from signing.fields import field_dictionaries
from worlds import World, build_world


def unsigned() -> Iterator[tuple[str, bytes]]:
    """Every type with its sample data and everything that a year can bring: a name and the file."""
    for kind, document_type in load_catalog().items():
        fields = field_dictionaries(document_type)
        for name, data in variants(document_type).items():
            yield f"{kind}, {name}", render_document(document_type, data, fields).pdf


def revisions() -> Iterator[tuple[str, bytes]]:
    """Every revision of every document of a finished packet, for an ACO of each cohort."""
    world = build_world(2)
    for cohort in Cohort:
        yield from _packet(world, cohort)
    world.services.database.close()


def _packet(world: World, cohort: Cohort) -> Iterator[tuple[str, bytes]]:
    for document in world.finish(world.first(cohort)):
        for one in document.revisions:
            name = f"{document.kind} of a {cohort} ACO, revision {one.number} {one.event}"
            yield name, world.services.objects.get(one.digest)


def wrong() -> Iterator[tuple[str, bytes]]:
    """Files that must fail both profiles, so that a judge who passes everything is found out."""
    document_type = load_catalog()["participant-list"]
    pdf = render_document(document_type, document_type.sample).pdf
    untitled = pdf.replace(b"<dc:title>", b"<dc:titel>").replace(b"</dc:title>", b"</dc:titel>")
    other = pdf.replace(b"<pdfaid:part>2<", b"<pdfaid:part>9<").replace(b"<pdfuaid:part>1<", b"<pdfuaid:part>9<")
    for name, spoilt in (("without a title", untitled), ("of parts that there are not", other)):
        assert spoilt != pdf, f"the file {name} is not spoilt"
        yield name, spoilt
