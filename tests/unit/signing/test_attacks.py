"""Files that somebody has tampered with: never passed, and never an exception.

Outsiders change bytes without a key. Insiders have our keys and sign on top of a change that the seal forbids.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO

import pytest
from asn1crypto import cms, parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata

from signed_files import NOW, StillClock, document_type, draft, identity, keys, life, service
from signing.errors import SigningError
from signing.oids import SEAL_POLICY
from signing.revisions import (
    INVISIBLE,
    ArchivalWriter,
    OneKeySigner,
    ValidationData,
    append_signature,
    embed_validation_data,
    open_writer,
)
from signing.timestamps import local_source
from signing.verdict import Indication, Verdict
from signing.verify import verify_pdf
from validators import SIGNED

REQUESTOR, CUSTODIAN, AGENCY = document_type().slots
CLOSED = life().closed
RANGES = max((tuple(int(one) for one in found) for found in SIGNED.findall(CLOSED)), key=lambda one: one[2])
UNHURRIED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def judge(pdf: bytes) -> Verdict:
    """The verdict of a verifier that trusts us."""
    return verify_pdf(pdf, keys().trust, now=NOW)


def written(writer: IncrementalPdfFileWriter) -> bytes:
    """The file that a writer holds."""
    output = BytesIO()
    writer.write(output)  # type: ignore[no-untyped-call]
    return output.getvalue()


def signed(pdf: bytes, slot: int = 0) -> bytes:
    """The file signed properly by the service, whatever was done to it before."""
    chosen = document_type().slots[slot]
    return service(StillClock()).sign(pdf, slot=chosen, identity=identity(chosen), viewed_digest=None).pdf


# --- without a key ----------------------------------------------------------------------------------------------------


@UNHURRIED
@given(data=st.data())
def test_a_changed_byte_is_found(data: st.DataObject) -> None:
    """Any bit of any byte that the last time-stamp protects, in every revision."""
    _, first, second, length = RANGES
    place = data.draw(st.integers(0, first - 1) | st.integers(second, second + length - 1))
    mask = data.draw(st.integers(1, 255))
    changed = CLOSED[:place] + bytes([CLOSED[place] ^ mask]) + CLOSED[place + 1 :]
    assert not judge(changed).passed


@pytest.mark.parametrize("place", range(16))
@pytest.mark.parametrize("digit", b"0123456789abcdef")
def test_no_digit_at_the_head_of_a_container_can_be_another(place: int, digit: int) -> None:
    """A longer or shorter length, another tag: found, though zeros follow that could pass for more of the container."""
    for pdf in (life().sealed, CLOSED):
        newest = max((tuple(int(one) for one in found) for found in SIGNED.findall(pdf)), key=lambda one: one[2])
        at = newest[1] + 1 + place
        changed = pdf[:at] + bytes([digit]) + pdf[at + 1 :]
        assert judge(changed).passed == (changed == pdf)


@UNHURRIED
@given(data=st.data())
def test_a_changed_digit_of_a_container_is_found(data: st.DataObject) -> None:
    """No signature protects the container of the newest one: its form leaves no room for changes."""
    for pdf in (life().sealed, CLOSED):
        _, first, second, _ = max(
            (tuple(int(one) for one in found) for found in SIGNED.findall(pdf)), key=lambda one: one[2]
        )
        length = parser.peek(bytes.fromhex(pdf[first + 1 : second - 1].decode("ascii")))
        place = first + 1 + data.draw(st.integers(0, 2 * length - 1))
        digit = data.draw(st.sampled_from([one for one in b"0123456789ABCDEFabcdef" if one != pdf[place]]))
        assert not judge(pdf[:place] + bytes([digit]) + pdf[place + 1 :]).passed


@UNHURRIED
@given(tail=st.binary(min_size=1, max_size=40))
def test_bytes_after_the_last_revision_are_found(tail: bytes) -> None:
    """Nothing may follow, not even white space."""
    verdict = judge(CLOSED + tail)
    assert verdict.overall is Indication.FAILED


@UNHURRIED
@given(length=st.integers(0, len(CLOSED) - 1))
def test_a_truncated_file_never_passes_as_closed(length: int) -> None:
    """Cut anywhere it fails, except exactly between revisions, where an older genuine file comes out."""
    cut = CLOSED[:length]
    assert cut in life().revisions or not judge(cut).passed


@UNHURRIED
@given(garbage=st.binary(max_size=300))
def test_garbage_is_refused_without_an_exception(garbage: bytes) -> None:
    """With or without a PDF header."""
    for pdf in (garbage, b"%PDF-1.7\n" + garbage, CLOSED[:5000] + garbage):
        assert not judge(pdf).passed


def test_an_unsigned_file_does_not_pass() -> None:
    """A draft is no record."""
    verdict = judge(draft())
    assert (verdict.overall, verdict.sub_indication) == (Indication.FAILED, "FORMAT_FAILURE")


def test_a_file_of_another_service_is_undecided() -> None:
    """A whole, faultless file under somebody else's root: nothing here says that it is ours."""
    verdict = judge(life("theirs").closed)
    assert (verdict.overall, verdict.sub_indication) == (Indication.INDETERMINATE, "NO_CERTIFICATE_CHAIN_FOUND")


