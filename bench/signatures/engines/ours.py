"""Our writer with the key that everybody has: parsed once, no trial run, the container's size known."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path
from typing import cast

from asn1crypto import algos
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko_certvalidator.registry import SimpleCertificateStore

from packets.clock import system_clock
from signatures.engines.loop import Task, read_task, repeat
from signing.pki import Pki, load_pki
from signing.revisions import (
    BLANK,
    INVISIBLE,
    ValidationData,
    append_signature,
    append_timestamp,
    asn1_certificate,
    embed_validation_data,
    open_writer,
)
from signing.timestamps import TimeStampSource, remote_source

RESERVED = 8_192


class SharedKey(Signer):
    """The key that everybody signs with."""

    def __init__(self, folder: Path) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register(_certificate(folder / "issuing.pem"))
        algorithm = algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"})
        super().__init__(
            signing_cert=_certificate(folder / "certificate.pem"),
            cert_registry=store,
            embed_roots=False,
            signature_mechanism=algorithm,
        )
        key = serialization.load_pem_private_key((folder / "key.pem").read_bytes(), None)
        self._key = cast("rsa.RSAPrivateKey", key)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002  pyHanko's interface
        """The signature."""
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def _certificate(path: Path) -> object:
    return asn1_certificate(x509.load_pem_x509_certificate(path.read_bytes()))


def sign_bare(task: Task, signer: Signer) -> bytes:
    """A B-B signature in a field of its own, by our writer."""
    writer = open_writer(task.pdf)
    field = SigFieldSpec("Signature", invis_sig_settings=INVISIBLE)
    pdf_signer = PdfSigner(_metadata(), signer, stamp_style=BLANK, new_field_spec=field)
    session = pdf_signer.init_signing_session(writer)
    session.system_time = system_clock()
    document = session.prepare_tbs_document(validation_info=None, bytes_reserved=RESERVED)
    place, output = document.digest_tbs_document(in_place=True)
    asyncio.run(document.perform_signature(place.document_digest, PdfCMSSignedAttributes()))
    return cast("BytesIO", output).getvalue()


def sign_archival(task: Task, signer: Signer, pki: Pki, source: TimeStampSource) -> bytes:
    """B-LT in one revision, closed by a document time-stamp in a second one."""
    now = system_clock()
    writer = open_writer(task.pdf)
    embed_validation_data(writer, _validation_data(pki))
    field = SigFieldSpec("Signature", invis_sig_settings=INVISIBLE)
    signed = asyncio.run(append_signature(writer, _metadata(), signer, timestamper=source, now=now, new_field=field))
    closing = open_writer(signed.pdf)
    embed_validation_data(closing, _validation_data(pki))
    return asyncio.run(append_timestamp(closing, "Archive_1", source, digest="sha256"))


def _metadata() -> PdfSignatureMetadata:
    return PdfSignatureMetadata(field_name="Signature", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)


def _validation_data(pki: Pki) -> ValidationData:
    certificates = (pki.root, pki.authority.certificate, pki.timestamps.certificate)
    return ValidationData(certificates, (pki.root_list, pki.authority.issue_revocation_list(system_clock())))


def main() -> None:
    """Sign as asked."""
    task = read_task()
    signer = SharedKey(task.folder)
    if task.level == "B-B":
        repeat(task, lambda: sign_bare(task, signer))
        return
    pki = load_pki(task.folder / "pki", task.passphrase)
    source = remote_source([task.tsa], pki.trust, system_clock)
    repeat(task, lambda: sign_archival(task, signer, pki, source))


if __name__ == "__main__":
    main()
