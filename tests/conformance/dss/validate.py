"""EU DSS on everything that the service signs: ETSI EN 319 102-1 validation and the levels of EN 319 142-1, off line.

Fetched and built by Maven. Where there is no Maven or no Java, or DSS cannot be fetched, the program says what was not
checked and exits with 0: nothing was found wrong, and nothing is claimed to be right. Otherwise 0 means that DSS said of
every file what it should.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE.parents[1]))

from conformance.dss.material import BROKEN, CLOSED, JUDGED_AT, OPEN, revisions, root, wrong  # noqa: E402  once the path is set

BUILD = ROOT / "build" / "conformance" / "dss"
JARS, CLASSES = BUILD / "jars", BUILD / "classes"
CHECKS = "validity, trust and level of every signature and time-stamp in every revision of finished packets"
FAULT = "FAULT "


def main() -> int:
    """Fetch, make, judge, tell; the exit status."""
    if (reason := _fetch()) is not None:
        _say(f"EU DSS did not run: {reason}. Not checked with it: {CHECKS}.")
        return 0
    with tempfile.TemporaryDirectory(prefix="esm-dss-") as scratch:
        folder = Path(scratch)
        count = _keep(folder, [*revisions(), *wrong()])
        told = _judge(folder)
    faults = [line for line in told if line.startswith(FAULT)]
    if sum(line.startswith(("ok ", FAULT)) for line in told) != count:
        faults.append(f"{FAULT}not every file was judged: {told[-1] if told else 'nothing was said'}")
    for line in faults:
        _say(line)
    _say(f"EU DSS: {count} files, {len(faults)} faults")
    return 1 if faults else 0


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def _fetch() -> str | None:
    """Put DSS and the judge into the build folder; why that is not possible, or None."""
    for program in ("java", "javac", "mvn"):
        if shutil.which(program) is None:
            return f"there is no {program} on the PATH"
    if not any(JARS.glob("dss-pades-pdfbox-*.jar")):
        done = _run(
            "mvn", "-q", "-B", "-f", HERE / "pom.xml", "dependency:copy-dependencies", f"-DoutputDirectory={JARS}"
        )
        if done.returncode != 0:
            shutil.rmtree(JARS, ignore_errors=True)
            told = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
            return f"Maven could not fetch it ({told[0] if told else 'no reason given'})"
    done = _run("javac", "-cp", f"{JARS}/*", "-d", CLASSES, HERE / "Judge.java")
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return None


def _keep(folder: Path, made: Iterable[tuple[str, str, bytes]]) -> int:
    """Write the files by their state, and the root; how many files."""
    for state in (OPEN, CLOSED, BROKEN):
        (folder / state).mkdir()
    (folder / "root.pem").write_bytes(root())
    count = 0
    for state, name, content in made:
        (folder / state / f"{name}.pdf").write_bytes(content)
        count += 1
    return count


def _judge(folder: Path) -> list[str]:
    """What the judge says, a line for each file."""
    moment = str(int(JUDGED_AT.timestamp()))
    done = _run("java", "-cp", f"{JARS}/*:{CLASSES}", "Judge", folder / "root.pem", folder, moment)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(one) for one in command], capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
