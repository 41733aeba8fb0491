"""Waiting for a database that other processes are starting or setting up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import click

from packets.errors import StoreError

START_CODES = frozenset({"database-away", "database-busy"})
"""Codes of what a database says while it starts."""
PAUSE_SECONDS = 1.0
Answer = TypeVar("Answer")


def try_until_ready(act: Callable[[], Answer], seconds: float, codes: frozenset[str], waiting: str) -> Answer:
    """Do an act again until it succeeds, and say once that something is waited for.

    Args:
        act: asks the database, and may be done again.
        seconds: how long at most; after that the last refusal stands.
        codes: of refusals that pass by themselves.
        waiting: what is said, with a place for the seconds.

    Raises:
        StoreError: it has not succeeded in time, or refused for another reason.
    """
    ends, silent = time.monotonic() + seconds, True
    while True:
        try:
            return act()
        except StoreError as error:
            if time.monotonic() >= ends or {problem.code for problem in error.problems} - codes:
                raise
        if silent:
            click.echo(waiting.format(seconds=seconds), err=True)
            silent = False
        time.sleep(PAUSE_SECONDS)
