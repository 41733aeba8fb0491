"""What independent judges say of a signed file: poppler's pdfsig, pyHanko, and our reading of the PAdES baseline."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import CMSExtractionError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko_certvalidator import ValidationContext

from pades_baseline import Level, find_broken

LEVELS = {"B-B": Level.B, "B-LTA": Level.LTA}
PASSES = "passes"
MOST_RULES = 3


def judge(pdf: Path, level: str, roots: Sequence[Path]) -> dict[str, str]:
    """Each judge's opinion, `passes` or what is wrong."""
    return {"pdfsig": _pdfsig(pdf), "pyHanko": _pyhanko(pdf, roots), "baseline": _baseline(pdf.read_bytes(), level)}


def _pdfsig(pdf: Path) -> str:
    program = shutil.which("pdfsig")
    if program is None:
        return "no program"
    said = subprocess.run([program, "-nocert", str(pdf)], capture_output=True, text=True, check=False).stdout  # noqa: S603  a found program
    if "Signature is Valid." in said:
        return PASSES
    return next((line.strip(" -") for line in said.splitlines() if "Signature Validation" in line), "finds none")


def _pyhanko(pdf: Path, roots: Sequence[Path]) -> str:
    """The first signature, intact and made by its certificate, under one of the roots."""
    try:
        reader = PdfFileReader(BytesIO(pdf.read_bytes()))
        context = ValidationContext(
            trust_roots=[load_cert_from_pemder(str(one)) for one in roots], allow_fetching=False
        )
        status = validate_pdf_signature(reader.embedded_regular_signatures[0], context)
    except (SignatureValidationError, CMSExtractionError, PdfError, ValueError, IndexError) as error:
        return f"refuses: {error}"[:90]
    return PASSES if status.bottom_line else "does not pass"


def _baseline(pdf: bytes, level: str) -> str:
    try:
        broken = sorted({one.rule for one in find_broken(pdf, LEVELS[level])})
    except (ValueError, KeyError, TypeError, IndexError) as error:
        return f"cannot be read: {error}"[:90]
    more = f" and {len(broken) - MOST_RULES} more" if len(broken) > MOST_RULES else ""
    return ", ".join(one.replace("_", " ") for one in broken[:MOST_RULES]) + more or PASSES
