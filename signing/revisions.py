"""Writing one revision: pyHanko's incremental writer, held to what may be appended to an archival, tagged PDF.

Files are signed in memory: a document of this service stays below 10 MB, and no unsigned draft then touches a disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import IO, Any

from asn1crypto import cms, crl, x509
from cryptography import x509 as pyca_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec, SigSeedValueSpec, enumerate_sig_fields
from pyhanko.sign.general import SigningError as PyHankoSigningError
from pyhanko.sign.general import UnacceptableSignerError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper, Signer
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.signers.pdf_signer import PdfTBSDocument
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from packets.errors import Problem
from signing.attributes import EncodingSigner
from signing.errors import ContainerTooSmallError, SigningError
from signing.fields import leads_to
from signing.timestamps import TimeStampSource
from signing.tokens import generation_time

DIGEST = "sha256"
TOO_LARGE = "Final ByteRange payload larger than expected"
"""How pyHanko's message begins when a container does not fit; it has no class of its own for it."""

INVISIBLE = InvisSigSettings(box_out_of_bounds=True)
"""An invisible widget outside the page needs no place in the structure tree (PDF/UA-1)."""

BLANK = StaticStampStyle(border_width=0)
"""Draws nothing: pyHanko's own default would put a font into the file that is not embedded (PDF/A)."""


class _EndingStreams:
    """An output in which CR and LF stand before `endstream`, where pyHanko writes LF alone.

    Content that ends with CR would otherwise read as one byte shorter than its `/Length` says (PDF/A-2, 6.1.7.1).
    """

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output

    def write(self, content: bytes) -> int:
        """Write on; pyHanko writes the end of a stream by itself."""
        return self._output.write(b"\r\nendstream" if content == b"\nendstream" else content)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the output's own."""
        return getattr(self._output, name)


class ArchivalWriter(IncrementalPdfFileWriter):
    """Appends a revision and leaves XMP and Info as they are: both must stay equal and conformant (PDF/A-2, 6.6.2)."""

    def _update_meta(self) -> None:
        """Change nothing: the time of a signature stands in its time-stamp."""

    def _write(self, stream: IO[bytes], skip_header: bool = False) -> None:
        """As pyHanko does, with an end of line before each `endstream` that no content can be taken for a part of."""
        super()._write(_EndingStreams(stream), skip_header)


