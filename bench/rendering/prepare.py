"""Write the material of a size: `python -m rendering.prepare ROWS FILE`.

A process of its own, so that the runner, whose peak memory its children would inherit, stays small.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rendering.material import Material, make_rows

from packets.catalog import load_catalog
from packets.render import styles
from packets.render.fonts import CUTS, ensure_fonts
from packets.sample.names import FAMILY_NAMES, GIVEN_NAMES

KIND = "provider-supplier-list"
NAME_IN_FACE = 1
"""Name ID 1 of a TrueType font: the family."""


def make_material(count: int) -> Material:
    """The roster with so many rows, in the columns, the face and the sizes that the service's own documents have."""
    document_type = load_catalog()[KIND]
    columns = document_type.rosters[0].columns
    unit = styles.TEXT_WIDTH / sum(column.width for column in columns)
    folder = ensure_fonts().folder
    return Material(
        title=document_type.title,
        labels=[column.label for column in columns],
        widths=[column.width * unit for column in columns],
        rows=make_rows(count, GIVEN_NAMES, FAMILY_NAMES),
        face=str(folder / f"{CUTS['narrow'].name}.ttf"),
        bold=str(folder / f"{CUTS['narrow-bold'].name}.ttf"),
        family=CUTS["narrow"].name,
        size=styles.ROSTER_CELL.size,
        leading=styles.ROSTER_CELL.leading,
        margin=styles.MARGIN_LEFT,
    )


if __name__ == "__main__":
    make_material(int(sys.argv[1])).write(Path(sys.argv[2]))
