"""What people do first who have an installed `esm` and no repository: the whole product, tried command by command.

`python -m installed PROGRAM …` tries the program that these words start; `.ci/wheel` gives it one that was installed from the
wheel into an empty environment, with the words before it that make it somebody else's.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS = 600
START_SECONDS = 60.0
LEAST_SHEET = 400_000
"""Fewer bytes than the style sheet of the design system has."""


@dataclass(frozen=True, slots=True)
class Installation:
    """A program and the folder it is called in.

    Attributes:
        program: what starts `esm`.
        folder: an empty folder of whoever runs it.
    """

    program: tuple[str, ...]
    folder: Path

    def run(self, *arguments: str, expected: int = 0) -> str:
        """Run a command, and answer what it prints; a traceback is never what it should say."""
        done = subprocess.run(
            [*self.program, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        words = f"esm {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        assert done.returncode == expected, words
        assert "Traceback" not in done.stderr, words
        return done.stdout

    def demonstrate(self) -> None:
        """Do the main job on sample data; its hints name no Makefile, which is not here."""
        printed = self.run("demo", "--dir", "sample", "--acos", "2")
        assert "PASSED" in printed
        assert "serve --demo --dir sample" in printed
        assert "make " not in printed

    def verify(self) -> None:
        """Verify a signed file, which is good, and one with a changed byte, which is not."""
        trust = ("--trust", "sample/pki/trust.pem")
        document = next(path for path in self._list("sample/packets") if path.endswith(".pdf"))
        assert "PASSED" in self.run("verify", *trust, document)
        content = bytearray((self.folder / document).read_bytes())
        content[len(content) // 2] ^= 1
        (self.folder / "changed.pdf").write_bytes(content)
        self.run("verify", *trust, "changed.pdf", expected=1)

    def check_records(self) -> None:
        """Check stored bytes, records and log against each other."""
        assert "0 problems" in self.run("fsck", "--dir", "sample")

    def examine(self) -> None:
        """Ask the doctor, who finds nothing broken, and fonts and look as they should be."""
        findings = json.loads(self.run("doctor", "--dir", "sample", "--json"))["findings"]
        assert [finding for finding in findings if finding["state"] == "broken"] == []
        assert {finding["state"] for finding in findings if finding["part"] == "assets"} == {"good"}, findings

    def open_year(self) -> None:
        """Open a year from the product's own layouts."""
        year = str(time.localtime().tm_year + 1)
        self.run("year", "template", "--dir", "files", "--year", year, "--acos", "2")
        self.run("db", "upgrade", "--dir", "service")
        person = ("--given-name", "Pat", "--family-name", "Lee", "--title", "Analyst", "--email", "pat@cms.example")
        self.run("user", "add", "PL01", *person, "--cms-role", "cms-staff", "--dir", "service")
        files = [path for path in self._list("files") if not path.endswith("README.txt")]
        named = [word for path in files for word in (f"--{Path(path).stem}", path)]
        self.run("year", "open", year, *named, "--by", "PL01", "--dir", "service")

    def open_pages(self) -> None:
        """Serve the sample, and get the page to sign in with the style sheet that it links."""
        with self._serving("sample") as address:
            page = _get(f"{address}/sign-in").decode()
            assert "no style" not in page
            sheets = [_get(address + link) for link in re.findall(r'href="(/look/[^"]+\.css)"', page)]
        assert max(map(len, sheets)) > LEAST_SHEET

    @contextmanager
    def _serving(self, folder: str) -> Iterator[str]:
        command = [*self.program, "serve", "--demo", "--dir", folder, "--port", "0"]
        with subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield _address(process)
            finally:
                process.terminate()
                process.communicate(timeout=START_SECONDS)

    def _list(self, folder: str) -> list[str]:
        paths = sorted(path for path in (self.folder / folder).rglob("*") if path.is_file())
        return [path.relative_to(self.folder).as_posix() for path in paths]


def _address(process: subprocess.Popen[str]) -> str:
    """The address that a server says it listens on."""
    assert process.stderr is not None
    words = []
    for line in process.stderr:
        words.append(line)
        if named := re.search(r"Open (http://\S+?)/ in a browser", line):
            return named[1]
    raise AssertionError("".join(words))


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=START_SECONDS) as answer:  # noqa: S310  our own server
        content: bytes = answer.read()
        return content


WALK: tuple[Callable[[Installation], None], ...] = (
    Installation.demonstrate,
    Installation.verify,
    Installation.check_records,
    Installation.examine,
    Installation.open_pages,
    Installation.open_year,
)
"""What is tried, in this order: later steps look at what earlier ones made."""


def main(program: list[str], folder: Path) -> None:
    """Take the walk, and print each step with its time."""
    installation = Installation(tuple(program), folder)
    sys.stdout.write(installation.run("--version"))
    for step in WALK:
        began = time.perf_counter()
        step(installation)
        sys.stdout.write(f"  {time.perf_counter() - began:6.1f} s  {(step.__doc__ or '').splitlines()[0]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[2:], Path(sys.argv[1]))
