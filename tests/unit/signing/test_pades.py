"""Seal, sign, close: what the service makes, and what it refuses to touch."""

from __future__ import annotations

import hashlib
import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from packets.model.documents import Slot
from signed_files import NOW, StillClock, document_type, draft, identity, keys, life, live, service
from signing.appearance import default_lines
from signing.errors import SigningError
from signing.identity import SIGNER_LIFETIME
from signing.pades import SigningService
from signing.timestamps import LocalTimeStampAuthority, TimeStampSource
from signing.trust import Expected
from signing.verdict import Indication

REQUESTOR, CUSTODIAN, AGENCY = document_type().slots


def refusal(pdf: bytes, slot: Slot = REQUESTOR, viewed_digest: str | None = None) -> list[str]:
    """The codes with which signing is refused."""
    with pytest.raises(SigningError) as error:
        service(StillClock()).sign(pdf, slot=slot, identity=identity(slot), viewed_digest=viewed_digest)
    return [problem.code for problem in error.value.problems]


def with_field(pdf: bytes, name: str) -> bytes:
    """The file with one more empty signature field."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    append_signature_field(writer, SigFieldSpec(name))
    output = BytesIO()
    writer.write(output)  # type: ignore[no-untyped-call]
    return output.getvalue()


def test_each_revision_is_a_prefix_of_the_next() -> None:
    """Every earlier state can be cut out of the last file."""
    revisions = life().revisions
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(revisions))


def test_a_signature_says_when_by_whom_and_at_which_level() -> None:
    """The result carries the time of the time-stamp, the level and the certificate's serial number."""
    made = service(StillClock()).sign(
        life().sealed,
        slot=REQUESTOR,
        identity=identity(REQUESTOR),
        viewed_digest=hashlib.sha256(life().sealed).hexdigest(),
    )
    assert (made.signed_at, made.level) == (NOW, "B-LT")
    signature = PdfFileReader(BytesIO(made.pdf)).embedded_regular_signatures[-1]
    assert made.certificate_serial == f"{signature.signer_cert.serial_number:x}"


def test_one_act_can_sign_and_close() -> None:
    """With `final` the archival time-stamp follows in the same act."""
    made = service(StillClock()).sign(
        life().signed[1], slot=AGENCY, identity=identity(AGENCY), viewed_digest=None, final=True
    )
    assert made.level == "B-LTA"
    assert service(StillClock()).verify_own(made.pdf, Expected(closed=True)).passed


def test_every_key_and_certificate_is_used_once() -> None:
    """No two signatures share a key."""
    signatures = PdfFileReader(BytesIO(life().closed)).embedded_regular_signatures
    assert len({one.signer_cert.public_key.dump() for one in signatures}) == len(signatures)


def test_aco_slots_are_signed_in_either_order() -> None:
    """Requestor or Custodian first (R19): the file passes."""
    other_way = live(service(StillClock()), order=(1, 0, 2))
    assert service(StillClock()).verify_own(other_way.closed).passed


def test_the_reason_is_the_purpose_of_the_slot() -> None:
    """The sentence that the signer agreed to stands in the signature."""
    signatures = PdfFileReader(BytesIO(life().closed)).embedded_regular_signatures
    reasons = {one.field_name: str(one.sig_object["/Reason"]) for one in signatures}
    assert {name: reasons[name] for name in ("Requestor_16", "Custodian_17", "CMS_20")} == {
        slot.name: slot.purpose for slot in document_type().slots
    }


def test_metadata_stay_as_they_were_drafted() -> None:
    """XMP and Info are not rewritten: both stay equal and conformant (PDF/A-2, 6.6.2)."""
    readers = [PdfFileReader(BytesIO(one)) for one in (life().draft, life().closed)]
    assert len({bytes(one.root["/Metadata"].data) for one in readers}) == 1
    assert len({str(one.trailer["/Info"]) for one in readers}) == 1


def test_a_signed_field_shows_the_given_lines() -> None:
    """The renderer gets the lines and the size of the field."""
    seen: list[tuple[list[str], float, float]] = []

    def draw(lines: object, *, width: float, height: float) -> bytes:
        assert isinstance(lines, list)
        seen.append((lines, width, height))
        return draft()

    signing = SigningService(keys(), StillClock(), render_stamp=draw)
    for lines in (["one", "two"], None):
        signing.sign(
            life().sealed, slot=REQUESTOR, identity=identity(REQUESTOR), viewed_digest=None, appearance_lines=lines
        )
    assert seen[0][0] == ["one", "two"]
    assert identity(REQUESTOR).name in seen[1][0][0]
    assert all(width > 100 and height > 20 for _, width, height in seen)


