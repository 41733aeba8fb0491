"""What an examination works on: each piece of the service is opened when a check asks for it, and may be broken by itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from packets.clock import Clock, system_clock
from packets.errors import InputError, PacketsError, Problem, StoreError
from packets.settings import Settings
from packets.store.database import Database
from packets.store.health.records import RecordFacts, record_facts
from packets.store.objects import ProbedStore
from packets.store.objects_copy import CopiedObjects
from signing.authority_answers import AuthorityAnswer, ask_authorities
from signing.pki import Pki, load_pki
from signing.timestamps import TimeStampSource
from web.bootstrap import Services, open_stores
from web.carriers import open_database
from web.hints import fill_folder
from web.kept_secrets import find_secret
from web.keys import key_holder
from web.signing_sources import time_stamps

STORE, COPY = "store", "copy"


class NeedError(Exception):
    """A part cannot be examined before another one is mended."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


@dataclass
class Installation:
    """The settings of a service, and what they lead to."""

    settings: Settings
    clock: Clock = system_clock
    stores: dict[str, ProbedStore] = field(default_factory=dict)

    @cached_property
    def database(self) -> Database:
        """The database, not connected yet.

        Raises:
            PacketsError: there is none, or its address cannot be used.
        """
        if not self.settings.has_database:
            remedy = fill_folder(self.settings.dir, self.settings.mode)
            raise StoreError(Problem("folder-empty", f"There is no database in {self.settings.dir}.", remedy))
        return open_database(self.settings)

    @cached_property
    def records(self) -> RecordFacts:
        """What the records say of themselves.

        Raises:
            NeedError: they cannot be asked, which is told under the database.
        """
        try:
            self.database.inspect_schema().require()
            return self.database.inspect(record_facts)
        except (PacketsError, OSError):
            raise NeedError("database") from None

    def require_records(self) -> None:
        """Make sure that records can be asked.

        Raises:
            NeedError: they cannot, which is told under the database.
        """
        _ = self.records

    @property
    def store_names(self) -> tuple[str, ...]:
        """The object store, and its copy where the settings name one."""
        return (STORE, COPY) if self.settings.objects_copy_url else (STORE,)

    def store(self, name: str) -> ProbedStore:
        """One of the stores; what is wrong with the other one does not matter.

        Raises:
            PacketsError: its address cannot be used, or its folder is not there.
        """
        if name not in self.stores:
            if name == STORE and not self.settings.objects_url and not self._is_begun:
                raise NeedError("database")
            alone = self.settings if name == COPY else self.settings.model_copy(update={"objects_copy_url": ""})
            store, copy = open_stores(alone, self.clock)
            self.stores[name] = copy if name == COPY and copy is not None else store
        return self.stores[name]

    @property
    def _is_begun(self) -> bool:
        """Whether a service was begun in the folder, so that opening its store makes nothing out of nothing."""
        settings = self.settings
        return settings.dir.is_dir() and (settings.has_database or settings.objects.is_dir())

    @cached_property
    def pki(self) -> Pki:
        """The keys, opened.

        Raises:
            PacketsError: they are missing, or cannot be opened.
        """
        return load_pki(self.settings.pki, self.passphrase, key_holder(self.settings))

    @property
    def opened_keys(self) -> Pki:
        """The keys, for a check of another part.

        Raises:
            NeedError: they cannot be opened, which is told under the keys.
        """
        try:
            return self.pki
        except (PacketsError, OSError):
            raise NeedError("keys") from None

    @cached_property
    def timestamps(self) -> TimeStampSource:
        """The time-stamp authorities of the settings.

        Raises:
            PacketsError: production names none, or their roots cannot be read.
            NeedError: the keys cannot be opened, which is told under the keys.
        """
        return time_stamps(self.settings, self.opened_keys, self.clock)

    @cached_property
    def answers(self) -> list[AuthorityAnswer]:
        """What each time-stamp authority answers; they are asked once for all checks.

        Raises:
            PacketsError: as `timestamps`.
        """
        return ask_authorities(self.timestamps, self.clock)

    @property
    def passphrase(self) -> str:
        """The passphrase of the keys; nothing is made where there is none.

        Raises:
            InputError: there is none, or the file with it cannot be read.
        """
        kept = self.settings.dir / "secrets" / "pki_passphrase"
        if self.settings.mode == "production" or self.settings.pki_passphrase.get_secret_value() or kept.exists():
            return find_secret(self.settings, "pki_passphrase")
        sentence = f"The passphrase of the keys is not there: {kept} is missing."
        remedy = "Bring the folder `secrets` back from its backup, or set ESM_PKI_PASSPHRASE_FILE."
        raise InputError(Problem("pki-passphrase-gone", sentence, remedy, str(kept)))

    @property
    def is_production(self) -> bool:
        """Whether real people sign here."""
        return self.settings.mode == "production"

    def close(self) -> None:
        """Give back what was opened."""
        with suppress(PacketsError):
            if "database" in self.__dict__:
                self.database.close()


def installation_of(services: Services) -> Installation:
    """The installation that a running service was built on, with the pieces that it has open."""
    objects = services.objects
    stores = {STORE: objects.first, COPY: objects.copy} if isinstance(objects, CopiedObjects) else {STORE: objects}
    installation = Installation(services.settings, services.clock, cast("dict[str, ProbedStore]", stores))
    opened = {"database": services.database, "pki": services.pki, "timestamps": services.signer.timestamps}
    installation.__dict__.update(opened)
    return installation
