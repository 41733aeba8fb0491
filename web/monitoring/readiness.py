"""Whether requests should be sent to this process: asked every few seconds, answered in a few seconds, and never an error.

What is found is kept for some seconds, so that whoever may ask cannot have stores asked as often as they like.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeAlias

from packets.errors import NotFoundError, PacketsError
from packets.store.objects import ProbedStore
from packets.store.schema_state import SchemaReport
from web.bootstrap import Services
from web.monitoring.examiner import ask_check
from web.monitoring.findings import Finding, State, good
from web.monitoring.installation import STORE, Installation, installation_of
from web.monitoring.keys import examine_certificates

PATIENCE, KEPT_SECONDS = 4.0, 3.0
WRITE_SECONDS = 3600.0
"""Where the key of a bucket removes nothing, something is put so seldom; reading is tried each time."""
NOBODY = "0" * 64
"""A digest that nothing has."""

Check: TypeAlias = Callable[[Installation], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class ReadinessReport:
    """What can be used, by part; and what is wrong with the schema, which is mended from outside."""

    checks: Mapping[str, bool]
    schema: SchemaReport | None = None

    @property
    def is_ready(self) -> bool:
        """Whether requests should be sent here."""
        return all(self.checks.values())


@dataclass
class Readiness:
    """Examines what nothing can be done without, for one process. Safe to share between threads."""

    patience: float = PATIENCE
    kept_seconds: float = KEPT_SECONDS
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(3, thread_name_prefix="readiness"))
    _running: dict[str, Future[list[Finding]]] = field(default_factory=dict)
    _kept: tuple[float, Services, ReadinessReport] | None = None
    _lock: Lock = field(default_factory=Lock)
    _leaves_since: float | None = None
    _schema: SchemaReport | None = None

    def report(self, services: Services) -> ReadinessReport:
        """Answer what was found some seconds ago, or look again."""
        with self._lock:
            if self._kept is None or self._kept[1] is not services or self._kept[0] < time.monotonic():
                report = self._look(installation_of(services))
                self._kept = (time.monotonic() + self.kept_seconds, services, report)
            return self._kept[2]

    def _look(self, installation: Installation) -> ReadinessReport:
        """Make all checks beside each other. One that does not end is not begun again, and its part cannot be used."""
        checks: dict[str, Check] = {
            "database": self._examine_schema,
            "objects": self._examine_objects,
            "keys": examine_certificates,
        }
        for part, check in checks.items():
            if part not in self._running:
                self._running[part] = self._pool.submit(ask_check, check, installation)
        done, _ = wait(self._running.values(), self.patience)
        usable = {part: future in done and _is_usable(future) for part, future in self._running.items()}
        self._running = {part: future for part, future in self._running.items() if future not in done}
        return ReadinessReport({part: usable[part] for part in checks}, self._schema)

    def _examine_schema(self, installation: Installation) -> Iterator[Finding]:
        self._schema = None
        report = installation.database.inspect_schema()
        self._schema = report if report.problem else None
        report.require()
        yield good("It can be worked on.")

    def _examine_objects(self, installation: Installation) -> Iterator[Finding]:
        """Whether the first store takes and gives; an act does not wait for the second one."""
        store = installation.store(STORE)
        if self._leaves_since is None or time.monotonic() - self._leaves_since > WRITE_SECONDS:
            removed = store.probe(secrets.token_bytes(32))
            self._leaves_since = None if removed else time.monotonic()
        else:
            _require_answer(store)
        yield good("It takes and gives.")


def _require_answer(store: ProbedStore) -> None:
    """Ask for something that is not there.

    Raises:
        PacketsError: the store does not say so.
    """
    try:
        store.get(NOBODY)
    except NotFoundError:
        return


def _is_usable(future: Future[list[Finding]]) -> bool:
    try:
        return all(finding.state is not State.BROKEN for finding in future.result())
    except PacketsError:
        return False
