"""Build what a release consists of, from what is committed and in a clean place: `make dist` calls it.

Into the folder go the sdist, the wheel that is built from it, both with the document fonts and the look of the pages, the
versions that it was tried with (`constraints.txt`), the same with digests (`requirements.txt`), the bill of materials and
the digests of all of them (`SHA256SUMS`). Two runs on one commit give the same bytes. Usage: dist.py [FOLDER]
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EXTRAS = "pkcs11,postgres,queue,s3"
NEEDED = (
    "packets/render/font_files/set.json",
    "web/look/files/uswds/dist/css/uswds.min.css",
    "web/look/files/uswds/LICENSE.md",
    "web/look/files/htmx/LICENSE",
    "web/build.json",
)
"""Without which a wheel is not the whole product."""

SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python 3.11.2 has no filters


def main(folder: Path) -> None:
    """Build everything beside each other, then put it in the place of what was built before."""
    if changed := _run("git", "status", "--porcelain").splitlines():
        sys.stderr.write(f"Only what is committed is built; {len(changed)} changed files are left out.\n")
    with tempfile.TemporaryDirectory(prefix="esm-dist-") as scratch:
        source, made = Path(scratch, "source"), Path(scratch, "made")
        made.mkdir()
        _run("git", "clone", "--quiet", str(ROOT), str(source))
        sdist = build(source, "sdist", made)
        with tarfile.open(sdist) as archive:
            archive.extractall(scratch, **SAFELY)  # noqa: S202  it was made a moment ago
        wheel = build(Path(scratch, sdist.name.removesuffix(".tar.gz")), "wheel", made, source)
        _require_whole(wheel)
        _write_pins(source, made, wheel, sdist)
        _run(sys.executable, ".ci/sbom.py", str(made), cwd=source)
        sums = [f"{_digest(path)}  {path.name}\n" for path in sorted(made.iterdir())]
        (made / "SHA256SUMS").write_text("".join(sums), "ascii")
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, folder)
    for path in sorted(folder.iterdir()):
        sys.stdout.write(f"{path.stat().st_size:>10,}  {path}\n")


def build(source: Path, target: str, made: Path, repository: Path | None = None) -> Path:
    """Build a wheel or an sdist with the time of the commit as that of every file."""
    time = _run("git", "log", "-1", "--format=%ct", cwd=repository or source).strip()
    command = (
        "env",
        f"SOURCE_DATE_EPOCH={time}",
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        target,
        "-d",
        str(made),
    )
    _run(*command, cwd=source)
    (path,) = made.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return path


def _require_whole(wheel: Path) -> None:
    """End with an error where the look could not be fetched or fonts could not be cut."""
    with zipfile.ZipFile(wheel) as archive:
        if missing := sorted({*NEEDED} - {*archive.namelist()}):
            sys.exit(
                f"The wheel lacks {', '.join(missing)}. Run `make setup` where there is a network, then build again."
            )


def _write_pins(source: Path, made: Path, wheel: Path, sdist: Path) -> None:
    """Write the versions of all packages, and the same with digests and the built files among them."""
    lock = (source / "requirements" / "wheel.lock").read_text("utf-8")
    pins = [line.removesuffix("\\").rstrip() for line in lock.splitlines() if re.match(r"[a-z0-9]", line)]
    (made / "constraints.txt").write_text("\n".join(pins) + "\n", "utf-8")
    hashes = " \\\n".join(f"    --hash=sha256:{_digest(path)}" for path in (wheel, sdist))
    version = wheel.name.split("-")[1]
    ours = f"--find-links .\nesm-packets[{EXTRAS}]=={version} \\\n{hashes}\n"
    (made / "requirements.txt").write_text(ours + lock, "utf-8")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _run(*command: str, cwd: Path = ROOT) -> str:
    """Run a program to its end, and pass its own words on only where it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603  our own commands
    if done.returncode:
        sys.stderr.write(done.stderr)
        sys.exit(f"{command[0]} ended with {done.returncode}; nothing was built.")
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1] if sys.argv[1:] else ROOT / "dist"))
