"""The one place that builds real services from settings."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial

from packets.clock import Clock, system_clock
from packets.documents.assemble import Assembler
from packets.documents.catalog import Catalog, load_catalog
from packets.documents.reading import ReadingRoom
from packets.documents.reading_copies import ReadingCopies
from packets.documents.voiding import VoidDesk
from packets.errors import StoreError
from packets.finding.desk import FindingDesk
from packets.giving.grants import GrantDesk
from packets.jobs.queue import enqueue
from packets.keeping.dispositions import DispositionDesk
from packets.keeping.export_files import ExportFiles
from packets.keeping.exports import ExportDesk
from packets.keeping.fixity import COPY_JOB
from packets.keeping.holds import HoldDesk
from packets.keeping.retention import RetentionDesk
from packets.list_desks.change_requests import ChangeRequestDesk
from packets.list_desks.changes import ChangesDesk
from packets.list_desks.corrections import CorrectionsDesk
from packets.list_desks.reading import ListDesk
from packets.notices.delivery import PostOffice
from packets.notices.desk import NoticeDesk
from packets.notices.reminders import ReminderDesk
from packets.people.contacts import ContactDesk
from packets.people.designees import DesigneeDesk
from packets.people.directory import DirectoryDesk
from packets.people.organization import OrganizationDesk
from packets.people.placements import PlacementDesk
from packets.people.tokens import TokenDesk
from packets.render.fonts import FontSet, ensure_fonts
from packets.render.stamp import render_stamp
from packets.sandbox.confined import ConfinedSandbox
from packets.sandbox.sandbox import Sandbox, UnconfinedSandbox
from packets.settings import Settings
from packets.store.database import Database
from packets.store.modes import make_private_folder
from packets.store.objects import MendableStore, ObjectStore
from packets.store.objects_copy import CopiedObjects
from packets.store.objects_files import FileObjects
from packets.store.places import Access, open_store
from packets.store.schema_state import SchemaReport, SchemaState
from packets.webhooks.addresses import AddressGuard
from packets.webhooks.delivery import Messenger
from packets.webhooks.desk import WebhookDesk
from packets.years.agreements import AgreementDesk
from packets.years.closing import ClosingDesk
from packets.years.cohort_windows import CohortWindowDesk
from packets.years.deadlines import DeadlineDesk
from packets.years.enrollment import EnrollmentDesk
from packets.years.list_loading import LoadingDesk
from packets.years.preparation import PreparationDesk
from packets.years.progress import ProgressDesk
from packets.years.year_loading import YearDesk
from packets.years.year_opening import OpeningDesk
from signing.ceremony import Ceremony
from signing.checkpoints import Checkpointer
from signing.countersigning import CountersignDesk
from signing.declining import DeclineDesk
from signing.deferring import DeferringDesk
from signing.fields import seeded_fields
from signing.fsck import Checker
from signing.fsck_bytes import ByteChecker
from signing.pades import SigningService
from signing.pki import Pki
from signing.proofs import step_up_problems
from signing.reconciler import Reconciler
from signing.renewal import Renewal
from signing.sources.authorities import KeyAuthority
from signing.sources.register import open_authorities
from web.auth.accounts import AccountDesk
from web.auth.office import open_accounts
from web.auth.resets import ResetDesk
from web.auth.step_up import StepUpDesk
from web.carriers import install_engine, open_database
from web.encryption import require_encryption
from web.giving import first_link
from web.incidents import log_incident
from web.keepers import DAYS_IN_A_YEAR, lock_of
from web.kept_secrets import find_secret
from web.keys import has_sealed, make_keys, open_keys
from web.mail import read_mail
from web.provider_settings import require_provider
from web.signing_sources import people_keys, time_stamps


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a door needs, built once for a process."""

    settings: Settings
    clock: Clock
    database: Database
    objects: ObjectStore
    sandbox: Sandbox
    catalog: Catalog
    pki: Pki
    signer: SigningService
    assembler: Assembler
    enrollment: EnrollmentDesk
    contacts: ContactDesk
    organization: OrganizationDesk
    change_requests: ChangeRequestDesk
    designees: DesigneeDesk
    placements: PlacementDesk
    corrections: CorrectionsDesk
    deadlines: DeadlineDesk
    preparation: PreparationDesk
    years: YearDesk
    openings: OpeningDesk
    loadings: LoadingDesk
    cohort_windows: CohortWindowDesk
    directory: DirectoryDesk
    agreements: AgreementDesk
    closing: ClosingDesk
    progress: ProgressDesk
    lists: ListDesk
    list_changes: ChangesDesk
    reading: ReadingRoom
    reading_copies: ReadingCopies
    finding: FindingDesk
    ceremony: Ceremony
    countersigning: CountersignDesk
    declining: DeclineDesk
    voiding: VoidDesk
    retention: RetentionDesk
    holds: HoldDesk
    grants: GrantDesk
    dispositions: DispositionDesk
    exports: ExportDesk
    renewal: Renewal
    reconciler: Reconciler
    checker: Checker
    checkpoints: Checkpointer
    accounts: AccountDesk
    step_ups: StepUpDesk
    resets: ResetDesk
    notices: NoticeDesk
    reminders: ReminderDesk
    post: PostOffice
    deferring: DeferringDesk
    tokens: TokenDesk
    webhooks: WebhookDesk
    messenger: Messenger
    session_secret: str


