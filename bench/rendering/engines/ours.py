"""The service's own rendering: the whole certification of the provider/supplier list, not the roster alone."""

from __future__ import annotations

from pathlib import Path

from packets.documents.catalog import load_catalog
from packets.model.documents import FieldDictionaries
from packets.render.document import render_document
from rendering.material import Material

KIND = "provider-supplier-list"
FIELD = FieldDictionaries(b"<</Type/SV/Ff 1>>", b"<</Type/SigFieldLock/Action/All>>")
"""Seed value and lock of the signature field, as small as they may be."""


def draw(material: Material, target: Path) -> None:
    """Draw with `packets.render`: sample facts, the material's rows, the signature field in its place."""
    document_type = load_catalog()[KIND]
    rosters = {
        "providers": {"rows": material.rows, "excluded": []},
        "corrections": {"rows": [], "excluded": []},
    }
    data = {**document_type.sample, "rosters": rosters}
    fields = {slot.name: FIELD for slot in document_type.slots}
    target.write_bytes(render_document(document_type, data, fields).pdf)
