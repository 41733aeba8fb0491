"""The audit log's chain: every edit, removal, insertion and reordering is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from packets.audit.log import Act, Entry, Outcome, chain, chain_problems

START = datetime(2026, 11, 20, tzinfo=UTC)


def log_of(length: int) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(length):
        entries.append(
            chain(
                entries[-1] if entries else None,
                at_utc=START + timedelta(seconds=number),
                act=Act.DOCUMENT_SIGN,
                actor="AB12",
                subject=f"A1001/2027/{number}",
                outcome=Outcome.DONE,
                details={"slot": "CMS_20", "number": number},
            )
        )
    return entries


def test_an_untouched_log_holds_together() -> None:
    """No problem in an empty log, nor in a long one."""
    assert chain_problems([]) == []
    assert chain_problems(log_of(50)) == []


@given(st.integers(2, 20), st.data())
def test_every_tampering_is_found(length: int, data: st.DataObject) -> None:
    """One entry edited, removed, doubled or swapped with another: the chain says so."""
    entries = log_of(length)
    at = data.draw(st.integers(0, length - 2))
    how = data.draw(st.sampled_from(["edit", "remove", "double", "swap", "redigest"]))
    if how == "edit":
        entries[at] = replace(entries[at], actor="ZZ99")
    elif how == "remove":
        del entries[at]
    elif how == "double":
        entries.insert(at, entries[at])
    elif how == "swap":
        entries[at], entries[at + 1] = entries[at + 1], entries[at]
    else:
        forged = replace(entries[at], actor="ZZ99")
        last = entries[at - 1] if at else None
        entries[at] = chain(
            last,
            at_utc=forged.at_utc,
            act=forged.act,
            actor=forged.actor,
            subject=forged.subject,
            outcome=forged.outcome,
            details=forged.details,
        )

    assert chain_problems(entries)
