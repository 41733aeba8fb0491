"""pyHanko as its documentation shows it: a PKCS#12 signer loaded once, its own writer, its own embedding of validation data."""

from __future__ import annotations

from io import BytesIO

from asn1crypto import crl
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko_certvalidator import ValidationContext

from signatures.engines.loop import Task, read_task, repeat


def main() -> None:
    """Sign as asked."""
    task = read_task()
    signer = signers.SimpleSigner.load_pkcs12(task.folder / "key.p12", passphrase=task.passphrase.encode())
    stamper = timestamps.HTTPTimeStamper(task.tsa) if task.level != "B-B" else None
    repeat(task, lambda: _sign(task, signer, stamper))


def _sign(task: Task, signer: signers.SimpleSigner, stamper: timestamps.HTTPTimeStamper | None) -> bytes:
    archival = stamper is not None
    metadata = signers.PdfSignatureMetadata(
        field_name="Signature",
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        embed_validation_info=archival,
        use_pades_lta=archival,
        validation_context=_context(task) if archival else None,
    )
    output = BytesIO()
    writer = IncrementalPdfFileWriter(BytesIO(task.pdf))
    signers.sign_pdf(writer, metadata, signer=signer, timestamper=stamper, output=output)
    return output.getvalue()


def _context(task: Task) -> ValidationContext:
    """A context collects what it was shown: each signature takes a new one."""
    lists = [crl.CertificateList.load((task.folder / name).read_bytes()) for name in ("root.crl", "issuing.crl")]
    return ValidationContext(
        trust_roots=[load_cert_from_pemder(str(task.folder / "root.pem"))],
        other_certs=[load_cert_from_pemder(str(task.folder / "issuing.pem"))],
        crls=lists,
        allow_fetching=False,
        revocation_mode="require",
    )


if __name__ == "__main__":
    main()
