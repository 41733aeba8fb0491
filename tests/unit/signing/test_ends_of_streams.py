"""What is appended to a file stays archival whatever its streams end with (PDF/A-2, 6.1.7.1)."""

from __future__ import annotations

from io import BytesIO

import page
import pytest
from pyhanko.pdf_utils.generic import StreamObject

from signed_files import life
from signing.revisions import open_writer


@pytest.mark.parametrize("content", [b"ends with CR\r", b"ends with LF\n", b"ends with both\r\n", b"", b"\r"])
def test_the_length_of_an_appended_stream_is_what_stands_before_its_end(content: bytes) -> None:
    """The checker that is not ours counts the bytes up to the last end of line."""
    writer = open_writer(life().closed)
    writer.add_object(StreamObject(stream_data=content))
    output = BytesIO()
    writer.write(output)  # type: ignore[no-untyped-call]
    assert b"\nstream\n" + content + b"\r\nendstream" in output.getvalue()
    report = page.validate_pdf_bytes(output.getvalue(), profile=page.ValidationProfile.PDF_A_2A)
    assert "PDFA2A-STREAM-LENGTH-001" not in {one.rule_id for one in report.failures}
