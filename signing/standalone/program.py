"""The program in a bag: the verifier and the forms that it holds, put together into one file that runs by itself."""

from __future__ import annotations

import re
from importlib.resources import files

FORMS = ("pdf_values", "revision_layout", "revision_forms", "container_forms", "validation_forms")
FUTURE = "from __future__ import annotations\n"
_OWN_IMPORT = re.compile(r"^from signing\.standalone\.\w+ import (?:\([^)]*\)|[^(\n]*)\n", re.MULTILINE)


def standalone_program() -> bytes:
    """The one file that needs nothing of this project: each import from a module beside it is replaced by that module."""
    head, body = _source("verifier").split(FUTURE, 1)
    forms = [f"# --- {name}\n{_source(name).split(FUTURE, 1)[1]}" for name in FORMS]
    parts = [_OWN_IMPORT.sub("", part) for part in (*forms, body)]
    return (head + FUTURE + "".join(parts)).encode()


def _source(name: str) -> str:
    return files("signing.standalone").joinpath(f"{name}.py").read_text(encoding="utf-8")
