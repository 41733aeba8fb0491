"""The sandbox: whether what comes from outside is read in a process that can do nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from web.bootstrap import confined_sandbox
from web.monitoring.findings import Finding, State, good
from web.monitoring.installation import Installation


def examine_sandbox(installation: Installation) -> Iterator[Finding]:
    """Find whether the sandbox is on, and whether this machine's kernel closes it."""
    lax = State.BROKEN if installation.is_production else State.WATCH
    if installation.settings.confinement != "on":
        sentence = "What comes from outside is read by the service itself, with all its rights."
        yield Finding(lax, sentence, "Unset ESM_CONFINEMENT.")
    elif not confined_sandbox().is_restricted:
        sentence = "The sandbox has limits of time and memory, and no wall against networks and other programs."
        yield Finding(lax, sentence, "Run the service on Linux with seccomp, on x86-64 or ARM64.")
    else:
        yield good("What comes from outside is read without network, other programs and settings.")