class OneKeySigner(EncodingSigner):
    """Signs with a key that is held in memory, parsed once, and never used for a trial run."""

    def __init__(
        self, key: ec.EllipticCurvePrivateKey, certificate: pyca_x509.Certificate, issuer: pyca_x509.Certificate
    ) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register(asn1_certificate(issuer))
        super().__init__(signing_cert=asn1_certificate(certificate), cert_registry=store, embed_roots=False)
        self._key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The ECDSA signature over `data`.

        Raises:
            SigningError: another digest than SHA-256 was asked for, or a trial run.
        """
        refuse_unusual(digest_algorithm, dry_run=dry_run)
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class ValidationData:
    """What a revision embeds so that it can be verified without a network, long after (PAdES B-LT, EN 319 142-1, 5.4)."""

    certificates: Sequence[pyca_x509.Certificate]
    revocation_lists: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Appended:
    """A file with one more signature.

    Attributes:
        pdf: the whole file.
        signed_at: the time in the signature's time-stamp, UTC.
    """

    pdf: bytes
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Prepared:
    """A revision that lacks nothing but the container of its signature.

    Attributes:
        document: pyHanko's view of it.
        place: its digest, and where the container goes.
        output: the file.
    """

    document: PdfTBSDocument
    place: PreparedByteRangeDigest
    output: IO[bytes]

    @property
    def content(self) -> bytes:
        """The whole file as it stands."""
        return _content(self.output)


@dataclass(frozen=True, slots=True)
class FieldState:
    """A signature field as it stands.

    Attributes:
        filled: whether it carries a signature.
        width, height: size of its widget in points.
    """

    filled: bool
    width: float
    height: float


def refuse_unusual(digest_algorithm: str, *, dry_run: bool) -> None:
    """See that a signer is asked for what signers of this service give.

    Raises:
        SigningError: another digest than SHA-256 was asked for, or a trial run.
    """
    if dry_run or digest_algorithm != DIGEST:
        raise SigningError(
            Problem("digest-unsupported", "Signatures are made over SHA-256 only.", "Report this fault.")
        )


def asn1_certificate(certificate: pyca_x509.Certificate) -> x509.Certificate:
    """The same certificate for asn1crypto."""
    return x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def pyca_certificate(certificate: x509.Certificate) -> pyca_x509.Certificate:
    """The same certificate for cryptography."""
    return pyca_x509.load_der_x509_certificate(certificate.dump())


def open_writer(pdf: bytes) -> ArchivalWriter:
    """A writer that appends to `pdf`.

    Raises:
        SigningError: it is no PDF that can be signed.
    """
    try:
        writer = ArchivalWriter(BytesIO(pdf))
        if writer.prev.encrypted:
            raise _unreadable("it is encrypted")
        signature_fields(writer.prev)
    except (PdfError, ValueError, KeyError, AttributeError, TypeError, IndexError, OSError) as error:
        raise _unreadable(str(error) or type(error).__name__) from error
    return writer


def signature_fields(reader: PdfFileReader) -> dict[str, FieldState]:
    """The signature fields of a file by name, archival time-stamps included."""
    return {name: _field_state(value, reference) for name, value, reference in enumerate_sig_fields(reader)}


def embed_validation_data(writer: ArchivalWriter, data: ValidationData) -> None:
    """Add certificates and revocation lists to the document security store, each once, in the revision being written."""
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[asn1_certificate(one) for one in data.certificates],
        crls=[crl.CertificateList.load(one) for one in data.revocation_lists],
    )


async def append_signature(
    writer: ArchivalWriter,
    metadata: PdfSignatureMetadata,
    signer: Signer,
    *,
    timestamper: TimeStampSource,
    now: datetime,
    stamp: StaticStampStyle = BLANK,
    new_field: SigFieldSpec | None = None,
) -> Appended:
    """Fill a signature field in a new revision.

    Args:
        writer: the file.
        metadata: field, reason and level of the signature.
        signer: key and certificate.
        timestamper: gives the signature's time-stamp.
        now: the time that the signature dictionary claims (`/M`).
        stamp: what the widget shows.
        new_field: the field to make; an existing field is filled when absent.

    Raises:
        SigningError: the field's seed values or the certification forbid the signature.
        ContainerTooSmallError: the signature is larger than what was reserved.
        TimeStampError: no authority gave a time-stamp.
    """
    prepared = prepare_signature(
        writer, metadata, signer, timestamper=timestamper, now=now, stamp=stamp, new_field=new_field
    )
    with refusing():
        finished = await prepared.document.perform_signature(prepared.place.document_digest, PdfCMSSignedAttributes())
    return Appended(prepared.content, signed_time(finished.sig_contents))


def prepare_signature(
    writer: ArchivalWriter,
    metadata: PdfSignatureMetadata,
    signer: Signer,
    *,
    timestamper: TimeStampSource,
    now: datetime,
    stamp: StaticStampStyle = BLANK,
    new_field: SigFieldSpec | None = None,
) -> Prepared:
    """Write the revision that a signature will protect, with a place for its container.

    Raises:
        SigningError: the field's seed values or the certification forbid the signature.
    """
    pdf_signer = PdfSigner(metadata, signer, timestamper=timestamper, stamp_style=stamp, new_field_spec=new_field)
    with refusing():
        session = pdf_signer.init_signing_session(writer, existing_fields_only=new_field is None)
        session.system_time = now
        session.sv_spec = _issuer_checked(session.sv_spec, signer)
        document = session.prepare_tbs_document(validation_info=None, bytes_reserved=timestamper.reserved)
        place, output = document.digest_tbs_document(in_place=True)
    return Prepared(document, place, output)


def _issuer_checked(demands: SigSeedValueSpec | None, signer: Signer) -> SigSeedValueSpec | None:
    """What is left of a field's demands after its issuers were looked for above the signer's certificate.

    pyHanko can look for them only along a path that it has validated itself, which would cost a second validation for each
    signature: the verifier validates the result in any case.

    Raises:
        UnacceptableSignerError: none of the issuers certified the signer.
    """
    if demands is None or demands.cert is None or not demands.cert.issuers:
        return demands
    between = [pyca_certificate(one) for one in signer.cert_registry]
    if not leads_to(
        pyca_certificate(signer.signing_cert), [pyca_certificate(one) for one in demands.cert.issuers], between
    ):
        raise UnacceptableSignerError("The signer's certificate does not come from an issuer that the field accepts.")
    return replace(demands, cert=replace(demands.cert, issuers=None))


@contextmanager
def refusing() -> Iterator[None]:
    """Say what pyHanko refuses as our own refusal.

    Raises:
        SigningError: the file does not take the signature.
    """
    try:
        yield
    except (PyHankoSigningError, UnacceptableSignerError, PdfError) as error:
        refusal = ContainerTooSmallError if str(error).startswith(TOO_LARGE) else SigningError
        raise refusal(
            Problem(
                "signature-impossible", f"The file does not take this signature: {error}.", "Render the document again."
            )
        ) from error


async def append_timestamp(
    writer: ArchivalWriter, field: str, timestamper: TimeStampSource, *, digest: str = DIGEST
) -> bytes:
    """Close the file with a document time-stamp over `digest` in a field of its own (PAdES B-LTA, EN 319 142-1, 5.5).

    Raises:
        TimeStampError: no authority gave a time-stamp.
        ContainerTooSmallError: the time-stamp is larger than any before it.
    """
    stamper = PdfTimeStamper(
        timestamper, field_name=field, invis_settings=INVISIBLE, readable_field_name="Archival time-stamp"
    )
    with refusing():
        output = await stamper.async_timestamp_pdf(writer, digest, bytes_reserved=timestamper.reserved, in_place=True)
    return _content(output)


def signed_time(container: bytes) -> datetime:
    """The time in the one time-stamp of a signature container, UTC."""
    signer = cms.ContentInfo.load(container)["content"]["signer_infos"][0]
    (token,) = (one for one in signer["unsigned_attrs"] if one["type"].native == "signature_time_stamp_token")
    return generation_time(token["values"][0]).astimezone(UTC)


def _field_state(value: Any, reference: Any) -> FieldState:
    widget = reference.get_object()
    rectangle = [float(one) for one in widget["/Rect"]] if "/Rect" in widget else [0.0] * 4
    return FieldState(value is not None, abs(rectangle[2] - rectangle[0]), abs(rectangle[3] - rectangle[1]))


def _content(output: IO[bytes]) -> bytes:
    output.seek(0)
    return output.read()


def _unreadable(reason: str) -> SigningError:
    return SigningError(
        Problem("pdf-unreadable", f"The file is no PDF that can be signed: {reason}.", "Render it again.")
    )
