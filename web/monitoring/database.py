"""The database: its schema, its pages or its catalog, the rights of our role, and whether something can be written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial

from packets.errors import Problem, StoreError
from packets.jobs.queue import enqueue
from packets.store.grants import APPEND_ONLY
from packets.store.health import DatabaseFacts, PostgresqlFacts, SqliteFacts, database_facts
from web.monitoring.findings import Finding, State, broken, good, watch
from web.monitoring.installation import Installation

SECONDS = 60.0
"""So long are pages and indexes looked at; a gigabyte of SQLite takes a few seconds."""
OLDEST_SERVER = 15
DURABLE = {"fsync", "full_page_writes", "synchronous_commit"}
SERVER_WORDS = (re.compile(r"(?:FATAL|ERROR):\s+([^\n]+)"), re.compile(r".*failed: ([^\n]+)"))
"""What the driver quotes of the server, or of the system, when there is no connection."""

RESTORE = (
    "Stop the service, put the database aside as it is, restore the last backup into a new folder, and run `esm fsck`."
)
GRANTS = "Run the SQL of `esm db grants` as the owner of the tables, and let the service connect as the role it names."


class _TrialError(Exception):
    """Takes a trial back."""


def examine_schema(installation: Installation) -> Iterator[Finding]:
    """Find whether this program can work on the schema; nobody who writes is waited for."""
    try:
        report = installation.database.inspect_schema()
    except StoreError as error:
        yield from (broken(_with_words(problem, error), problem.remedy) for problem in error.problems)
        return
    if report.problem is None:
        yield good(f"Its schema is {report.found}.")
    else:
        state = State.WATCH if report.state.is_usable else State.BROKEN
        yield Finding(state, report.problem.sentence, report.problem.remedy)


def examine_database(installation: Installation) -> Iterator[Finding]:
    """Find what is wrong with the schema, the pages or the catalog, and with writing; the trial is taken back."""
    findings = list(examine_schema(installation))
    yield from findings
    if any(finding.state is State.BROKEN for finding in findings):
        return
    facts = installation.database.inspect(partial(database_facts, seconds=SECONDS))
    yield from judge_database(facts, production=installation.is_production)
    if not _may_be_tried(facts):
        return
    with suppress(_TrialError), installation.database.write() as records:
        enqueue(records, "doctor", {}, "doctor", installation.clock())
        raise _TrialError
    yield good("It reads and writes.")


def _may_be_tried(facts: DatabaseFacts) -> bool:
    """Whether writing is worth a trial: what keeps it from succeeding has not been told already."""
    if isinstance(facts, SqliteFacts):
        return facts.sound
    return not facts.lacking and not facts.is_standby


def judge_database(facts: DatabaseFacts, *, production: bool) -> Iterable[Finding]:
    """Judge the facts of a database. Without IO."""
    if isinstance(facts, SqliteFacts):
        return _judge_sqlite(facts)
    return _judge_postgresql(facts, State.BROKEN if production else State.WATCH)


def _judge_sqlite(facts: SqliteFacts) -> Iterator[Finding]:
    if not facts.sound:
        yield broken("Its file is damaged: pages are not what was written.", RESTORE)
        return
    if facts.complete:
        yield good("Every page of its file is sound.")
    else:
        remedy = "Let `PRAGMA quick_check` of sqlite3 look at a backup of it to the end."
        yield watch(
            f"Its file is so large that only a part was looked at in {SECONDS:g} seconds, which is sound.", remedy
        )
    for name in facts.missing_triggers:
        yield _silent(name)


def _judge_postgresql(facts: PostgresqlFacts, lax: State) -> Iterator[Finding]:
    """Judge a server; `lax` is how something is that only production must have."""
    if facts.damaged_index:
        yield broken(f"The index {facts.damaged_index} is damaged.", "Find out why, run REINDEX, then `esm fsck`.")
    if facts.is_standby:
        remedy = "Name the server that it follows with ESM_DATABASE_URL."
        yield broken("The server is a standby: nothing can be recorded.", remedy)
    yield from map(_silent, facts.silent_triggers)
    yield from _judge_role(facts, lax)
    yield from _judge_server(facts, lax)


def _judge_role(facts: PostgresqlFacts, lax: State) -> Iterator[Finding]:
    if facts.is_superuser:
        sentence = f"The service connects as {facts.role}, a superuser, who may change what was recorded."
        yield Finding(lax, sentence, GRANTS)
    elif facts.owned:
        sentence = f"The service connects as {facts.role}, the owner of its tables, who may change what was recorded."
        yield Finding(lax, sentence, GRANTS)
    elif facts.changeable:
        names = ", ".join(facts.changeable)
        yield Finding(lax, f"The role {facts.role} may change what was recorded ({names}).", GRANTS)
    elif facts.lacking:
        more = f" and {len(facts.lacking) - 1} more" if len(facts.lacking) > 1 else ""
        yield broken(f"The role {facts.role} lacks rights: {facts.lacking[0]}{more}.", GRANTS)
    else:
        yield good(f"The role {facts.role} may add to the log and not change it.")


def _judge_server(facts: PostgresqlFacts, lax: State) -> Iterator[Finding]:
    version = facts.version // 10000
    if version < OLDEST_SERVER:
        sentence = f"PostgreSQL {version} is older than every version that was tried."
        yield watch(sentence, f"Upgrade the server to {OLDEST_SERVER} or later.")
    off = sorted(name for name in DURABLE if facts.settings.get(name) == "off")
    if off:
        sentence = f"The server may lose what it answered: {', '.join(off)} is off."
        yield Finding(lax, sentence, "Switch it on in the server's settings.")
    if facts.settings.get("data_checksums") == "off":
        yield watch("The server does not notice damaged pages.", "Run `pg_checksums --enable` while it is stopped.")
    if not facts.has_limits:
        sentence = "The limit on waiting for locks did not arrive at the server; a pooler may hold it back."
        yield watch(sentence, "See docs/operations.md for poolers.")
    if facts.encoding != "UTF8":
        yield broken(
            f"The database is encoded in {facts.encoding}.", "Make it anew with UTF8, and restore the dump there."
        )
    if not facts.sorts_by_bytes:
        remedy = "Make the database anew with the locale C.UTF-8, and restore the dump there."
        yield watch("The database does not sort by bytes, so that lists come in another order.", remedy)


def _silent(name: str) -> Finding:
    table = next(table for table in APPEND_ONLY if name.startswith(f"{table}_"))
    sentence = f"Nothing keeps the table {table} from being changed: its trigger {name} is missing or off."
    return broken(sentence, "Find out who did that; restore the last backup, and compare with `esm fsck`.")


def _with_words(problem: Problem, error: StoreError) -> str:
    """The sentence of a problem, with the server's own words where there was no connection."""
    said = str(getattr(error.__cause__, "orig", ""))
    words = next(filter(None, (pattern.search(said) for pattern in SERVER_WORDS)), None)
    return f"{problem.sentence.rstrip('.')}: {words[1].rstrip('.')}." if words else problem.sentence
