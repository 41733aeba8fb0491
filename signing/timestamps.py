"""Where time-stamps come from (RFC 3161): a list of authorities tried in order; the embedded one is our own.

No time-stamp, no signature: a source either gives a token that was checked in full or raises `TimeStampError`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.timestamps import TimeStamper

from packets.clock import Clock
from packets.errors import Problem
from packets.measures import TIME_STAMPS
from signing.attributes import encode_once, make_attribute
from signing.connections import post
from signing.errors import TimeStampError
from signing.oids import TIMESTAMP_POLICY
from signing.pki import KeyPair, Pki
from signing.standalone.container_forms import check_container_form
from signing.standalone.pdf_values import FormError
from signing.tokens import Imprint, authority_problem, generation_time, granted_token, token_faults
from signing.trust import Trust
from signing.waiting import wait_for

REPLY_LIMIT = 64 * 1024
"""Bytes of an authority's answer that are read at most; tokens with whole chains have about 8 KB."""

REQUEST_TYPE, REPLY_TYPE = "application/timestamp-query", "application/timestamp-reply"
LOCAL_CONTAINER, LONGEST_CONTAINER = 12288, 32768
"""Hexadecimal digits kept for a container: ours have 3 KB of DER; a public authority's chain may have five times that."""

CERTIFICATES_AND_ATTRIBUTES = 4096
"""Bytes of a signature container beside its token: the chain, the attributes, the signature."""

DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
"""What is time-stamped, the weakest first."""

TOKEN_CONTENT = make_attribute("content_type", "tst_info")


class Authority(Protocol):
    """Answers time-stamp requests."""

    @property
    def name(self) -> str:
        """By what messages call it: its address, or `local`."""

    def answer(self, request: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """The answer to a request; granted or refused.

        Raises:
            OSError: the authority cannot be reached.
            ValueError: what came back is no answer.
        """


class LocalTimeStampAuthority:
    """The embedded authority: our own key and our own clock, so a verifier must say that this time is trusted locally only.

    Tokens carry ESSCertIDv2 (RFC 5816) and, when asked, the authority's certificate. A token is signed over the digest
    that it time-stamps, so that it is no weaker.
    """

    name = "local"

    def __init__(self, pair: KeyPair, clock: Clock) -> None:
        self._key = pair.key
        self._clock = clock
        self._encoded = pair.certificate.public_bytes(serialization.Encoding.DER)
        certificate = asn1_x509.Certificate.load(self._encoded)
        self._name = encode_once(asn1_x509.GeneralName("directory_name", certificate.subject))
        issuer = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
        self._signer = encode_once(cms.SignerIdentifier({"issuer_and_serial_number": issuer}))
        binding = tsp.ESSCertIDv2({"cert_hash": _digested("sha256", self._encoded)})
        self._binding = make_attribute("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [binding]}))

    def answer(self, request: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """A token over the request's digest with the time of this machine's clock, or a refusal (RFC 3161, 2.4.2)."""
        algorithm = request["message_imprint"]["hash_algorithm"]["algorithm"].native
        digest = request["message_imprint"]["hashed_message"].native
        if algorithm not in DIGESTS:
            return _refusal("bad_alg")
        if len(digest) != DIGESTS[algorithm].digest_size:
            return _refusal("bad_data_format")
        if request["req_policy"].native and request["req_policy"].dotted != TIMESTAMP_POLICY:
            return _refusal("unaccepted_policy")
        statement = self._statement(request, self._clock())
        token = self._token(statement, algorithm, with_certificate=bool(request["cert_req"].native))
        return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})

    def _statement(self, request: tsp.TimeStampReq, now: datetime) -> bytes:
        statement = {
            "version": "v1",
            "policy": TIMESTAMP_POLICY,
            "message_imprint": request["message_imprint"],
            "serial_number": secrets.randbits(127),
            "gen_time": now,
            "accuracy": {"seconds": 1},
            "tsa": self._name,
        }
        if request["nonce"].native is not None:
            statement["nonce"] = request["nonce"]
        encoded: bytes = tsp.TSTInfo(statement).dump()
        return encoded

    def _token(self, statement: bytes, algorithm: str, *, with_certificate: bool) -> cms.ContentInfo:
        digest = make_attribute("message_digest", _digested(algorithm, statement))
        signed = encode_once(cms.CMSAttributes([TOKEN_CONTENT, digest, self._binding]))
        signature = self._key.sign(signed.dump(), ec.ECDSA(DIGESTS[algorithm]))
        content = {
            "version": "v3",
            "digest_algorithms": [{"algorithm": algorithm}],
            "encap_content_info": {"content_type": "tst_info", "content": cms.ParsableOctetString(statement)},
            "signer_infos": [self._signer_info(signed, signature, algorithm)],
        }
        if with_certificate:
            content["certificates"] = [asn1_x509.Certificate.load(self._encoded)]
        return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(content)})

    def _signer_info(self, signed: cms.CMSAttributes, signature: bytes, algorithm: str) -> dict[str, object]:
        return {
            "version": "v1",
            "sid": self._signer,
            "digest_algorithm": {"algorithm": algorithm},
            "signature_algorithm": {"algorithm": f"{algorithm}_ecdsa"},
            "signed_attrs": signed,
            "signature": signature,
        }


