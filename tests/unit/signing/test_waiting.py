"""What is asynchronous is waited for, and Ctrl-C stays the process's."""

from __future__ import annotations

import signal

import pytest

from signing.waiting import wait_for


class Shy:
    """Something that must not be written down."""

    def __repr__(self) -> str:
        raise AssertionError("Somebody wrote it down.")


async def answer(value: object) -> tuple[object, object]:
    return value, signal.getsignal(signal.SIGINT)


async def refuse() -> object:
    raise ValueError("no")


def test_the_answer_comes_and_nobody_writes_it_down() -> None:
    before, shy = signal.getsignal(signal.SIGINT), Shy()
    found, during = wait_for(answer(shy))
    assert found is shy
    assert during is before is signal.getsignal(signal.SIGINT)


def test_what_it_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="no"):
        wait_for(refuse())
