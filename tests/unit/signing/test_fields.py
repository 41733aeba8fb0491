"""What the fields of a draft demand of their signatures."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import FieldMDPSpec, SigSeedSubFilter, SigSeedValueSpec, enumerate_sig_fields

from packets.catalog import load_catalog
from packets.model.documents import Party
from signed_files import document_type, draft
from signing.fields import closing_slot, field_dictionaries


def locks() -> dict[str, FieldMDPSpec]:
    """The lock of each field of the draft, as a PDF reader finds it."""
    fields = enumerate_sig_fields(PdfFileReader(BytesIO(draft())))
    return {name: FieldMDPSpec.from_pdf_object(field.get_object()["/Lock"]) for name, _, field in fields}


def test_every_slot_of_every_type_has_its_dictionaries() -> None:
    """No slot is left without demands."""
    for one in load_catalog().values():
        assert set(field_dictionaries(one)) == {slot.name for slot in one.slots}


def test_the_dictionaries_are_the_same_every_time() -> None:
    """A draft can be made again anywhere: its fields depend on the type alone."""
    assert field_dictionaries(document_type()) == field_dictionaries(document_type())


def test_fields_demand_pades_over_sha_2_with_content_commitment() -> None:
    """A reader finds the seed values that ISO 32000-1, 12.7.4.5 defines."""
    for _, _, field in enumerate_sig_fields(PdfFileReader(BytesIO(draft()))):
        demands = SigSeedValueSpec.from_pdf_object(field.get_object()["/SV"])  # type: ignore[no-untyped-call]
        assert demands.subfilters == [SigSeedSubFilter.PADES]
        assert demands.digest_methods == ["sha256", "sha384", "sha512"]
        assert demands.cert is not None
        assert demands.cert.key_usage is not None
        assert demands.cert.key_usage[0].must_have_set() == {"non_repudiation"}


def test_an_aco_slot_locks_itself_and_the_last_agency_slot_locks_all() -> None:
    """ACO slots may be signed in either order (R19); after CMS nothing changes."""
    found = locks()
    assert found["Requestor_16"].is_locked("Requestor_16")
    assert not found["Requestor_16"].is_locked("Custodian_17")
    assert all(found["CMS_20"].is_locked(name) for name in found)


def test_the_only_slot_locks_all_and_of_several_aco_slots_none() -> None:
    """Without CMS the last of several slots cannot be known: either may be signed last."""
    aco = tuple(slot for slot in document_type().slots if slot.party is Party.ACO)
    assert closing_slot(replace(document_type(), slots=aco[:1])) == aco[0]
    assert closing_slot(replace(document_type(), slots=aco)) is None
