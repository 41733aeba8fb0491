"""One run of one engine at one task: `python -m listing.work ENGINE TASK FOLDER ROWS`. The whole process is what is measured."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from rendering.draw import UNAVAILABLE


def main(engine: str, task: str, folder: str, rows: str) -> int:
    """Load the engine and work. Losing rows would make an engine quick: it must have had all of them."""
    try:
        module = importlib.import_module(f"listing.engines.{engine}")
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return UNAVAILABLE
    had = getattr(module, task)(Path(folder))
    if had != int(rows):
        sys.stderr.write(f"{had} rows instead of {rows}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
