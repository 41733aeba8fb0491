"""veraPDF on everything that the service makes: PDF/A-2a (ISO 19005-2) and PDF/UA-1 (ISO 14289-1).

Fetched by Maven. Where there is no Maven or no Java, or veraPDF cannot be fetched, the program says what was not checked
and exits with 0: nothing was found wrong, and nothing is claimed to be right. Otherwise 0 means that every file passed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE.parents[1]))

from conformance.verapdf.material import revisions, unsigned, wrong  # noqa: E402  found once the path is set

JARS = ROOT / "build" / "conformance" / "verapdf"
PROFILES = {"2a": "PDF/A-2a", "ua1": "PDF/UA-1"}
CHECKS = "every document type in every variant of its data, and every revision of finished packets"


def main() -> int:
    """Fetch, make, judge, tell; the exit status."""
    if (reason := _fetch()) is not None:
        _say(f"veraPDF did not run: {reason}. Not checked with it: {', '.join(PROFILES.values())} of {CHECKS}.")
        return 0
    with tempfile.TemporaryDirectory(prefix="esm-verapdf-") as scratch:
        right = _keep(Path(scratch, "right"), [*unsigned(), *revisions()])
        spoilt = _keep(Path(scratch, "wrong"), wrong())
        faults = [fault for profile in PROFILES for fault in _judge(profile, right, spoilt)]
    for fault in faults:
        _say(fault)
    _say(f"veraPDF: {len(right)} files, {len(PROFILES)} profiles, {len(faults)} faults")
    return 1 if faults else 0


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def _fetch() -> str | None:
    """Put veraPDF into the build folder; why that is not possible, or None."""
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            return f"there is no {program} on the PATH"
    if any(JARS.glob("greenfield-apps-*.jar")):
        return None
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={JARS}"]
    done = subprocess.run(
        ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), *goal], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return None
    shutil.rmtree(JARS, ignore_errors=True)
    told = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
    return f"Maven could not fetch it ({told[0] if told else 'no reason given'})"


def _keep(folder: Path, made: Iterable[tuple[str, bytes]]) -> dict[Path, str]:
    """Write the files; their names by their paths."""
    folder.mkdir()
    kept = {}
    for number, (name, content) in enumerate(made, 1):
        path = folder / f"{number:03}.pdf"
        path.write_bytes(content)
        kept[path] = name
    return kept


def _judge(profile: str, right: Mapping[Path, str], spoilt: Mapping[Path, str]) -> list[str]:
    """What is not as it should be: files that fail, files without a judgement, wrong files that pass."""
    words = PROFILES[profile]
    passed, reasons = _ask(profile, [*right, *spoilt])
    faults = []
    for path, name in right.items():
        if path not in passed:
            faults.append(f"{words} does not pass {name}: {reasons.get(path, 'no judgement')}")
    for path, name in spoilt.items():
        if path not in reasons:
            faults.append(f"{words} finds nothing wrong with a file {name}")
    return faults


def _ask(profile: str, paths: Iterable[Path]) -> tuple[set[Path], dict[Path, str]]:
    """The files that pass, and for those that fail the rules that they break."""
    program = ["java", "-cp", f"{JARS}/*", "org.verapdf.apps.GreenfieldCliWrapper"]
    options = ["--flavour", profile, "--format", "text", "--verbose"]
    done = subprocess.run([*program, *options, *map(str, paths)], capture_output=True, text=True, check=False)
    passed: set[Path] = set()
    failed: dict[Path, str] = {}
    last: Path | None = None
    for line in done.stdout.splitlines():
        verdict, _, rest = line.strip().partition(" ")
        path = Path(rest.removesuffix(f" {profile}"))
        if verdict == "PASS":
            passed.add(path)
        elif verdict == "FAIL" and path.suffix == ".pdf":
            failed[path], last = "rules", path
        elif last is not None and line.strip():
            failed[last] += " " + line.strip()
    return passed, failed


if __name__ == "__main__":
    sys.exit(main())
