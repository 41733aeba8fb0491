"""The one form of a signature container: what its signature does not cover stands there in one encoding only (X.690, RFC 5652).

Nothing signs the container of a file's newest signature. Lengths in another form, attributes that nobody signed, further
certificates or another order would make other bytes of the same meaning. It needs the standard library alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from signing.standalone.pdf_values import FormError, refuse_unless

INTEGER, OCTETS, NULL, OID, SEQUENCE, SET, TIME = 0x02, 0x04, 0x05, 0x06, 0x30, 0x31, 0x18
FIRST, SECOND = 0xA0, 0xA1
"""Context tags [0] and [1], constructed."""
SIGNED_DATA, PLAIN_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.1", "1.2.840.113549.1.9.16.1.4"
TIME_STAMP = "1.2.840.113549.1.9.16.2.14"
VERSIONS = {PLAIN_DATA: b"\x01", TST_INFO: b"\x03"}
ECDSA_ARC = "1.2.840.10045."
SIGNER_PARTS = 6
"""Parts of a SignerInfo without unsigned attributes."""


@dataclass(frozen=True)
class Node:
    """One value of DER: its tag, its bytes with the header, its content."""

    tag: int
    raw: bytes
    body: bytes

    def children(self) -> list[Node]:
        """The values inside."""
        found, at = [], 0
        while at < len(self.body):
            node = read_der(self.body, at)
            found.append(node)
            at += len(node.raw)
        return found

    def want(self, tag: int) -> Node:
        """This value, when it has that tag."""
        if self.tag != tag:
            raise FormError(f"a value has the tag {self.tag:#x} where {tag:#x} belongs")
        return self

    def want_children(self, tag: int, count: int) -> list[Node]:
        """The values inside, when it has that tag and so many of them."""
        found = self.want(tag).children()
        if len(found) != count:
            raise FormError(f"a value has {len(found)} parts where {count} belong")
        return found


def read_der(data: bytes, at: int = 0) -> Node:
    """The value that begins at an offset; definite lengths in their shortest form only (X.690, 10.1)."""
    if at + 2 > len(data):
        raise FormError("a value is cut off")
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F or length == 0x80:  # noqa: PLR2004  high tags, indefinite lengths
        raise FormError("a value is not DER")
    if length > 0x80:  # noqa: PLR2004
        count = length & 0x7F
        length, start = int.from_bytes(data[start : start + count], "big"), start + count
        if length < 0x80 or length.bit_length() <= 8 * (count - 1):  # noqa: PLR2004
            raise FormError("a length is not in its shortest form")
    if start + length > len(data):
        raise FormError("a value is cut off")
    return Node(tag, data[at : start + length], data[start : start + length])


def oid_text(node: Node) -> str:
    """An object identifier with dots."""
    parts, value = [], 0
    for byte in node.want(OID).body:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            parts.append(value)
            value = 0
    first = min(parts[0] // 40, 2)
    return ".".join(map(str, (first, parts[0] - 40 * first, *parts[1:])))


def check_container_form(container: bytes, roots: Collection[bytes], known: Collection[bytes] | None = None) -> None:
    """See that a container, from its first byte to its last, has the form that the service writes.

    Args:
        container: a signature, or a time-stamp token.
        roots: subjects of the service's own roots, DER. A token of another authority may hold more: certificates beside its
            chain, and parameters of algorithms that are absent or NULL.
        known: certificates that the file itself holds under its signatures, DER; not compared when absent.

    Raises:
        FormError: it has another form.
    """
    outer = read_der(container)
    refuse_unless(len(outer.raw) == len(container), "something stands behind the container")
    kind, wrapped = outer.want_children(SEQUENCE, 2)
    (inner,) = wrapped.want_children(FIRST, 1)
    refuse_unless(oid_text(kind) == SIGNED_DATA, "it is no signed data")
    version, digests, content, certificates, signers = inner.want_children(SEQUENCE, 5)
    (signer,) = signers.want_children(SET, 1)
    content_type = _content_type(content)
    refuse_unless(version.want(INTEGER).body == VERSIONS[content_type], "its version is another one")
    parts = signer.want(SEQUENCE).children()
    own = content_type == PLAIN_DATA or _issuer(parts[1]) in roots
    (digest,) = digests.want_children(SET, 1)
    refuse_unless(parts[0].raw == b"\x02\x01\x01" and digest.raw == parts[2].raw, "its head is another one")
    for algorithm in (parts[2], parts[4]):
        _check_algorithm(algorithm, own=own)
    _check_everything(parts[3].want(FIRST))
    _check_value(parts[4], parts[5].want(OCTETS).body)
    _check_certificates(certificates.want(FIRST).children(), parts[1], known if own else None, own=own)
    _check_unsigned(content_type, parts[SIGNER_PARTS:], roots)


def _content_type(content: Node) -> str:
    parts = content.want(SEQUENCE).children()
    kind = oid_text(parts[0])
    refuse_unless(kind in VERSIONS and len(parts) == (1 if kind == PLAIN_DATA else 2), "its content is of another kind")
    for part in parts[1:]:
        (octets,) = part.want_children(FIRST, 1)
        octets.want(OCTETS)
    return kind


def _issuer(named: Node) -> bytes:
    """The issuer by which the signer is named, beside a serial number in its shortest form."""
    issuer, serial = named.want_children(SEQUENCE, 2)
    _check_everything(issuer)
    _check_everything(serial.want(INTEGER))
    return issuer.raw


def _check_algorithm(algorithm: Node, *, own: bool) -> None:
    """Parameters are absent with ECDSA and NULL with all others, as the service writes them."""
    parts = algorithm.want(SEQUENCE).children()
    null = len(parts) == 2 and parts[1].raw == b"\x05\x00"  # noqa: PLR2004
    refuse_unless(null or len(parts) == 1, "an algorithm has parameters")
    refuse_unless(not own or null != oid_text(parts[0]).startswith(ECDSA_ARC), "an algorithm is written in another way")


def _check_value(algorithm: Node, value: bytes) -> None:
    if oid_text(algorithm.children()[0]).startswith(ECDSA_ARC):
        node = read_der(value)
        refuse_unless(len(node.raw) == len(value), "something stands behind the signature")
        for number in node.want_children(SEQUENCE, 2):
            _check_everything(number.want(INTEGER))


def _check_certificates(certificates: list[Node], named: Node, known: Collection[bytes] | None, *, own: bool) -> None:
    raw = [certificate.want(SEQUENCE).raw for certificate in certificates]
    signers = [certificate.raw for certificate in certificates if _names(certificate) == named.raw]
    twice = own and len(signers) == 2 and signers[0] == signers[1]  # noqa: PLR2004  as keys held elsewhere write it
    refuse_unless(len(set(raw)) == len(raw) - twice, "a certificate stands twice")
    if own:
        refuse_unless(raw == sorted(raw), "its certificates are in another order")
    if known is not None:
        refuse_unless(
            all(encoding in known or encoding in signers for encoding in raw),
            "it holds certificates that the file does not know",
        )


def _names(certificate: Node) -> bytes:
    """By what a certificate's holder is named as a signer: issuer and serial number."""
    parts = certificate.children()[0].children()
    serial, issuer = (parts[1], parts[3]) if parts[0].tag == FIRST else (parts[0], parts[2])
    body = issuer.raw + serial.raw
    length = len(body)
    size = length.to_bytes((length.bit_length() + 7) // 8 or 1, "big")
    head = bytes([length]) if length < 0x80 else bytes([0x80 | len(size)]) + size  # noqa: PLR2004  X.690, 8.1.3
    return bytes([SEQUENCE]) + head + body


def _check_unsigned(content_type: str, parts: list[Node], roots: Collection[bytes]) -> None:
    """A token has no attributes that nobody signed; a signature has its time-stamp, or nothing."""
    refuse_unless(len(parts) <= (content_type == PLAIN_DATA), "it holds attributes that nobody signed")
    for part in parts:
        (attribute,) = part.want_children(SECOND, 1)
        kind, values = attribute.want_children(SEQUENCE, 2)
        refuse_unless(oid_text(kind) == TIME_STAMP, "it holds attributes that nobody signed")
        (token,) = values.want_children(SET, 1)
        check_container_form(token.raw, roots)


def _check_everything(node: Node) -> None:
    """All of a value is DER as far as lengths and numbers go."""
    if node.tag == INTEGER:
        body = node.body
        padded = len(body) > 1 and (body[0], body[1] >> 7) in {(0, 0), (0xFF, 1)}
        refuse_unless(body and not padded, "a number is not in its shortest form")
    elif node.tag & 0x20:
        for child in node.children():
            _check_everything(child)