def build_services(settings: Settings, clock: Clock = system_clock) -> Services:
    """The services of a process on the settings' folder, database and keys.

    Raises:
        SchemaError: this program cannot work on the database.
        PkiError: the keys are missing or cannot be opened.
        InputError: production lacks a secret.
    """
    require_encryption(settings)
    require_provider(settings)
    database = open_database(settings)
    try:
        database.inspect_schema().require()
        pki = open_keys(settings, database)
        store, copy = open_stores(settings, clock)
        objects = CopiedObjects(store, copy, partial(_queue_copy, database, clock)) if copy else store
        return compose(settings, clock, database, objects, pki)
    except BaseException:
        database.close()
        raise


def open_stores(settings: Settings, clock: Clock) -> tuple[MendableStore, MendableStore | None]:
    """The object store of the settings, and its copy where they name one.

    Raises:
        InputError: an address cannot be used.
    """
    lock = timedelta(days=settings.objects_retention_years * DAYS_IN_A_YEAR)

    def locked_until() -> datetime:
        return clock() + lock

    secret = settings.objects_secret_key.get_secret_value()
    access = Access(settings.objects_access_key, secret, locked_until, settings.objects_ca)
    store = open_store(settings.objects_url, access) if settings.objects_url else FileObjects(settings.objects)
    if not settings.objects_copy_url:
        return store, None
    secret = settings.objects_copy_secret_key.get_secret_value()
    access = Access(settings.objects_copy_access_key, secret, locked_until, settings.objects_copy_ca)
    return store, open_store(settings.objects_copy_url, access, "ESM_OBJECTS_COPY_URL")


def _queue_copy(database: Database, clock: Clock, digest: str) -> None:
    """A copy that cannot be made now is made by a job; where not even that can be queued, `esm archive fixity` finds it."""
    with suppress(StoreError), database.write() as records:
        enqueue(records, COPY_JOB, {"digest": digest}, f"{COPY_JOB}:{digest}", clock())


def initialize(settings: Settings, clock: Clock = system_clock, *, sample: bool) -> None:
    """Make folder, schema and keys of a new service; a database that is there already is not upgraded.

    Raises:
        SchemaError: the database is neither new nor of this version.
    """
    make_private_folder(settings.dir)
    with closing(open_database(settings)) as database:
        report = database.inspect_schema()
        if report.state is SchemaState.EMPTY:
            database.upgrade()
        else:
            report.require()
        install_engine(settings, database)
        if not settings.pki.exists() and not has_sealed(database):
            make_keys(settings, clock, sample=sample)


def upgrade_folder(settings: Settings, clock: Clock = system_clock) -> SchemaReport:
    """Bring the schema to the newest version, and make the keys of a new folder outside production.

    Keys are never made where something was sealed with others.

    Returns:
        what the schema was before.

    Raises:
        SchemaError: the database cannot be upgraded; nothing was changed.
    """
    with closing(open_database(settings)) as database:
        database.inspect_schema().require(upgradable=True)
        make_private_folder(settings.dir)
        before = database.upgrade()
        install_engine(settings, database)
        if settings.mode != "production" and not settings.pki.exists() and not has_sealed(database):
            make_keys(settings, clock, sample=False)
    return before


