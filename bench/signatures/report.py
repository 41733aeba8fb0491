"""From results to a page and a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from signatures.lineup import ENGINES, LEVELS, OURS
from signatures.race import Result, middle

HEAD = ("Engine", "Runs", "p50 ms", "p95 ms", "Peak MB", "Added KB", "pdfsig", "pyHanko", "PAdES baseline rules")
PEERS = ("#c9b458", "#b08900", "#9a9fa6", "#c2410c", "#e08a5b", "#2f855a", "#7fb89a", "#5f6670")
INTRODUCTION = """# Signing: what it takes

One signature into a file that has none, with one RSA key of 3,072 bits for everybody (node-forge, below @signpdf, knows no
elliptic curves) and one time-stamp authority over HTTP. *Warm*: one process signs again and again, as a server does; *cold*: a
whole process for each signature, as a command line does. B-B is a bare signature; B-LTA has a time-stamp, validation data and a
closing document time-stamp. `esm-packets, one-time key` is the service as it is: a certification with its own P-256 key.

Two of the rules are about the newest document time-stamp: it covers the whole file, and its validation data stands before it.
pyHanko and @libpdf/core write that data in a revision after it, which the standard allows; ours writes it before.

Time of signing is no measure of what a signature is worth: the last three columns are. The judges' opinions are of the last
file of each race; the rules are those of EN 319 142-1 as `tests/pades_baseline.py` reads them, at the level that was asked for.
"""


def write_page(results: Sequence[Result], facts: Mapping[str, str]) -> str:
    """The page, Markdown."""
    lines = [INTRODUCTION, *(f"- {name}: {value}" for name, value in facts.items())]
    for file in dict.fromkeys(one.file for one in results):
        for level in LEVELS:
            group = [one for one in results if (one.file, one.level) == (file, level)]
            lines += ["", f"## {file}, {level}", "", *table(group)]
    lines += ["", "![Milliseconds a signature](sign.png)", ""]
    return "\n".join(lines)


def table(group: Sequence[Result]) -> Iterator[str]:
    """Engines from the quickest to the slowest, then those without figures."""
    yield f"| {' | '.join(HEAD)} |"
    yield "|---|---|---:|---:|---:|---:|---|---|---|"
    for one in sorted(group, key=lambda each: (bool(each.excuse), middle(each.took) if each.took else 0)):
        yield f"| {' | '.join(_row(one))} |"


def _row(one: Result) -> tuple[str, ...]:
    label = f"**{one.engine.label}**" if one.engine.key in {OURS, "service"} else one.engine.label
    if one.excuse:
        return (label, one.engine.runs, "–", "–", "–", "–", one.excuse.replace("|", "/"), "", "")
    figures = (middle(one.took), middle(one.took, 0.95), one.peak / 1e6, one.grown / 1e3)
    return (label, one.engine.runs, *(f"{value:,.1f}" for value in figures), *one.verdict.values())


def draw_chart(results: Sequence[Result], target: Path) -> None:
    """Milliseconds of each engine, a panel for each level, PNG; engines without figures have no bar."""
    import matplotlib as mpl  # type: ignore[import-not-found, unused-ignore]  # in the environment of the benchmarks only

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # type: ignore[import-not-found, unused-ignore]  # likewise

    files = list(dict.fromkeys(one.file for one in results))
    figure, axes = plt.subplots(1, len(LEVELS), figsize=(11, 4.8), layout="constrained")
    for axis, level in zip(axes, LEVELS, strict=True):
        for place, engine in enumerate(ENGINES):
            found = {one.file: one for one in results if (one.engine, one.level) == (engine, level) and one.took}
            heights = [middle(found[name].took) if name in found else 0 for name in files]
            ours = engine.key in {OURS, "service"}
            colour = ("#173b6b", "#4a78b5")[engine.key == "service"] if ours else PEERS[place % len(PEERS)]
            spots = [index + (place - len(ENGINES) / 2) * 0.1 for index in range(len(files))]
            bars = axis.bar(spots, heights, 0.095, label=engine.label, color=colour)
            axis.bar_label(bars, [f"{one:.0f}" if one else "" for one in heights], fontsize=6, padding=1)
        axis.set(yscale="log", ylabel="ms, median", ylim=(1, 10_000))
        axis.yaxis.set_minor_formatter(lambda _value, _place: "")
        axis.set_xticks(range(len(files)), files)
        axis.set_title(level, loc="left", fontsize=11, fontweight="bold")
        axis.spines[["top", "right"]].set_visible(False)
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.savefig(target, dpi=130)
    plt.close(figure)
