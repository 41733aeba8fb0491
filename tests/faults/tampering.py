"""The log of a year in which things were signed: tampered with at random, and held against its signed checkpoints."""

from __future__ import annotations

from collections.abc import Iterator

from faults.stage import Theatre, ask, unsigned
from faults.tallies import Tally
from log_tampering import tamper
from packets.audit.log import Entry
from signing.checkpoints import verify_log

SIGNATURES = 4


def tamper_with_the_log(theatre: Theatre, count: int, seed: int) -> Iterator[Tally]:
    """`count` tamperings of what two checkpoints cover; what the verifier does not find is a problem."""
    stage = theatre.stage()
    services = stage.services
    services.checkpoints.make()
    for _ in range(SIGNATURES):
        services.ceremony.sign(ask(stage, *next(unsigned(stage))))
    services.checkpoints.make()
    with services.database.read() as records:
        log = list(records.journal.entries())
    bundles, trust, now = list(services.checkpoints.bundles()), services.signer.trust, services.clock()

    def is_found(bent: list[Entry]) -> bool:
        return bool(verify_log(bent, bundles, trust, now).problems)

    tallies = []
    if is_found(log):
        tallies.append(Tally("nothing", problems=["the log that nobody touched is not believed"]))
    for how, (tried, missed) in sorted(tamper(log, len(log), is_found, count, seed).items()):
        problems = [f"{missed} were not found"] if missed else []
        tallies.append(Tally(f"entries {how}", faults=tried, refused=tried - missed, problems=problems))
    stage.close(Tally("the last one"))
    yield from tallies
