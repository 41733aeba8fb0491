"""Files that somebody has tampered with at random: never passed, and never an exception."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from asn1crypto import cms, parser
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter

from attacks.changes import CHANGES, Change, appended
from attacks.insiders import AGENCY, Forgery, carried_on, forge, pair_for, requestor
from signed_files import NOW, StillClock, draft, keys, life, service
from signing.errors import SigningError
from signing.oids import SEAL_POLICY
from signing.verdict import Indication, Verdict
from signing.verify import verify_pdf
from validators import SIGNED

SEALING = Forgery("Seal", makes_field=True, certifies=MDPPerm.FILL_FORMS)
CLOSED = life().closed
RANGES = max((tuple(int(one) for one in found) for found in SIGNED.findall(CLOSED)), key=lambda one: one[2])
UNHURRIED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def judge(pdf: bytes) -> Verdict:
    """The verdict of a verifier that trusts us."""
    return verify_pdf(pdf, keys().trust, now=NOW)


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


# --- what the verdict says of some of the corpus ------------------------------------------------------------------------


def test_a_genuine_signature_by_hand_passes() -> None:
    """The forgeries of the corpus fail for what they change, not for how they are made."""
    assert judge(forge(life().sealed, pair_for(requestor()), Forgery())).passed
    assert judge(forge(draft(), keys().seal, SEALING)).passed


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_change_after_the_seal_is_held_against_the_seal(change: Change) -> None:
    """The seal permits its fields to be filled and nothing else."""
    verdict = judge(appended(life().sealed, change))
    assert verdict.overall is Indication.FAILED
    assert {problem.where for problem in verdict.problems} & {"Seal", ""}


def test_the_seals_certificate_is_not_a_persons() -> None:
    """A slot signed with the seal's certificate names nobody and has the wrong policy."""
    verdict = judge(forge(life().sealed, keys().seal, Forgery()))
    assert (verdict.overall, verdict.sub_indication) == (Indication.INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE")


def test_a_persons_certificate_does_not_seal() -> None:
    """The seal's policy is required of the first signature."""
    verdict = judge(forge(draft(), pair_for(requestor()), SEALING))
    assert (verdict.overall, verdict.sub_indication) == (Indication.INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE")


def test_a_policy_that_the_verifier_does_not_accept_does_not_pass() -> None:
    """Policies are checked against the verifier's trust, not against the file's word."""
    trust = replace(keys().trust, signer_policies=frozenset({SEAL_POLICY}))
    assert verify_pdf(CLOSED, trust, now=NOW).overall is Indication.INDETERMINATE


def test_a_short_key_is_undecided_with_its_reason() -> None:
    """Cryptography of 96 bits of strength proves nothing (NIST SP 800-57)."""
    short = pair_for(requestor(), curve=ec.SECP192R1())
    verdict = judge(forge(life().sealed, short, Forgery()))
    assert (verdict.overall, verdict.sub_indication) == (Indication.INDETERMINATE, "CRYPTO_CONSTRAINTS_FAILURE")


def test_an_older_form_of_signature_is_refused_by_the_field() -> None:
    """Only ETSI.CAdES.detached is PAdES; the seed values say so to every honest signer."""
    with pytest.raises(SigningError):
        forge(life().sealed, pair_for(requestor()), Forgery(subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED))


def test_a_seal_without_validation_data_is_undecided() -> None:
    """A B-T signature alone cannot show that its certificate was not revoked."""
    verdict = judge(forge(draft(), keys().seal, replace(SEALING, embeds=False)))
    assert verdict.overall is Indication.INDETERMINATE
    assert verdict.signatures[0].level in {"B-B", "B-T"}


def test_a_locked_field_that_was_filled_is_held_against_the_lock() -> None:
    """CMS signs last: its slot locks every field (FieldMDP)."""
    verdict = judge(carried_on(life().signed[0], 2, 1))
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
