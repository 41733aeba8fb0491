"""The time-stamp authorities: each is asked by itself, and named when it fails."""

from __future__ import annotations

import re
from collections.abc import Iterator

from signing.authority_answers import AuthorityAnswer
from signing.timestamps import LocalTimeStampAuthority
from web.monitoring.clock import ClockState, clock_verdict
from web.monitoring.findings import Finding, State, broken, good, watch
from web.monitoring.installation import Installation
from web.monitoring.keys import SET_CLOCK, SOON
from web.monitoring.network import address_of, connection_fault

STATUS = re.compile(r"HTTP Error (\d{3})")


def examine_time_stamps(installation: Installation) -> Iterator[Finding]:
    """Find which authorities give tokens that hold."""
    answers = installation.answers
    if answers[0].name == LocalTimeStampAuthority.name:
        yield _local(installation, answers[0])
        return
    state = State.WATCH if any(answer.at for answer in answers) else State.BROKEN
    for answer in answers:
        yield from _judge(answer, state)


def _local(installation: Installation, answer: AuthorityAnswer) -> Finding:
    if answer.at is not None:
        remedy = "For production, set ESM_TSA_URLS and ESM_TSA_ROOTS."
        return watch("A token was given by the service's own authority only.", remedy)
    if clock_verdict(installation).state is not ClockState.RIGHT:
        return broken("The service's own authority gives no token that holds, as the clock stands.", SET_CLOCK)
    return broken("The service's own authority gives no token that holds.", "Look at what is said of the keys.")


def _judge(answer: AuthorityAnswer, state: State) -> Iterator[Finding]:
    if answer.at is None:
        why = _silence(answer) if answer.failure is not None else answer.fault
        remedy = "Look at the authority, ESM_TSA_URLS and ESM_TSA_ROOTS; a further authority keeps people signing."
        yield Finding(state, f"The time-stamp authority {answer.name} gives no token that can be used: {why}.", remedy)
        return
    yield good(f"{answer.name} gave a token that holds; it says {answer.at:%Y-%m-%d %H:%M:%S} UTC.")
    if answer.ends is not None and answer.ends - answer.at < SOON:
        sentence = f"The certificate of the time-stamp authority {answer.name} ends on {answer.ends:%Y-%m-%d}."
        yield watch(sentence, "Ask its operator for the next one, and whether ESM_TSA_ROOTS needs another root.")


def _silence(answer: AuthorityAnswer) -> str:
    """Why there is no answer."""
    status = STATUS.search(str(answer.failure))
    if status:
        return f"it answers with HTTP status {status[1]}"
    address = address_of(answer.name)
    fault = connection_fault(address) if address else "its address is not http:// or https://"
    return fault or "it does not answer in time, or breaks off"
