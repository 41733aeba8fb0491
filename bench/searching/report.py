"""From milliseconds to a page."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence

AIM_MS = 100


def write_page(found: Mapping[str, Mapping[str, Sequence[float]]], facts: Mapping[str, str], count: int) -> str:
    """The results as Markdown."""
    return "\n".join(_page(found, facts, count)) + "\n"


def percentiles(taken: Sequence[float]) -> tuple[float, float, float]:
    """p50, p95 and p99."""
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    return statistics.median(taken), cuts[94], cuts[98]


def _page(found: Mapping[str, Mapping[str, Sequence[float]]], facts: Mapping[str, str], count: int) -> Iterator[str]:
    above = sum(percentiles(taken)[1] > AIM_MS for kinds in found.values() for taken in kinds.values())
    yield f"# Finding one of {count:,} records\n"
    yield "Written by `bench/find.py`; `bench/README.md` says what is asked. Each search is asked of the desk as the page asks:"
    yield f"the first fifty lines, and how many there are. Aim: p95 {AIM_MS} ms. **Above it: {above}.**\n"
    yield "Synthetic: ACOs, people and lists are invented; lists have twenty people in the index; there are no bytes.\n"
    yield from (f"- {name}: {value}" for name, value in facts.items())
    for name, kinds in found.items():
        yield f"\n## {name}\n"
        yield "| search | p50 ms | p95 ms | p99 ms |\n|---|---:|---:|---:|"
        for kind, taken in sorted(kinds.items(), key=lambda one: -percentiles(one[1])[1]):
            yield f"| {kind} | " + " | ".join(f"{one:.1f}" for one in percentiles(taken)) + " |"
