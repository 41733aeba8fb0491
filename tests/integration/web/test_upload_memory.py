"""Hostile uploads up to the largest size that a request may have: refused in seconds, within bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MOST_GROWTH = 150
"""Megabytes by which the process may grow while it answers."""
MOST_SECONDS = 30
TESTS = Path(__file__).parents[2]


@pytest.mark.requirement("E10", "E13", "R68")
def test_no_hostile_upload_makes_the_service_grow(tmp_path: Path) -> None:
    """Bombs, endless lines, directories without end, a fault in every cell: whole requests, in a process of their own."""
    if sys.platform != "linux":
        pytest.skip("peaks of memory are read from Linux's /proc")
    command = (sys.executable, "-m", "hostile_uploads")
    subprocess.run([*command, "make", str(tmp_path)], cwd=TESTS, check=True)
    answer = subprocess.run([*command, "take", str(tmp_path)], cwd=TESTS, check=True, capture_output=True, text=True)
    told = json.loads(answer.stdout.splitlines()[-1])

    assert len(told) > 10
    assert {
        name: one for name, one in told.items() if one["grown"] > MOST_GROWTH or one["seconds"] > MOST_SECONDS
    } == {}
    assert {one["status"] for name, one in told.items() if not name.endswith("/findings")} == {422}
