"""Asking every part of the service, one after the other: a check that fails ends none of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from packets.errors import PacketsError
from web.monitoring.assets import examine_assets
from web.monitoring.clock import examine_clock
from web.monitoring.database import examine_database
from web.monitoring.disk import examine_disk
from web.monitoring.findings import Finding, State, broken, watch
from web.monitoring.installation import Installation, NeedError
from web.monitoring.keys import examine_keys
from web.monitoring.mail import examine_mail
from web.monitoring.objects import examine_objects
from web.monitoring.queue import examine_queue
from web.monitoring.sandbox import examine_sandbox
from web.monitoring.search import examine_search
from web.monitoring.settings import examine_settings
from web.monitoring.sign_on import examine_sign_on
from web.monitoring.start import examine_start
from web.monitoring.time_stamps import examine_time_stamps

Check: TypeAlias = Callable[[Installation], Iterable[Finding]]
FAULT = "This part cannot be examined, which is a fault of this program."

CHECKS: Mapping[str, Check] = {
    "settings": examine_settings,
    "database": examine_database,
    "objects": examine_objects,
    "queue": examine_queue,
    "keys": examine_keys,
    "time-stamps": examine_time_stamps,
    "clock": examine_clock,
    "mail": examine_mail,
    "sign-on": examine_sign_on,
    "disk": examine_disk,
    "search": examine_search,
    "assets": examine_assets,
    "sandbox": examine_sandbox,
    "start": examine_start,
}
"""The parts, in the order in which they are examined and told."""


def examine(installation: Installation, checks: Mapping[str, Check] = CHECKS) -> list[Finding]:
    """Make every check, and answer what it finds."""
    return [replace(finding, part=part) for part, check in checks.items() for finding in ask_check(check, installation)]


def ask_check(check: Check, installation: Installation) -> list[Finding]:
    """Make one check. What it found before it failed counts; how it failed is a finding too."""
    findings: list[Finding] = []
    try:
        findings.extend(check(installation))
    except NeedError as error:
        findings.append(
            watch(f"It was not examined, because it needs the {error.part}.", f"Mend the {error.part} first.")
        )
    except PacketsError as error:
        findings += [broken(problem.sentence, problem.remedy) for problem in error.problems] or [_fault(error)]
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        sentence = f"It cannot be examined: {error.strerror or error}{place and ':'}{place}."
        findings.append(broken(sentence, "Look at the machine, and at whether the service's user may use it."))
    except Exception as error:  # noqa: BLE001  the edge: whatever is wrong in one check, the others are made
        findings.append(_fault(error))
    return findings


def _fault(error: Exception) -> Finding:
    remedy = "Report it, with what `esm doctor --json` says of it."
    return Finding(State.BROKEN, FAULT, remedy, detail=f"{type(error).__name__}: {error}")
