"""Every revision has the PAdES baseline level that it claims, by a reading of its bytes that shares nothing with ours.

The second half shows that each rule of `pades_baseline` can fail: a file is broken in one way, and the rule is named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asn1crypto import algos, cms, core
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.sign.ades.cades_asn1 import CommitmentTypeIndication

from packets.model.aco import Cohort
from packets.model.documents import Event
from pades_baseline import (
    ARCHIVAL,
    COMMITMENT,
    SIGNATURE,
    TOKEN,
    Level,
    Reading,
    find_broken,
    has_a_security_store,
    read_file,
)
from signature_dictionaries import Name, Reference, parse
from signed_files import life
from worlds import build_world

LAST_PERSON = 3
"""Number of the last person's signature in a closed file: seal, two of the ACO, CMS; 4 is the archival time-stamp."""
ARCHIVE = 4
FILE = -1


def test_every_revision_of_a_data_use_agreement_is_b_lt_and_the_closed_file_b_lta() -> None:
    """Sealed, signed three times, closed: no rule is broken at any time (EN 319 142-1, 6.3)."""
    document = life()
    assert [find_broken(pdf, Level.LT) for pdf in (document.sealed, *document.signed)] == [[], [], [], []]
    assert find_broken(document.closed, Level.LTA) == []


@pytest.mark.parametrize("cohort", list(Cohort))
def test_every_revision_of_a_finished_packet_has_its_level(cohort: Cohort) -> None:
    """All document types of both cohorts, as the ceremony makes them."""
    world = build_world(2)
    levels = []
    for document in world.finish(world.first(cohort)):
        for one in document.revisions[1:]:
            level = Level.LTA if one.event is Event.EXECUTED else Level.LT
            levels.append(level)
            assert find_broken(world.services.objects.get(one.digest), level) == [], (document.kind, one.number)
    assert {Level.LT, Level.LTA} == set(levels)
    world.services.database.close()


def test_the_reading_sees_what_the_file_holds() -> None:
    """Seal, three people and a time-stamp are found, in order, with nothing left over."""
    readings = read_file(life().closed)
    assert [one.is_archival for one in readings] == [False, False, False, False, True]
    assert [len(one.tokens) for one in readings] == [1, 1, 1, 1, 0]
    assert len(readings[-1].dictionary.pdf) == len(life().closed)


TEXT: list[tuple[str, int, bytes, bytes]] = [
    ("names_its_form", LAST_PERSON, b"/ETSI.CAdES.detached", b"/adbe.pkcs7.detached"),
    ("names_its_form", LAST_PERSON, b"/Filter /Adobe.PPKLite", b"/Filtre /Adobe.PPKLite"),
    ("claims_a_time", LAST_PERSON, b"/M (D", b"/N (D"),
    ("claims_a_time", LAST_PERSON, b"/M (D\\0722026", b"/M (D\\072next"),
    ("keeps_certificates_in_the_container", LAST_PERSON, b"/Name (", b"/Cert ("),
    ("signs_everything_but_its_container", LAST_PERSON, b"/ByteRange [0 ", b"/ByteRange [1 "),
    ("is_an_archival_time_stamp", ARCHIVE, b"/ETSI.RFC3161", b"/ETSI.RFC3160"),
    ("has_a_security_store", 0, b"\n/DSS ", b"\n/DST "),
    ("has_a_security_store", 0, b"\n/CRLs [", b"\n/CRLz ["),
    ("embeds_every_certificate", 0, b"<<\n/Certs [", b"<<\n/Cerfs ["),
    ("embeds_every_revocation_value", 0, b"\n/CRLs [", b"\n/CRLz ["),
    ("digests_the_file", 0, b"/MediaBox", b"/MediaBoy"),
]


@pytest.mark.parametrize(("rule", "signature", "wanted", "given"), TEXT)
def test_a_changed_dictionary_breaks_its_rule(rule: str, signature: int, wanted: bytes, given: bytes) -> None:
    """What stands in plain PDF is changed everywhere, at the same length; exactly that rule is named for that signature."""
    pdf = life().closed
    assert wanted in pdf
    assert (rule, signature) in named(pdf.replace(wanted, given))


def with_signing_time(data: Any) -> None:
    """A signed attribute that PAdES forbids."""
    data["signer_infos"][0]["signed_attrs"].append(attribute("signing_time", core.UTCTime("261120153000Z")))


def with_commitment(data: Any) -> None:
    """A commitment type beside /Reason."""
    kind = CommitmentTypeIndication({"commitment_type_id": "proof_of_approval"})
    data["signer_infos"][0]["signed_attrs"].append(attribute(COMMITMENT, kind))


