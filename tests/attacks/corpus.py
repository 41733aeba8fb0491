"""The corpus: everything that the outsiders and the insiders of this folder can make of one packet, by family."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from attacks.insiders import INSIDERS
from attacks.outsiders import OUTSIDERS
from attacks.variant import Variant
from signed_files import NOW, document_type, identity, keys, life
from signing.trust import Expected, ExpectedSigner
from signing.verify import verify_pdf

FAMILIES: dict[str, Callable[[], Iterator[Variant]]] = OUTSIDERS | INSIDERS
SIGNERS = tuple(
    ExpectedSigner(slot.name, identity(slot, place).user_id, slot.roles)
    for place, slot in enumerate(document_type().slots)
)


@dataclass(frozen=True, slots=True)
class Caught:
    """What the verifier made of one variant.

    Attributes:
        alone: it did not pass on its own, without any record to compare it with.
        recorded: it did not pass when compared with the record of the document.
        digest: its digest is not the recorded one.
    """

    variant: Variant
    alone: bool
    recorded: bool
    digest: bool

    @property
    def missed(self) -> bool:
        """Whether it came through where it should not."""
        return not (self.recorded and self.digest and (self.alone or self.variant.genuine))


def ledger() -> Expected:
    """The record of the closed document: its digest, its signers, its ACO and year."""
    digest = hashlib.sha256(life().closed).hexdigest()
    return Expected(digest, "A1234", 2027, SIGNERS, closed=True)


@cache
def variants(family: str) -> tuple[Variant, ...]:
    """Every variant of a family."""
    return tuple(FAMILIES[family]())


def attempt(variant: Variant) -> Caught:
    """Show a variant to the verifier, alone and with the record."""
    record = ledger()
    alone = verify_pdf(variant.pdf, keys().trust, now=variant.judged_at or NOW)
    recorded = verify_pdf(variant.pdf, keys().trust, expected=record, now=variant.judged_at or NOW)
    digest = hashlib.sha256(variant.pdf).hexdigest()
    return Caught(variant, not alone.passed, not recorded.passed, digest != record.digest)
