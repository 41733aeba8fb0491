"""Attributes of signatures, encoded once.

asn1crypto encodes a value that was put together from parts anew, part by part, each time that it is copied into another one or
measured: five levels deep that is half of the work of a signature. What was read from its encoding is only copied.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from asn1crypto import cms, core
from pyhanko.sign.attributes import CMSAttributeProvider, SignedAttributeProviderSpec
from pyhanko.sign.signers import Signer

Value = TypeVar("Value", bound=core.Asn1Value)


def encode_once(value: Value) -> Value:
    """The same value as if it had been read from its encoding (DER)."""
    read: Value = type(value).load(value.dump())
    return read


def make_attribute(kind: str, value: core.Asn1Value | str | bytes) -> cms.CMSAttribute:
    """An attribute with one value (RFC 5652, 5.3)."""
    return encode_once(cms.CMSAttribute({"type": kind, "values": [value]}))


class _Encoded(CMSAttributeProvider):
    """Gives what another one gives."""

    def __init__(self, inner: CMSAttributeProvider) -> None:
        self.attribute_type = inner.attribute_type
        self._inner = inner

    async def build_attr_value(self, dry_run: bool = False) -> core.Asn1Value | None:
        """The value, or None where the attribute is left out."""
        value = await self._inner.build_attr_value(dry_run=dry_run)  # type: ignore[no-untyped-call]
        return None if value is None else encode_once(value)


class _EncodedAttributes(SignedAttributeProviderSpec):
    """The attributes that another one asks for."""

    def __init__(self, inner: SignedAttributeProviderSpec) -> None:
        self._inner = inner

    def signed_attr_providers(self, data_digest: bytes, digest_algorithm: str) -> Iterable[CMSAttributeProvider]:
        """A provider of each attribute."""
        return [_Encoded(one) for one in self._inner.signed_attr_providers(data_digest, digest_algorithm)]


class EncodingSigner(Signer):
    """A signer as pyHanko's, whose attributes are encoded once."""

    def _signed_attr_provider_spec(self, *arguments: Any, **named: Any) -> SignedAttributeProviderSpec:
        return _EncodedAttributes(super()._signed_attr_provider_spec(*arguments, **named))

    async def signed_attrs(self, *arguments: Any, **named: Any) -> cms.CMSAttributes:
        """What is signed beside the digest of the document (RFC 5652, 5.3)."""
        return encode_once(await super().signed_attrs(*arguments, **named))
