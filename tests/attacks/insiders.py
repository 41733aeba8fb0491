"""What can be done with our own keys, or keys that our authority certified: everything that only a rule forbids."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata

from attacks.changes import CHANGES, appended, dictionary
from attacks.variant import Variant
from packets.model.people import Role
from signed_files import NOW, StillClock, document_type, draft, identity, keys, life, service
from signing.identity import RevokedCertificate, SignerIdentity
from signing.oids import SEAL_POLICY, SIGNER_POLICY
from signing.pki import KeyPair
from signing.profiles import signing_profile
from signing.revisions import (
    INVISIBLE,
    OneKeySigner,
    ValidationData,
    append_signature,
    embed_validation_data,
    open_writer,
)
from signing.timestamps import LocalTimeStampAuthority, TimeStampSource

REQUESTOR, CUSTODIAN, AGENCY = document_type().slots
DAY = timedelta(days=1)
UNCLOSABLE = {"no fields", "a renamed field", "no certification"}
"""Changes after which the service itself finds no file that it could close."""
UNSIGNABLE = UNCLOSABLE | {"a moved field", "an unlocked field"}
"""Changes after which it finds no slot that it could sign."""


class LaxSigner(OneKeySigner):
    """Signs with whatever digest it is told."""

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The signature, or room for one."""
        algorithm = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}[digest_algorithm]  # noqa: S303  the attack
        return bytes(80) if dry_run else self._key.sign(data, ec.ECDSA(algorithm))


class GullibleSource(TimeStampSource):
    """Takes a token of the service's authority at any time and over any digest, and checks nothing."""

    def __init__(self, claimed: datetime) -> None:
        super().__init__([], keys().trust, StillClock(claimed))
        self._authority, self._claimed = LocalTimeStampAuthority(keys().timestamps, StillClock(claimed)), claimed

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """The token."""
        imprint = {"hash_algorithm": {"algorithm": md_algorithm}, "hashed_message": message_digest}
        request = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True})
        statement = self._authority._statement(request, self._claimed)
        return self._authority._token(statement, "sha256", with_certificate=True)


@dataclass(frozen=True)
class Forgery:
    """A signature that the service itself would not make.

    Attributes:
        field: where; a new field when `makes_field`.
        certifies: the permission of a certification; None for an ordinary signature.
        claimed: the clock of the time-stamp authority.
        digest: of the signature.
        subfilter: its form.
        revoked: the certificate stands on the embedded list.
        embeds: validation data is put into the file.
    """

    field: str = REQUESTOR.name
    makes_field: bool = False
    certifies: MDPPerm | None = None
    claimed: datetime = NOW
    digest: str = "sha256"
    subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES
    revoked: bool = False
    embeds: bool = True


def pair_for(
    who: SignerIdentity,
    *,
    issued: datetime = NOW,
    policy: str = SIGNER_POLICY,
    curve: ec.EllipticCurve | None = None,
    lifetime: timedelta = DAY,
) -> KeyPair:
    """A key and a certificate of our authority for a person: what the service would issue, or nearly."""
    key = ec.generate_private_key(curve or ec.SECP256R1())
    ordinary = keys().authority.issue_signer(who, ec.generate_private_key(ec.SECP256R1()).public_key(), NOW)
    builder = (
        x509.CertificateBuilder()
        .subject_name(ordinary.subject)
        .not_valid_before(issued - timedelta(minutes=5))
        .not_valid_after(issued + lifetime)
    )
    return KeyPair(key, keys().authority.complete(signing_profile(builder, key.public_key(), policy)))


def forge(pdf: bytes, pair: KeyPair, forgery: Forgery) -> bytes:
    """The file with that signature on top."""
    writer = open_writer(pdf)
    if forgery.embeds:
        embed_validation_data(writer, _validation_data(pair, forgery))
    metadata = PdfSignatureMetadata(
        field_name=forgery.field,
        md_algorithm=forgery.digest,
        subfilter=forgery.subfilter,
        certify=forgery.certifies is not None,
        docmdp_permissions=forgery.certifies or MDPPerm.FILL_FORMS,
    )
    signer = LaxSigner(pair.key, pair.certificate, keys().authority.certificate)
    field = SigFieldSpec(forgery.field, invis_sig_settings=INVISIBLE) if forgery.makes_field else None
    source = GullibleSource(forgery.claimed)
    return asyncio.run(append_signature(writer, metadata, signer, timestamper=source, now=NOW, new_field=field)).pdf


