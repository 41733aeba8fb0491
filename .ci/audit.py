"""Are there known vulnerabilities in what is locked? `make audit` asks the advisory database, and says so when it cannot.

Exit 0: nothing is known of any package. 1: something is known. 2: it could not be asked, so that nobody knows either way.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCKS = ("runtime", "scaled", "dev")


def main() -> int:
    """Ask about each lock file."""
    worst = 0
    for name in LOCKS:
        told, code = _ask(Path("requirements") / f"{name}.lock")
        sys.stdout.write(f"{name}.lock: {told}\n")
        worst = code if worst == 0 or code == 1 else worst
    return worst


def _ask(lock: Path) -> tuple[str, int]:
    """What is known of a lock file, and the exit code for it."""
    asked = [
        "--requirement",
        str(lock),
        "--require-hashes",
        "--disable-pip",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    done = subprocess.run(  # noqa: S603  our own environment's program
        [sys.executable, "-m", "pip_audit", *asked], capture_output=True, text=True, check=False, timeout=600
    )
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        return f"NOT CHECKED, the advisory database cannot be asked from here ({reason})", 2
    unknown = [one["name"] for one in found if "skip_reason" in one]
    known = [f"{one['name']} {one['version']}: {bad['id']}" for one in found for bad in one.get("vulns", [])]
    if known:
        return "\n  ".join([f"{len(known)} known vulnerabilities", *known]), 1
    if len(unknown) == len(found):
        return "NOT CHECKED, the advisory database cannot be asked from here (it knows none of these packages)", 2
    if unknown:
        return f"nothing known of {len(found) - len(unknown)} packages; NOT CHECKED: {', '.join(unknown)}", 2
    return f"nothing known of {len(found)} packages", 0


if __name__ == "__main__":
    sys.exit(main())
