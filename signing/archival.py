"""What keeps a closed file provable: its newest archival time-stamp, and until when that holds (EN 319 142-1, 5.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from packets.errors import Problem
from signing.errors import SigningError
from signing.evidence import is_archival
from signing.fields import DIGEST_METHODS


@dataclass(frozen=True, slots=True)
class Protection:
    """The newest archival time-stamp of a file.

    Attributes:
        field: its field, e.g. `Archive_1`.
        at: its time, UTC.
        ends_at: when the certificate of its authority ends, UTC: it must be renewed before.
        digest: the weaker of the digests of the file and of the token, e.g. `sha256`.
    """

    field: str
    at: datetime
    ends_at: datetime
    digest: str

    def is_weaker_than(self, digest: str) -> bool:
        """Whether its digest is below another."""
        return DIGEST_METHODS.index(self.digest) < DIGEST_METHODS.index(digest)

    def outlasted_by(self, other: Protection) -> bool:
        """Whether another holds longer or has a stronger digest, so that it is worth a revision."""
        return other.ends_at > self.ends_at or self.is_weaker_than(other.digest)


def find_protection(pdf: bytes) -> Protection:
    """The newest archival time-stamp of a file, as it says; whether it holds is the verifier's to judge.

    Raises:
        SigningError: the file is no PDF, or no archival time-stamp of known digests closes it.
    """
    try:
        stamps = [one for one in PdfFileReader(BytesIO(pdf)).embedded_signatures if is_archival(one)]
        newest = max(stamps, key=lambda one: one.signed_revision)
        statement = newest.signed_data["encap_content_info"]["content"].parsed
        algorithms = statement["message_imprint"]["hash_algorithm"], newest.signer_info["digest_algorithm"]
        return Protection(
            field=str(newest.field_name),
            at=statement["gen_time"].native.astimezone(UTC),
            ends_at=newest.signer_cert.not_valid_after.astimezone(UTC),
            digest=min((one["algorithm"].native for one in algorithms), key=DIGEST_METHODS.index),
        )
    except (PdfError, ValueError, LookupError, AttributeError, TypeError, OSError) as error:
        remedy = "Verify the file with `esm verify`; restore it from a copy if it was damaged."
        raise SigningError(
            Problem("not-closed", "The file does not carry an archival time-stamp that can be read.", remedy)
        ) from error
