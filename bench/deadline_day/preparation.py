"""The year ten minutes before the deadline: opened, Step 1 done, every document assembled, some signed; made once and kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nationwide.material import fill, list_sizes, spread, write_year
from nationwide.year import Crew, Progress, agent

from deadline_day.people import OFFICE, SIGNED_BEFORE, Designee, acos_for, offices, played_in
from deadline_day.stage import Stage, settings_of
from packets.clock import system_clock
from packets.model.people import Role
from packets.sample.people import agency_people
from packets.sample.year import SampleYear, sample_year
from packets.settings import load_settings
from packets.year_files.material import GivenFile
from packets.year_files.report import FileKind
from web.auth.totp import STEP_SECONDS, code_at
from web.bootstrap import Services, build_services

PASSWORD = "four lamps over the harbor"  # noqa: S105  of people who do not exist
SEED = 2027
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run has to know of the year.

    Attributes:
        rows: of its longest Provider/Supplier List.
        documents: how many were assembled.
        signed: signatures that were there before.
    """

    year: int
    acos: int
    rows: int
    documents: int
    signed: int
    designees: list[Designee]


def prepare(stage: Stage, designees: int, rows: int, workers: int, say: Say) -> Prepared:
    """The year in the stage's folder; made when it is not there yet.

    Raises:
        RuntimeError: something could not be prepared.
    """
    kept = stage.folder / "prepared.json"
    if kept.exists():
        return _recall(kept)
    stage.make()
    made = invent(acos_for(designees), rows, system_clock())
    settings = settings_of(stage.environment(), stage.keys)
    services = build_services(load_settings(**settings))
    try:
        say(f"a year of {len(made.acos)} ACOs is opened …")
        _open(services, made, stage.folder / "year")
        played = _give_factors(services, played_in(made, designees))
        _carry(services, settings, made, workers, say)
        with services.database.read() as records:
            documents, signed = records.ledger.documents(), records.ledger.signatures()
    finally:
        services.database.close()
    done = Prepared(made.year.year, len(made.acos), rows, len(documents), len(signed), played)
    _remember(kept, done)
    return done


def invent(acos: int, rows: int, now: datetime) -> SampleYear:
    """Invented ACOs in offices of three, with lists spread as the nation's are, none longer than `rows`."""
    made = offices(sample_year(now.year + 1, acos, now=now))
    sizes = [min(rows, one) for one in spread(list_sizes(SEED), acos)]
    return SampleYear(
        made.year, tuple(fill(one, size) for one, size in zip(made.acos, sizes, strict=True)), made.agency
    )


def _open(services: Services, made: SampleYear, folder: Path) -> None:
    """As CMS staff open it, from files."""
    write_year(made, folder)
    services.enrollment.register(agency_people())
    paths = {one: folder / f"{one}.{'toml' if one is FileKind.WINDOWS else 'csv'}" for one in FileKind}
    given = {one: GivenFile(path.name, path) for one, path in paths.items()}
    services.openings.open(made.year.year, given, agent(Role.CMS_STAFF), sample=True)


def _give_factors(services: Services, played: list[tuple[str, Role]]) -> list[Designee]:
    """A password and an authenticator app for each."""
    services.accounts.set_password([user_id for user_id, _ in played], PASSWORD)
    found = []
    for user_id, role in played:
        secret, step = services.accounts.factors.begin_app(user_id), int(time.time()) // STEP_SECONDS
        services.accounts.factors.confirm_app(user_id, code_at(secret, step))
        found.append(Designee(user_id, role, secret, step))
    return found


def _carry(services: Services, settings: dict[str, Any], made: SampleYear, workers: int, say: Say) -> None:
    """Step 1, assembling, and what others have signed earlier, in several processes."""
    year = made.year.year
    crew = Crew(settings, year, workers)
    try:
        _phase(crew, "Step 1", [("step_one", one.aco.aco_id) for one in made.acos], say)
        _phase(crew, "assembled", [("assemble", *one) for one in services.preparation.missing(year)], say)
        early = [(one.aco.aco_id, SIGNED_BEFORE[place % OFFICE]) for place, one in enumerate(made.acos)]
        _phase(crew, "signed before", [("sign", aco_id, list(steps)) for aco_id, steps in early if steps], say)
    finally:
        crew.leave()


def _phase(crew: Crew, name: str, tasks: list[tuple[Any, ...]], say: Say) -> None:
    progress = Progress(name, len(tasks), say)
    for one in tasks:
        crew.tasks.put(one)
    for count, told in enumerate(crew.results_of(len(tasks)), start=1):
        if problems := [problem for one in told["results"] for problem in one.get("problems", ())]:
            raise RuntimeError("\n".join(problems))
        progress.tell(count)


def _remember(kept: Path, one: Prepared) -> None:
    people = [[each.user_id, each.role, each.secret.hex(), each.step] for each in one.designees]
    facts = {name: getattr(one, name) for name in ("year", "acos", "rows", "documents", "signed")}
    kept.write_text(json.dumps({**facts, "designees": people}), "utf-8")


def _recall(kept: Path) -> Prepared:
    told = json.loads(kept.read_text("utf-8"))
    people = [Designee(user, Role(role), bytes.fromhex(secret), step) for user, role, secret, step in told["designees"]]
    return Prepared(**{**told, "designees": people})