def test_only_what_was_viewed_is_signed() -> None:
    """Another digest than the viewed one is refused."""
    assert refusal(life().sealed, viewed_digest=hashlib.sha256(draft()).hexdigest()) == ["viewed-other-bytes"]


def test_a_draft_is_not_signed_before_it_is_sealed() -> None:
    """The seal comes first."""
    assert refusal(draft()) == ["not-sealed"]


def test_a_missing_field_is_refused_and_a_misspelled_one_is_guessed() -> None:
    """The refusal names what is there."""
    with pytest.raises(SigningError, match="Did you mean Requestor_16"):
        service(StillClock()).sign(
            life().sealed,
            slot=replace(REQUESTOR, name="Requester_16"),
            identity=identity(REQUESTOR),
            viewed_digest=None,
        )
    assert refusal(life().sealed, replace(REQUESTOR, name="Nobody")) == ["slot-missing"]


def test_a_filled_field_is_never_signed_again() -> None:
    """A signature is not overwritten."""
    assert refusal(life().signed[0], REQUESTOR) == ["slot-filled"]


def test_a_closed_file_takes_no_more_signatures() -> None:
    """After the archival time-stamp nothing is signed; every reason is told."""
    assert refusal(life().closed, REQUESTOR) == ["document-closed", "slot-filled"]


@pytest.mark.parametrize("pdf", [b"", b"not a PDF", b"%PDF-1.7\n%%EOF\n"])
def test_what_is_no_pdf_is_refused(pdf: bytes) -> None:
    """Garbage is refused with a sentence, wherever it comes in."""
    assert refusal(pdf) == ["pdf-unreadable"]
    for act in (service(StillClock()).seal, service(StillClock()).close):
        with pytest.raises(SigningError):
            act(pdf)


@pytest.mark.parametrize(
    "pdf", [life().sealed, life().closed, with_field(draft(), "Seal")], ids=["sealed", "closed", "field"]
)
def test_a_file_is_sealed_once(pdf: bytes) -> None:
    """A sealed file, or one with a field of that name, is not sealed."""
    with pytest.raises(SigningError) as error:
        service(StillClock()).seal(pdf)
    assert [problem.code for problem in error.value.problems] == ["sealed-already"]


def test_an_unsealed_file_is_not_closed() -> None:
    """The archival time-stamp protects signatures; without a seal there is none."""
    with pytest.raises(SigningError) as error:
        service(StillClock()).close(draft())
    assert [problem.code for problem in error.value.problems] == ["not-sealed"]


def test_a_signature_made_too_late_by_its_certificate_does_not_pass() -> None:
    """A certificate holds for minutes: with a time-stamp after them the signature is out of bounds."""
    late = StillClock(NOW + SIGNER_LIFETIME + timedelta(minutes=1))
    source = TimeStampSource([LocalTimeStampAuthority(keys().timestamps, late)], keys().trust, late)
    signing = SigningService(keys(), StillClock(), source)
    made = signing.sign(life().sealed, slot=REQUESTOR, identity=identity(REQUESTOR), viewed_digest=None)
    verdict = service(late).verify_own(made.pdf)
    assert (verdict.overall, verdict.sub_indication) == (Indication.INDETERMINATE, "OUT_OF_BOUNDS_NO_POE")


def test_one_service_signs_in_many_threads() -> None:
    """The service is shared by all threads of a process, and each signature is its own."""
    signing = service(StillClock())

    def sign(number: int) -> bytes:
        person = identity(REQUESTOR, number)
        return signing.sign(life().sealed, slot=REQUESTOR, identity=person, viewed_digest=None).pdf

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(sign, range(8)))
    names = [signing.verify_own(one).signatures[-1].user_id for one in made]
    assert names == [f"QA{number:02}" for number in range(8)]


def test_a_signed_field_shows_who_what_when_over_which_bytes_and_how_to_check() -> None:
    """What a reader of the paper needs to find the record: the digest's beginning is that of the revision that was viewed."""
    lines = default_lines(identity(document_type().slots[0]), NOW, hashlib.sha256(life().sealed).hexdigest())
    said = " ".join(lines)
    for word in ("Renée Test-Signer 0", "DUA Requestor", "QA00", "A1234", "PY 2027", "15:30:00 UTC", "esm verify"):
        assert word in said
    assert hashlib.sha256(life().sealed).hexdigest()[:16] in said
