"""Many people and many clicks at once on one document: exactly one signature, and everybody is told the truth."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import replace

from faults.stage import Stage, Theatre, Work, ask, unsigned
from faults.tallies import Tally
from packets.errors import ConflictError, ForbiddenError
from packets.model.documents import Document, Slot
from packets.store.objects import digest_bytes as digest
from packets.store.records.ceremonies import IntentState
from signing.ceremony import SignRequest
from web.demo import holder

PEOPLE, CLICKS = 3, 3
LATE = (ConflictError, ForbiddenError)


def race(theatre: Theatre, count: int, seed: int) -> Iterator[Tally]:
    """`count` races: three people, each clicking three times, once with the key of another act; then every click again."""
    dice = random.Random(seed)  # noqa: S311  chance, not a secret
    tally = Tally("nine clicks of three people at once, and again")
    stage = theatre.stage()
    while tally.faults < count:
        work = next(unsigned(stage), None)
        if work is None:
            stage.close(tally)
            stage = theatre.stage()
        elif len(work[2].roles) == PEOPLE:
            _race_once(stage, work, dice, tally)
            stage.recover(tally)
        else:  # one person's alone: it only has to be signed before the next step
            stage.services.ceremony.sign(ask(stage, *work))
    stage.close(tally)
    yield tally


def _race_once(stage: Stage, work: Work, dice: random.Random, tally: Tally) -> None:
    sample, document, slot = work
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
    _replay(stage, requests, keys, tally)
    _compare(stage, document, slot, tally)


def _replay(stage: Stage, requests: list[SignRequest], keys: set[str], tally: Tally) -> None:
    """Every click once more, one after the other: the one that was done is answered the same, the others are refused."""
    for one in requests:
        same = one.idempotency_key in keys and one.step_up_id != "none"
        try:
            stage.services.ceremony.sign(one)
        except LATE:
            tally.refused += 1
            if same:
                tally.problems.append("a replay of what was done was refused")
        else:
            if not same:
                tally.problems.append("a replay of something else was answered as done")


def _compare(stage: Stage, document: Document, slot: Slot, tally: Tally) -> None:
    """One signature, one intent that was done, and exactly the viewed bytes under it."""
    with stage.services.database.read() as records:
        signed = [one for one in records.ledger.signatures() if one["document_id"] == document.document_id]
        intents = [one for one in records.ledger.intents() if one["document_id"] == document.document_id]
    here = [one for one in signed if one["slot"] == slot.name]
    done = [one for one in intents if one["slot"] == slot.name and one["state"] == IntentState.COMMITTED]
    tally.duplicates += max(0, len(here) - 1) + max(0, len(done) - 1)
    for one in here:
        viewed, made = (stage.services.objects.get(x) for x in (document.head_digest, one["revision_digest"]))
        tally.wrong_bytes += not (made.startswith(viewed) and {x["viewed_digest"] for x in done} == {digest(viewed)})
    if len(here) != 1 or tally.wrong_bytes or tally.duplicates:
        tally.problems.append(f"{len(here)} signatures, {tally.duplicates} doubled, {tally.wrong_bytes} on other bytes")


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
