"""A key at a remote signing service, over the API of the Cloud Signature Consortium (CSC), versions 1 and 2.

Three of its methods are used: `credentials/info` once, then `credentials/authorize` and `signatures/signHash` for each signature.
Each authorization is bound to the one hash that it is for (SCAL 2), whether the service demands it or not. pyHanko speaks
version 1; version 2 names some fields differently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
from cryptography import x509
from pyhanko.sign.general import SigningError as PyHankoSigningError
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCCredentialInfo,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)

from packets.errors import Problem
from signing.errors import SigningError
from signing.revisions import DIGEST
from signing.sources.remote import RemoteSigner
from signing.sources.source import HeldKey
from signing.waiting import wait_for

PATIENCE_SECONDS = 30
FAILURES = (
    PyHankoSigningError,
    aiohttp.ClientError,
    TimeoutError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
)
"""What pyHanko's client raises when a service is away or answers something else."""

REFUSED_FROM = 400
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
SHA256_OID = "2.16.840.1.101.3.4.2.1"
VERSION_2_NAMES = {"hash": "hashes", "hashAlgo": "hashAlgorithmOID"}
"""What version 2 calls the fields of version 1 (CSC API 2.0, 11.6 and 11.10)."""


class CloudError(SigningError):
    """The remote signing service cannot be reached, refuses, or answers something else; nothing was signed."""

    status_hint = 503


@dataclass(frozen=True, slots=True)
class CloudAccount:
    """Access to one credential of a remote signing service.

    Attributes:
        address: of the service, up to `/csc`; https, except on this machine.
        credential: its identifier there.
        token: the access token, sent as `Bearer`.
        pin: authorizes the use of the key; none when the token does.
        version: of the API.
        patience: seconds that one request may take.

    Raises:
        CloudError: the address is not one of https.
    """

    address: str
    credential: str
    token: str = field(repr=False)
    pin: str | None = field(default=None, repr=False)
    version: Literal["v1", "v2"] = "v1"
    patience: int = PATIENCE_SECONDS

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in LOCAL_HOSTS):
            sentence, remedy = "The address of the signing service is not one of https.", "Give one that is."
            raise CloudError(Problem("address-not-https", sentence, remedy, self.address))

    @property
    def session(self) -> CSCServiceSessionInfo:
        """The same for pyHanko."""
        return CSCServiceSessionInfo(self.address.rstrip("/"), self.credential, self.token, self.version)


def open_cloud_key(
    account: CloudAccount,
    *,
    issuers: Sequence[x509.Certificate],
    revocation_lists: Callable[[], Sequence[bytes]],
    policies: frozenset[str],
) -> HeldKey:
    """Ask the service for the certificate of a credential; the key signs from then on.

    Args:
        account: which service, which credential.
        issuers: the authorities of its certificate, up to the root: what is trusted is configured, not fetched.
        revocation_lists: their present lists, DER.
        policies: certificate policies under which the key counts.

    Raises:
        CloudError: the service cannot be reached, refuses, or answers something else.
        PkiError: the certificate is not of these issuers, or is under no accepted policy.
    """
    info, certificate = wait_for(_fetch(account))
    chain = (certificate, *issuers)
    return HeldKey(RemoteSigner(chain, _CloudKey(account, info).ask), chain, revocation_lists, policies)


async def _fetch(account: CloudAccount) -> tuple[CSCCredentialInfo, x509.Certificate]:
    try:
        async with _connect() as session:
            info = await fetch_certs_in_csc_credential(session, account.session, timeout=account.patience)
        return info, x509.load_der_x509_certificate(info.signing_cert.dump())
    except FAILURES as error:
        raise _failed(account, error) from error


def _connect() -> aiohttp.ClientSession:
    """A session that follows no redirection: token, PIN and authorization go to the configured address only."""
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_refuse_redirection)
    return aiohttp.ClientSession(trace_configs=[trace])


async def _refuse_redirection(*_: object) -> None:
    raise aiohttp.ClientError("a redirection")


@dataclass(frozen=True, slots=True)
class _CloudKey:
    """Signs through pyHanko's client, each signature in a connection and an authorization of its own."""

    account: CloudAccount
    info: CSCCredentialInfo

    async def ask(self, data: bytes) -> bytes:
        """The signature over bytes. Only their digest leaves this process.

        Raises:
            CloudError: the service cannot be reached, refuses, or answers something else.
        """
        try:
            async with _connect() as session:
                authorizer = _Authorizer(self.account, self.info, session)
                signer = _Client(session, authorizer, sign_timeout=self.account.patience, embed_roots=False)
                return await signer.async_sign_raw(data, DIGEST)
        except FAILURES as error:
            raise _failed(self.account, error) from error


class _Authorizer(CSCAuthorizationManager):
    """Asks for one authorization a hash."""

    def __init__(self, account: CloudAccount, info: CSCCredentialInfo, session: aiohttp.ClientSession) -> None:
        super().__init__(account.session, info)
        self.account = account
        self._session = session

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        """The signature activation data for these hashes."""
        address: str = self.csc_session_info.endpoint_url("credentials/authorize")  # type: ignore[no-untyped-call]
        async with self._session.post(
            address,
            headers=self.auth_headers,
            json=self._request(hash_b64s),
            raise_for_status=True,
            timeout=aiohttp.ClientTimeout(total=self.account.patience),
        ) as response:
            return self.parse_csc_auth_response(await response.json())

    def _request(self, hashes: list[str]) -> dict[str, Any]:
        pin = self.account.pin
        if self.account.version == "v1":
            return self.format_csc_auth_request(pin=pin, hash_b64s=hashes)
        request = self.format_csc_auth_request(hash_b64s=hashes)
        proof = {} if pin is None else {"authData": [{"id": "PIN", "value": pin}]}
        return _renamed(request) | {VERSION_2_NAMES["hashAlgo"]: SHA256_OID} | proof


class _Client(CSCSigner):
    """pyHanko's client, for both versions, and without hiding why a request failed."""

    auth_manager: _Authorizer

    async def format_csc_signing_req(self, tbs_hashes: list[str], digest_algorithm: str) -> dict[str, Any]:
        """The body of `signatures/signHash`."""
        request: dict[str, Any] = await super().format_csc_signing_req(tbs_hashes, digest_algorithm)
        return request if self.auth_manager.account.version == "v1" else _renamed(request)

    async def commit(self) -> None:
        """Ask for the signature; pyHanko logs a refusal and goes on, but it must reach the caller with its cause."""
        try:
            await super().commit()  # type: ignore[no-untyped-call]
        except PyHankoSigningError as error:
            raise _failed(self.auth_manager.account, error) from error


def _renamed(request: dict[str, Any]) -> dict[str, Any]:
    return {VERSION_2_NAMES.get(name, name): value for name, value in request.items()}


def _failed(account: CloudAccount, error: Exception) -> CloudError:
    """The refusal, with the innermost cause: the status, the time-out, the broken connection."""
    cause = (error.__cause__ or error) if isinstance(error, PyHankoSigningError) else error
    if isinstance(cause, aiohttp.ClientResponseError) and cause.status >= REFUSED_FROM:
        what = f"refuses with status {cause.status}"
    elif isinstance(cause, TimeoutError):
        what = f"did not answer within {account.patience} s"
    elif isinstance(cause, aiohttp.ClientConnectionError):
        what = "cannot be reached"
    else:
        what = f"answers something else than the API says ({error})"
    remedy = "Try again; if it stays so, ask the operator of the signing service."
    return CloudError(Problem("cloud-unavailable", f"The signing service {what}.", remedy, account.address))
