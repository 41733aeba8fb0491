"""The rules of PAdES baseline signatures (ETSI EN 319 142-1), read from a file's bytes with asn1crypto and cryptography only.

This is an opinion beside the service's verifier: it shares no line with it, builds no path by pyHanko and reads no PDF with
it. It says whether a file has the form of a level and whether its cryptography holds; it trusts nobody. Clauses are those
of EN 319 142-1 where nothing else is said; table 1 is in 6.3.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from functools import cached_property
from typing import Any

from asn1crypto import cms, crl, x509

from cms_containers import (
    CERTIFICATE_V2,
    CONTENT_TYPE,
    DIGESTS,
    MESSAGE_DIGEST,
    Container,
    binds_its_signer,
    clears,
    is_distinguished,
    is_token_over,
    issues,
    verifies,
)
from signature_dictionaries import SignatureDictionary, read_security_store, read_signatures

DATE = re.compile(rb"D:\d{14}(?:Z(?:00'00'?)?|[+-]\d{2}'\d{2}'?)")
END_OF_FILE = re.compile(rb"%%EOF\s*\Z")
SIGNING_TIME = "1.2.840.113549.1.9.5"
CERTIFICATE, TOKEN = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.14"
POLICY, COMMITMENT = "1.2.840.113549.1.9.16.2.15", "1.2.840.113549.1.9.16.2.16"
ALLOWED_SIGNED = {CONTENT_TYPE, MESSAGE_DIGEST, CERTIFICATE_V2, COMMITMENT}


class Level(IntEnum):
    """The levels, each with all rules of those before it."""

    B = 1
    T = 2
    LT = 3
    LTA = 4


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a file breaks, and by which of its signatures, counted from 0; -1 when the whole file is meant."""

    rule: str
    signature: int


@dataclass(frozen=True)
class Reading:
    """A signature of a file with everything that the rules ask about it."""

    dictionary: SignatureDictionary
    file: bytes
    store: dict[str, Any] | None = field(default=None)

    @property
    def entries(self) -> dict[str, Any]:
        """Its dictionary."""
        return self.dictionary.entries

    @cached_property
    def container(self) -> Container:
        """Its container."""
        return Container(self.dictionary.der)

    @property
    def is_archival(self) -> bool:
        """Whether it is a document time-stamp."""
        return self.entries.get("Type") == "DocTimeStamp"

    @cached_property
    def tokens(self) -> list[Container]:
        """The time-stamps within it."""
        return [Container(one.dump()) for one in self.container.unsigned_values(TOKEN)]

    @property
    def signed_at(self) -> datetime:
        """The time in its first time-stamp, or in itself when it is one."""
        stamp = self.container if self.is_archival else self.tokens[0]
        moment: datetime = stamp.statement["gen_time"].native
        return moment


Rule = Callable[[Reading], bool]


def read_file(pdf: bytes) -> list[Reading]:
    """Every signature of a file, the oldest first."""
    signatures = read_signatures(pdf)
    store = read_security_store(pdf) if signatures else None
    return [Reading(one, pdf, store) for one in signatures]


def find_broken(pdf: bytes, level: Level) -> list[Broken]:
    """Every rule that a file breaks when all its signatures are to have a level; empty when they have it."""
    readings = read_file(pdf)
    broken = [
        Broken(rule.__name__, number)
        for number, reading in enumerate(readings)
        for rule in _rules(reading, level)
        if not _holds(rule, reading)
    ]
    if not any(not one.is_archival for one in readings):
        broken.append(Broken("is_signed", -1))
    if level >= Level.LTA and not (readings and readings[-1].is_archival):
        broken.append(Broken("is_closed_by_a_time_stamp", -1))
    if readings and len(readings[-1].dictionary.pdf) != len(pdf):
        broken.append(Broken("covers_the_whole_file", -1))
    return broken


def _rules(reading: Reading, level: Level) -> Iterator[Rule]:
    yield from ARCHIVAL if reading.is_archival else SIGNATURE[Level.B]
    if not reading.is_archival and level >= Level.T:
        yield from SIGNATURE[Level.T]
    if level >= Level.LT:
        yield from SIGNATURE[Level.LT]


