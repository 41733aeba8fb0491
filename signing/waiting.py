"""Waiting for what pyHanko does, from code that is not asynchronous."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def wait_for(work: Coroutine[Any, Any, Answer]) -> Answer:
    """What the work answers, from a loop of its own.

    `asyncio.run` also takes Ctrl-C for itself while it runs, and when it gives it back it writes down whatever was made, a
    document of megabytes too, as the text of an error that nobody reads. Ctrl-C stays the process's here.
    """
    with asyncio.Runner() as runner:
        return runner.get_loop().run_until_complete(work)
