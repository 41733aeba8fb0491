"""The form of a signature container (CMS SignedData, RFC 5652, 5; EN 319 142-1, 6.3).

A container is not protected by what it signs. It must therefore be of one plain form: its chain byte for byte, one signer, and
nothing else in which bytes could be changed or hidden.
"""

from __future__ import annotations

from asn1crypto import cms, core, parser
from pyhanko_certvalidator.path import ValidationPath

from signing.fields import DIGEST_METHODS

CONTENT, CONTENT_INFO_PARTS = 4, 2
"""Where asn1crypto's parser puts the content of a value; a ContentInfo is a type and a content."""
VERSIONS = {"data": "v1", "tst_info": "v3"}
TOKEN_ATTRIBUTE = "signature_time_stamp_token"  # noqa: S105  an attribute's name


def is_plain(data: cms.SignedData, path: ValidationPath) -> bool:
    """Whether a container of a signature or a time-stamp token has the plain form.

    Args:
        data: the container's content.
        path: the validated chain of its certificate.
    """
    return (
        len(data["signer_infos"]) == 1
        and _has_no_extras(data)
        and _is_headed(data)
        and _is_bound(data, path)
        and _carries_its_chain(data, path)
    )


def is_whole(container: bytes) -> bool:
    """Whether an encoded container is one ContentInfo of two parts, which fill it to its last byte (RFC 5652, 3).

    asn1crypto lets a sequence run on into whatever follows it, such as the zeros that fill the reserved space.
    """
    try:
        content = parser.parse(container, strict=True)[CONTENT]
        return len(_parts(content)) == CONTENT_INFO_PARTS
    except ValueError:
        return False


def _parts(content: bytes) -> list[bytes]:
    """The values that stand in a sequence, each with its head; `ValueError` when the last one runs over the end."""
    parts = []
    while content:
        length: int = parser.peek(content)
        parts.append(content[:length])
        content = content[length:]
    return parts


def _has_no_extras(data: cms.SignedData) -> bool:
    """No sequence that the signature does not cover holds more parts than it may; each unsigned attribute has one value."""
    (signer,) = data["signer_infos"]
    unsigned = list(signer["unsigned_attrs"])
    if any(len(one["values"]) != 1 for one in unsigned):
        return False
    algorithms = (signer["digest_algorithm"], signer["signature_algorithm"], *data["digest_algorithms"])
    tokens = [one["values"][0] for one in unsigned if one["type"].native == TOKEN_ATTRIBUTE]
    sequences = (data, data["encap_content_info"], signer, signer["sid"].chosen, *algorithms, *unsigned, *tokens)
    return all(len(one) <= len(type(one)._fields) for one in sequences if isinstance(one, core.Sequence))


def _is_headed(data: cms.SignedData) -> bool:
    """Version and digest are those of its kind, and said the same twice; a signature is detached."""
    (signer,) = data["signer_infos"]
    content = data["encap_content_info"]
    kind = content["content_type"].native
    digests = [one.dump() for one in data["digest_algorithms"]]
    return (
        data["version"].native == VERSIONS.get(kind)
        and signer["version"].native == "v1"
        and digests == [signer["digest_algorithm"].dump()]
        and signer["digest_algorithm"]["algorithm"].native in DIGEST_METHODS
        and (kind != "data" or content["content"].native is None)
    )


def _is_bound(data: cms.SignedData, path: ValidationPath) -> bool:
    """The signer is named as its certificate names it; a signature's only unsigned attribute is its time-stamp."""
    (signer,) = data["signer_infos"]
    kind = data["encap_content_info"]["content_type"].native
    named = signer["sid"].name != "issuer_and_serial_number" or (
        path.leaf is not None and signer["sid"].chosen["issuer"].dump() == path.leaf.issuer.dump()
    )
    unsigned = {one["type"].native for one in signer["unsigned_attrs"]}
    return named and (kind != "data" or unsigned <= {TOKEN_ATTRIBUTE})


def _carries_its_chain(data: cms.SignedData, path: ValidationPath) -> bool:
    """Every certificate in it is one of the chain; revocation lists stand in the document security store."""
    chain = {one.dump() for one in path.iter_certs(include_root=True)}
    return {one.chosen.dump() for one in data["certificates"]} <= chain and not data["crls"].native