def test_a_gap_in_a_byte_range_is_found() -> None:
    """A range that leaves out more than the container is dishonest, even if its digest were right."""
    start, first, second, length = RANGES
    old = next(one for one in SIGNED.finditer(CLOSED) if int(one[3]) == second).group()
    for ranges in (
        (start, first, second + 64, length - 64),
        (start, first - 8, second, length),
        (4, first, second, length),
    ):
        new = b"/ByteRange [%d %d %d %d" % ranges
        changed = CLOSED.replace(old, (new + b" " * 80)[: len(old) - 1] + b"]")
        assert len(changed) == len(CLOSED)
        assert not judge(changed).passed


def test_bytes_hidden_behind_a_container_are_found() -> None:
    """The padding of a container is zeros: nothing can be kept there."""
    _, first, second, _ = RANGES
    hidden = CLOSED[: second - 9] + b"CAFEBABE" + CLOSED[second - 1 :]
    assert len(hidden) == len(CLOSED)
    verdict = judge(hidden)
    assert verdict.overall is Indication.FAILED
    assert first < second - 9


def test_a_stolen_time_stamp_does_not_hold() -> None:
    """The archival time-stamp of one file proves nothing in another."""
    other = service(StillClock()).close(life().signed[1])
    _, first, second, _ = RANGES
    theirs = max((tuple(int(one) for one in found) for found in SIGNED.findall(other)), key=lambda one: one[2])
    container = other[theirs[1] : theirs[2]]
    assert len(container) == second - first
    assert not judge(CLOSED[:first] + container + CLOSED[second:]).passed


def test_an_encrypted_file_is_refused() -> None:
    """Records are never encrypted."""
    changed = re.sub(rb"/Root (\d+ 0 R)", rb"/Root \1/Encrypt<</Filter/Standard/V 1/R 2/O(1)/U(1)/P 1>>", draft())
    assert not judge(changed).passed


# --- with our keys: changes on top of a seal, covered by a genuine signature -------------------------------------------


def paint(writer: ArchivalWriter) -> None:
    """Other words on the first page."""
    page = writer.root["/Pages"]["/Kids"][0]
    stream = writer.add_object(generic.StreamObject(stream_data=b"BT (PAID) Tj ET"))
    page[pdf_name("/Contents")] = generic.ArrayObject([page.raw_get("/Contents"), stream])
    writer.update_container(page)


def dictionary(entries: Mapping[str, object]) -> generic.DictionaryObject:
    """A PDF dictionary."""
    named = {pdf_name(key): value for key, value in entries.items()}
    return generic.DictionaryObject(named)  # type: ignore[no-untyped-call]


