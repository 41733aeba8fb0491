"""Signing with a key that the person holds: prepare, have the digest signed, complete (ADR 37)."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from typing import Annotated

from pydantic import Field

from packets.documents.reading import not_yours
from packets.errors import Problem
from packets.model.people import Role
from packets.model.tokens import Scope
from signing.deferring import Wish
from signing.proofs import STEP_UP_LIFETIME
from web.api.bodies import UnusableError
from web.api.operations import Asked, Noun, Reply
from web.api.shapes import Digest, Shape, Time
from web.api.v1.documents import DOCUMENT, WholeDocument, shape_of
from web.auth.roles import Audience
from web.visit import services

noun = Noun("signatures")


class Wanted(Shape):
    """Which slot of which revision is signed, in which role, with the key of which certificate."""

    slot: Annotated[str, Field(min_length=1, max_length=60)]
    role: Role
    viewed_digest: Digest = Field(description="`digest` of the document whose bytes were downloaded and read.")
    certificate: Annotated[str, Field(min_length=1, max_length=16_000, description="The signer's certificate, PEM.")]


class Prepared(Shape):
    """What is to be signed: `digest`, with ECDSA (DER) or RSA (PKCS #1 v1.5) over SHA-256, until `expires_at`."""

    prepared_id: str
    document_id: str
    slot: str
    digest: Digest
    digest_algorithm: str
    expires_at: Time


class Value(Shape):
    """The value of the signature."""

    signature: Annotated[str, Field(min_length=8, max_length=2048, description="Base64.")]


@noun.operation(
    "POST",
    f"{DOCUMENT}/prepared-signatures",
    Audience.SIGNERS,
    Scope.SIGN,
    answer=Prepared,
    status=201,
    body=Wanted,
    creates=True,
)
def prepare(asked: Asked, document_id: str) -> Reply:
    """Prepare a signature.

    The policy is asked as for every signature; every reason that stands in the way is told. Nothing is signed yet, and the
    document is not locked: whoever completes first is first.
    """
    wanted: Wanted = asked.body
    wish = Wish(document_id, wanted.slot, asked.person.user_id, wanted.role, wanted.viewed_digest)
    prepared = services().deferring.prepare(wish, wanted.certificate)
    return Reply(
        Prepared(
            prepared_id=prepared.prepared_id,
            document_id=document_id,
            slot=prepared.slot,
            digest=prepared.digest,
            digest_algorithm="sha256",
            expires_at=prepared.prepared_at_utc + STEP_UP_LIFETIME,
        ),
        201,
    )


@noun.operation(
    "POST",
    f"{DOCUMENT}/prepared-signatures/<uuid:prepared_id>/completion",
    Audience.SIGNERS,
    Scope.SIGN,
    answer=WholeDocument,
    status=201,
    body=Value,
    creates=True,
)
def complete(asked: Asked, document_id: str, prepared_id: str) -> Reply:
    """Complete a signature with its value.

    The value proves afresh who signs; the policy is asked again, the file is judged by our own verifier, and all is recorded at
    once.
    """
    value: Value = asked.body
    try:
        signature = b64decode(value.signature, validate=True)
    except (Error, ValueError):
        problem = Problem("member-invalid", "The signature is not base64.", "Send its value in base64.", "signature")
        raise UnusableError(problem) from None
    desk, user_id = services().deferring, asked.person.user_id
    if not desk.is_for(user_id, document_id, prepared_id):
        raise not_yours(prepared_id)
    signed, _ = desk.complete(user_id, prepared_id, signature)
    return Reply(shape_of(signed), 201)
