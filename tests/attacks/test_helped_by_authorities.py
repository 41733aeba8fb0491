"""Whoever gets a time-stamp of a trusted authority can append a revision: it may hold what ours hold, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from attacks.changes import dictionary, fields
from attacks.structures import drawing, numbers, whole
from attacks.subjects import both_trusted, closed_by_others
from signed_files import NOW, document_type, keys, life
from signing.revisions import ArchivalWriter, open_writer
from signing.standalone.pdf_values import FormError
from signing.standalone.revision_forms import check_revisions
from signing.verdict import Indication, Verdict
from signing.verify import verify_pdf

Extra = Callable[[ArchivalWriter], dict[str, generic.PdfObject]]
TEXT = generic.pdf_string("This agreement ends on December 31, 2099")
EXTRAS: dict[str, Extra] = {
    "a rectangle on the page": lambda _: {"/Rect": numbers(0, 0, 600, 800)},
    "an appearance over the page": lambda writer: {"/Rect": numbers(0, 0, 600, 800), "/AP": drawing(writer)},
    "an appearance off the page": lambda writer: {"/AP": drawing(writer)},
    "an action": lambda _: {"/A": dictionary({"/S": pdf_name("/JavaScript"), "/JS": TEXT})},
    "further actions": lambda _: {"/AA": dictionary({"/E": dictionary({"/S": pdf_name("/Launch"), "/F": TEXT})})},
    "a caption": lambda _: {"/MK": dictionary({"/CA": TEXT})},
    "a text": lambda _: {"/Contents": TEXT},
    "another tooltip": lambda _: {"/TU": TEXT},
    "other flags": lambda _: {"/F": whole(4)},
    "a parent": lambda writer: {"/Parent": writer.root.raw_get("/AcroForm")},
    "children": lambda writer: {
        "/Kids": generic.ArrayObject([writer.add_object(dictionary({"/AP": drawing(writer)}))])
    },
    "a name of its own": lambda _: {"/NM": TEXT},
    "another number": lambda _: {"/T": generic.pdf_string("Archive_9")},
    "a leading zero": lambda _: {"/T": generic.pdf_string("Archive_01")},
}


def judge(pdf: bytes) -> Verdict:
    """The verdict of a verifier that trusts us, and that authority for times."""
    return verify_pdf(pdf, both_trusted(), now=NOW)


def with_widget(pdf: bytes, extra: Extra) -> bytes:
    """The file with an archival time-stamp of that authority in a field that has more than ours have."""
    writer = open_writer(pdf)
    page = writer.root["/Pages"]["/Kids"].raw_get(0)
    name = f"Archive_{1 + sum(str(one['/T']).startswith('Archive_') for one in fields(writer))}"
    entries: dict[str, object] = {
        "/FT": pdf_name("/Sig"),
        "/T": generic.pdf_string(name),
        "/Type": pdf_name("/Annot"),
        "/Subtype": pdf_name("/Widget"),
        "/F": whole(132),
        "/Rect": generic.ArrayObject([whole(-9999)] * 4),
        "/P": page,
        "/TU": generic.pdf_string("Archival time-stamp"),
    }
    field = dictionary(entries | extra(writer))
    reference = writer.add_object(field)
    form, holder = writer.root["/AcroForm"], page.get_object()
    form["/Fields"].append(reference)
    writer.update_container(form["/Fields"])
    holder[pdf_name("/Annots")] = generic.ArrayObject([*holder["/Annots"], reference])
    writer.update_container(holder)
    return closed_by_others(writer, str(field["/T"]))


def test_an_honest_renewal_by_that_authority_passes() -> None:
    """In the field that we would write, and made by hand: what follows fails for what it adds."""
    assert judge(closed_by_others(open_writer(life().closed), "Archive_2")).passed
    assert judge(with_widget(life().closed, lambda _: {})).passed


@pytest.mark.parametrize("extra", EXTRAS.values(), ids=list(EXTRAS))
@pytest.mark.parametrize("state", ["closed", "signed"])
def test_an_archival_field_with_anything_more_fails(state: str, extra: Extra) -> None:
    """An appearance over the page, an action, a text: whatever our own fields do not have."""
    pdf = life().closed if state == "closed" else life().signed[0]
    verdict = judge(with_widget(pdf, extra))
    assert verdict.overall is Indication.FAILED


VALUES: dict[str, Callable[[ArchivalWriter], generic.PdfObject]] = {
    "an empty dictionary": lambda writer: writer.add_object(dictionary({})),
    "a dictionary without a range": lambda writer: writer.add_object(dictionary({"/Type": pdf_name("/Sig")})),
    "a direct dictionary": lambda _: dictionary({}),
    "a text": lambda writer: writer.add_object(generic.pdf_string("signed")),
    "the signature of another field": lambda writer: next(one for one in fields(writer) if "/V" in one).raw_get("/V"),
    "a copy of another signature": lambda writer: writer.add_object(
        dictionary(dict(next(one for one in fields(writer) if "/V" in one)["/V"].items()))
    ),
}


@pytest.mark.parametrize("value", [*VALUES.values(), None], ids=[*VALUES, "an appearance alone"])
def test_a_signature_that_is_only_drawn_in_an_empty_slot_fails(
    value: Callable[[ArchivalWriter], generic.PdfObject] | None,
) -> None:
    """A field that a revision fills holds a signature of its own over that revision."""
    writer = open_writer(life().signed[0])
    custodian = next(one for one in fields(writer) if str(one["/T"]) == document_type().slots[1].name)
    if value is not None:
        custodian[pdf_name("/V")] = value(writer)
    custodian[pdf_name("/AP")] = drawing(writer)
    writer.update_container(custodian)
    verdict = judge(closed_by_others(writer, "Archive_1"))
    assert verdict.overall is Indication.FAILED


def test_the_programs_rules_name_the_revision_that_breaks_them() -> None:
    """The same rules run without pyHanko, in the program that lies in each bag."""
    assert [one.kind for one in check_revisions(life().closed)] == ["seal", *["signature"] * 3, "timestamp"]
    with pytest.raises(FormError, match="revision 7"):
        check_revisions(with_widget(life().closed, EXTRAS["an action"]))


@pytest.mark.parametrize("what", ["noise", "a certificate of somebody else", "a list of somebody else"])
def test_validation_data_of_no_use_fails(what: str) -> None:
    """A file of one's own in the security store: only what leads to a trusted root belongs there."""
    theirs = keys("theirs")
    added = {
        "noise": ("/Certs", b"\x30\x03\x02\x01\x07"),
        "a certificate of somebody else": ("/Certs", theirs.root.public_bytes(Encoding.DER)),
        "a list of somebody else": ("/CRLs", theirs.root_list),
    }
    key, content = added[what]
    writer = open_writer(life().closed)
    store = writer.root["/DSS"]
    store[key].append(writer.add_object(generic.StreamObject(stream_data=content)))
    writer.update_container(store)
    assert judge(closed_by_others(writer, "Archive_2")).overall is Indication.FAILED
