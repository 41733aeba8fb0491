"""From the requests to a page with drawings: the aims first, then every kind of request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nationwide.drawing import bars, line
from rendering.machine import machine_facts

from deadline_day.browser import Asked
from deadline_day.crowd import Load
from deadline_day.judgement import Judgement
from deadline_day.people import LOOK_AGAIN, MEDIANS, SIGMA, SIGNATURES_EACH, percentile
from deadline_day.preparation import Prepared

LIMIT_MS, MOST_ERRORS_SHOWN = 600, 40
NATION = 2_191
"""Signatures of designees in a national year: one on each of 1,680 documents, and a second one on the 511 data use agreements."""
EDGES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 1, 2, 5, 60)
REPORT = "deadline.md"
INTRODUCTION = """# Deadline day: what designees wait for

{people} designees sign over HTTP in the last {minutes:g} minutes. Everybody signs in with password and authenticator app, looks
at their packets, reads a document, reads what it means to sign, consents, re-authenticates (every other person with the password,
the others with a code where there is a new one), signs, sees the receipt, downloads the file, and goes on to the next;
{each} documents each. Who has to wait for somebody else looks again every half minute. Nothing is switched off: Argon2id with its
parameters of production, policy asked twice, our verifier before it counts, every write durable, every object locked and read
back. Two processes serve, half of the designees at each, and nothing stands before them; {workers}.
All of it, and the designees, share this machine.

Think times are lognormal (sigma of the logarithm {sigma:g}). Medians in seconds: {medians}; {again:g} while
waiting. All come within the first fifth of the time. {pace}

