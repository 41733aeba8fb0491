"""What the service says in a PDF that nobody signs: sealed, closed with an archival time-stamp, judged before it counts."""

from __future__ import annotations

from signing.errors import SigningError
from signing.pades import SigningService


def certify(signer: SigningService, pdf: bytes) -> bytes:
    """The file with the service's seal and an archival time-stamp, passed by our own verifier.

    Raises:
        SigningError: it could not be sealed, or did not pass.
        TimeStampError: there is no time-stamp.
    """
    sealed = signer.close(signer.seal(pdf))
    verdict = signer.verify_own(sealed)
    if not verdict.passed:
        raise SigningError(verdict.problems)
    return sealed
