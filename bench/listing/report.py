"""From runs to a page and a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rendering.report import number, spread

from listing.lineup import OURS, TASKS
from listing.race import Entry

HEAD = ("Rows", "Engine", "Seconds", "CPU s", "Peak MB")
FIGURES = ("seconds", "cpu_seconds", "peak_mb")
NOTHING = "–"
COLOURS = {OURS: "#173b6b", "plain_csv": "#9a9fa6", "openpyxl_write_only": "#c2410c", "openpyxl_normal": "#b08900"}
MARKERS = dict(zip(COLOURS, "osD^", strict=True))
PANELS = (("seconds", "Seconds, whole process"), ("peak_mb", "Peak memory, MB"))


def record(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Everything that was measured, JSON types."""
    return [
        {**asdict(entry), **{name: asdict(found) if (found := spread(entry, name)) else None for name in FIGURES}}
        for entry in entries
    ]


def table(entries: Sequence[Entry], task: str) -> list[str]:
    """One task as a Markdown table."""
    rows = [HEAD, *(_cells(entry) for entry in entries if entry.engine.task == task)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def _cells(entry: Entry) -> tuple[str, ...]:
    label = f"**{entry.engine.label}**" if entry.engine.key == OURS else entry.engine.label
    if not entry.finished:
        ended = entry.stopped.outcome.value if entry.stopped else NOTHING
        return (f"{entry.rows:,}", label, ended, NOTHING, NOTHING)
    return (f"{entry.rows:,}", label, *(str(spread(entry, name)) for name in FIGURES))


def write_page(entries: Sequence[Entry], facts: Mapping[str, str]) -> str:
    """The results as Markdown."""
    return "\n".join(_page(entries, facts)) + "\n"


def _page(entries: Sequence[Entry], facts: Mapping[str, str]) -> Iterator[str]:
    yield "# Lists, measured"
    yield "\nWritten by `bench/lists.py`; `bench/README.md` says what is compared and what is not fair. Each figure is the"
    yield "median of whole processes that ran in turn, imports included, with the least and the most; the CPU time is what"
    yield "counts when the machine was busy.\n"
    yield from (f"- {name}: {value}" for name, value in facts.items())
    yield "\n![Seconds and memory of each engine](lists.png)"
    for task, title in TASKS.items():
        yield f"\n## {title}\n"
        yield from table(entries, task)
        engines = dict.fromkeys(entry.engine for entry in entries if entry.engine.task == task)
        yield ""
        yield from (f"- {engine.label}: {engine.does}" for engine in engines)


def draw_chart(entries: Sequence[Entry], target: Path) -> None:
    """Write the picture, PNG: a column of panels for each task, both axes logarithmic."""
    import matplotlib as mpl  # type: ignore[import-not-found, unused-ignore]  # in the environment of the benchmarks only

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # type: ignore[import-not-found, unused-ignore]  # likewise

    figure, axes = plt.subplots(2, len(TASKS), figsize=(14, 6.6), layout="constrained", sharex=True)
    for column, task in enumerate(TASKS):
        for row, (name, title) in enumerate(PANELS):
            _draw_panel(axes[row][column], [one for one in entries if one.engine.task == task], name)
            heading = TASKS[task].partition(":")[0].replace(" with", "\nwith") + "\n" if row == 0 else ""
            axes[row][column].set_title(f"{heading}{title}", loc="left", fontsize=9, fontweight="bold")
    figure.savefig(target, dpi=120)
    plt.close(figure)


def _draw_panel(axis: Any, entries: Sequence[Entry], name: str) -> None:
    sizes = sorted({entry.rows for entry in entries})
    for engine in dict.fromkeys(entry.engine for entry in entries):
        found = [(one.rows, middle.median) for one in entries if one.engine == engine and (middle := spread(one, name))]
        line = {
            "color": COLOURS[engine.key],
            "marker": MARKERS[engine.key],
            "linewidth": 2.4 if engine.key == OURS else 1.5,
        }
        axis.plot([rows for rows, _ in found], [value for _, value in found], label=engine.label, **line)
        if found:
            place = {"xytext": (6, -3), "textcoords": "offset points", "fontsize": 8, "color": COLOURS[engine.key]}
            axis.annotate(number(found[-1][1]), found[-1], **place)
    axis.set(xscale="log", yscale="log")
    axis.set_xticks(sizes, [f"{rows / 1000:g}k" for rows in sizes])
    axis.minorticks_off()
    axis.margins(x=0.2, y=0.2)
    axis.grid(visible=True, color="#e3e6ea")
    axis.spines[["top", "right"]].set_visible(False)
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    axis.legend(frameon=False, fontsize=7)
