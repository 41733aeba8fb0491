"""What the figures were measured on: a figure without its machine says nothing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packets.clock import system_clock
from rendering.lineup import Engine

ABSENT = "not on this machine"


def machine_facts() -> dict[str, str]:
    """Processors, memory, kernel and Python of this machine, and the day."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": f"{os.cpu_count()} × {_processor()}",
        "memory": f"{memory / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "qpdf": _qpdf(),
        "date": f"{system_clock():%Y-%m-%d}",
    }


def load() -> str:
    """The load average of the last minute: how many processes wanted a processor."""
    return f"{os.getloadavg()[0]:.1f}"


def versions(engines: Iterable[Engine]) -> dict[str, str]:
    """The version of each engine and of the validator."""
    packages = {engine.label: engine.package for engine in engines}
    return {label: _version(package) for label, package in {**packages, "page-validation": "page-validation"}.items()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ABSENT


def _processor() -> str:
    """The model that Linux names; what the architecture is called elsewhere."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text("utf-8").splitlines() if facts.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _qpdf() -> str:
    program = shutil.which("qpdf")
    if program is None:
        return ABSENT
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)  # noqa: S603  a found program
    return said.stdout.split("\n", 1)[0].removeprefix("qpdf version ")
