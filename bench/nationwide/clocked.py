"""Where the time of a piece of work goes: the parts of the service, each behind something that looks at the clock.

Nothing is left out or done differently: every call goes on to the part itself.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from nationwide.inside import measure_work
from packets.sandbox.sandbox import Allowance, Sandbox
from packets.sandbox.schema import answer_type
from web.bootstrap import Services

Tally = Counter[str]
"""Processor seconds by part."""


PLENTY = Allowance()


class ClockedSandbox:
    """A sandbox that also tells what the confined process took, which no account of this process has."""

    def __init__(self, sandbox: Sandbox, tally: Tally) -> None:
        self._sandbox, self._tally = sandbox, tally

    def run(
        self,
        work: Callable[..., Any],
        *arguments: Any,
        allowance: Allowance = PLENTY,
        needs: Iterable[Callable[..., Any]] = (),
        **options: Any,
    ) -> Any:
        """Work as `Sandbox.run` does; the time of this process for asking and reading the answer is the confinement's."""
        began = time.thread_time()
        returns = tuple[answer_type(work), float, int]  # type: ignore[misc]  known when it runs
        answer, seconds, peak = self._sandbox.run(
            measure_work, work, *arguments, allowance=allowance, needs=(work, *needs), returns=returns, **options
        )
        self._tally["render"] += seconds
        self._tally["confinement"] += time.thread_time() - began
        self._tally["confined peak KB"] = max(self._tally["confined peak KB"], peak)
        return answer


class Clocked:
    """A part of the service whose named methods are clocked; everything else is the part's own."""

    def __init__(self, part: Any, tally: Tally, names: Mapping[str, str]) -> None:
        self._part, self._tally, self._names = part, tally, names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        return partial(self._measure, self._names[name], found) if name in self._names else found

    def _measure(self, label: str, work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        began = time.thread_time()
        try:
            return work(*arguments, **options)
        finally:
            self._tally[label] += time.thread_time() - began


def clock(services: Services, tally: Tally) -> Services:
    """The same services, with the parts that take time clocked."""
    signer: Any = Clocked(
        services.signer, tally, {"seal": "seal", "sign": "sign", "close": "close", "verify_own": "judge"}
    )
    objects: Any = Clocked(services.objects, tally, {"put": "store", "get": "store"})
    assembler = replace(
        services.assembler, objects=objects, seal=signer.seal, sandbox=ClockedSandbox(services.sandbox, tally)
    )
    return replace(
        services,
        objects=objects,
        assembler=assembler,
        preparation=replace(services.preparation, assembler=assembler),
        ceremony=replace(services.ceremony, objects=objects, signer=signer),
        reading=replace(services.reading, objects=objects),
    )
