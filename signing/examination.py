"""The process that examines one file from outside: `signing.judge` starts it, asks, and reads the answer.

Its limits of memory and time are set before the first byte of the file is read, and there is no HTTP client in it: a file is
judged by what is in it. (pyHanko imports one whether it is used or not, which would take a quarter of the process's time.)
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
from dataclasses import asdict
from datetime import datetime
from types import ModuleType

from signing.judge import expected_in, trust_in

HTTP_CLIENT = "aiohttp"
NICENESS = 5
"""What the service does for people goes first."""


class Absent(ModuleType):
    """Stands where a library would be: its names can be mentioned, and using any of them is an error."""

    def __getattr__(self, name: str) -> type:
        """A class of that name without any behaviour."""
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def bar_network() -> None:
    """Keep the HTTP client out of this process; to be called before pyHanko is imported."""
    sys.modules.setdefault(HTTP_CLIENT, Absent(HTTP_CLIENT))


def main() -> None:
    """The child: read the question and the file, answer the verdict."""
    bar_network()
    from signing.verify import verify_pdf

    os.nice(NICENESS)
    question = json.loads(sys.stdin.buffer.readline())
    resource.setrlimit(resource.RLIMIT_AS, (question["memory"],) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (question["seconds"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable(logging.CRITICAL)
    now = datetime.fromisoformat(question["now"]) if question["now"] else None
    verdict = verify_pdf(
        sys.stdin.buffer.read(), trust_in(question["trust"]), expected=expected_in(question["expected"]), now=now
    )
    sys.stdout.write(json.dumps(asdict(verdict), default=datetime.isoformat))


if __name__ == "__main__":
    main()
