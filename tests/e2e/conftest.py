"""`pytest tests/e2e --screens DIR` keeps a picture of every page that the browser walks through."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option; without it the pictures go to the test's own folder."""
    parser.addoption("--screens", type=Path, default=None, help="Folder for pictures of the pages.")
