"""One run of one engine: `python -m rendering.draw ENGINE MATERIAL TARGET`. The whole process is what is measured."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from rendering.material import read_material

UNAVAILABLE = 69
"""Exit code when the engine, or a system library that it needs, is not on this machine (EX_UNAVAILABLE of sysexits.h)."""


def main(engine: str, material: str, target: str) -> int:
    """Load the engine and draw.

    A package that is missing is an `ImportError`; a shared library that cannot be loaded is an `OSError`.
    """
    try:
        module = importlib.import_module(f"rendering.engines.{engine}")
    except (ImportError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return UNAVAILABLE
    module.draw(read_material(Path(material)), Path(target))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