def _validation_data(pair: KeyPair, forgery: Forgery) -> ValidationData:
    authority = keys().authority
    if forgery.revoked:
        entry = RevokedCertificate(pair.certificate.serial_number, NOW - DAY)
        authority = replace(authority, revoked=(entry,))
    lists = (keys().root_list, authority.issue_revocation_list(NOW))
    return ValidationData((keys().root, authority.certificate), lists)


def requestor() -> SignerIdentity:
    """The person whom the record names."""
    return identity(REQUESTOR)


def seal_pair() -> KeyPair:
    """The service's own seal."""
    return keys().seal


def carried_on(pdf: bytes, *places: int) -> bytes:
    """The file with the slots at these places signed by right."""
    for place in places:
        slot = document_type().slots[place]
        pdf = service(StillClock()).sign(pdf, slot=slot, identity=identity(slot, place), viewed_digest=None).pdf
    return pdf


def swapped_people() -> Iterator[Variant]:
    """Everything genuine, but for another ACO, another year, in another role, by another person."""
    swaps = {
        "another ACO": replace(requestor(), aco_id="A9999"),
        "another year": replace(requestor(), performance_year=2026),
        "another person": replace(requestor(), user_id="ZZ99", name="Somebody Else"),
        "another role": replace(requestor(), role=Role.ACO_EXECUTIVE),
        "an archivist": replace(requestor(), role=Role.ARCHIVIST),
    }
    for name, who in swaps.items():
        started = forge(life().sealed, pair_for(who), Forgery())
        finished = service(StillClock()).close(carried_on(started, 1, 2))
        yield Variant(f"signed for or as {name}", started, genuine=True)
        apart = (who.aco_id, who.performance_year) != (requestor().aco_id, requestor().performance_year)
        yield Variant(f"signed for or as {name}, and closed", finished, genuine=not apart)
    custodian = forge(life().sealed, pair_for(requestor()), Forgery(field=CUSTODIAN.name))
    yield Variant("the Requestor in the Custodian's slot", custodian, genuine=True)


def certifications() -> Iterator[Variant]:
    """Weaker, stricter, second and missing certifications."""
    for permission in (MDPPerm.ANNOTATE, MDPPerm.NO_CHANGES):
        forgery = Forgery("Seal", makes_field=True, certifies=permission)
        yield Variant(f"a seal that permits {permission.name}", forge(draft(), seal_pair(), forgery))
    uncertified = forge(draft(), seal_pair(), Forgery("Seal", makes_field=True))
    yield Variant("a seal that certifies nothing", uncertified)
    for state, pdf in (("sealed", life().sealed), ("closed", life().closed)):
        yield Variant(f"a second certification of the {state} file", _certified_again(pdf))
    yield Variant("signed without a seal", forge(draft(), pair_for(requestor()), Forgery()))
    elsewhere = Forgery("Stamp", makes_field=True, certifies=MDPPerm.FILL_FORMS)
    yield Variant("sealed in a field of another name", forge(draft(), seal_pair(), elsewhere))


def _certified_again(pdf: bytes) -> bytes:
    """A further signature that says of itself that it certifies: the catalog is pointed to it."""
    signed = forge(pdf, seal_pair(), Forgery("Seal2", makes_field=True))
    writer = open_writer(signed)
    last = next(one.get_object() for one in writer.root["/AcroForm"]["/Fields"] if one.get_object()["/T"] == "Seal2")
    writer.root["/Perms"] = dictionary({"/DocMDP": last.raw_get("/V")})
    writer.update_root()  # type: ignore[no-untyped-call]
    return appended(b"", lambda _: None, writer=writer)


