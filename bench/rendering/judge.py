"""What independent programs say of one output: `python -m rendering.judge PDF MATERIAL` prints a `Verdict` as JSON.

A process of its own: some outputs are large, and a validator may give up on them.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import page
from pypdf import PdfReader

from rendering.material import read_material

PROFILES = {"PDF/A-2a": page.ValidationProfile.PDF_A_2A, "PDF/UA-1": page.ValidationProfile.PDF_UA_1}
GENEROUS = page.SafetyLimits(
    max_input_size=10**9,
    max_decoded_stream_size=10**9,
    max_total_decoded_content_size=4 * 10**9,
    max_object_count=10**7,
    max_reference_depth=5000,
    max_table_grid_rows=10**6,
    max_table_grid_cells=10**7,
)
"""The validator's own limits are made for files from strangers; a roster in one table passes them."""

PASSES, ABSENT = "passes", "no program"
QPDF_WARNED = 3
"""Exit code of qpdf for a file with warnings and no errors."""
NPI = re.compile(r"\b2\d{9}\b")
MOST_RULES = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in one output.

    Attributes:
        pages: number of pages.
        checks: for each check `passes`, or what is wrong in few words.
        rows_found: how many of the roster's NPIs can be read in its text; none when poppler is not on this machine.
    """

    pages: int
    checks: dict[str, str]
    rows_found: int | None


def judge(pdf: Path, material: Path) -> Verdict:
    """Ask the validator for both standards, qpdf for the syntax and poppler for the text."""
    checks = {name: _conforms(pdf, profile) for name, profile in PROFILES.items()}
    wanted = {row[2] for row in read_material(material).rows}
    return Verdict(len(PdfReader(pdf).pages), {**checks, "qpdf": _syntax(pdf)}, _rows_found(pdf, wanted))


def _conforms(pdf: Path, profile: page.ValidationProfile) -> str:
    try:
        report = page.validate_pdf(str(pdf), profile=profile, limits=GENEROUS)
    except page.PageError as error:
        return f"not judged: {error}"
    if report.is_compliant:
        return PASSES
    rules = Counter(failure.rule_id for failure in report.failures)
    named = ", ".join(rule for rule, _ in rules.most_common(MOST_RULES))
    return f"breaks {len(rules)} rules: {named}{', …' if len(rules) > MOST_RULES else ''}"


def _syntax(pdf: Path) -> str:
    qpdf = shutil.which("qpdf")
    if qpdf is None:
        return ABSENT
    result = subprocess.run([qpdf, "--check", str(pdf)], capture_output=True, check=False)  # noqa: S603  a found program
    return {0: PASSES, QPDF_WARNED: "warns"}.get(result.returncode, "finds errors")


def _rows_found(pdf: Path, wanted: set[str]) -> int | None:
    pdftotext = shutil.which("pdftotext")
    if pdftotext is None:
        return None
    result = subprocess.run([pdftotext, "-q", str(pdf), "-"], capture_output=True, check=False)  # noqa: S603  likewise
    return len(wanted & set(NPI.findall(result.stdout.decode("utf-8", "replace"))))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(judge(Path(sys.argv[1]), Path(sys.argv[2])))))