def with_another_content(data: Any) -> None:
    """A content-type attribute that is not id-data."""
    replace_attribute(data, "content_type", cms.ContentType("signed_data"))


def with_another_digest(data: Any) -> None:
    """A message digest of something else."""
    replace_attribute(data, "message_digest", core.OctetString(bytes(32)))


def with_another_binding(data: Any) -> None:
    """A signing-certificate-v2 attribute that is not of the signer's certificate."""
    value = attribute_values(data, "signing_certificate_v2")[0]
    value["certs"][0]["cert_hash"] = bytes(32)
    replace_attribute(data, "signing_certificate_v2", value)


def with_two_signers(data: Any) -> None:
    """The same signer twice, as if two had signed."""
    data["signer_infos"].append(data["signer_infos"][0].copy())


def with_content(data: Any) -> None:
    """The content inside, as if the signature were not detached."""
    data["encap_content_info"]["content"] = core.OctetString(b"content")


def with_a_weak_digest(data: Any) -> None:
    """SHA-1 where SHA-256 was."""
    data["digest_algorithms"] = [algos.DigestAlgorithm({"algorithm": "sha1"})]
    data["signer_infos"][0]["digest_algorithm"] = algos.DigestAlgorithm({"algorithm": "sha1"})


def with_another_value(data: Any) -> None:
    """A signature value of nobody."""
    value = data["signer_infos"][0]["signature"].native
    data["signer_infos"][0]["signature"] = value[:-1] + bytes([value[-1] ^ 1])


def without_its_certificate(data: Any) -> None:
    """The issuer's certificate alone."""
    data["certificates"] = [one for one in data["certificates"] if one.chosen.ca]