def annotate(writer: ArchivalWriter) -> None:
    """A note over the text."""
    page = writer.root["/Pages"]["/Kids"][0]
    box = generic.ArrayObject(map(generic.NumberObject, [50, 500, 300, 560]))
    entries = {"/Type": pdf_name("/Annot"), "/Subtype": pdf_name("/FreeText"), "/Rect": box}
    note = dictionary(entries)
    existing = page["/Annots"] if "/Annots" in page else []  # noqa: SIM401  pyHanko follows references in [] only
    page[pdf_name("/Annots")] = generic.ArrayObject([*existing, writer.add_object(note)])
    writer.update_container(page)


def retitle(writer: ArchivalWriter) -> None:
    """Another title in the metadata."""
    metadata = writer.root["/Metadata"]
    metadata._data = metadata.data.replace(b"Data Use", b"Data Abuse")
    metadata._encoded_data = None
    writer.update_container(metadata)


def redirect(writer: ArchivalWriter) -> None:
    """Something that a viewer does when it opens the file."""
    action = dictionary({"/S": pdf_name("/URI"), "/URI": generic.pdf_string("http://x")})
    writer.root[pdf_name("/OpenAction")] = action
    writer.update_root()  # type: ignore[no-untyped-call]


def move_field(writer: ArchivalWriter) -> None:
    """A field that covers the page."""
    for reference in writer.root["/AcroForm"]["/Fields"]:
        field = reference if isinstance(reference, generic.DictionaryObject) else reference.get_object()
        if field["/T"] == CUSTODIAN.name:
            field[pdf_name("/Rect")] = generic.ArrayObject(map(generic.NumberObject, [0, 0, 600, 800]))
            writer.update_container(field)


def drop_page(writer: ArchivalWriter) -> None:
    """One page less."""
    kids = writer.root["/Pages"]["/Kids"]
    del kids[0]
    writer.update_container(kids)


@pytest.mark.parametrize("change", [paint, annotate, retitle, redirect, move_field, drop_page])
@pytest.mark.parametrize("sign_on_top", [False, True], ids=["bare", "signed-on-top"])
def test_a_change_after_the_seal_fails_even_with_our_own_signature_on_top(
    change: Callable[[ArchivalWriter], None], *, sign_on_top: bool
) -> None:
    """The seal permits its fields to be filled and nothing else."""
    writer = open_writer(life().sealed)
    change(writer)
    changed = written(writer)
    verdict = judge(signed(changed) if sign_on_top else changed)
    assert verdict.overall is Indication.FAILED
    assert "Seal" in {problem.where for problem in verdict.problems}


def raw_signature(
    pdf: bytes,
    metadata: PdfSignatureMetadata,
    *,
    new_field: str = "",
    policy_key: bool = False,
    embed: bool = True,
) -> bytes:
    """A genuine, time-stamped signature with our keys, past all checks of the service."""
    pki = keys()
    writer = open_writer(pdf)
    if embed:
        lists = (pki.root_list, pki.authority.issue_revocation_list(NOW))
        embed_validation_data(writer, ValidationData((pki.root, pki.authority.certificate), lists))
    key = pki.seal.key
    certificate = pki.seal.certificate
    if not policy_key:
        certificate = pki.authority.issue_signer(identity(REQUESTOR), key.public_key(), NOW)
    signer = OneKeySigner(key, certificate, pki.authority.certificate)
    field = SigFieldSpec(new_field, invis_sig_settings=INVISIBLE) if new_field else None
    source = local_source(pki, StillClock())
    return asyncio.run(append_signature(writer, metadata, signer, timestamper=source, now=NOW, new_field=field)).pdf


def metadata(field: str, subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES) -> PdfSignatureMetadata:
    """What an ordinary signature in a field says."""
    return PdfSignatureMetadata(field_name=field, md_algorithm="sha256", subfilter=subfilter)


def certification(permission: MDPPerm) -> PdfSignatureMetadata:
    """What a seal says, with a permission."""
    return replace(metadata("Seal"), certify=True, docmdp_permissions=permission)


