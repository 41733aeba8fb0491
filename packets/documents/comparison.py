"""What differs between two documents of a kind: their frozen facts side by side, in one line for people who decide quickly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from packets.model.documents import ISSUERS

NOT_COMPARED = frozenset({"document", "sample", "cohort", ISSUERS})
"""What differs every year, or says nothing about the ACO."""
MOST_IN_A_LINE = 4


def describe_differences(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> str:
    """One line: what has changed since the earlier document, or that nothing has, or that there was none."""
    if before is None:
        return "First of its kind for this ACO"
    found = list(differences(before, now))
    if not found:
        return "Nothing but the year"
    more = f"; and {len(found) - MOST_IN_A_LINE} more" if len(found) > MOST_IN_A_LINE else ""
    return "; ".join(found[:MOST_IN_A_LINE]) + more


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Each fact that differs, in words: `legal name: “A” is now “B”`."""
    then, today = dict(_facts(before, "")), dict(_facts(now, ""))
    for name in [*today, *(one for one in then if one not in today)]:
        old, new = then.get(name, ""), today.get(name, "")
        if old != new:
            yield f"{name}: {_quoted(old)} is now {_quoted(new)}"


def _facts(value: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        if key in NOT_COMPARED:
            continue
        name = key.replace("_", " ")
        if key == "contacts":
            yield from ((one["label"], f"{one['name']} {one['user_id']}".strip()) for one in inner if one["designee"])
        elif key == "rosters":
            yield from ((f"rows of {name}", str(len(roster["rows"]))) for name, roster in inner.items())
        elif isinstance(inner, Mapping):
            yield from _facts(inner, f"{where}{name} ")
        else:
            yield f"{where}{name}".removeprefix("aco "), "" if inner is None else str(inner)


def _quoted(value: str) -> str:
    return f"“{value}”" if value else "empty"
