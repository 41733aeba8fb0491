"""Workers that are killed: at random moments of signing, and at every named place between two writes."""

from __future__ import annotations

import os
import random
import select
import signal
import time
from collections.abc import Iterator

from faults.stage import Stage, Theatre, sign_everything, unsigned
from faults.tallies import Tally
from packets.faultpoints import CEREMONY, FaultPoint, arm

LONGEST = 2.5
"""A worker is killed up to so many signatures after it was started."""


def kill_at_random(theatre: Theatre, count: int, seed: int) -> Iterator[Tally]:
    """SIGKILL at a random moment, `count` times; what was begun is signed anew by the next worker."""
    dice = random.Random(seed)  # noqa: S311  chance, not a secret
    tally = Tally("SIGKILL at a random moment of signing")
    stage = theatre.stage()
    while tally.faults < count:
        with stage.worker(sign_everything) as (_, reading):
            time.sleep(dice.uniform(0, LONGEST * theatre.pace))
            finished = _has_ended(reading)
        tally.faults += not finished
        stage.recover(tally)
        if finished or not any(unsigned(stage)):
            stage.close(tally)
            stage = theatre.stage()
    stage.close(tally)
    yield tally


def kill_at_places(theatre: Theatre, count: int, seed: int) -> Iterator[Tally]:
    """SIGKILL at each named place of the ceremony, `count` times each, at one of the first passes."""
    dice = random.Random(seed)  # noqa: S311  chance, not a secret
    stage = theatre.stage()
    for place in CEREMONY:
        tally = Tally(f"SIGKILL at {place.value}, {place.name.lower().replace('_', ' ')}")
        while tally.faults < count:
            if not _kill_at(stage, place, dice.randint(1, 3), tally):
                stage.close(tally)
                stage = theatre.stage()
        stage.settle(tally)
        yield tally
    stage.close(Tally("the last one"))


def _kill_at(stage: Stage, place: FaultPoint, turn: int, tally: Tally) -> bool:
    """Kill a worker at its n-th pass of a place; False when it ended before."""

    def work(of: Stage, writing: int) -> None:
        left = iter(range(turn, 0, -1))

        def die(point: FaultPoint) -> None:
            if point is place and next(left) == 1:
                os.kill(os.getpid(), signal.SIGKILL)

        arm(die)
        sign_everything(of, writing)
        os.write(writing, b'["ended", "", ""]\n')

    with stage.worker(work) as (_, reading):
        wait_for_end(reading)
    ended = stage.acknowledged.pop("ended", None) is not None
    tally.faults += not ended
    stage.recover(tally)
    return not ended


def _has_ended(reading: int) -> bool:
    """Whether the worker has closed its end of the pipe, having nothing more to sign."""
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


def wait_for_end(reading: int) -> None:
    """Until the worker has closed its end of the pipe, a minute at most."""
    poll = select.poll()
    poll.register(reading, 0)
    poll.poll(60_000)
