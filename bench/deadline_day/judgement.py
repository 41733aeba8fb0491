"""Whether it holds: the commands of the service, and every acknowledged signature counted in the records."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deadline_day.crowd import Load
from deadline_day.preparation import Prepared
from packets.store.records.ledger import Row
from scaled.installation import Installation


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of the year afterwards.

    Attributes:
        fsck, audit: the last line of each command, or what is wrong.
        once: acknowledged signatures that are recorded exactly once, of that person in that slot.
        problems: everything that does not hold.
        jobs: of the workers: done, and what is left.
    """

    fsck: str
    fsck_seconds: float
    audit: str
    once: int
    problems: list[str]
    jobs: str


def judge(one: Installation, prepared: Prepared, load: Load) -> Judgement:
    """Ask the commands, and count."""
    problems: list[str] = []
    began = time.monotonic()
    fsck = _say(one, problems, "fsck")
    seconds = time.monotonic() - began
    audit = _say(one, problems, "audit", "verify")
    services = one.open()
    try:
        with services.database.read() as records:
            signatures, counts = records.ledger.signatures(), records.jobs.counts()
    finally:
        services.database.close()
    problems += differences(load.acknowledged, signatures, prepared.signed)
    states: Counter[str] = Counter()
    for (_, state), count in counts.items():
        states[str(state)] += count
    jobs = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
    once = len(load.acknowledged) - sum(1 for each in problems if each.startswith("acknowledged"))
    return Judgement(fsck, seconds, audit, once, problems, jobs)


def differences(told: Sequence[tuple[str, str, str]], recorded: Sequence[Row], before: int) -> Iterator[str]:
    """What people were told and the records do not say, once each; and what the records say and nobody was told."""
    counted = Counter((row["document_id"], row["slot"], row["user_id"]) for row in recorded)
    for one, times in Counter(told).items():
        if times != 1 or counted[one] != 1:
            yield f"acknowledged {times} times and recorded {counted[one]} times: {' '.join(one)}"
    if len(recorded) != before + len(told):
        yield f"{len(recorded) - before} signatures are recorded, {len(told)} were acknowledged"


def _say(one: Installation, problems: list[str], *command: str) -> str:
    try:
        return one.esm(*command, "--dir", one.folder).strip().splitlines()[-1]
    except RuntimeError as error:
        problems.append(str(error))
        return f"esm {' '.join(command)} finds something"
