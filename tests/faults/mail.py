"""Mail: its server is down, or the sender dies between the yes and its record. Nobody is left out or told anew."""

from __future__ import annotations

import os
import random
import signal
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from faults.kills import wait_for_end
from faults.stage import Stage, Theatre, ask, unsigned
from faults.tallies import Tally
from mailboxes import Mailbox, mail_server
from packets.audit.log import Act
from packets.faultpoints import FaultPoint, arm
from packets.model.notices import DeliveryState
from packets.notices.delivery import LEASE, PostOffice
from packets.notices.message import Sender
from packets.notices.smtp import read_mail_url
from packets.store.records.notices import Filter

SENDER = Sender("ACO packets", "no-reply@example.org")
PLACE = FaultPoint.AFTER_SENDING


def disturb_the_mail(theatre: Theatre, count: int, seed: int) -> Iterator[Tally]:
    """`count` times each: the sender is killed at F9, and the server is down."""
    dice = random.Random(seed)  # noqa: S311  chance, not a secret
    yield _disturb(theatre, count, dice, Tally(f"SIGKILL at {PLACE.value}, {PLACE.name.lower().replace('_', ' ')}"))
    yield _disturb(theatre, count, dice, Tally("the mail server is down"), down=True)


def _disturb(theatre: Theatre, count: int, dice: random.Random, tally: Tally, *, down: bool = False) -> Tally:
    mailbox = Mailbox()
    with mail_server(mailbox):
        pass  # it has its port now
    stage = theatre.stage()
    while tally.faults < count:
        if not any(unsigned(stage)):
            _check(stage, mailbox, tally)
            mailbox.received.clear()
            stage.close(tally)
            stage = theatre.stage()
        request = ask(stage, *next(unsigned(stage)))
        stage.services.ceremony.sign(request)
        stage.acknowledged[request.idempotency_key] = (request.document_id, request.slot)
        replace(stage.services.notices, mailed=True).write()
        if down:
            tally.faults += bool(_post(stage, mailbox).deliver().problems)
        with mail_server(mailbox):
            while not down and tally.faults < count and _kill_a_sender(stage, mailbox, dice.randint(1, 3)):
                tally.faults += 1
                stage.world.clock.advance(LEASE)
            _post(stage, mailbox).deliver()
    _check(stage, mailbox, tally)
    stage.close(tally)
    return tally


def _post(stage: Stage, mailbox: Mailbox) -> PostOffice:
    server = read_mail_url(f"smtp+plain://127.0.0.1:{mailbox.port}", timeout=10)
    return PostOffice(stage.services.database, stage.services.clock, server, SENDER)


def _kill_a_sender(stage: Stage, mailbox: Mailbox, turn: int) -> bool:
    """Kill a forked sender at its n-th pass of F9; False when it ended before."""

    def work(of: Stage, writing: int) -> None:
        left = iter(range(turn, 0, -1))

        def die(point: FaultPoint) -> None:
            if point is PLACE and next(left, 0) == 1:
                os.kill(os.getpid(), signal.SIGKILL)

        arm(die)
        _post(of, mailbox).deliver()
        os.write(writing, b'["ended", "", ""]\n')

    with stage.worker(work) as (_, reading):
        wait_for_end(reading)
    return stage.acknowledged.pop("ended", None) is None


def _check(stage: Stage, mailbox: Mailbox, tally: Tally) -> None:
    """Every notice was taken at least once, each under one Message-ID, and the log tells of it once."""
    with stage.services.database.read() as records:
        notices = records.notices.listed(Filter(), skip=0, most=10_000)
        told = [one.subject for one in records.journal.entries() if one.act is Act.NOTICE_SEND]
    taken: dict[str, int] = defaultdict(int)
    for _, message in mailbox.received:
        taken[str(message["Message-ID"])] += 1
    waiting = [one for one in notices if one.recipient.email and one.state is not DeliveryState.SENT]
    mailed = [one for one in notices if one.recipient.email]
    problems = {
        f"{len(waiting)} notices were never recorded as sent": bool(waiting),
        f"{len(mailed)} notices, and {len(taken)} different messages": len(taken) != len(mailed),
        "the log tells of a notice twice, or not": sorted(told) != sorted(f"notice/{one.notice_id}" for one in mailed),
    }
    tally.problems += [sentence for sentence, holds in problems.items() if holds]
    tally.refused += sum(taken.values()) - len(taken)
