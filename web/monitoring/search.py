"""The index of the records: whether every document is found by what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterator

from web.hints import program
from web.monitoring.findings import Finding, count, good, watch
from web.monitoring.installation import Installation


def examine_search(installation: Installation) -> Iterator[Finding]:
    """Find how many documents the index does not know."""
    installation.require_records()
    with installation.database.read() as records:
        outdated = len(records.entries.outdated())
    if outdated:
        verb = "is" if outdated == 1 else "are"
        sentence = f"{count(outdated, 'document')} {verb} not found by what is recorded."
        yield watch(sentence, f"Run `{program()} archive index`.")
    else:
        yield good("Every document is found by what is recorded of it.")
