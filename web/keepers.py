"""What keeps records for decades, put together from the services: the stores with the keys that may, and the work of jobs."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, cast

from packets.errors import Problem, StoreError
from packets.jobs.registry import Handler, Periodic, Run
from packets.keeping.certificates import CertificateOffice
from packets.keeping.disposal import DisposalWork
from packets.keeping.dispositions import DISPOSAL_JOB
from packets.keeping.exports import EXPORT_JOB
from packets.keeping.fixity import COPY_JOB, FixityDesk
from packets.keeping.holds import HOLD_JOB
from packets.keeping.locks import LockDesk
from packets.keeping.old_notices import dispose_old_notices
from packets.render.fonts import ensure_fonts
from packets.settings import Settings
from packets.store.objects import MendableStore, RemovingStore
from packets.store.objects_copy import CopiedObjects
from packets.store.places import Access, open_store
from signing.bags import BagDesk
from signing.certifying import certify
from signing.export_work import ExportWork

if TYPE_CHECKING:
    from web.bootstrap import Services

DAYS_IN_A_YEAR = 366
"""Rounded up: a lock that ends a day late breaks no promise."""
LOCK_EVERY = timedelta(days=7)
EXPIRE_EVERY = timedelta(hours=1)
ATTEMPTS = 500
"""With five minutes between two, about two days."""


def lock_of(settings: Settings) -> timedelta | None:
    """For how long a new object is locked in the store of the settings; None when it locks nothing."""
    urls = (settings.objects_url, settings.objects_copy_url)
    if not any(one.startswith("s3:") and "lock=none" not in one for one in urls):
        return None
    return timedelta(days=settings.objects_retention_years * DAYS_IN_A_YEAR)


def build_fixity(services: Services) -> FixityDesk:
    """Examines the stores that the services were built on."""
    objects = services.objects
    if isinstance(objects, CopiedObjects):
        return FixityDesk(services.database, objects.first, objects.copy, services.clock)
    return FixityDesk(services.database, cast("MendableStore", objects), None, services.clock)


def open_officer_stores(services: Services) -> tuple[RemovingStore, ...]:
    """The stores that the services were built on, each opened with the records officer's key where the settings have one."""
    settings, objects = services.settings, services.objects
    own = (objects.first, objects.copy) if isinstance(objects, CopiedObjects) else (objects,)
    secret = settings.objects_officer_secret_key.get_secret_value()
    copy_secret = settings.objects_copy_officer_secret_key.get_secret_value()
    access = Access(settings.objects_officer_access_key, secret, services.clock, settings.objects_ca)
    copy_access = Access(
        settings.objects_copy_officer_access_key, copy_secret, services.clock, settings.objects_copy_ca
    )
    places = (
        (settings.objects_url, access, "ESM_OBJECTS_URL"),
        (settings.objects_copy_url, copy_access, "ESM_OBJECTS_COPY_URL"),
    )
    return tuple(
        cast("RemovingStore", open_store(*place) if place[1].access_key else store)
        for store, place in zip(own, places, strict=False)
    )


def build_disposal(services: Services, stores: tuple[RemovingStore, ...] | None = None) -> DisposalWork:
    """Carries out dispositions in the stores of the services."""
    return DisposalWork(
        services.database,
        services.dispositions,
        services.objects,
        open_officer_stores(services) if stores is None else stores,
        CertificateOffice(services.database, services.catalog, services.assembler.fonts or ensure_fonts()),
        partial(certify, services.signer),
        services.clock,
    )


def build_bags(services: Services) -> BagDesk:
    """Makes bags for archives."""
    signer, checkpoints = services.signer, services.checkpoints
    return BagDesk(services.database, services.objects, services.catalog, signer, checkpoints, services.clock)


def build_export_work(services: Services) -> ExportWork:
    """Makes the files of exports."""
    keep = timedelta(days=services.settings.exports_keep_days)
    return ExportWork(services.database, build_bags(services), services.exports.files, services.clock, keep)


def keeping_handlers(services: Services) -> tuple[Handler, ...]:
    """Jobs of the keepers: a copy that could not be made, legal holds in the store, a disposition that was approved."""

    def copy_object(run: Run) -> None:
        build_fixity(services).copy_object(run.job.arguments["digest"])

    def hold_objects(run: Run) -> dict[str, int]:
        locks = LockDesk(services.database, services.retention)
        return {"objects": locks.hold(open_officer_stores(services), run.job.arguments["hold_id"])}

    def dispose(run: Run) -> dict[str, object]:
        return build_disposal(services).run(run)

    works = ((COPY_JOB, copy_object), (HOLD_JOB, hold_objects), (DISPOSAL_JOB, dispose))
    kept = (Handler(kind, work, attempts=ATTEMPTS) for kind, work in works)
    return (*kept, Handler(EXPORT_JOB, build_export_work(services).run))


def keeping_tasks(services: Services) -> tuple[Periodic, ...]:
    """What the keepers do again and again."""

    def keep(run: Run) -> dict[str, int]:
        report = build_fixity(services).run(repair=True, told=run.progress)
        if not report.holds:
            raise StoreError(
                Problem("fixity-broken", "Stored files are missing or damaged.", "Run `esm archive fixity`.")
            )
        return {"examined": report.examined}

    def keep_locked(run: Run) -> dict[str, int]:
        services.retention.record_dates()
        desk, locks = build_fixity(services), LockDesk(services.database, services.retention)
        extended = sum(locks.extend(one, run.progress) for one in (desk.store, desk.copy) if one)
        return {"locks_extended": extended, "held": locks.hold(open_officer_stores(services))}

    def renew(_run: Run) -> None:
        report = services.renewal.run()
        if report.refused:
            sentence = f"{len(report.refused)} documents were due and could not be renewed."
            raise StoreError(Problem("renewal-refused", sentence, "Look at the page of time-stamps."))

    def dispose_notices(_run: Run) -> None:
        dispose_old_notices(services.database, services.clock(), services.settings.notices_keep_years)

    def expire(_run: Run) -> dict[str, int]:
        return {"removed": services.exports.expire()}

    return (
        Periodic("expire-exports", EXPIRE_EVERY, expire),
        Periodic("renew", timedelta(days=services.settings.renewal_days), renew),
        Periodic("dispose-notices", LOCK_EVERY, dispose_notices),
        Periodic("keep", timedelta(days=services.settings.fixity_days), keep),
        Periodic("keep-locked", LOCK_EVERY, keep_locked),
    )
