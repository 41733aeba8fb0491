"""Processes that the service leans on die or hang: the server of the database, and the one that holds its keys."""

from __future__ import annotations

import random
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from faults.columns import Column, Scaled
from faults.stage import Stage, Theatre, Work, ask, sign_everything, unsigned
from faults.tallies import Tally
from packets.errors import PacketsError
from signing.pki import Pki, init_pki, load_pki
from signing.sources.held_private_key import HeldPrivateKey
from signing.sources.socket_client import SocketKey
from tokens import Token, make_token, running
from worlds import PASSPHRASE, START

LABELS = {"issuing": "authority-1", "seal": "seal-1", "tsa": "stamps-1"}
PATIENCE = 1.0
"""Seconds that a signer process may take, so that one that hangs does not hold up the run."""


def kill_the_database(theatre: Theatre, count: int, seed: int) -> Iterator[Tally]:
    """SIGKILL to the postmaster while a worker signs, `count` times; started again, it has all that was answered."""
    column = theatre.column
    if not isinstance(column, Scaled):
        return
    dice, stage = random.Random(seed), theatre.stage()  # noqa: S311  chance, not a secret
    tally = Tally("SIGKILL to the server of the database")
    while tally.faults < count:
        with stage.worker(sign_everything):
            time.sleep(dice.uniform(0.05, 2 * theatre.pace))
            column.kill_database()
        began = time.perf_counter()
        column.restart_database()
        tally.faults += 1
        stage.recover(tally, began)
        if not any(unsigned(stage)):
            stage.close(tally)
            stage = theatre.stage()
    stage.close(tally)
    yield tally


@dataclass(slots=True)
class Signer:
    """The signer process on a token in software, started again whenever it has died."""

    token: Token
    path: Path
    process: subprocess.Popen[str]
    running: ExitStack

    @classmethod
    def start(cls, token: Token, path: Path) -> Signer:
        """Have it listen."""
        stack = ExitStack()
        process = stack.enter_context(running(token, path, list(LABELS.values())))
        return cls(token, path, process, stack)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """A new one on the same token."""
        self.running.close()
        self.path.unlink(missing_ok=True)
        again = Signer.start(self.token, self.path)
        self.process, self.running = again.process, again.running


def lose_the_signer(column: Column, count: int, seed: int) -> Iterator[Tally]:
    """The process that holds the keys of the service is killed, or hangs, in the middle of a signature, `count` times each."""
    dice = random.Random(seed)  # noqa: S311  chance, not a secret
    with tempfile.TemporaryDirectory(prefix="esm-") as place:  # the path of a socket may have a hundred characters only
        signer = Signer.start(make_token(Path(place), list(LABELS.values())), Path(place) / "signer.sock")
        try:
            theatre = Theatre.open(column, acos=2, pki=_held_keys(Path(place) / "pki", signer.path))
            yield _lose(theatre, signer, count, dice, hangs=False)
            yield _lose(theatre, signer, count, dice, hangs=True)
        finally:
            signer.running.close()


def _held_keys(folder: Path, path: Path) -> Pki:
    def held_by(label: str) -> HeldPrivateKey:
        return HeldPrivateKey(SocketKey(path, label, PATIENCE))

    init_pki(folder, PASSPHRASE, START - timedelta(days=1), sample=True, holder=held_by, held=LABELS)
    return load_pki(folder, PASSPHRASE, held_by)


def _lose(theatre: Theatre, signer: Signer, count: int, dice: random.Random, *, hangs: bool) -> Tally:
    tally = Tally("the signer process hangs" if hangs else "SIGKILL to the signer process")
    stage = theatre.stage()
    while tally.faults < count:
        work = next(unsigned(stage), None)
        if work is None:
            stage.close(tally)
            stage = theatre.stage()
            continue
        strike = (lambda: signer.process.send_signal(signal.SIGSTOP)) if hangs else signer.process.kill
        timer = threading.Timer(dice.uniform(0, theatre.pace), strike)
        timer.start()
        _sign(stage, work, tally)
        timer.join()
        tally.faults += 1
        began = time.perf_counter()
        if hangs:
            signer.process.send_signal(signal.SIGCONT)
        else:
            signer.process.wait()
            signer.restart()
        stage.recover(tally, began)
    _sign(stage, next(unsigned(stage)), tally, must=True)
    stage.close(tally)
    return tally


def _sign(stage: Stage, work: Work, tally: Tally, *, must: bool = False) -> None:
    request = ask(stage, *work)
    try:
        stage.services.ceremony.sign(request)
        stage.acknowledged[request.idempotency_key] = (request.document_id, request.slot)
    except PacketsError as error:
        tally.refused += 1
        if must:
            tally.problems.append(f"it could not be signed afterwards: {error}")
