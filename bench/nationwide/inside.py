"""What is done in the confined process: the work itself, with an account of what it took. Imports nothing of the service."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import Any


def measure_work(work: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[Any, float, int]:
    """Return the answer, its processor seconds and the process's peak memory in KB."""
    began = time.process_time()
    answer = work(*arguments, **options)
    return answer, time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
