"""How certificates are validated: pyHanko's policy objects, made from our `Trust` in one place (ETSI EN 319 102-1, 5.2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from asn1crypto import algos, crl, keys, x509
from pyhanko.sign.validation.policy_decl import (
    CertificateFetchingRule,
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.utils import DEFAULT_WEAK_HASH_ALGORITHMS, CMSAlgorithmUsagePolicy
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    REQUIRE_REVINFO,
    AlgorithmUsageConstraint,
    CertRevTrustPolicy,
    DisallowWeakAlgorithmsPolicy,
)
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer

from signing.known_signatures import KnownSignatures
from signing.trust import Trust

OFFLINE = RevocationInfoGatheringSpec(
    online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY,
    certificate_fetching_rule=CertificateFetchingRule.NEVER_FETCH,
)
"""Nothing is ever fetched: a hostile file cannot make the verifier call anywhere."""


SHORTEST_CURVE = 256
"""Bits of an elliptic curve that is strong enough (NIST SP 800-57 part 1: 128 bits of strength)."""


class StrongEnough(DisallowWeakAlgorithmsPolicy):
    """pyHanko's policy on algorithms (no SHA-1, no MD5, RSA of 2048 bits and more), and no curves that are too short."""

    def signature_algorithm_allowed(
        self, algo: algos.SignedDigestAlgorithm, moment: datetime | None, public_key: keys.PublicKeyInfo | None
    ) -> AlgorithmUsageConstraint:
        """Whether a key may make a signature with an algorithm."""
        short = public_key is not None and public_key.algorithm == "ec" and public_key.bit_size < SHORTEST_CURVE
        if short:
            return AlgorithmUsageConstraint(allowed=False, failure_reason=f"Its curve is below {SHORTEST_CURVE} bits")
        return super().signature_algorithm_allowed(algo, moment, public_key)


ALGORITHMS = StrongEnough(DEFAULT_WEAK_HASH_ALGORITHMS)  # type: ignore[no-untyped-call]
KNOWN = KnownSignatures()


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
            signature_algorithm_policy=CMSAlgorithmUsagePolicy.lift_policy(ALGORITHMS),
        )
    )


def _certificate_policy(roots: Iterable[bytes], revinfo: CertRevTrustPolicy) -> CertValidationPolicySpec:
    anchors = [x509.Certificate.load(root) for root in roots]
    return CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=anchors),
        revinfo_policy=revinfo,
        algorithm_usage_policy=ALGORITHMS,
        signature_validator=KNOWN,
    )
