"""Keys that last: whom they sign for, until when, and what the file says when one was revoked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agency_keys import AGENCY, POLICY, SEAL_SUBJECT, SLOT, YEAR, Chain, certify, held_key, person, service_with
from signed_files import NOW, StillClock, draft, identity, keys, life
from signing.errors import PkiError, SigningError
from signing.identity import CertificateAuthority, RevokedCertificate
from signing.oids import SEAL_POLICY, SIGNER_POLICY
from signing.sources.source import HeldKey
from signing.verify import verify_pdf


def make(subject: x509.Name) -> HeldKey:
    """A key that is held in memory, so that it can be asked."""
    key = ec.generate_private_key(ec.SECP256R1())

    async def ask(data: bytes) -> bytes:
        return key.sign(data, ec.ECDSA(hashes.SHA256()))

    return held_key(certify(key.public_key(), subject), ask)


def sign(held: HeldKey, clock: StillClock | None = None) -> bytes:
    """A document, signed with a held key."""
    signing = service_with(clock or StillClock(), people=[held])
    return signing.sign(life().sealed, slot=SLOT, identity=identity(SLOT), viewed_digest=None).pdf


def test_each_source_adds_its_root_and_its_policies_where_they_belong() -> None:
    """A policy of people makes no seal, and the other way round."""
    people = service_with(StillClock(), people=[make(person())]).trust
    seal = service_with(StillClock(), seal=make(SEAL_SUBJECT)).trust
    assert set(people.roots) == set(seal.roots) == {*keys().trust.roots, *keys(AGENCY).trust.roots}
    assert [set(people.signer_policies), set(people.seal_policies)] == [{SIGNER_POLICY, POLICY}, {SEAL_POLICY}]
    assert [set(seal.signer_policies), set(seal.seal_policies)] == [{SIGNER_POLICY}, {SEAL_POLICY, POLICY}]


@pytest.mark.parametrize("later", [-timedelta(days=2), YEAR + timedelta(days=1)])
def test_a_key_signs_within_the_validity_of_its_certificate_only(later: timedelta) -> None:
    """Before and after, the holder is not even asked."""
    with pytest.raises(SigningError, match="certificate-not-valid"):
        sign(make(person()), StillClock(NOW + later))


def test_an_expired_seal_seals_nothing() -> None:
    """The same holds for a seal."""
    signing = service_with(StillClock(NOW + YEAR + timedelta(days=1)), seal=make(SEAL_SUBJECT))
    with pytest.raises(SigningError, match="certificate-not-valid"):
        signing.seal(draft())


def test_present_lists_are_asked_for_at_every_signature() -> None:
    """A key that was revoked between two signatures makes a file that no verifier accepts, and the reason is in it."""
    held = make(person())
    authority = keys(AGENCY).authority
    lists = [keys(AGENCY).root_list, authority.issue_revocation_list(NOW)]
    changing = replace(held, revocation_lists=lambda: tuple(lists))
    trust = service_with(StillClock(), people=[held]).trust
    assert verify_pdf(sign(changing), trust, now=NOW).passed
    gone = RevokedCertificate(held.certificate.serial_number, NOW - timedelta(hours=1))
    lists[1] = CertificateAuthority(authority.certificate, authority.key, (gone,)).issue_revocation_list(NOW)
    assert verify_pdf(sign(changing), trust, now=NOW).sub_indication.startswith("REVOKED")


def test_without_revocation_lists_there_is_no_verdict() -> None:
    """A source must bring what shows that its chain is good: the file alone has to suffice (B-LT)."""
    held = replace(make(person()), revocation_lists=lambda: ())
    verdict = verify_pdf(sign(held), service_with(StillClock(), people=[held]).trust, now=NOW)
    assert not verdict.passed
    assert verdict.signatures[-1].level == "B-T"


@pytest.mark.parametrize(
    "names", [lambda: [SEAL_SUBJECT], lambda: [person(), person()]], ids=["no person", "one person twice"]
)
def test_held_keys_are_of_one_person_each(names: Callable[[], list[x509.Name]]) -> None:
    """A certificate must name a person as ours do, and no person has two."""
    with pytest.raises(PkiError, match="certificate-unnamed"):
        service_with(StillClock(), people=[make(one) for one in names()])


def _unordered(chain: Chain) -> Chain:
    return (chain[0], chain[2], chain[1])


def _rootless(chain: Chain) -> Chain:
    return chain[:2]


def _strange(chain: Chain) -> Chain:
    return (*chain[:2], keys().root)


@pytest.mark.parametrize("change", [_unordered, _rootless, _strange])
def test_a_chain_leads_from_the_key_to_its_root(change: Callable[[Chain], Chain]) -> None:
    """Anything else is refused when the service starts, not when the first person signs."""
    held = make(person())
    with pytest.raises(PkiError, match="chain-broken"):
        replace(held, chain=change(held.chain))


def test_a_certificate_without_a_policy_is_refused() -> None:
    """What no verifier would accept is not taken on."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + YEAR)
    with pytest.raises(PkiError, match="policy-not-accepted"):
        replace(make(person()), chain=(builder.sign(key, hashes.SHA256()),))
