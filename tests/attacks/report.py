"""Shows the whole corpus to the verifier and writes down how much of it was caught.

python -m attacks.report bench/results/attacks.md      (with tests/ on the path)
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from attacks.corpus import FAMILIES, Caught, attempt, variants
from attacks.outsiders import states
from signed_files import NOW, keys
from signing.verify import verify_pdf

HEADINGS = (
    "family",
    "variants",
    "caught alone",
    "genuine by itself",
    "caught with the record",
    "another digest",
    "missed",
)


def row(family: str, found: Sequence[Caught]) -> tuple[str, ...]:
    """One line of the table."""
    counts = (
        len(found),
        sum(one.alone for one in found),
        sum(one.variant.genuine and not one.alone for one in found),
        sum(one.recorded for one in found),
        sum(one.digest for one in found),
        sum(one.missed for one in found),
    )
    return (family, *(f"{count:,}" for count in counts))


def table() -> tuple[str, bool]:
    """The report, and whether everything was caught and every clean file passed."""
    everything = {family: [attempt(one) for one in variants(family)] for family in FAMILIES}
    rows = [row(family, found) for family, found in everything.items()]
    total = [one for found in everything.values() for one in found]
    rows.append(row("**all**", total))
    clean = [verify_pdf(pdf, keys().trust, now=NOW).passed for pdf in states().values()]
    lines = [
        "# Attacks on signed files: what the verifier caught",
        "",
        "Made from one Data Use Agreement of our own, in every state from sealed to closed, by `make attacks`. *Alone*: the file",
        "by itself does not pass. *Genuine by itself*: nothing in it is false (an older revision, or other people who signed by",
        "right), so that only the record of the service can tell; it always does. *Missed* must be 0.",
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|---|{'---:|' * (len(HEADINGS) - 1)}",
        *(f"| {' | '.join(one)} |" for one in rows),
        "",
        f"Clean files: {sum(clean)} of {len(clean)} passed.",
        "",
    ]
    return "\n".join(lines), all(clean) and not any(one.missed for one in total)


def main() -> None:
    """Write the report; exit 1 when something came through."""
    logging.disable(logging.CRITICAL)
    text, whole = table()
    Path(sys.argv[1]).write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    sys.exit(0 if whole else 1)


if __name__ == "__main__":
    main()