@dataclass(frozen=True, slots=True)
class RemoteTimeStampAuthority:
    """An authority behind an address (RFC 3161, 3.4: HTTP).

    Attributes:
        url: `http://…` or `https://…`; plain HTTP is common and harmless here, since the token is signed and checked.
        seconds: how long to wait for it to begin its answer, and then to end it.
    """

    url: str
    seconds: float = 10.0

    @property
    def name(self) -> str:
        """Its address."""
        return self.url

    def answer(self, request: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Ask over HTTP.

        Raises:
            OSError: it cannot be reached in time, or answers with an error.
            ValueError: the address is not HTTP, or the answer is too long or no time-stamp response.
        """
        headers = {"Content-Type": REQUEST_TYPE, "Accept": REPLY_TYPE}
        body = post(self.url, request.dump(), headers, seconds=self.seconds, limit=REPLY_LIMIT)
        return tsp.TimeStampResp.load(body, strict=True)


class TimeStampSource(TimeStamper):
    """Asks authorities in order until one gives a token that holds. Safe to share between threads.

    Args:
        authorities: in the order in which they are asked.
        trust: by which their tokens are checked.
        clock: ours.
        nonce: draws the random number of a request.
        reserved: hexadecimal digits that a signature container with such a token takes at most.
        measures: whether `reserved` shrinks to what its tokens need, once one is known: authorities send from one to ten
            kilobytes, and each signature would keep the space for ten.
    """

    def __init__(
        self,
        authorities: Sequence[Authority],
        trust: Trust,
        clock: Clock,
        *,
        nonce: Callable[[], int] | None = None,
        reserved: int = LONGEST_CONTAINER,
        measures: bool = False,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._ceiling = reserved
        self._measures = measures
        self._longest = 0
        self.trust = trust
        self._authorities = tuple(authorities)
        self._clock = clock
        self._nonce = nonce or (lambda: secrets.randbits(63))

    @property
    def reserved(self) -> int:
        """Hexadecimal digits to reserve for a container: measured, with a margin, where a token is known already."""
        if not self._longest:
            return self._ceiling
        return min(self._ceiling, 2 * (self._longest * 5 // 4 + CERTIFICATES_AND_ATTRIBUTES))

    def widen(self) -> None:
        """Reserve all that may be needed, from now on: a container did not fit."""
        self._measures, self._longest = False, 0

    @property
    def authorities(self) -> tuple[Authority, ...]:
        """The authorities, in the order in which they are asked."""
        return self._authorities

    @property
    def is_local(self) -> bool:
        """Whether the time is our own only."""
        return all(one.name == LocalTimeStampAuthority.name for one in self._authorities)

    def attest(self, digest: bytes) -> datetime:
        """The time that a token over a SHA-256 digest attests at this moment.

        Raises:
            TimeStampError: no authority gave a token that holds.
        """
        return generation_time(wait_for(self.async_timestamp(digest, "sha256"))).astimezone(UTC)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A token over a digest.

        Raises:
            TimeStampError: no authority gave a token that holds; with every authority's fault.
        """
        problems: list[Problem] = []
        for authority in self._authorities:
            answer = await self._ask(authority, Imprint(message_digest, md_algorithm, self._nonce()))
            if isinstance(answer, cms.ContentInfo):
                return answer
            problems.append(authority_problem(authority.name, answer))
        raise TimeStampError(problems or authority_problem("", "no authority is configured"))

    async def _ask(self, authority: Authority, imprint: Imprint) -> cms.ContentInfo | str:
        """A checked token, or the fault in words; how long it took is measured."""
        began = time.perf_counter()
        answer = await self._checked(authority, imprint)
        outcome = "refused" if isinstance(answer, str) else "granted"
        TIME_STAMPS.observe(time.perf_counter() - began, authority.name, outcome)
        return answer

    async def _checked(self, authority: Authority, imprint: Imprint) -> cms.ContentInfo | str:
        try:
            token = granted_token(authority.answer(make_request(imprint)))
            if isinstance(token, str):
                return f"it refused ({token})"
            encoded = token.dump()
            faults = await token_faults(token, imprint, self.trust, self._clock())
            if not faults:
                check_container_form(encoded, ())
        except FormError as error:
            return f"its token has a form that no file may hold: {error}"
        except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
            return f"{type(error).__name__}: {error}"
        if faults:
            return "; ".join(faults)
        if self._measures:
            self._longest = max(self._longest, len(encoded))
        # Read anew: asn1crypto encodes what was looked into again, part by part, at each copy (half a second a signature).
        return cms.ContentInfo.load(encoded)


def local_source(pki: Pki, clock: Clock) -> TimeStampSource:
    """The embedded default: our own authority."""
    return TimeStampSource([LocalTimeStampAuthority(pki.timestamps, clock)], pki.trust, clock, reserved=LOCAL_CONTAINER)


def remote_source(urls: Sequence[str], trust: Trust, clock: Clock) -> TimeStampSource:
    """RFC 3161 authorities behind addresses, tried in order; `trust.timestamp_roots` must hold their roots."""
    return TimeStampSource([RemoteTimeStampAuthority(url) for url in urls], trust, clock, measures=True)


def make_request(imprint: Imprint) -> tsp.TimeStampReq:
    """Encode a request for a time-stamp that carries the authority's certificate."""
    stamped = {
        "hash_algorithm": algos.DigestAlgorithm({"algorithm": imprint.algorithm}),
        "hashed_message": imprint.digest,
    }
    return tsp.TimeStampReq({"version": 1, "message_imprint": stamped, "nonce": imprint.nonce, "cert_req": True})


def _refusal(reason: str) -> tsp.TimeStampResp:
    return tsp.TimeStampResp({"status": {"status": "rejection", "fail_info": {reason}}})


def _digested(algorithm: str, data: bytes) -> bytes:
    digest = hashes.Hash(DIGESTS[algorithm])
    digest.update(data)
    return digest.finalize()
