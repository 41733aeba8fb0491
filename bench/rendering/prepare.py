"""Write the material of a size: `python -m rendering.prepare ROWS FILE`.

A process of its own, so that the runner, whose peak memory its children would inherit, stays small.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from packets.documents.catalog import load_catalog
from packets.render import styles
from packets.render.font_cutting import CUTS
from packets.render.fonts import ensure_fonts
from packets.sample.names import FAMILY_NAMES, GIVEN_NAMES
from rendering.material import Material, make_rows

KIND = "provider-supplier-list"


def make_material(count: int, folder: Path) -> Material:
    """The roster with so many rows, in the columns, the face and the sizes that the service's own documents have.

    Args:
        count: how many rows.
        folder: where the two faces are put, for engines that read every font of a folder.
    """
    document_type = load_catalog()[KIND]
    columns = document_type.rosters[0].columns
    unit = styles.TEXT_WIDTH / sum(column.width for column in columns)
    face, bold = (_copy_face(name, folder) for name in ("narrow", "narrow-bold"))
    return Material(
        title=document_type.title,
        labels=[column.label for column in columns],
        widths=[column.width * unit for column in columns],
        rows=make_rows(count, GIVEN_NAMES, FAMILY_NAMES),
        face=face,
        bold=bold,
        size=styles.ROSTER_CELL.size,
        leading=styles.ROSTER_CELL.leading,
        margin=styles.MARGIN_LEFT,
    )


def _copy_face(name: str, folder: Path) -> str:
    face = ensure_fonts().folder / f"{CUTS[name].name}.ttf"
    return str(shutil.copy(face, folder / face.name))


def main(count: str, target: str) -> None:
    """Write the material beside a folder with its faces."""
    folder = Path(target).parent / "faces"
    folder.mkdir(exist_ok=True)
    make_material(int(count), folder).write(Path(target))


if __name__ == "__main__":
    main(*sys.argv[1:])
