"""`pytest tests/e2e --screens DIR` keeps a picture of every page that the browser walks through."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option; without it none are taken."""
    parser.addoption("--screens", type=Path, default=None, help="Folder for pictures of the pages.")