def weak_algorithms() -> Iterator[Variant]:
    """SHA-1, and a key of 192 bits, where seed values would have kept an honest signer away."""
    sealing = Forgery("Seal", makes_field=True, certifies=MDPPerm.FILL_FORMS)
    yield Variant("a seal over SHA-1", forge(draft(), seal_pair(), replace(sealing, digest="sha1")))
    short = pair_for(requestor(), policy=SEAL_POLICY, curve=ec.SECP192R1())
    yield Variant("a seal with a key of 192 bits", forge(draft(), short, sealing))
    mine = pair_for(requestor(), curve=ec.SECP192R1())
    yield Variant("a signature with a key of 192 bits", forge(life().sealed, mine, Forgery()))
    old_form = replace(sealing, subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED)
    yield Variant("a seal of the form before PAdES", forge(draft(), seal_pair(), old_form))


def unfit_certificates() -> Iterator[Variant]:
    """Expired, not yet valid, revoked, of another policy, of another authority."""
    who = requestor()
    expired = pair_for(who, issued=NOW - 30 * DAY)
    future = pair_for(who, issued=NOW + 30 * DAY)
    others = KeyPair(expired.key, keys("theirs").authority.issue_signer(who, expired.key.public_key(), NOW))
    yield Variant("an expired signer", forge(life().sealed, expired, Forgery()))
    yield Variant("a signer of the future", forge(life().sealed, future, Forgery()))
    yield Variant("a revoked signer", forge(life().sealed, pair_for(who), Forgery(revoked=True)))
    yield Variant(
        "a signer under the seal's policy", forge(life().sealed, pair_for(who, policy=SEAL_POLICY), Forgery())
    )
    yield Variant("a signer under no policy of ours", forge(life().sealed, pair_for(who, policy="1.2.3.4"), Forgery()))
    yield Variant("a signer of another service", forge(life().sealed, others, Forgery()))
    yield Variant("the seal's certificate in a person's slot", forge(life().sealed, seal_pair(), Forgery()))
    yield Variant(
        "no revocation data",
        forge(draft(), seal_pair(), Forgery("Seal", makes_field=True, certifies=MDPPerm.FILL_FORMS, embeds=False)),
    )


def lying_clocks() -> Iterator[Variant]:
    """Time-stamps from the past and the future, on the seal's file and beside the other signatures."""
    for name, offset in {
        "a year ago": -365 * DAY,
        "an hour ago": -timedelta(hours=1),
        "in an hour": timedelta(hours=1),
        "in a year": 365 * DAY,
    }.items():
        lying = Forgery(claimed=NOW + offset)
        issued = pair_for(requestor(), lifetime=800 * DAY, issued=NOW - 400 * DAY)
        yield Variant(f"a time-stamp of {name}", forge(life().sealed, issued, lying))
        beside = Forgery(field=CUSTODIAN.name, claimed=NOW + offset)
        yield Variant(f"a time-stamp of {name} beside honest ones", forge(life().signed[0], issued, beside))


def covered_changes() -> Iterator[Variant]:
    """A change that the seal forbids, covered by a genuine signature, and by a genuine closing time-stamp."""
    for name, change in CHANGES.items():
        changed = appended(life().sealed, change)
        if name not in UNSIGNABLE:
            yield Variant(f"{name}, signed over", carried_on(changed, 0))
        if name not in UNCLOSABLE:
            yield Variant(f"{name}, closed over", service(StillClock()).close(appended(life().signed[2], change)))


def locked_fields() -> Iterator[Variant]:
    """Slots filled in an order that the locks forbid."""
    yield Variant("the Custodian after CMS", carried_on(life().signed[0], 2, 1))
    yield Variant("both of the ACO after CMS", carried_on(life().sealed, 2, 0, 1))
    closed_early = service(StillClock()).close(life().signed[0])
    yield Variant("closed before the last signature", closed_early, genuine=True)
    witness = Forgery("Witness", makes_field=True)
    for state, pdf in (("sealed", life().sealed), ("closed", life().closed)):
        yield Variant(f"a witness after {state}", forge(pdf, pair_for(requestor()), witness))


INSIDERS: dict[str, Callable[[], Iterator[Variant]]] = {
    "swapped ACO, year, role, person": swapped_people,
    "certifications": certifications,
    "weak digests and keys": weak_algorithms,
    "unfit certificates": unfit_certificates,
    "lying time-stamps": lying_clocks,
    "changes covered by a genuine signature": covered_changes,
    "locked fields": locked_fields,
}
