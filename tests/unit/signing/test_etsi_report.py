"""The validation report by ETSI TS 119 102-2, read back strictly by classes that were generated from the standard's schema."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from pyhanko.generated.etsi.ts_11910202 import ValidationReport
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

from signed_files import NOW, keys, life
from signing.etsi_report import TIME_TYPE, write_report
from signing.verify import verify_pdf
from web.cli import esm

STRICT = ParserConfig(fail_on_unknown_properties=True, fail_on_unknown_attributes=True, fail_on_converter_warnings=True)
PASSED = "urn:etsi:019102:mainindication:total-passed"


def read(report: bytes) -> Any:
    """The report; the generated classes allow every part to be absent, so that its type would only be in the way."""
    return XmlParser(config=STRICT).from_bytes(report, ValidationReport)


def report_on(pdf: bytes) -> Any:
    return read(write_report(verify_pdf(pdf, keys().trust, now=NOW), NOW))


def indications(report: Any) -> list[str]:
    return [one.signature_validation_status.main_indication for one in report.signature_validation_report]


def certificate_of(report: Any, one: Any) -> x509.Certificate:
    [reference] = one.signer_information.signer_certificate.voreference
    objects = {f"#{each.id}": each for each in report.signature_validation_objects.validation_object}
    return x509.load_der_x509_certificate(objects[reference].validation_object_representation.base64)


def test_every_signature_of_a_closed_file_passes_in_the_report() -> None:
    """One report for the seal, each signer and the closing time-stamp, in the order of the file."""
    report = report_on(life().closed)
    verdict = verify_pdf(life().closed, keys().trust, now=NOW)

    assert indications(report) == [PASSED] * len(verdict.signatures)
    assert [one.signer_information.signer for one in report.signature_validation_report] == [
        one.name for one in verdict.signatures
    ]


def test_the_identifiers_in_the_report_are_the_signatures_themselves() -> None:
    """The certificate that the report names verifies the signature value that it names over the digest that it names."""
    report = report_on(life().closed)

    for one in report.signature_validation_report:
        key = certificate_of(report, one).public_key()
        identifier = one.signature_identifier
        assert isinstance(key, ec.EllipticCurvePublicKey)
        digest = identifier.digest_alg_and_value.digest_value.value
        key.verify(identifier.signature_value.value, digest, ec.ECDSA(Prehashed(hashes.SHA256())))


def test_the_report_names_the_file_by_its_digest() -> None:
    """The archival time-stamp covers the whole file, so both digests are the file's or a part's, never another file's."""
    report = report_on(life().closed)
    [file] = [one for one in report.signature_validation_objects.validation_object if one.id == "file"]

    assert (
        file.validation_object_representation.digest_alg_and_value.digest_value.value
        == hashlib.sha256(life().closed).digest()
    )


def test_the_report_says_who_vouches_for_the_time() -> None:
    """Only our own authority: that is said of every signature."""
    report = write_report(verify_pdf(life().closed, keys().trust, now=NOW), NOW).decode()
    assert report.count(TIME_TYPE) == report.count(">local<") == len(life().revisions) - 1


def test_a_changed_file_fails_in_the_report_with_its_sub_indication() -> None:
    """A flipped byte in the text of the document."""
    spoilt = bytearray(life().closed)
    spoilt[2000] ^= 1
    report = report_on(bytes(spoilt))

    assert PASSED not in indications(report)
    assert all(one.signature_validation_status.sub_indication for one in report.signature_validation_report)


def test_a_file_that_is_no_pdf_has_a_report_too() -> None:
    """There is no signature to identify; the indication and the sentence stand all the same."""
    report = report_on(b"not a PDF")

    assert indications(report) == ["urn:etsi:019102:mainindication:total-failed"]


def test_the_command_writes_one_report_a_file(tmp_path: Path) -> None:
    """`esm verify --report FOLDER`: two files of one name keep two reports."""
    root = tmp_path / "root.pem"
    root.write_bytes(keys().root.public_bytes(serialization.Encoding.PEM))
    files = [tmp_path / "one" / "record.pdf", tmp_path / "two" / "record.pdf"]
    for path, content in zip(files, (life().closed, b"not a PDF"), strict=True):
        path.parent.mkdir()
        path.write_bytes(content)

    run = CliRunner().invoke(
        esm, ["verify", "--trust", str(root), "--report", str(tmp_path / "reports"), *map(str, files)]
    )

    assert run.exit_code == 1
    assert sorted(
        len(read(path.read_bytes()).signature_validation_report) for path in (tmp_path / "reports").iterdir()
    ) == [
        1,
        len(verify_pdf(life().closed, keys().trust, now=NOW).signatures),
    ]