def _holds(rule: Rule, reading: Reading) -> bool:
    """What cannot be read does not hold."""
    try:
        return rule(reading)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return False


def names_its_form(reading: Reading) -> bool:
    """Table 1: /Filter is present and /SubFilter is ETSI.CAdES.detached."""
    return "Filter" in reading.entries and reading.entries["SubFilter"] == "ETSI.CAdES.detached"


def signs_everything_but_its_container(reading: Reading) -> bool:
    """4.1: the byte range starts at 0, ends where its revision ends, and leaves out the hexadecimal string alone."""
    start, first, second, length = reading.dictionary.byte_range
    gap = reading.file[first:second]
    ends = END_OF_FILE.search(reading.file[max(0, second + length - 16) : second + length])
    return start == 0 and bool(re.fullmatch(rb"<[0-9A-Fa-f]+>", gap)) and ends is not None


def is_der(reading: Reading) -> bool:
    """4.1: a DER-encoded SignedData, padded with zeros."""
    content = bytes.fromhex(reading.dictionary.gap.strip(b"<>").decode("ascii"))
    container = cms.ContentInfo.load(reading.dictionary.der, strict=True)
    return bool(
        container["content_type"].native == "signed_data"
        and is_distinguished(reading.dictionary.der)
        and not content[len(reading.dictionary.der) :].strip(b"\0")
    )


def has_one_signer(reading: Reading) -> bool:
    """4.1: exactly one SignerInfo."""
    return len(reading.container.data["signer_infos"]) == 1


def is_detached(reading: Reading) -> bool:
    """Table 1: the content is id-data and is not in the container."""
    content = reading.container.data["encap_content_info"]
    return bool(content["content_type"].native == "data" and content["content"].native is None)


def names_its_content(reading: Reading) -> bool:
    """Table 1: one content-type attribute, id-data."""
    return [one.native for one in reading.container.signed_values(CONTENT_TYPE)] == ["data"]


def digests_the_file(reading: Reading) -> bool:
    """Table 1: one message-digest attribute, over what the byte range covers."""
    wanted = reading.container.digest(reading.dictionary.signed)
    return [one.native for one in reading.container.signed_values(MESSAGE_DIGEST)] == [wanted]


def binds_its_certificate(reading: Reading) -> bool:
    """Table 1 and 5.2 of EN 319 122-1: signing-certificate-v2 alone, the digest of the signer's certificate first."""
    container = reading.container
    return not container.signed_values(CERTIFICATE) and binds_its_signer(container)


def says_no_time_in_the_container(reading: Reading) -> bool:
    """Table 1: there is no signing-time attribute; the claimed time is /M."""
    return not reading.container.signed_values(SIGNING_TIME)


def claims_a_time(reading: Reading) -> bool:
    """Table 1: /M is present and a date (ISO 32000-1, 7.9.4)."""
    return bool(DATE.fullmatch(reading.entries["M"]))


def keeps_certificates_in_the_container(reading: Reading) -> bool:
    """Table 1: there is no /Cert; the container carries the signer's certificate."""
    return "Cert" not in reading.entries and reading.container.certificate is not None


def gives_one_reason(reading: Reading) -> bool:
    """Table 1: /Reason does not stand beside a commitment type or a signature policy."""
    return "Reason" not in reading.entries or not any(map(reading.container.signed_values, (COMMITMENT, POLICY)))


def carries_baseline_attributes_only(reading: Reading) -> bool:
    """Table 1: no countersignature nor anything else that the levels do not know; no attribute twice."""
    signer = reading.container.signer
    signed = [one["type"].dotted for one in signer["signed_attrs"]]
    unsigned = [one["type"].dotted for one in signer["unsigned_attrs"]]
    return len(signed) == len(set(signed)) and set(signed) <= ALLOWED_SIGNED and set(unsigned) <= {TOKEN}


def digests_strongly(reading: Reading) -> bool:
    """6.2.2 and TS 119 312: SHA-256 or better, named the same by container and signer."""
    data = reading.container.data
    named = [one["algorithm"].native for one in data["digest_algorithms"]]
    return named == [reading.container.signer["digest_algorithm"]["algorithm"].native] and set(named) <= set(DIGESTS)


