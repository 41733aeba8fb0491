"""Many people and many clicks at once on one document: exactly one signature, and everybody is told the truth."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from faults.stage import Stage, Tally, Theatre, ask, unsigned
from packets.errors import ConflictError, ForbiddenError
from packets.model.documents import Document, Slot
from packets.sample.year import SampleAco
from signing.ceremony import SignRequest
from web.demo import holder

PEOPLE, CLICKS = 3, 3
LATE = (ConflictError, ForbiddenError)


def race(folder: Path, count: int, seed: int) -> Iterator[Tally]:
    """`count` races: three people, each clicking three times, once with the key of another act."""
    dice = random.Random(seed)  # noqa: S311  chance, not a secret
    tally = Tally("nine clicks of three people at once")
    theatre = Theatre.open(folder, acos=6)
    stage = theatre.stage()
    while tally.faults < count:
        work = next(unsigned(stage), None)
        if work is None:
            stage.close(tally)
            stage = theatre.stage()
        elif len(work[2].roles) == PEOPLE:
            _race_once(stage, *work, dice, tally)
            stage.recover(tally)
        else:  # one person's alone: it only has to be signed before the next step
            stage.services.ceremony.sign(ask(stage, *work))
    stage.close(tally)
    yield tally


def _race_once(
    stage: Stage, sample: SampleAco, document: Document, slot: Slot, dice: random.Random, tally: Tally
) -> None:
    requests = [
        one
        for role in slot.roles
        for one in [stage.world.request(document, slot.name, role, holder(sample, role))] * (CLICKS - 1)
    ]
    requests += [
        replace(one, viewed_digest="0" * 64, step_up_id="none") for one in requests[:: CLICKS - 1]
    ]  # the key of one act, used for another
    dice.shuffle(requests)
    answers = _all_at_once(stage, requests)
    keys = {one.idempotency_key for one, answer in zip(requests, answers, strict=True) if answer is None}
    if len(keys) != 1:
        told = sorted({repr(one) for one in answers if one})
        tally.problems.append(f"{len(keys)} different acts were answered as done; the others: {told}")
    tally.problems += [
        f"an answer that nobody expects: {one!r}" for one in answers if one and not isinstance(one, LATE)
    ]
    stage.acknowledged |= dict.fromkeys(keys, (document.document_id, slot.name))
    tally.faults += 1
    tally.refused += sum(one is not None for one in answers)


def _all_at_once(stage: Stage, requests: list[SignRequest]) -> list[Exception | None]:
    start = threading.Barrier(len(requests))
    answers: list[Exception | None] = [None] * len(requests)

    def click(place: int) -> None:
        start.wait()
        try:
            stage.services.ceremony.sign(requests[place])
        except Exception as error:  # noqa: BLE001  what it is, is looked at by whoever counts
            answers[place] = error

    threads = [threading.Thread(target=click, args=(place,)) for place in range(len(requests))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return answers
