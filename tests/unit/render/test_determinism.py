"""The same template and the same data make the same bytes, on any machine and any day (DESIGN 3)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from packets.model.documents import DocumentType
from packets.render.document import render_document
from packets.render.stamp import render_stamp

PROGRAM = """
import hashlib
from packets.documents.catalog import load_catalog
from packets.render.document import render_document
from packets.render.stamp import render_stamp
for document_type in load_catalog().values():
    print(hashlib.sha256(render_document(document_type, document_type.sample).pdf).hexdigest())
print(hashlib.sha256(render_stamp(["Ann", "Signed"])).hexdigest())
"""


def _digests(folder: Path, **environment: str) -> str:
    """What a process of its own makes, in a home and a folder of its own."""
    folder.mkdir()
    root = Path(__file__).parents[3]
    settings = {"PATH": os.defpath, "HOME": str(folder), "PYTHONPATH": str(root), **environment}
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.run(command, env=settings, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_two_processes_make_the_same_bytes(tmp_path: Path) -> None:
    """Hash seed, time zone, locale, date epoch and a user's ReportLab settings leave no trace."""
    one = _digests(tmp_path / "one", PYTHONHASHSEED="0", TZ="UTC", LANG="C.UTF-8")
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "local_reportlab_settings.py").write_text(
        "pdfMultiLine = 1\ninvariant = 0\nttfAsciiReadable = 0\n"
    )
    root = Path(__file__).parents[3]
    two = _digests(
        tmp_path / "two",
        PYTHONHASHSEED="1",
        TZ="Asia/Kathmandu",
        LANG="tr_TR.UTF-8",
        SOURCE_DATE_EPOCH="1234567890",
        PYTHONPATH=f"{tmp_path / 'settings'}{os.pathsep}{root}",
    )
    assert len(one.split()) >= 2
    assert one == two


def test_rendering_twice_in_one_process_makes_the_same_bytes(everything: DocumentType, facts: dict[str, Any]) -> None:
    """Nothing of an earlier document is left in the faces."""
    first = render_document(everything, facts).pdf
    render_stamp(["Zoë Ångström", "Елена"])
    assert render_document(everything, facts).pdf == first


def test_another_fact_makes_other_bytes(everything: DocumentType, facts: dict[str, Any]) -> None:
    """The digest of the data is in the document: no change goes unseen."""
    first = render_document(everything, facts).pdf
    facts["aco"]["name"] = "Another name"
    assert render_document(everything, facts).pdf != first
