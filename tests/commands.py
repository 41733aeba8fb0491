"""`esm` as a process of its own, and what a person reads when it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ESM = (sys.executable, "-c", "from web.cli import main; main()")
PLAIN = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
"""Before a command: to root too, the modes of files mean then what they mean to everybody else."""


def run_esm(
    *arguments: str | Path, before: tuple[str, ...] = (), environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [*before, *ESM, *map(str, arguments)]
    settings = {**os.environ, **(environment or {})}  # noqa: TID251  the child's, with what a test adds
    return subprocess.run(command, capture_output=True, text=True, check=False, env=settings)


def only_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on stderr of a command that refused with exit code 1 and without a traceback."""
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines)) == (1, 1), done.stderr
    return lines[0]
