"""A whole performance year in memory: real services on an in-memory database and object store, with a clock that tests move.

The keys are made once for a test session; everything else is new for each world.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from packets.model.documents import Document, DocumentType, Slot
from packets.model.people import Role
from packets.sample.year import SampleAco, SampleYear, sample_year
from packets.settings import Settings
from packets.store.database import IN_MEMORY, Database
from packets.store.objects import MemoryObjects
from packets.years.enrollment import Enrollment
from signing.ceremony import SignRequest
from signing.pki import Pki, init_pki, load_pki
from web.bootstrap import Services, compose
from web.demo import choose_signer, holder

START = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)
PASSPHRASE = "a passphrase for tests"
PASSWORD = "a password for tests"
SESSION_SECRET = "a session secret for tests"


def new_database() -> Database:
    """What worlds are built on when no database is given; the fixture `every_database` puts others in its place."""
    return Database(IN_MEMORY)


class MovingClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time that the world believes in."""
        return self.now

    def advance(self, delta: timedelta) -> None:
        """Let time pass."""
        self.now += delta


@cache
def keys() -> Pki:
    """The keys of every world of this test session."""
    folder = Path(tempfile.mkdtemp(prefix="esm-keys-")) / "pki"
    init_pki(folder, PASSPHRASE, START - timedelta(days=1), sample=True)
    return load_pki(folder, PASSPHRASE)


@dataclass
class World:
    """Services, the sample year that they were filled with, and the clock."""

    services: Services
    year: SampleYear
    clock: MovingClock
    keys_used: list[str] = field(default_factory=list)

    def aco(self, aco_id: str) -> SampleAco:
        """The sample ACO of that ID."""
        return next(one for one in self.year.acos if one.aco.aco_id == aco_id)

    def first(self, cohort: str) -> SampleAco:
        """The first sample ACO of a cohort."""
        return next(one for one in self.year.acos if one.aco.cohort == cohort)

    def agency(self, role: Role) -> str:
        """User ID of the person with a role on the CMS side."""
        return next(one.user_id for one in self.year.agency if role in one.cms_roles)

    def document(self, sample: SampleAco, kind: str) -> Document:
        """The document of that kind, assembled when it was not."""
        return self.services.assembler.assemble(sample.aco.aco_id, sample.aco.performance_year, kind)

    def types(self, sample: SampleAco) -> list[DocumentType]:
        """The document types of an ACO's cohort."""
        return self.services.catalog.for_cohort(sample.aco.cohort)

    def request(
        self, document: Document, slot: str, role: Role, user_id: str, *, digest: str | None = None
    ) -> SignRequest:
        """What a person would send after they read the document and re-authenticated."""
        shown, _ = self.services.reading.show(user_id, document.document_id)
        viewed = shown.head_digest if digest is None else digest
        step_up = self.services.ceremony.step_up(user_id, document.document_id, viewed)
        return SignRequest(str(uuid.uuid4()), document.document_id, slot, user_id, role, viewed, step_up)

    def sign(self, document: Document, slot: Slot, sample: SampleAco) -> Document:
        """Sign a slot as one of those who may."""
        role, user_id = choose_signer(slot, sample, self.year, document.step)
        return self.services.ceremony.sign(self.request(document, slot.name, role, user_id))

    def settle_agreement(self, sample: SampleAco) -> None:
        """Confirm the contacts in Step 4 as the Custodian, and ask for the extension as the Requestor."""
        desk, place = self.services.agreements, (sample.aco.aco_id, sample.aco.performance_year)
        view = desk.look_up(*place)
        desk.confirm_contacts(*place, view.contacts_digest, holder(sample, Role.DUA_CUSTODIAN))
        desk.extend(*place, view.standing.latest.isoformat(), holder(sample, Role.DUA_REQUESTOR))

    def finish(self, sample: SampleAco, before_step: int = 99) -> list[Document]:
        """Carry an ACO's packet through all steps before a given one."""
        done = []
        for document_type in self.types(sample):
            if document_type.step >= before_step:
                break
            document = self.document(sample, document_type.kind)
            for slot in document_type.slots:
                document = self.sign(document, slot, sample)
            done.append(document)
        return done

    def submit_step_one(self, sample: SampleAco) -> None:
        """Confirm contacts and organization data as the ACO Executive."""
        executive = holder(sample, Role.ACO_EXECUTIVE)
        self.services.enrollment.submit_contacts(sample.aco.aco_id, sample.aco.performance_year, executive)
        self.services.enrollment.submit_organization(sample.aco.aco_id, sample.aco.performance_year, executive)


def build_world(
    count: int = 2,
    *,
    change: Callable[[SampleAco], SampleAco] = lambda sample: sample,
    step_one: bool = True,
    agreement: bool = True,
    folder: Path = Path("unused"),
    database: Database | None = None,
    templates_dir: Path | None = None,
    **settings_given: Any,
) -> World:
    """A year with `count` ACOs enrolled, nothing assembled yet.

    Args:
        count: how many ACOs; from two on, at least one of each cohort.
        change: alters a sample ACO before it is enrolled.
        step_one: whether Step 1 is submitted.
        agreement: whether then the contacts are confirmed in Step 4 and the extension is asked for, so that it can be signed.
        folder: the settings' folder, for tests that need one.
        database: one for several threads, such as those of the fixture `new_database`.
        templates_dir: a folder with further document types.
        settings_given: further settings.
    """
    clock = MovingClock(START)
    database = database or new_database()
    database.upgrade()
    settings = Settings(
        dir=folder,
        session_secret=SecretStr(SESSION_SECRET),
        pki_passphrase=SecretStr(PASSPHRASE),
        mode="development",
        confinement="off",
        templates_dir=templates_dir,
        **settings_given,
    )
    services = compose(settings, clock, database, MemoryObjects(), keys())
    year = sample_year(START.year + 1, count, now=START)
    world = World(services, year, clock)
    services.enrollment.register(year.agency)
    services.enrollment.open_year(year.year, world.agency(Role.CMS_STAFF))
    for sample in map(change, year.acos):
        lists = {"participants": sample.participants, "provider-supplier": sample.providers}
        services.enrollment.enroll(Enrollment(sample.aco, sample.contacts, lists), world.agency(Role.CMS_STAFF))
        if step_one:
            world.submit_step_one(sample)
        if step_one and agreement:
            world.settle_agreement(sample)
    return world
