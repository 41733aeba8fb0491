"""Who takes part, what each can do, and what it is told to do."""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = ("B-B", "B-LTA")
"""A bare signature; and one with time-stamp, validation data and a closing document time-stamp."""

OURS = "ours"


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to sign.

    Attributes:
        key: its name on the command line.
        label: its name in tables.
        runs: `warm` when one process signs again and again, `cold` when each signature is a whole process.
        needs: what must be on the machine, for those who do without.
        cannot: levels that it has no way to make, with the reason.
    """

    key: str
    label: str
    runs: str
    needs: str
    cannot: tuple[tuple[str, str], ...] = ()

    def excuse(self, level: str) -> str:
        """Why it cannot make a level; empty when it can."""
        return dict(self.cannot).get(level, "")


ENGINES = (
    Engine(OURS, "esm-packets", "warm", "this package"),
    Engine("service", "esm-packets, one-time key", "warm", "this package", (("B-B", "never makes less than B-LT"),)),
    Engine("stock", "pyHanko, stock API", "warm", "pyHanko"),
    Engine("cli", "pyHanko, command line", "cold", "pyhanko-cli"),
    Engine("libpdf", "@libpdf/core", "warm", "Node.js"),
    Engine("signpdf", "@signpdf", "warm", "Node.js", (("B-LTA", "has no time-stamps"),)),
    Engine("podofo", "podofosign", "cold", "Debian's libpodofo-utils", (("B-LTA", "has no time-stamps"),)),
    Engine(
        "pdfbox",
        "PDFBox",
        "warm",
        "javac, Debian's libpdfbox2-java and libbcpkix-java",
        (("B-LTA", "leaves time-stamps to the caller"),),
    ),
)
