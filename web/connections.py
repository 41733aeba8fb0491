"""Which connections are closed, so that half-sent requests and idle browsers keep nobody out.

A head has to arrive within seconds, a body at a least rate. When all places are taken, a new connection takes that of an old one
on which nothing is being answered: of the network that has most of them, the one that has waited longest.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

CONNECTIONS = 800
"""So many may be open, below the 1,024 files that most systems give a process."""
SPARE_CONNECTIONS = 100
"""So many more while the others are being closed."""
LONG_BODIES = 64
"""So many bodies that are longer than a form may be on their way at once."""
HEAD_SECONDS = 20
IDLE_SECONDS = 75
BODY_GRACE_SECONDS = 30
BODY_BYTES_PER_SECOND = 4096
READER_SECONDS = 120
"""After so long a client that takes nothing of its answer is given up."""

Channel = Any
"""waitress's connection, as `web.server` extends it; it carries no types."""


def is_idle(channel: Channel) -> bool:
    """Tell whether nothing is being answered on a connection."""
    return not (channel.requests or channel.total_outbufs_len or channel.will_close or channel.paused)


def is_long(channel: Channel) -> bool:
    """Tell whether a long body is on its way on a connection."""
    return channel.request is not None and channel.request.is_long and is_idle(channel)


def close_overdue(channels: Iterable[Channel], now: float) -> None:
    """Close connections on which nothing has come for too long."""
    for channel in channels:
        if _is_overdue(channel, now):
            channel.will_close = True


def _is_overdue(channel: Channel, now: float) -> bool:
    request = channel.request
    if channel.requests or channel.total_outbufs_len:
        return bool(channel.total_outbufs_len) and now - channel.last_activity > READER_SECONDS
    if channel.paused:
        return False
    if request is None:
        return bool(now - channel.last_activity > (IDLE_SECONDS if channel.served else HEAD_SECONDS))
    seconds = now - channel.began
    if not request.headers_finished:
        return bool(seconds > HEAD_SECONDS)
    return bool(request.body_bytes_received < (seconds - BODY_GRACE_SECONDS) * BODY_BYTES_PER_SECOND)


def make_room(channels: Iterable[Channel], most: int, can_go: Callable[[Channel], bool]) -> None:
    """Close one connection where there are more than the most, if one of them can go."""
    channels = [channel for channel in channels if not channel.will_close]
    candidates = [channel for channel in channels if can_go(channel)]
    if len(channels) <= most or not candidates:
        return
    shares = Counter(channel.network for channel in candidates)
    oldest = max(candidates, key=lambda channel: (shares[channel.network], -channel.began))
    oldest.will_close = True


def now() -> float:
    """The time by which waitress notes what connections do."""
    return time.time()
