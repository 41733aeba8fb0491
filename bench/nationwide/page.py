"""From measurements to a page with drawings, also when the year was cut short."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rendering.machine import machine_facts

from nationwide.drawing import bars, line
from nationwide.scaling import gain
from nationwide.work import Result

if TYPE_CHECKING:
    from nationwide.year import Nation

DOCUMENTS = ("step one", "assemble", "sign", "countersign", "verify")
ALONE = ("invent", "load", "countersign sheet", "fsck", "audit verify")
CHECKS = ("fsck", "audit verify")
PARTS = ("render", "confinement", "seal", "sign", "close", "judge", "store")
ASSEMBLING_SECONDS, ALL_SECONDS, WORKER_MB, LEAST_GAIN = 180, 600, 250, 1.8
INTRODUCTION = """# The national year: what it takes

The files of a performance year are loaded as CMS staff load them. Then so many worker processes assemble and seal every
document, sign it as every designee of the ACO (the document is read, the person re-authenticates, the policy is asked twice,
our verifier judges the result), countersign in batches through the job queue, and judge every executed document once more.
At the end the whole is checked as `esm fsck` and `esm audit verify` do. Nothing is switched off: rendering is confined, every
write is durable. A re-authentication is recorded as after a check of a password, which is not asked for; time-stamps are those
of the embedded authority, in the process. `bench/nation.py` makes this page. Lists and people are invented from the seed 2027;
so are names and participants, unless the public list is given.
"""


def write_report(nation: Nation, out: Path, database: str) -> None:
    """`nation.md` and its drawings."""
    out.mkdir(parents=True, exist_ok=True)
    found = nation.found
    sizes: list[int] = next((one["sizes"] for one in found if "sizes" in one), [])
    counts: dict[str, int] = next((one["counts"] for one in found if "counts" in one), {})
    peaks = [one["peak_mb"] for one in found if "peak_mb" in one]
    facts = {
        **machine_facts(), "date": f"{nation.now:%Y-%m-%d %H:%M} UTC", "workers": str(nation.workers), "database": database,
        "load average": ", ".join(f"{one['of']} {one['load']}" for one in found if one["phase"] == "wall") or "not measured",
        "participants": "the public list" if nation.participants else "invented",
        "size": ", ".join(f"{value:,} {name}" for name, value in counts.items()),
    }  # fmt: skip
    lines = [
        INTRODUCTION,
        *(f"- {name}: {value}" for name, value in facts.items()),
        "",
        *_verdict(found, max(peaks, default=0.0)),
    ]
    lines += [
        "",
        "## Phases",
        "",
        *_phases(found),
        "",
        "## Processor seconds of one piece of work, by part",
        "",
        *_parts(found),
    ]
    (out / "nation-throughput.svg").write_text(line("Documents and signatures a second", _throughput(found)), "utf-8")
    (out / "nation-latency.svg").write_text(bars("Seconds of one piece of work (wall)", _latencies(found)), "utf-8")
    (out / "nation-cost.svg").write_text(
        bars("Processor milliseconds of one piece of work, by part", _costs(found)), "utf-8"
    )
    (out / "nation-sizes.svg").write_text(
        bars("Rows of the Provider/Supplier Lists", _buckets(sizes, (100, 300, 1000, 3000, 10_000, 40_000))), "utf-8"
    )
    lines += ["", *(f"![{name}](nation-{name}.svg)\n" for name in ("throughput", "latency", "cost", "sizes"))]
    (out / "nation.md").write_text("\n".join(lines), "utf-8")


def _of(found: Sequence[Result], phase: str) -> list[Result]:
    """The measurements of a phase; of the checks at the end, the newest only, since they look at everything each time."""
    if phase in CHECKS:
        return [one for one in found if one["phase"] == phase][-1:]
    return [one for one in found if one["phase"] == phase and not (phase in DOCUMENTS and "seconds" not in one)]


def _verdict(found: Sequence[Result], peak: float) -> Iterator[str]:
    """The aims, and what came of them; what was not reached is said."""
    problems = [problem for one in found for problem in one.get("problems", ())]
    verified = _of(found, "verify")
    checked = [phase for phase in ("fsck", "audit verify") if _of(found, phase)]
    count = len(_of(found, "assemble"))
    yield "| aim | found |\n|---|---|"
    yield f"| all assembled and sealed in {ASSEMBLING_SECONDS} s | {_wall(found, 'assemble'):.1f} s for {count} documents |"
    walls = sum(_wall(found, one) for one in (*DOCUMENTS, *ALONE) if one != "invent")
    yield f"| everything in {ALL_SECONDS} s | {walls:.1f} s |"
    yield f"| a worker stays below {WORKER_MB} MB | {peak:.0f} MB, and {_confined_peak(found):.0f} MB for the confined process |"
    yield from _scaling(found)
    passed = sum(1 for one in verified if one.get("passed"))
    yield f"| every document executed and PASSED | {passed} of {len(verified)} |"
    yield f"| fsck clean, log verified | {', '.join(checked) or 'not reached: the run was cut short'}; {len(problems)} problems |"


def _scaling(found: Sequence[Result]) -> Iterator[str]:
    for one in [one["scaling"] for one in found if "scaling" in one][-1:]:
        alone, *_, together = (sum(phases.values()) for phases in one["seconds"].values())
        workers = list(one["seconds"])[-1]
        yield (
            f"| {workers} workers do {LEAST_GAIN} times what one does | {gain(one):.2f} times:"
            f" {alone:.0f} s and {together:.0f} s for {one['acos']} ACOs |"
        )


def _wall(found: Sequence[Result], phase: str) -> float:
    if phase in CHECKS:
        return sum(float(one["wall"]) for one in _of(found, phase))
    return sum(
        float(one["wall"])
        for one in found
        if (one["phase"] == "wall" and one["of"] == phase) or (one["phase"] == phase and "wall" in one)
    )


def _confined_peak(found: Sequence[Result]) -> float:
    return max((one["parts"].get("confined peak KB", 0) / 1000 for one in found if "parts" in one), default=0.0)


def _phases(found: Sequence[Result]) -> Iterator[str]:
    yield "| phase | pieces | wall s | CPU s | CPU ms each | p50 s | p95 s | p99 s | largest s |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for phase in (*ALONE[:2], *DOCUMENTS[:4], ALONE[2], DOCUMENTS[4], *ALONE[3:]):
        some = _of(found, phase)
        if not some:
            continue
        cpu = sum(one["cpu"] for one in some)
        times = sorted(one["seconds"] for one in some if "seconds" in one)
        marks = (
            [f"{times[min(len(times) - 1, int(len(times) * at))]:.3f}" for at in (0.5, 0.95, 0.99, 1)]
            if times
            else ["–"] * 4
        )
        each = f"{1000 * cpu / len(some):.0f}"
        yield f"| {phase} | {len(some):,} | {_wall(found, phase):.1f} | {cpu:.1f} | {each} | {' | '.join(marks)} |"


def _parts(found: Sequence[Result]) -> Iterator[str]:
    yield f"| phase | {' | '.join(PARTS)} | records, log and the rest | together ms |"
    yield "|---|" + "---:|" * (len(PARTS) + 2)
    for phase in DOCUMENTS:
        if some := _of(found, phase):
            parts = [_mean_ms(some, one) for one in PARTS]
            whole = 1000 * statistics.mean(one["cpu"] for one in some)
            yield f"| {phase} | {' | '.join(f'{one:.1f}' for one in parts)} | {whole - sum(parts):.1f} | {whole:.1f} |"


def _mean_ms(some: Sequence[Result], part: str) -> float:
    return 1000 * statistics.mean(one["parts"].get(part, 0.0) for one in some)


def _throughput(found: Sequence[Result]) -> list[tuple[float, float]]:
    """Pieces of work a second over the seconds in which there were any; pauses of cut runs are left out."""
    at = sorted(one["at"] for one in found if one["phase"] in DOCUMENTS and "at" in one)
    if len(at) <= 1:
        return []
    width = max(1.0, (at[-1] - at[0]) / 120)
    counts: dict[int, int] = {}
    for one in at:
        place = int((one - at[0]) / width)
        counts[place] = counts.get(place, 0) + 1
    return [(place * width, counts.get(place, 0) / width) for place in range(max(counts) + 1)]


def _latencies(found: Sequence[Result]) -> list[tuple[str, float]]:
    times = [
        one["seconds"] for one in found if one["phase"] in {"assemble", "sign", "countersign"} and "seconds" in one
    ]
    return _buckets(times, (0.1, 0.2, 0.3, 0.5, 1, 2, 5, 60))


def _buckets(values: Sequence[float], edges: Sequence[float]) -> list[tuple[str, float]]:
    below: Any = [0, *edges]
    return [
        (f"≤ {high:,g}", float(sum(1 for one in values if low < one <= high)))
        for low, high in zip(below, edges, strict=False)
    ]


def _costs(found: Sequence[Result]) -> list[tuple[str, float]]:
    return [
        (f"{phase}: {part}", value)
        for phase in DOCUMENTS
        for part in PARTS
        if (some := _of(found, phase)) and (value := _mean_ms(some, part)) >= 1
    ]
