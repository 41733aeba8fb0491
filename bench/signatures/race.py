"""Running the engines, one file and level after the other, each engine in processes of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

from rendering.race import Outcome, Run, measure

from signatures.judge import judge
from signatures.lineup import LEVELS, Engine
from signatures.material import PASSPHRASE, file_of

HOME = Path(__file__).parents[1]
ENGINES = Path(__file__).parent / "engines"
NODE_MODULES = Path(__file__).parent
JARS = [
    Path("/usr/share/java") / f"{name}.jar"
    for name in ("pdfbox2", "fontbox2", "bcprov", "bcpkix", "bcutil", "commons-logging")
]
ROOT = Path(__file__).parents[2]
PYTHON_ENGINES = ("ours", "service", "stock")


@dataclass(slots=True)
class Result:
    """What came of an engine at a level on a file.

    Attributes:
        took: milliseconds of each signature.
        peak: most memory of the process, bytes.
        grown: bytes that the signature added.
        verdict: what the judges say.
        excuse: why there are no figures.
    """

    engine: Engine
    file: str
    level: str
    took: list[float] = field(default_factory=list)
    peak: int = 0
    grown: int = 0
    verdict: dict[str, str] = field(default_factory=dict)
    excuse: str = ""


@dataclass(frozen=True)
class Race:
    """What is raced and how.

    Attributes:
        folder: of the material.
        description: the file that tells engines of it.
        times: signatures that are counted, of a warm engine; a tenth of that, of a cold one.
        patience: seconds after which a process is ended.
        say: told of every result.
    """

    folder: Path
    description: Path
    times: int
    patience: float
    say: Callable[[str], None]

    def run(self, engines: Sequence[Engine], files: Sequence[str]) -> Iterator[Result]:
        """Every engine on every file at every level, engines in turn."""
        for name in files:
            for level in LEVELS:
                for engine in engines:
                    result = self._enter(engine, name, level)
                    self.say(f"{name:>10}  {level:<6} {engine.label:<28} {summary(result)}")
                    yield result

    def _enter(self, engine: Engine, name: str, level: str) -> Result:
        result = Result(engine, name, level, excuse=engine.excuse(level) or self._missing(engine))
        if result.excuse:
            return result
        source, out = file_of(self.folder, name), self.folder / f"{engine.key}.pdf"
        out.unlink(missing_ok=True)
        if engine.runs == "warm":
            self._run_warm(result, source, out)
        else:
            self._run_cold(result, source, out)
        if not result.excuse:
            result.grown = out.stat().st_size - source.stat().st_size
            result.verdict = judge(out, level, [self.folder / "root.pem", self.folder / "alone.pem"])
        return result

    def _run_warm(self, result: Result, source: Path, out: Path) -> None:
        times = self.folder / "times.json"
        run = measure(self._warm_command(result, source, out, times), self.patience, out)
        result.peak = run.peak
        result.excuse = _excuse(run)
        if not result.excuse:
            result.took = json.loads(times.read_text("utf-8"))

    def _run_cold(self, result: Result, source: Path, out: Path) -> None:
        for _ in range(max(self.times // 10, 2)):
            out.unlink(missing_ok=True)
            run = measure(self._cold_command(result, source, out), self.patience, out)
            result.peak = max(result.peak, run.peak)
            result.excuse = result.excuse or _excuse(run)
            result.took.append(run.wall * 1_000)

    def _warm_command(self, result: Result, source: Path, out: Path, times: Path) -> list[str]:
        """The engine's process under a shell, which keeps what it prints: the runner reads errors only."""
        given = [str(self.description), str(source), result.level, str(self.times), str(out)]
        key = result.engine.key
        if key in PYTHON_ENGINES:
            command = [sys.executable, "-m", f"signatures.engines.{key}", *given]
        elif key == "pdfbox":
            bundle = [str(self.folder / "key.p12"), PASSPHRASE, str(source), str(self.times), str(out)]
            command = ["java", "-cp", self._class_path, "PdfBox", *bundle]
        else:
            command = ["node", str(ENGINES / "peers.mjs"), key, *given]
        settings = [f"PYTHONPATH={HOME}:{ROOT / 'tests'}", f"ESM_BENCH_NODE={NODE_MODULES}"]
        return ["/bin/sh", "-c", 'target="$1"; shift; exec env "$@" > "$target"', "sh", str(times), *settings, *command]

    def _cold_command(self, result: Result, source: Path, out: Path) -> list[str]:
        folder = self.folder
        if result.engine.key == "podofo":
            keys = ["-cert", str(folder / "certificate.pem"), "-pkey", str(folder / "key.pem"), "-digest", "SHA256"]
            return ["podofosign", "-in", str(source), *keys, "-out", str(out)]
        stamped = []
        if result.level != "B-B":
            tsa = json.loads(self.description.read_text("utf-8"))["tsa"]
            trust = ["--trust", str(folder / "root.pem"), "--other-certs", str(folder / "chain.pem")]
            stamped = ["--timestamp-url", tsa, "--with-validation-info", *trust, "--use-pades-lta"]
        program = str(Path(sys.executable).with_name("pyhanko"))
        bundle = ["pkcs12", "--passfile", str(folder / "passphrase"), str(source), str(out), str(folder / "key.p12")]
        return [program, "sign", "addsig", "--field", "Signature", "--use-pades", *stamped, *bundle]

    @cached_property
    def _class_path(self) -> str:
        jars = [str(one) for one in JARS]
        subprocess.run(  # noqa: S603  our own program
            ["javac", "-cp", ":".join(jars), "-d", str(self.folder), str(ENGINES / "PdfBox.java")],  # noqa: S607  found before
            check=True,
        )
        return ":".join([*jars, str(self.folder)])

    @staticmethod
    def _missing(engine: Engine) -> str:
        there = {
            "cli": lambda: Path(sys.executable).with_name("pyhanko").exists(),
            "libpdf": lambda: bool(shutil.which("node")) and (NODE_MODULES / "node_modules/@libpdf").exists(),
            "signpdf": lambda: bool(shutil.which("node")) and (NODE_MODULES / "node_modules/@signpdf").exists(),
            "podofo": lambda: bool(shutil.which("podofosign")),
            "pdfbox": lambda: bool(shutil.which("javac")) and all(one.exists() for one in JARS),
        }.get(engine.key)
        return "" if there is None or there() else f"not on this machine: needs {engine.needs}"


def middle(values: Sequence[float], share: float = 0.5) -> float:
    """A percentile: the smallest value that so large a share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def summary(result: Result) -> str:
    """One result in a line."""
    if result.excuse:
        return result.excuse
    return f"{middle(result.took):8.1f} ms  p95 {middle(result.took, 0.95):8.1f} ms  {result.verdict}"


def as_data(result: Result) -> dict[str, object]:
    """A result as JSON types."""
    return asdict(result)


def _excuse(run: Run) -> str:
    return "" if run.outcome is Outcome.DONE else f"{run.outcome.value}: {run.words}"[:120]
