"""What the fields of a draft demand of their signatures."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import FieldMDPSpec, SigSeedSubFilter, SigSeedValueSpec, enumerate_sig_fields
from pyhanko.sign.signers import Signer

from packets.documents.catalog import load_catalog
from packets.model.documents import ISSUERS, Party
from packets.render.document import render_document
from signed_files import NOW, StillClock, document_type, draft, identity, keys, service
from signing import revisions
from signing.errors import SigningError
from signing.fields import closing_slot, field_dictionaries, seeded_fields
from signing.verdict import Indication
from signing.verify import verify_pdf


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


def with_issuers(*names: str) -> bytes:
    """A sealed document of ours that accepts signers under the roots of these services."""
    issuers = [keys(name).trust.roots[0] for name in names]
    fields = field_dictionaries(document_type(), issuers)
    return service(StillClock()).seal(render_document(document_type(), document_type().sample, fields).pdf)


def sign(pdf: bytes, name: str) -> bytes:
    """The file signed in its first slot by a service."""
    slot = document_type().slots[0]
    return service(StillClock(), name).sign(pdf, slot=slot, identity=identity(slot), viewed_digest=None).pdf


def test_a_slot_takes_a_signer_under_an_issuer_that_it_names() -> None:
    """The issuer is found through the authority in between, and pyHanko's own check of the seed values agrees."""
    signed = sign(with_issuers("theirs", "ours"), "ours")
    assert verify_pdf(signed, keys().trust, now=NOW).passed


def test_a_slot_refuses_a_signer_under_another_issuer() -> None:
    """Nothing is signed; the refusal says why."""
    with pytest.raises(SigningError, match="issuer"):
        sign(with_issuers("theirs"), "ours")


def test_a_signer_under_another_issuer_does_not_pass_even_if_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who signs past the seed values is found by the verifier: trust in a root is not the field's acceptance."""

    def look_away(demands: SigSeedValueSpec, _signer: Signer) -> SigSeedValueSpec:
        assert demands.cert is not None
        return replace(demands, cert=replace(demands.cert, issuers=None))

    sealed = with_issuers("theirs")
    monkeypatch.setattr(revisions, "_issuer_checked", look_away)
    signed = sign(sealed, "ours")
    verdict = verify_pdf(signed, keys().trust, now=NOW)
    assert (verdict.overall, verdict.sub_indication) == (Indication.INDETERMINATE, "SIG_CONSTRAINTS_FAILURE")


def test_the_issuers_are_frozen_with_the_facts() -> None:
    """The same facts give the same fields on any machine; other issuers are other facts."""
    facts = {ISSUERS: [b64encode(keys().trust.roots[0]).decode()]}
    assert seeded_fields(document_type(), facts) == field_dictionaries(document_type(), [keys().trust.roots[0]])
    assert seeded_fields(document_type(), facts) != seeded_fields(document_type(), {})
