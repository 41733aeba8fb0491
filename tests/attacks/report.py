"""Shows the whole corpus to the verifier and writes down how much of it was caught.

python -m attacks.report bench/results/attacks.md      (with tests/ on the path)
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from attacks.corpus import FAMILIES, Caught, attempt, variants
from attacks.mutants import MAKERS, mutate
from attacks.oracle import Judged, judge
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
MUTANT_HEADINGS = (
    "family",
    "mutants",
    "pass, our root alone",
    "pass, with a public authority",
    "pass and differ",
)
MUTANTS, SEED = 30, 20261201


def mutant_row(family: str, judged: Sequence[Judged]) -> tuple[str, ...]:
    """One line of the table of mutants."""
    counts = (
        len(judged),
        sum(one.alone for one in judged),
        sum(one.helped for one in judged),
        sum(one.missed for one in judged),
    )
    return (family, *(f"{count:,}" for count in counts))


def mutant_table() -> tuple[list[str], bool]:
    """The mutants by family under both settings of trust, and whether none passes and differs."""
    everything: dict[str, list[Judged]] = {}
    for family in MAKERS:
        mutants = [mutate(seed, family) for seed in range(SEED, SEED + MUTANTS)]
        everything[family] = [judge(one) for one in mutants if one is not None]
    total = [one for judged in everything.values() for one in judged]
    rows = [mutant_row(family, judged) for family, judged in everything.items()]
    lines = [
        "## Random mutants, under two settings of trust",
        "",
        "Documents of every type, open, half signed and executed, changed at random. *Our root alone*: no time-stamp of another",
        "authority is believed. *With a public authority*: one is trusted that stamps whatever anybody sends, and the attacker",
        "uses it. Whatever passes is drawn by poppler and by PDFium, searched for actions by qpdf, and its signers are named by",
        "poppler: *pass and differ* counts where one of them sees another document, and must be 0. What passes are renewals and",
        "encodings that `docs/signatures.md` names.",
        "",
        f"| {' | '.join(MUTANT_HEADINGS)} |",
        f"|---|{'---:|' * (len(MUTANT_HEADINGS) - 1)}",
        *(f"| {' | '.join(one)} |" for one in [*rows, mutant_row("**all**", total)]),
        "",
    ]
    return lines, not any(one.missed for one in total)


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
    mutant_lines, none_missed = mutant_table()
    whole = all(clean) and none_missed and not any(one.missed for one in total)
    return "\n".join([*lines, *mutant_lines]), whole


def main() -> None:
    """Write the report; exit 1 when something came through."""
    logging.disable(logging.CRITICAL)
    text, whole = table()
    Path(sys.argv[1]).write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    sys.exit(0 if whole else 1)


if __name__ == "__main__":
    main()