def is_made_by_its_certificate(reading: Reading) -> bool:
    """RFC 5652, 5.6: the signature value verifies over the signed attributes with the signer's key."""
    return verifies(reading.container)


def is_time_stamped(reading: Reading) -> bool:
    """Table 1, B-T: one signature-time-stamp over the signature value, whole in itself."""
    (token,) = reading.tokens
    value = reading.container.signer["signature"].native
    return is_token_over(token, value)


def is_stamped_in_time(reading: Reading) -> bool:
    """Table 1, B-T: the time-stamp falls within the validity of the signer's certificate."""
    validity = reading.container.certificate["tbs_certificate"]["validity"]
    return bool(validity["not_before"].native <= reading.signed_at <= validity["not_after"].native)


def has_a_security_store(reading: Reading) -> bool:
    """5.4.2.2 and table 1, B-LT: the security store has certificates and revocation values, and no VRI."""
    store = reading.store
    return bool(store and store["Certs"] and (store["CRLs"] or store["OCSPs"]) and "VRI" not in store)


def embeds_every_certificate(reading: Reading) -> bool:
    """Table 1, B-LT: the chains of signer and time-stamps can be built from the file up to a self-signed root."""
    return all(_chain(leaf, reading)[-1].self_signed != "no" for leaf in _leaves(reading))


def embeds_every_revocation_value(reading: Reading) -> bool:
    """Table 1, B-LT: a list for each certificate below the roots, signed by its issuer, fresh then, and without it."""
    return all(_is_cleared(reading, one, issuer) for one, issuer in _issued(reading))


def is_an_archival_time_stamp(reading: Reading) -> bool:
    """5.4.3: /SubFilter is ETSI.RFC3161; a time-stamp token over what the byte range covers."""
    form = reading.entries["SubFilter"] == "ETSI.RFC3161" and "Cert" not in reading.entries
    return form and is_token_over(reading.container, reading.dictionary.signed)


SIGNATURE: dict[Level, tuple[Rule, ...]] = {
    Level.B: (
        names_its_form,
        signs_everything_but_its_container,
        is_der,
        has_one_signer,
        is_detached,
        names_its_content,
        digests_the_file,
        binds_its_certificate,
        says_no_time_in_the_container,
        claims_a_time,
        keeps_certificates_in_the_container,
        gives_one_reason,
        carries_baseline_attributes_only,
        digests_strongly,
        is_made_by_its_certificate,
    ),
    Level.T: (is_time_stamped, is_stamped_in_time),
    Level.LT: (has_a_security_store, embeds_every_certificate, embeds_every_revocation_value),
}
ARCHIVAL: tuple[Rule, ...] = (
    signs_everything_but_its_container,
    is_der,
    has_one_signer,
    digests_strongly,
    is_an_archival_time_stamp,
)


def _leaves(reading: Reading) -> list[Any]:
    containers = [reading.container] if reading.is_archival else [reading.container, *reading.tokens]
    return [one.certificate for one in containers]


def _chain(leaf: Any, reading: Reading) -> list[Any]:
    """From a certificate upwards, as far as the file's certificates go."""
    stored = [x509.Certificate.load(one) for one in (reading.store or {}).get("Certs", [])]
    known = [*reading.container.certificates, *stored]
    chain = [leaf]
    while chain[-1].self_signed == "no":
        issuer = next((one for one in known if issues(one, chain[-1])), None)
        if issuer is None or issuer in chain:
            break
        chain.append(issuer)
    return chain


def _issued(reading: Reading) -> Iterator[tuple[Any, Any]]:
    """Every certificate below a root, with its issuer."""
    for leaf in _leaves(reading):
        chain = _chain(leaf, reading)
        if chain[-1].self_signed == "no":
            raise ValueError("the file does not carry the whole chain")
        yield from itertools.pairwise(chain)


def _is_cleared(reading: Reading, certificate: Any, issuer: Any) -> bool:
    lists = [crl.CertificateList.load(one) for one in (reading.store or {}).get("CRLs", [])]
    return any(clears(one, certificate, issuer, reading.signed_at) for one in lists)