def compose(settings: Settings, clock: Clock, database: Database, objects: ObjectStore, pki: Pki) -> Services:
    """The services on parts that are given; tests give parts in memory."""
    catalog = load_catalog(extra=settings.templates_dir)
    fonts = ensure_fonts(settings.fonts_dir)
    authorities = open_authorities(settings.signer_keys) if settings.signer_keys else []
    signer = _signer(settings, clock, pki, fonts, authorities)
    sandbox = confined_sandbox() if settings.confinement == "on" else UnconfinedSandbox()
    assembler = Assembler(database, objects, catalog, clock, seeded_fields, signer.seal, sandbox, fonts, signer.issuers)
    reading = ReadingRoom(database, objects, catalog, clock)
    retention = RetentionDesk(database, catalog, clock, lock_of(settings))
    preparation = PreparationDesk(database, catalog, assembler, clock)
    ceremony = Ceremony(database, objects, catalog, signer, clock)
    guard, master = AddressGuard(local=settings.mode != "production"), partial(find_secret, settings, "webhook_secret")
    webhooks = WebhookDesk(database, clock, guard, master)
    mail, session_secret = read_mail(settings), find_secret(settings, "session_secret")
    passphrase = partial(find_secret, settings, "pki_passphrase")
    accounts, step_ups, resets = open_accounts(settings, database, clock, mail, passphrase, session_secret)
    mailed = mail.server is not None
    grants = GrantDesk(database, clock, session_secret, mail.public_url, mailed, fonts.coverage)
    return Services(
        settings=settings,
        clock=clock,
        database=database,
        objects=objects,
        sandbox=sandbox,
        catalog=catalog,
        pki=pki,
        signer=signer,
        assembler=assembler,
        enrollment=EnrollmentDesk(database, clock, catalog),
        contacts=ContactDesk(database, assembler, clock),
        organization=OrganizationDesk(database, assembler, clock),
        change_requests=ChangeRequestDesk(database, assembler, clock),
        designees=DesigneeDesk(database, clock),
        placements=PlacementDesk(database, assembler, clock),
        corrections=CorrectionsDesk(database, objects, catalog, assembler, clock, sandbox),
        deadlines=DeadlineDesk(database, clock),
        preparation=preparation,
        years=(years := YearDesk(database, objects, catalog, clock, sandbox)),
        openings=OpeningDesk(database, objects, years, clock),
        loadings=LoadingDesk(database, objects, years, clock, preparation),
        cohort_windows=CohortWindowDesk(database, clock),
        directory=DirectoryDesk(database, clock),
        agreements=AgreementDesk(database, catalog, assembler, clock),
        closing=ClosingDesk(database, catalog, clock),
        progress=ProgressDesk(database, catalog, clock),
        lists=ListDesk(database, objects, catalog, clock),
        list_changes=ChangesDesk(database, objects, catalog),
        reading=reading,
        reading_copies=ReadingCopies(reading, fonts),
        finding=FindingDesk(database, objects, catalog, reading, clock),
        ceremony=ceremony,
        countersigning=CountersignDesk(database, objects, catalog, clock),
        declining=DeclineDesk(database, catalog, assembler, clock),
        voiding=VoidDesk(database, assembler, clock),
        retention=retention,
        holds=HoldDesk(database, clock),
        grants=grants,
        dispositions=DispositionDesk(database, retention, clock, step_up_problems),
        exports=ExportDesk(database, ExportFiles(settings.exports), clock),
        renewal=Renewal(database, objects, signer, clock),
        reconciler=Reconciler(database, clock),
        checker=Checker(database, catalog, ByteChecker(objects, signer.trust)),
        checkpoints=Checkpointer(database, objects, pki, signer.timestamps, clock),
        accounts=accounts,
        step_ups=step_ups,
        resets=resets,
        notices=NoticeDesk(database, catalog, clock, mail.address, mailed=mailed, also=webhooks.spread),
        reminders=ReminderDesk(database, catalog, clock),
        post=PostOffice(database, clock, mail.server, mail.sender, first_link(resets.link, grants.link)),
        deferring=DeferringDesk(database, objects, catalog, ceremony, signer, authorities, clock),
        tokens=TokenDesk(database, clock),
        webhooks=webhooks,
        messenger=Messenger(database, clock, guard, master),
        session_secret=session_secret,
    )


def _signer(
    settings: Settings, clock: Clock, pki: Pki, fonts: FontSet, authorities: Sequence[KeyAuthority]
) -> SigningService:
    """What signs, on the keys of people and the authorities for time-stamps that the settings name."""
    return SigningService(
        pki,
        clock,
        time_stamps(settings, pki, clock),
        render_stamp=partial(render_stamp, fonts=fonts),
        archival_digest=settings.archival_digest,
        signers=people_keys(settings, pki, authorities),
    )


@cache
def confined_sandbox() -> ConfinedSandbox:
    """Return the process's only sandbox; its server is started when it is first needed, and ends with the process."""
    sandbox = ConfinedSandbox(log_incident)
    atexit.register(sandbox.close)
    return sandbox
