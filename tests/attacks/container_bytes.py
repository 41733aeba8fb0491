"""Other bytes of the same meaning in a container, and containers taken from elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random

from asn1crypto import algos, cms, core, parser

from attacks.outsiders import ranges
from attacks.subjects import public_source, subjects
from signing.waiting import wait_for

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256."""
Encode = Callable[[Random, cms.ContentInfo], bytes]


def changed_container(chance: Random, pdf: bytes) -> bytes:
    """Write the newest container in another way."""
    _, first, second, _ = ranges(pdf)[-1]
    digits = pdf[first + 1 : second - 1]
    content = bytes.fromhex(digits.decode())
    container = content[: parser.peek(content)]
    if chance.random() < 0.15:
        lower = [bytes([digit]).lower() if chance.random() < 0.3 else bytes([digit]) for digit in digits]
        return pdf[: first + 1] + b"".join(lower) + pdf[second - 1 :]
    encode = chance.choice(ENCODINGS)
    return with_container(pdf, encode(chance, cms.ContentInfo.load(container)))


def with_container(pdf: bytes, container: bytes) -> bytes:
    """The file with another container in the place of its newest."""
    _, first, second, _ = ranges(pdf)[-1]
    filled = container.hex().upper().encode().ljust(second - first - 2, b"0")
    return pdf[: first + 1] + filled + pdf[second - 1 :]


def exchanged_token(chance: Random, pdf: bytes) -> bytes:
    """A time-stamp of the other authority over the same bytes, or a container of another document."""
    start, first, second, length = ranges(pdf)[-1]
    if chance.random() < 0.5:
        digest = hashlib.sha256(pdf[start:first] + pdf[second : second + length]).digest()
        return with_container(pdf, wait_for(public_source().async_timestamp(digest, "sha256")).dump())
    other = chance.choice(subjects()).pdf
    _, begin, end, _ = chance.choice(ranges(other))
    return with_container(pdf, bytes.fromhex(other[begin + 1 : end - 1].decode()).rstrip(b"\0"))


def _unsigned_attribute(chance: Random, container: cms.ContentInfo) -> bytes:
    signer = container["content"]["signer_infos"][0]
    kind = f"1.3.6.1.4.1.99999.{chance.randrange(1, 99)}"
    added = cms.CMSAttribute({"type": kind, "values": [core.OctetString(chance.randbytes(8))]})
    present = [one.copy() for one in signer["unsigned_attrs"]] if signer["unsigned_attrs"].native else []
    signer["unsigned_attrs"] = cms.CMSAttributes([*present, added])
    return bytes(container.dump(force=True))


def _other_half(_: Random, container: cms.ContentInfo) -> bytes:
    """The same signature with n - s, changed back into what does not verify where it is not the newest's own."""
    signer = container["content"]["signer_infos"][0]
    value = algos.DSASignature.load(signer["signature"].native)
    mirrored = algos.DSASignature({"r": value["r"].native, "s": ORDER - value["s"].native})
    signer["signature"] = mirrored.dump()
    return bytes(container.dump(force=True))


def _long_length(chance: Random, container: cms.ContentInfo) -> bytes:
    """One length in a longer form; the lengths around it are not always made to agree."""
    der = bytes(container.dump())
    places = [at for at in range(len(der) - 3) if der[at] in {0x30, 0x31, 0xA0} and der[at + 1] == 0x82]
    at = chance.choice(places)
    length = der[at + 2 : at + 4]
    longer = der[: at + 1] + b"\x83\x00" + length + der[at + 4 :]
    return b"\x30\x82" + (len(longer) - 4).to_bytes(2, "big") + longer[4:] if at else longer


def _parameters(_: Random, container: cms.ContentInfo) -> bytes:
    """Parameters of the digest that are absent where they were NULL."""
    data = container["content"]
    bare = algos.DigestAlgorithm({"algorithm": "sha256"})
    bare["parameters"] = core.Void()
    data["digest_algorithms"] = [bare]
    data["signer_infos"][0]["digest_algorithm"] = bare
    return bytes(container.dump(force=True))


def _certificates(chance: Random, container: cms.ContentInfo) -> bytes:
    data = container["content"]
    other = chance.choice(subjects()).pdf
    _, begin, end, _ = chance.choice(ranges(other))
    theirs = cms.ContentInfo.load(bytes.fromhex(other[begin + 1 : end - 1].decode()))["content"]["certificates"]
    more = [one.copy() for one in theirs]
    data["certificates"] = cms.CertificateSet(
        [*(one.copy() for one in data["certificates"]), *more[: chance.randrange(1, 3)]]
    )
    return bytes(container.dump(force=True))


def _flipped(chance: Random, container: cms.ContentInfo) -> bytes:
    der = bytearray(container.dump())
    der[chance.randrange(len(der))] ^= 1 << chance.randrange(8)
    return bytes(der)


ENCODINGS: tuple[Encode, ...] = (_unsigned_attribute, _other_half, _long_length, _parameters, _certificates, _flipped)
