"""Many people and many clicks at once on one document: exactly one signature, and everybody is told the truth."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from types import SimpleNamespace
from typing import Any

from faults.stage import Stage, Theatre, Work, ask
from faults.tallies import Tally
from packets.clock import Clock
from packets.errors import ConflictError, ForbiddenError
from packets.model.documents import Document, DocumentType, Slot
from packets.sample.year import SampleAco
from packets.store.objects import digest_bytes as digest
from packets.store.records.ceremonies import IntentState
from signing.ceremony import SignRequest
from signing.identity import SignerIdentity
from signing.pades import SignedRevision
from signing.trust import Expected
from web.demo import holder
from web.server import SWITCH_SECONDS

PEOPLE, CLICKS = 3, 3
LATE = (ConflictError, ForbiddenError)


@dataclass(frozen=True, slots=True)
class Scribe:
    """Signs at once: it writes who signs behind what was viewed. What races is everything but the cryptography."""

    clock: Clock

    def sign(self, pdf: bytes, *, slot: Slot, identity: SignerIdentity, viewed_digest: str) -> SignedRevision:
        """The viewed bytes and a line."""
        line = f"%{slot.name} {identity.user_id} {viewed_digest}\n".encode()
        return SignedRevision(pdf + line, self.clock(), "written", "0")

    def close(self, pdf: bytes) -> bytes:
        """One more line."""
        return pdf + b"%closed\n"

    def verify_own(self, pdf: bytes, expected: Expected) -> SimpleNamespace:
        """Whether everybody who is expected wrote a line."""
        passed = all(f"%{one.slot} {one.user_id} ".encode() in pdf for one in expected.signers or ())
        return SimpleNamespace(passed=passed, problems=())


def race(theatre: Theatre, count: int, quick_count: int, seed: int) -> Iterator[Tally]:
    """Races of three people, each clicking three times, once with the key of another act; then every click again.

    `count` of them with real signatures, each looked at by the checker; `quick_count` more with fewer clicks and a scribe.
    """
    sys.setswitchinterval(SWITCH_SECONDS)  # threads change places as often as in `esm serve`
    dice = random.Random(seed)  # noqa: S311  chance, not a secret
    tally = Tally("nine clicks of three people at once, and again")
    _race_on(theatre, count, dice, tally)
    yield tally
    tally = Tally("three to six clicks, and some again, with a scribe in place of the cryptography")
    _race_on(theatre, quick_count, dice, tally, by_scribe=True)
    yield tally


def _race_on(theatre: Theatre, count: int, dice: random.Random, tally: Tally, *, by_scribe: bool = False) -> None:
    while tally.faults < count:
        stage = _open(theatre, by_scribe=by_scribe)
        for work in islice(_waiting(stage), count):
            if len(work[2].roles) == PEOPLE:
                _race_once(stage, work, dice, tally, fewer=by_scribe)
                if not by_scribe:
                    stage.recover(tally)
            else:  # one person's alone: it only has to be signed before the next step
                stage.services.ceremony.sign(ask(stage, *work))
            if tally.faults == count:
                break
        _leave(stage, tally, by_scribe=by_scribe)


def _waiting(stage: Stage) -> Iterator[Work]:
    """What is to be signed, in the order of the steps, each slot with its document as it is by then."""
    for sample in stage.world.year.acos:
        for document_type in stage.services.catalog.for_cohort(sample.aco.cohort):
            while work := _next_slot(stage, sample, document_type):
                yield work


def _next_slot(stage: Stage, sample: SampleAco, document_type: DocumentType) -> Work | None:
    place = sample.aco.aco_id, sample.aco.performance_year
    with stage.services.database.read() as records:
        document = records.documents.current(*place, document_type.kind)
    for slot in document_type.slots if document else ():
        if document is not None and slot.name not in document.signed_slots:
            return sample, document, slot
    return None


def _open(theatre: Theatre, *, by_scribe: bool) -> Stage:
    stage = theatre.stage()
    if by_scribe:
        scribe: Any = Scribe(theatre.world.clock)
        stage.services = replace(stage.services, ceremony=replace(stage.services.ceremony, signer=scribe))
    return stage


def _leave(stage: Stage, tally: Tally, *, by_scribe: bool) -> None:
    """The checker has looked at every document; at those of a scribe it cannot, but at all records and the log."""
    if not by_scribe:
        stage.close(tally)
        return
    findings = stage.services.checker.run(only=())
    tally.problems += [str(one) for one in findings.problems] + [str(one) for one in stage.missing()]
    tally.problems += [f"{findings.open_intents} intents are open"] if findings.open_intents else []
    tally.acknowledged += len(stage.acknowledged)
    stage.place.remove()


def _race_once(stage: Stage, work: Work, dice: random.Random, tally: Tally, *, fewer: bool) -> None:
    """One race; with fewer clicks each person clicks once at least, and some of the clicks come again."""
    sample, document, slot = work
    requests = [
        one
        for role in slot.roles
        for one in [stage.world.request(document, slot.name, role, holder(sample, role))] * (CLICKS - 1)
    ]
    requests += [
        replace(one, viewed_digest="0" * 64, step_up_id="none") for one in requests[:: CLICKS - 1]
    ]  # the key of one act, used for another
    if fewer:
        requests = requests[:: CLICKS - 1][:PEOPLE] + dice.sample(requests, dice.randint(0, PEOPLE))
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
    _replay(stage, dice.sample(requests, PEOPLE) if fewer else requests, keys, tally)
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