def without_time_stamp(data: Any) -> None:
    """No unsigned attribute, as at B-B."""
    data["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes([])


def with_a_time_stamp_of_another(data: Any) -> None:
    """The time-stamp of the seal under somebody else's signature."""
    token = read_file(life().closed)[0].container.unsigned_values(TOKEN)[0]
    stamped = cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [token]})
    data["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes([stamped])


def with_a_countersignature(data: Any) -> None:
    """An unsigned attribute that the baseline does not know."""
    other = cms.CMSAttribute({"type": "1.2.840.113549.1.9.6", "values": [data["signer_infos"][0].copy()]})
    data["signer_infos"][0]["unsigned_attrs"].append(other)


CONTAINER: list[tuple[str, Callable[[Any], None]]] = [
    ("says_no_time_in_the_container", with_signing_time),
    ("carries_baseline_attributes_only", with_signing_time),
    ("gives_one_reason", with_commitment),
    ("names_its_content", with_another_content),
    ("digests_the_file", with_another_digest),
    ("is_made_by_its_certificate", with_another_digest),
    ("binds_its_certificate", with_another_binding),
    ("has_one_signer", with_two_signers),
    ("is_detached", with_content),
    ("digests_strongly", with_a_weak_digest),
    ("is_made_by_its_certificate", with_another_value),
    ("is_time_stamped", with_another_value),
    ("keeps_certificates_in_the_container", without_its_certificate),
    ("is_time_stamped", without_time_stamp),
    ("is_time_stamped", with_a_time_stamp_of_another),
    ("carries_baseline_attributes_only", with_a_countersignature),
]


@pytest.mark.parametrize(("rule", "change"), CONTAINER)
def test_a_changed_container_breaks_its_rule(rule: str, change: Callable[[Any], None]) -> None:
    """What stands in the container is changed; the rule is named, and for the other signatures nothing is."""
    broken = named(with_container(life().closed, LAST_PERSON, change))
    assert (rule, LAST_PERSON) in broken
    assert {number for _, number in broken} <= {LAST_PERSON, ARCHIVE}


def test_a_store_that_ties_values_to_signatures_is_found() -> None:
    """VRI dictionaries are not for the baseline (5.4.2.3)."""
    reading = read_file(life().closed)[0]
    tied = {**(reading.store or {}), "VRI": {}}
    assert has_a_security_store(reading)
    assert not has_a_security_store(Reading(reading.dictionary, reading.file, tied))


def test_a_container_that_is_not_der_is_found() -> None:
    """A byte in the padding, or a length in the long form."""
    pdf = life().closed
    gap = read_file(pdf)[LAST_PERSON].dictionary.gap
    assert ("is_der", LAST_PERSON) in named(pdf.replace(gap, gap[:-3] + b"01>"))
    indefinite = gap.replace(b"<3082", b"<3080", 1)
    assert ("is_der", LAST_PERSON) in named(pdf.replace(gap, indefinite))


def test_a_time_stamp_outside_the_certificate_s_validity_is_found() -> None:
    """Its statement says a time years before the certificate began."""
    pdf = with_container(life().closed, LAST_PERSON, with_a_time_before)
    assert ("is_stamped_in_time", LAST_PERSON) in named(pdf)


def with_a_time_before(data: Any) -> None:
    """A time-stamp whose statement says another year."""
    token = data["signer_infos"][0]["unsigned_attrs"][0]["values"][0]
    statement = token["content"]["encap_content_info"]["content"].parsed
    statement["gen_time"] = statement["gen_time"].native.replace(year=2020)
    token["content"]["encap_content_info"]["content"] = cms.ParsableOctetString(statement.dump())


def test_a_file_that_nothing_closes_is_not_b_lta() -> None:
    """The last person's revision, and one with a byte after its end."""
    open_file = life().signed[-1]
    assert ("is_closed_by_a_time_stamp", FILE) in named(open_file)
    assert ("covers_the_whole_file", FILE) in named(life().closed + b"\n")


def test_a_draft_is_not_signed() -> None:
    """A file without signatures has no level."""
    assert ("is_signed", FILE) in named(life().draft)


def test_every_rule_is_shown_to_fail() -> None:
    """No rule stands there that no test above breaks."""
    shown = {row[0] for row in TEXT} | {row[0] for row in CONTAINER} | {"is_der", "is_stamped_in_time"}
    rules = {rule.__name__ for group in (*SIGNATURE.values(), ARCHIVAL) for rule in group}
    assert rules == shown


PDF_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.from_regex(r"[A-Za-z]{1,8}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(PDF_VALUES)
def test_what_is_written_as_pdf_is_read_as_it_was(value: Any) -> None:
    """The reader of direct objects loses nothing (ISO 32000-1, 7.3)."""
    text = written(value)
    assert parse(text, 0) == (value, len(text))


def test_names_and_references_are_told_from_strings_and_numbers() -> None:
    r"""`/A`, `3 0 R`, `(a\\)(b))` and `-.5` are what they are."""
    read, _ = parse(b"[ /A 3 0 R (a\\)(b)) -.5 <6162> 7 ]", 0)
    assert read == [Name("A"), Reference(3, 0), b"a)(b)", -0.5, b"ab", 7]


def written(value: Any) -> bytes:
    """A value as PDF."""
    if isinstance(value, dict):
        return b"<<" + b"".join(b"/%s %s " % (key.encode(), written(one)) for key, one in value.items()) + b">>"
    if isinstance(value, list):
        return b"[" + b" ".join(map(written, value)) + b"]"
    if isinstance(value, bytes):
        return b"(" + b"".join(b"\\%03o" % one for one in value) + b")"
    words = {None: b"null", True: b"true", False: b"false"}
    return words[value] if value is None or isinstance(value, bool) else b"%d" % value


def named(pdf: bytes) -> set[tuple[str, int]]:
    """The rules that a file breaks at B-LTA, each with the signature that breaks it."""
    return {(one.rule, one.signature) for one in find_broken(pdf, Level.LTA)}


def attribute(kind: str, value: Any) -> cms.CMSAttribute:
    """An attribute with one value."""
    return cms.CMSAttribute({"type": kind, "values": [value]})


def attribute_values(data: Any, kind: str) -> list[Any]:
    """The values of a signed attribute."""
    return [
        value
        for one in data["signer_infos"][0]["signed_attrs"]
        if one["type"].native == kind
        for value in one["values"]
    ]


def replace_attribute(data: Any, kind: str, value: Any) -> None:
    """Another value for a signed attribute."""
    signer = data["signer_infos"][0]
    others = [one for one in signer["signed_attrs"] if one["type"].native != kind]
    signer["signed_attrs"] = cms.CMSAttributes([*others, attribute(kind, value)])


def with_container(pdf: bytes, number: int, change: Callable[[Any], None]) -> bytes:
    """The file with one signature's container changed, in the room that it had."""
    dictionary = read_file(pdf)[number].dictionary
    container = cms.ContentInfo.load(dictionary.der)
    change(container["content"])
    digits = container.dump().hex().encode()
    gap = b"<" + digits.ljust(len(dictionary.gap) - 2, b"0") + b">"
    assert len(gap) == len(dictionary.gap)
    return pdf.replace(dictionary.gap, gap)
