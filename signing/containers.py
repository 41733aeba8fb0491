"""The form of a signature container (CMS SignedData, RFC 5652, 5; EN 319 142-1, 6.3).

A container is not protected by what it signs. It must therefore be of one plain form: its chain byte for byte, one signer, and
nothing else in which bytes could be changed or hidden.
"""

from __future__ import annotations

from asn1crypto import cms
from pyhanko_certvalidator.path import ValidationPath

from signing.fields import DIGEST_METHODS

VERSIONS = {"data": "v1", "tst_info": "v3"}
TOKEN_ATTRIBUTE = "signature_time_stamp_token"  # noqa: S105  an attribute's name


def is_plain(data: cms.SignedData, path: ValidationPath) -> bool:
    """Whether a container of a signature or a time-stamp token has the plain form.

    Args:
        data: the container's content.
        path: the validated chain of its certificate.
    """
    return (
        len(data["signer_infos"]) == 1 and _is_headed(data) and _is_bound(data, path) and _carries_its_chain(data, path)
    )


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
