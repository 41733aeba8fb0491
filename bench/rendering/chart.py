"""The picture of the results: seconds and memory of each engine over the size of the roster, both axes logarithmic."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found, unused-ignore]  # in the environment of the benchmarks only

from rendering.lineup import ENGINES, OURS
from rendering.race import Entry
from rendering.report import by_size, number, spread

mpl.use("Agg")

COLOURS = dict(
    zip([engine.key for engine in ENGINES], ("#173b6b", "#9a9fa6", "#c2410c", "#2f855a", "#b08900"), strict=True)
)
MARKERS = dict(zip(COLOURS, "osD^v", strict=True))
PANELS = (("seconds", "Seconds, whole process"), ("peak_mb", "Peak memory, MB"))


def draw_chart(entries: Sequence[Entry], target: Path) -> None:
    """Write the picture, PNG; points that no run finished are missing from their line."""
    from matplotlib import pyplot as plt  # type: ignore[import-not-found, unused-ignore]  # likewise

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    sizes = list(by_size(entries))
    for one, (name, title) in zip(axes, PANELS, strict=True):
        _draw_panel(one, entries, name, sizes)
        one.set_title(title, loc="left", fontsize=11, fontweight="bold")
    lines, labels = axes[0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.savefig(target, dpi=130)
    plt.close(figure)


def _draw_panel(axis: Any, entries: Sequence[Entry], figure: str, sizes: Sequence[int]) -> None:
    for engine in dict.fromkeys(entry.engine for entry in entries):
        points = [
            (entry.rows, found) for entry in entries if entry.engine == engine and (found := spread(entry, figure))
        ]
        middles = [found.median for _, found in points]
        ours = engine.key == OURS
        axis.plot(
            [rows for rows, _ in points], middles, label=f"{engine.label}, {'un' * (not engine.tagged)}tagged",
            color=COLOURS[engine.key], marker=MARKERS[engine.key], linewidth=2.6 if ours else 1.6, zorder=3 if ours else 2,
        )  # fmt: skip
        if points:  # the largest only: the others are in the tables, and would lie on top of each other
            place = {"xytext": (8, -3), "textcoords": "offset points", "fontsize": 9, "color": COLOURS[engine.key]}
            axis.annotate(number(middles[-1]), (points[-1][0], middles[-1]), **place)
    axis.set(xscale="log", yscale="log", xlabel="Rows")
    axis.set_xticks(sizes, [f"{rows:,}" for rows in sizes])
    axis.minorticks_off()
    axis.margins(x=0.15, y=0.12)
    axis.grid(visible=True, color="#e3e6ea")
    axis.spines[["top", "right"]].set_visible(False)
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
