"""What the log is told of confined work that came to no answer: which work, with which code, how and where; never a value."""

from __future__ import annotations

import sys

from packets.sandbox.sandbox import Incident
from packets.tracing import traced

LIMITS = frozenset({"time-limit", "memory-limit", "disk-limit"})
"""A file may reach these by its own; everything else is looked into."""


def log_incident(incident: Incident) -> None:
    """Write one line: to the log of the process, or to the terminal of a command."""
    import structlog  # most commands never need it

    logger = structlog.get_logger()
    if not structlog.is_configured():
        logger = structlog.wrap_logger(structlog.PrintLogger(sys.stderr))
    write = logger.warning if incident.code in LIMITS else logger.error
    write(
        "confined work ended",
        request_id=traced(),
        work=incident.work,
        code=incident.code,
        detail=incident.detail,
    )
