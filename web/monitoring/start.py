"""Putting the service together, as every process of it does when it starts."""

from __future__ import annotations

from collections.abc import Iterator

from packets.errors import PacketsError
from web.bootstrap import build_services
from web.monitoring.findings import Finding, broken, good
from web.monitoring.installation import Installation


def examine_start(installation: Installation) -> Iterator[Finding]:
    """Find whether a process of the service would start."""
    installation.require_records()
    _ = installation.opened_keys
    try:
        services = build_services(installation.settings, installation.clock)
    except PacketsError as error:
        yield from (
            broken(f"The service does not start: {problem.sentence}", problem.remedy) for problem in error.problems
        )
        return
    services.database.close()
    yield good("The service can be put together.")
