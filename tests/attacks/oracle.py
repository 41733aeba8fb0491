"""What a file that passes must be, seen without any rule of ours: it looks, acts and is signed as the file that it was made of.

Pages are drawn by poppler and by PDFium, actions are looked for in what qpdf reads, and signers are those that poppler names.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pypdfium2

from attacks.mutants import Mutant
from attacks.subjects import both_trusted
from signed_files import NOW, keys
from signing.verify import verify_pdf

DOTS, SCALE = "36", 0.5
ACTIVE = frozenset(
    {
        "/A",
        "/AA",
        "/OpenAction",
        "/JS",
        "/JavaScript",
        "/Launch",
        "/URI",
        "/SubmitForm",
        "/EmbeddedFiles",
        "/RichMedia",
        "/XFA",
    }
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a mutant.

    Attributes:
        alone: it passed where only our root is trusted.
        helped: it passed where an authority that stamps for anybody is trusted too.
        differences: how it differs from what it was made of, if it passed.
    """

    mutant: Mutant
    alone: bool
    helped: bool
    differences: tuple[str, ...]

    @property
    def missed(self) -> bool:
        """Whether something false came through."""
        return bool(self.differences)


@dataclass(frozen=True, slots=True)
class Appearance:
    """A file as others read it."""

    poppler: str
    pdfium: str
    active: tuple[tuple[str, int], ...]
    signers: tuple[tuple[str, str], ...]


def judge(mutant: Mutant) -> Judged:
    """Show a mutant to the verifier, under both settings of trust; look at it if it passes."""
    alone = verify_pdf(mutant.pdf, keys().trust, now=NOW).passed
    helped = verify_pdf(mutant.pdf, both_trusted(), now=NOW).passed
    return Judged(mutant, alone, helped, differences(mutant) if alone or helped else ())


def differences(mutant: Mutant) -> tuple[str, ...]:
    """In what a mutant differs from what it was made of."""
    mine, theirs = look(mutant.pdf), look(mutant.base)
    return tuple(name for name in Appearance.__slots__ if getattr(mine, name) != getattr(theirs, name))


@lru_cache(64)
def look(pdf: bytes) -> Appearance:
    """A file as poppler, PDFium and qpdf read it."""
    with TemporaryDirectory(prefix="esm-mutant-") as folder:
        file = Path(folder) / "file.pdf"
        file.write_bytes(pdf)
        command = ["pdftoppm", "-r", DOTS, str(file), str(Path(folder) / "page")]
        subprocess.run(command, check=True, capture_output=True)
        drawn = b"".join(one.read_bytes() for one in sorted(Path(folder).glob("page*.ppm")))
        assert drawn
        return Appearance(hashlib.sha256(drawn).hexdigest(), _drawn_by_pdfium(pdf), _active(file), _signers(file))


def _drawn_by_pdfium(pdf: bytes) -> str:
    digest = hashlib.sha256()
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    for page in document:
        digest.update(bytes(page.render(scale=SCALE, may_draw_forms=True).buffer))
        page.close()
    document.close()
    return digest.hexdigest()


def _active(file: Path) -> tuple[tuple[str, int], ...]:
    """How often each key of an action, a script or an attachment stands in any object that qpdf finds."""
    answer = subprocess.run(["qpdf", "--json=2", "--json-key=qpdf", str(file)], check=False, capture_output=True)
    return tuple(sorted(Counter(key for key in _keys(json.loads(answer.stdout)) if key in ACTIVE).items()))


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inside in value.items():
            yield key
            yield from _keys(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _keys(inside)


def _signers(file: Path) -> tuple[tuple[str, str], ...]:
    """Field and name of everybody who signed, by poppler; time-stamps are left out."""
    answer = subprocess.run(["pdfsig", "-nocert", str(file)], check=False, capture_output=True, text=True)
    found: list[list[str]] = []
    for block in re.split(r"Signature #\d+:", answer.stdout)[1:]:
        if "Signature Type: unknown" in block and "Signature Field Name: Archive_" in block:
            continue
        name, field = (
            (re.findall(rf"{what}: (.*)", block) or [""])[0]
            for what in ("Signer Certificate Common Name", "Signature Field Name")
        )
        found.append([field, name])
    return tuple((field, name) for field, name in sorted(found))
