"""One round of notices, by command: remind, write, mail. `web.bootstrap` has jobs do the same again and again."""

from __future__ import annotations

from dataclasses import dataclass

from packets.notices.delivery import Delivered
from web.bootstrap import Services


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did: reminders queued, notices written, and what became of the mail."""

    reminders: int
    written: int
    delivered: Delivered


def send_notices(services: Services) -> Round:
    """One round. It may run at any time, as often as one likes, and in several processes at once."""
    reminders = services.reminders.remind()
    written = services.notices.write()
    return Round(reminders, written, services.post.deliver())