The rate: a national year has {nation:,} signatures of designees, in several weeks; these are {share:.0%} of them, in
{minutes:g} minutes. Lists have at most {rows:,} rows (the median of the nation is 800). People and ACOs are invented; three ACOs
are run by one office. `bench/deadline.py` makes this page.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that the page tells of."""

    place: str
    date: str
    minutes: float
    pace: float
    workers: int
    prepared: Prepared
    load: Load
    shares: dict[str, float]
    peaks: dict[str, float]
    judgement: Judgement

    @property
    def errors(self) -> list[Asked]:
        """Every request with which something was wrong."""
        return [one for one in self.load.asked if one.problem]

    @property
    def kinds(self) -> dict[str, list[float]]:
        """Seconds of the requests of each kind."""
        found: dict[str, list[float]] = {}
        for one in self.load.asked:
            found.setdefault(one.kind, []).append(one.seconds)
        return found

    @property
    def slow(self) -> dict[str, float]:
        """The p95 of the kinds that miss the aim, in ms."""
        p95 = {kind: 1000 * percentile(times, 0.95) for kind, times in self.kinds.items()}
        return {kind: value for kind, value in p95.items() if value > LIMIT_MS}

    @property
    def held(self) -> bool:
        """Whether nothing failed and nothing was lost; how long it took is a figure, not a test."""
        return not (self.errors or self.judgement.problems)


def write_report(run: Run, out: Path) -> Path:
    """`deadline.md` and its drawings; answers where."""
    out.mkdir(parents=True, exist_ok=True)
    facts = {**machine_facts(), "date": run.date, "place": run.place, "load": _loads(run)}
    lines = [
        _introduction(run),
        *_aims(run),
        "",
        *(f"- {name}: {value}" for name, value in facts.items()),
        "",
        "## Requests",
        "",
        *_requests(run.kinds, run.errors),
        "",
        "## Minute by minute",
        "",
        *_minutes(run.load),
        "",
        "## Processors and memory",
        "",
        *_processes(run),
        "",
        *_what_went_wrong(run),
    ]
    drawings = {
        "rate": line("Requests a second", _rate(run.load)),
        "sign": bars("Signing: seconds from the click to the answer", _buckets(run.kinds.get("sign", ()))),
        "all": bars("All requests: seconds", _buckets([one.seconds for one in run.load.asked])),
    }
    for name, drawn in drawings.items():
        (out / f"deadline-{name}.svg").write_text(drawn, "utf-8")
    lines += [f"![{name}](deadline-{name}.svg)\n" for name in drawings]
    (out / REPORT).write_text("\n".join(lines), "utf-8")
    return out / REPORT


def _introduction(run: Run) -> str:
    hurry = f"Everybody hurries: all these times are multiplied by {run.pace:g}." if run.pace != 1 else ""
    return INTRODUCTION.format(
        people=len(run.prepared.designees), minutes=run.minutes, each=SIGNATURES_EACH, sigma=SIGMA, again=LOOK_AGAIN,
        workers=f"{run.workers} worker{'s do' if run.workers != 1 else ' does'} the jobs", pace=hurry, nation=NATION,
        medians=", ".join(f"{kind} {seconds:g}" for kind, seconds in MEDIANS.items()), rows=run.prepared.rows,
        share=len(run.load.acknowledged) / NATION,
    )  # fmt: skip


def _aims(run: Run) -> Iterator[str]:
    sign, slow, found = run.kinds.get("sign", []), run.slow, run.judgement
    worst = max(run.kinds, key=lambda kind: percentile(run.kinds[kind], 0.95), default="")
    yield "| aim | found |\n|---|---|"
    told = ", ".join(f"**{kind} {value:.0f}**" for kind, value in slow.items())
    told = f"above it: {told}" if told else f"every kind; slowest: {worst}, {_ms(run.kinds.get(worst, ()), 0.95)} ms"
    yield f"| p95 of every kind of request at most {LIMIT_MS} ms | {told} |"
    yield f"| signing itself | p50 {_ms(sign, 0.5)} ms, p95 {_ms(sign, 0.95)} ms, {len(sign)} times |"
    yield f"| no error | {len(run.errors)} of {len(run.load.asked):,} requests |"
    yield f"| fsck clean | {found.fsck} ({found.fsck_seconds:.0f} s) |"
    yield f"| log verified | {found.audit} |"
    yield f"| each acknowledged signature is there exactly once | {found.once} of {len(run.load.acknowledged)} |"


def _loads(run: Run) -> str:
    done, people = run.load.finished, len(run.prepared.designees)
    return (
        f"{run.prepared.acos} ACOs, {run.prepared.documents} documents, {run.prepared.signed} signatures before;"
        f" {len(run.load.asked):,} requests in {run.load.seconds:.0f} s, {len(run.load.asked) / run.load.seconds:.1f} a second;"
        f" {done} of {people} designees finished; jobs: {run.judgement.jobs}"
    )


def _requests(kinds: dict[str, list[float]], errors: Sequence[Asked]) -> Iterator[str]:
    wrong = Counter(one.kind for one in errors)
    yield "| request | count | p50 ms | p95 ms | p99 ms | largest ms | errors |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    everything = [one for times in kinds.values() for one in times]
    for kind, times in (*kinds.items(), ("**all**", everything)):
        marks = " | ".join(_ms(times, share) for share in (0.5, 0.95, 0.99, 1))
        yield f"| {kind} | {len(times):,} | {marks} | {wrong[kind] if kind in kinds else len(errors)} |"


def _minutes(load: Load) -> Iterator[str]:
    """How the load grew and ended: people come in the first fifth, and whoever has begun a document finishes it."""
    yield "| minute | requests | p50 ms | p95 ms | signatures | their p50 ms | their p95 ms |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    minutes: dict[int, list[Asked]] = {}
    for one in load.asked:
        minutes.setdefault(int((one.at - load.began) // 60), []).append(one)
    for minute, asked in sorted(minutes.items()):
        sign = [one.seconds for one in asked if one.kind == "sign"]
        every = [one.seconds for one in asked]
        own = f"{_ms(sign, 0.5)} | {_ms(sign, 0.95)}" if sign else "– | –"
        yield f"| {minute + 1} | {len(every):,} | {_ms(every, 0.5)} | {_ms(every, 0.95)} | {len(sign)} | {own} |"


def _processes(run: Run) -> Iterator[str]:
    yield "| what | processors, on average | peak MB of a process |"
    yield "|---|---:|---:|"
    for name, share in run.shares.items():
        peak = f"{run.peaks[name]:.0f}" if name in run.peaks else "–"
        yield f"| {name} | {share:.2f} | {peak} |"


def _what_went_wrong(run: Run) -> Iterator[str]:
    told = [f"{one.at - run.load.began:.0f} s, {one.kind}: {one.problem}" for one in run.errors]
    if told or run.judgement.problems:
        yield "## What went wrong\n"
        yield from (f"- {one}" for one in (*run.judgement.problems, *told[:MOST_ERRORS_SHOWN]))
        yield ""


def _ms(times: Sequence[float], share: float) -> str:
    return f"{1000 * percentile(times, share):.0f}"


def _rate(load: Load) -> list[tuple[float, float]]:
    width = max(1.0, load.seconds / 100)
    counts = Counter(int((one.at - load.began) / width) for one in load.asked)
    return [(place * width, counts[place] / width) for place in range(max(counts, default=0) + 1)]


def _buckets(values: Sequence[float]) -> list[tuple[str, float]]:
    return [
        (f"≤ {high:g}", float(sum(1 for one in values if low < one <= high)))
        for low, high in zip((0.0, *EDGES), EDGES, strict=False)
    ]