def test_a_genuine_signature_by_hand_passes() -> None:
    """The attacks below fail for what they change, not for how they are made."""
    assert judge(raw_signature(life().sealed, metadata(REQUESTOR.name))).passed


def test_a_signature_in_a_field_of_its_own_fails() -> None:
    """Nobody adds a place to sign to a sealed document."""
    verdict = judge(raw_signature(life().sealed, metadata("Witness"), new_field="Witness"))
    assert verdict.overall is Indication.FAILED


def test_the_seals_certificate_is_not_a_persons() -> None:
    """A slot signed with the seal's certificate names nobody and has the wrong policy."""
    verdict = judge(raw_signature(life().sealed, metadata(REQUESTOR.name), policy_key=True))
    assert (verdict.overall, verdict.sub_indication) == (Indication.INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE")


def test_a_persons_certificate_does_not_seal() -> None:
    """The seal's policy is required of the first signature."""
    verdict = judge(raw_signature(draft(), certification(MDPPerm.FILL_FORMS), new_field="Seal"))
    assert (verdict.overall, verdict.sub_indication) == (Indication.INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE")


def test_a_policy_that_the_verifier_does_not_accept_does_not_pass() -> None:
    """Policies are checked against the verifier's trust, not against the file's word."""
    trust = replace(keys().trust, signer_policies=frozenset({SEAL_POLICY}))
    assert verify_pdf(CLOSED, trust, now=NOW).overall is Indication.INDETERMINATE


def test_a_laxer_seal_fails() -> None:
    """A certification that permits annotations is not our seal."""
    verdict = judge(raw_signature(draft(), certification(MDPPerm.ANNOTATE), new_field="Seal", policy_key=True))
    assert verdict.overall is Indication.FAILED


def test_a_signature_without_a_seal_fails() -> None:
    """A draft that was signed without being sealed is no record."""
    verdict = judge(raw_signature(draft(), metadata(REQUESTOR.name)))
    assert verdict.overall is Indication.FAILED


def test_an_older_form_of_signature_does_not_pass() -> None:
    """Only ETSI.CAdES.detached is PAdES; the field refuses another form, and so does the verifier."""
    with pytest.raises(SigningError):
        raw_signature(life().sealed, metadata(REQUESTOR.name, SigSeedSubFilter.ADOBE_PKCS7_DETACHED))
    form = replace(certification(MDPPerm.FILL_FORMS), subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED)
    verdict = judge(raw_signature(draft(), form, new_field="Seal", policy_key=True))
    assert verdict.overall is Indication.FAILED


def test_a_seal_without_validation_data_is_undecided() -> None:
    """A B-T signature alone cannot show that its certificate was not revoked."""
    made = raw_signature(draft(), certification(MDPPerm.FILL_FORMS), new_field="Seal", policy_key=True, embed=False)
    verdict = judge(made)
    assert verdict.overall is Indication.INDETERMINATE
    assert verdict.signatures[0].level in {"B-B", "B-T"}


def test_a_locked_field_is_not_filled_after_the_agencys_signature() -> None:
    """CMS signs last: its slot locks every field (FieldMDP)."""
    early = signed(life().signed[0], 2)
    verdict = judge(signed(early, 1))
    assert verdict.overall is Indication.FAILED
    assert AGENCY.name in {problem.where for problem in verdict.problems}


def test_a_signature_whose_time_stamp_was_cut_out_is_undecided() -> None:
    """Without a time-stamp nothing shows when it was made."""
    sealed = life().sealed
    _, first, second, _ = (int(one) for one in SIGNED.findall(sealed)[0])
    content = cms.ContentInfo.load(bytes.fromhex(sealed[first + 1 : second - 1].decode()))
    del content["content"]["signer_infos"][0]["unsigned_attrs"]
    bare = content.dump(force=True).hex().upper().encode()
    stripped = sealed[: first + 1] + bare.ljust(second - first - 2, b"0") + sealed[second - 1 :]
    verdict = judge(stripped)
    assert verdict.overall is Indication.INDETERMINATE
    assert verdict.signatures[0].level == "B-B"
