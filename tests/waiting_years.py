"""A folder in which documents of several ACOs wait for CMS: made once, copied for each test, for real processes too."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from packets.clock import Clock, system_clock
from packets.model.documents import Document, Party
from packets.model.people import Role
from packets.sample.year import SampleAco, SampleYear, sample_year
from packets.settings import Settings
from packets.years.enrollment import Enrollment
from signing.ceremony import SignRequest
from web.bootstrap import Services, build_services, initialize
from web.demo import choose_signer, holder
from web.work import build_executor
from worlds import PASSWORD

PLAIN_KIND = "plain-agreement"
MANIFEST = "document.toml"
ADDRESS = "database-address"


def make_waiting_year(folder: Path, count: int, *, templates: Path | None = None, database_url: str = "") -> SampleYear:
    """A year of `count` ACOs, each with one agreement that the ACO has signed and CMS has not.

    The agreement is a document type of its own, the Participation Agreement without earlier steps, so that nothing else has to
    be signed first.
    """
    templates = templates or folder / "templates"
    _write_type(templates)
    (folder / ADDRESS).write_text(database_url, "utf-8")
    settings = settings_of(folder, templates)
    initialize(settings, sample=True)
    services = build_services(settings)
    now = system_clock()
    year = sample_year(now.year + 1, count, now=now)
    services.enrollment.register(year.agency)
    staff = agency(year, Role.CMS_STAFF)
    services.enrollment.open_year(year.year, staff)
    for sample in year.acos:
        services.enrollment.enroll(Enrollment(sample.aco, sample.contacts, {}), staff)
        services.enrollment.submit_contacts(sample.aco.aco_id, year.year.year, holder(sample, Role.ACO_EXECUTIVE))
        services.enrollment.submit_organization(sample.aco.aco_id, year.year.year, holder(sample, Role.ACO_EXECUTIVE))
        sign_for_aco(services, year, sample)
    services.accounts.set_password([agency(year, Role.CMS_SIGNATORY)], PASSWORD)
    services.database.close()
    return year


def sign_for_aco(services: Services, year: SampleYear, sample: SampleAco) -> Document:
    """Assemble the ACO's agreement and sign it as one of its designees."""
    document = services.assembler.assemble(sample.aco.aco_id, year.year.year, PLAIN_KIND)
    for slot in document.unsigned(services.catalog[PLAIN_KIND], Party.ACO):
        role, user_id = choose_signer(slot, sample, year, 0)
        shown, _ = services.reading.show(user_id, document.document_id)
        step_up = services.ceremony.step_up(user_id, document.document_id, shown.head_digest)
        key = f"{document.document_id}/{slot.name}"
        asked = SignRequest(key, document.document_id, slot.name, user_id, role, shown.head_digest, step_up)
        document = services.ceremony.sign(asked)
    return document


def settings_of(folder: Path, templates: Path | None = None) -> Settings:
    """The settings of such a folder; its records may lie in a database elsewhere."""
    database_url = (folder / ADDRESS).read_text("utf-8")
    return Settings(dir=folder, templates_dir=templates or folder / "templates", database_url=database_url)


def agency(year: SampleYear, role: Role) -> str:
    """User ID of the person with a role on the CMS side."""
    return next(one.user_id for one in year.agency if role in one.cms_roles)


def later(delta: timedelta) -> Clock:
    """A clock that is ahead of the real one."""

    def ahead() -> datetime:
        return system_clock() + delta

    return ahead


def _write_type(templates: Path) -> None:
    """The Participation Agreement under another name, for every ACO and without earlier steps."""
    source = Path(__file__).parents[1] / "templates" / "documents" / "participation-agreement"
    target = templates / PLAIN_KIND
    target.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        text = path.read_text("utf-8")
        if path.name == MANIFEST:
            text = text.replace('prerequisites = ["assurance-of-compliance"]', "prerequisites = []")
            text = text.replace('cohorts = ["new"]', 'cohorts = ["current", "new"]').replace("step = 6", "step = 7")
        (target / path.name).write_text(text, "utf-8")


def work_off(folder: Path, lease_seconds: float) -> None:
    """What a worker process does: jobs, until none of the batch's is left; a dead one's after its lease."""
    services = build_services(settings_of(folder))
    executor = replace(build_executor(services), lease=timedelta(seconds=lease_seconds))
    while unfinished(services):
        executor.work_off()
        time.sleep(0.05)
    services.database.close()


def unfinished(services: Services) -> bool:
    """Whether a batch that was started is not finished."""
    with services.database.read() as records:
        owner = records.people.holding(Role.CMS_SIGNATORY)[0].user_id
        return any(one.finished_at is None for one in records.batches.of_person(owner, 10))
