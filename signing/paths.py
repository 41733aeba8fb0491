"""How certificates are validated: pyHanko's policy objects, made from our `Trust` in one place (ETSI EN 319 102-1, 5.2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from asn1crypto import crl, x509
from pyhanko.sign.validation.policy_decl import (
    CertificateFetchingRule,
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import NO_REVOCATION, REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer

from signing.trust import Trust

OFFLINE = RevocationInfoGatheringSpec(
    online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY,
    certificate_fetching_rule=CertificateFetchingRule.NEVER_FETCH,
)
"""Nothing is ever fetched: a hostile file cannot make the verifier call anywhere."""


def instant(moment: datetime) -> ValidationTimingInfo:
    """Validation as of a moment, as if it were now."""
    return ValidationTimingInfo(validation_time=moment, best_signature_time=moment, point_in_time_validation=True)


def validation_policy(
    trust: Trust,
    *,
    revocation: bool,
    revocation_lists: Iterable[bytes] = (),
    certificates: Iterable[x509.Certificate] = (),
) -> PdfSignatureValidationSpec:
    """The policy under which signatures and time-stamps are validated.

    Args:
        trust: the roots.
        revocation: whether every certificate must be shown not to be revoked.
        revocation_lists: lists found in the file; the trust's own, newer ones are added.
        certificates: certificates found in the file, to build paths from.
    """
    checking = REQUIRE_REVINFO if revocation else NO_REVOCATION
    lists = [*revocation_lists, *trust.revocation_lists]
    knowledge = LocalKnowledge(
        known_crls=[CRLContainer(crl.CertificateList.load(one)) for one in lists],
        known_certs=list(certificates),
    )
    # A list that is newer than the signature also counts for it: otherwise a key that was found compromised could go on
    # "signing" in the past, with an older list beside it.
    revinfo = CertRevTrustPolicy(checking, retroactive_revinfo=bool(trust.revocation_lists))
    signers = _certificate_policy(trust.roots, revinfo)
    timestamps = _certificate_policy((*trust.roots, *trust.timestamp_roots), revinfo)
    return PdfSignatureValidationSpec(
        SignatureValidationSpec(
            cert_validation_policy=signers,
            ts_cert_validation_policy=timestamps,
            revinfo_gathering_policy=OFFLINE,
            local_knowledge=knowledge,
        )
    )


def _certificate_policy(roots: Iterable[bytes], revinfo: CertRevTrustPolicy) -> CertValidationPolicySpec:
    anchors = [x509.Certificate.load(root) for root in roots]
    return CertValidationPolicySpec(trust_manager=SimpleTrustManager.build(trust_roots=anchors), revinfo_policy=revinfo)
