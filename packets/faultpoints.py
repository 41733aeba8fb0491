"""Named places between two writes, where a test may make the process die or fail (DESIGN 4).

Off, which is always so outside the fault runs, a place costs one look at a variable. Nothing outside this process can turn one
on: no setting, no environment variable, no request.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class FaultPoint(StrEnum):
    """The places of a ceremony, a disposition and an export in the order in which they pass them; one in the sending of mail."""

    BEFORE_INTENT = "F0"
    AFTER_INTENT = "F1"
    BEFORE_SIGNATURE = "F2"
    AFTER_SIGNATURE = "F3"
    AFTER_VERDICT = "F4"
    BETWEEN_PUTS = "F5"
    AFTER_PUTS = "F6"
    BEFORE_COMMIT = "F7"
    AFTER_COMMIT = "F8"
    AFTER_SENDING = "F9"
    """The mail server has said yes, and nobody has recorded it yet."""
    BEFORE_DISPOSAL = "D0"
    AFTER_DISPOSAL_BEGUN = "D1"
    BETWEEN_REMOVALS = "D2"
    AFTER_REMOVALS = "D3"
    AFTER_CERTIFICATE = "D4"
    BEFORE_DISPOSAL_COMMIT = "D5"
    AFTER_DISPOSAL = "D6"
    BEFORE_EXPORT = "E0"
    BETWEEN_EXPORTED = "E1"
    AFTER_EXPORT_WRITTEN = "E2"
    BEFORE_EXPORT_COMMIT = "E3"
    AFTER_EXPORT = "E4"


CEREMONY = tuple(one for one in FaultPoint if one.startswith("F") and one is not FaultPoint.AFTER_SENDING)
"""What one signature passes, in this order."""
DISPOSAL = tuple(one for one in FaultPoint if one.startswith("D"))
"""What one disposition passes, in this order."""
EXPORT = tuple(one for one in FaultPoint if one.startswith("E"))
"""What one export passes, in this order."""


Action = Callable[[FaultPoint], None]
_action: Action | None = None


def arm(action: Action | None) -> None:
    """Do this at every place that is passed from now on; None turns all of them off."""
    global _action  # noqa: PLW0603  one switch for the process is the point
    _action = action


def passing(point: FaultPoint) -> None:
    """Say that the process is at this place."""
    if _action is not None:
        _action(point)
