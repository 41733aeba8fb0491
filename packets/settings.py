"""All configuration, from `ESM_*` environment variables and from nowhere else (DESIGN 7, 8).

A secret may also stand in a file: `ESM_PKI_PASSPHRASE_FILE=/run/secrets/pki` is read where
`ESM_PKI_PASSPHRASE` is absent.
An `ESM_*` name that the service does not know is a start-up error, so that a misspelled setting never passes unseen.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from packets.errors import InputError, Problem
from packets.proxy_addresses import Network, parse_proxies

PREFIX = "ESM_"
SECRETS = (
    "database_password",
    "pki_passphrase",
    "session_secret",
    "oidc_client_secret",
    "mail_url",
    "objects_secret_key",
    "objects_copy_secret_key",
    "objects_officer_secret_key",
    "objects_copy_officer_secret_key",
    "webhook_secret",
    "metrics_token",
)


class Settings(BaseSettings):
    """The settings of one process. Defaults are those of the embedded mode; only the folder is really needed."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    mode: Literal["demo", "development", "production"] = Field(
        default="development", description="demo lists its accounts; production refuses development keys"
    )
    dir: Path = Field(
        default=Path("esm-data"), description="folder of the database, the objects and the keys in embedded mode"
    )
    database_url: str = Field(default="", description="SQLAlchemy address; empty means SQLite in the folder")
    database_password: SecretStr = Field(
        default=SecretStr(""), description="password of the user whom that address names, where it has none"
    )
    queue_database_url: str = Field(
        default="",
        description="address of the same database without a pooler, for procrastinate; empty means the database's",
    )
    objects_url: str = Field(
        default="", description="address of the object store, file: or s3:; empty means files in the folder"
    )
    objects_access_key: str = Field(default="", description="access key of the bucket; empty means the machine's role")
    objects_secret_key: SecretStr = Field(default=SecretStr(""), description="secret of that access key")
    objects_ca: Path | None = Field(
        default=None, description="PEM file with the authorities that vouch for the store; empty means the public ones"
    )
    objects_retention_years: int = Field(
        default=15,
        ge=0,
        le=100,
        description="a new object in a bucket is locked for so long: five years of an agreement, and ten more",
    )
    objects_copy_url: str = Field(default="", description="address of a second store that gets a copy of every object")
    objects_copy_access_key: str = Field(default="", description="access key of the second store")
    objects_copy_secret_key: SecretStr = Field(default=SecretStr(""), description="secret of that access key")
    objects_copy_ca: Path | None = Field(
        default=None, description="PEM file with the authorities that vouch for the second store"
    )
    objects_officer_access_key: str = Field(
        default="",
        description="key of the records officer, who sets legal holds and removes; empty means the service's own",
    )
    objects_officer_secret_key: SecretStr = Field(default=SecretStr(""), description="secret of that access key")
    objects_copy_officer_access_key: str = Field(
        default="", description="the records officer's key at the second store"
    )
    objects_copy_officer_secret_key: SecretStr = Field(default=SecretStr(""), description="secret of that access key")
    fixity_days: int = Field(default=7, ge=1, le=366, description="every stored file is read again after so many days")
    renewal_days: int = Field(
        default=7, ge=1, le=366, description="archival time-stamps that end soon are renewed after so many days"
    )
    notices_keep_years: int = Field(
        default=3, ge=1, le=30, description="notices to people are removed after so long; the log tells of them still"
    )
    exports_dir: Path | None = Field(
        default=None,
        description="where the files of exports lie; all processes must share it; empty means in the folder",
    )
    exports_keep_days: int = Field(
        default=7, ge=1, le=90, description="the file of an export is removed after so many days"
    )
    fonts_dir: Path | None = Field(
        default=None, description="where a source checkout has the document fonts; empty means beside the environment"
    )
    templates_dir: Path | None = Field(
        default=None, description="a folder with further document types, beside those that ship with the service"
    )
    pki_passphrase: SecretStr = Field(
        default=SecretStr(""), description="opens the keys of the seal and of the certificate authority"
    )
    session_secret: SecretStr = Field(default=SecretStr(""), description="signs the cookies of the web front end")
    signer_socket: Path | None = Field(
        default=None, description="socket of the signer process, which holds keys that are not in the folder"
    )
    signer_keys: Path | None = Field(
        default=None, description="register of keys that somebody else holds for people; empty means one-time keys"
    )
    tsa_urls: tuple[str, ...] = Field(
        default=(), description="RFC 3161 authorities, tried in order; empty means the local one"
    )
    tsa_roots: tuple[Path, ...] = Field(default=(), description="PEM files with the roots of those authorities")
    archival_digest: Literal["sha256", "sha384", "sha512"] = Field(
        default="sha256",
        description="digest of archival time-stamps; `esm archive renew` renews those with a weaker one",
    )
    mail_url: SecretStr = Field(
        default=SecretStr(""),
        description="where notices are mailed: smtp://user:password@host:port; empty means nowhere",
    )
    mail_from: str = Field(default="", description="in whose name: Name <address>")
    mail_roots: Path | None = Field(
        default=None, description="PEM file with the roots of the mail server; empty means those of the machine"
    )
    public_url: str = Field(default="", description="address of the web front end, as people reach it")
    trust_proxy: str = Field(
        default="",
        description="addresses and networks of the proxies whose X-Forwarded-* are believed; empty means nobody's",
    )
    session_idle_minutes: int = Field(default=20, ge=1, le=240, description="sign-out after so long without a request")
    session_hours: int = Field(default=12, ge=1, le=24, description="sign-out after so long in any case")
    api_calls_per_minute: int = Field(
        default=300, ge=1, le=100_000, description="calls that one API token may make in a minute"
    )
    webhook_secret: SecretStr = Field(default=SecretStr(""), description="the secrets of webhooks are derived from it")
    metrics_token: SecretStr = Field(default=SecretStr(""), description="opens /metrics; empty means nobody may look")
    session_warning_minutes: int = Field(default=5, ge=1, le=60, description="how long before that a page warns")
    second_factor: Literal["", "optional", "required"] = Field(
        default="", description="whether a password alone signs in; empty means required in production only"
    )
    reset_minutes: int = Field(default=15, ge=5, le=60, description="how long a link to a new password counts")
    oidc_issuer: str = Field(default="", description="issuer of an OpenID Connect provider; empty means none")
    oidc_client_id: str = Field(default="", description="what the provider calls this service")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="secret that the provider gave to it")
    oidc_claim: str = Field(default="preferred_username", description="claim that holds the CMS user ID")
    oidc_acr: tuple[str, ...] = Field(
        default=(), description="authentication classes (acr) that the provider must have reached; empty means any"
    )
    oidc_amr: tuple[str, ...] = Field(
        default=(),
        description="authentication methods (amr), one of which the provider must have used; empty means any",
    )
    oidc_name: str = Field(default="single sign-on", description="what the sign-in page calls the provider")
    queue: Literal["embedded", "worker", "procrastinate"] = Field(
        default="embedded",
        description="who does jobs: threads of `esm serve`, or `esm worker` only, woken by procrastinate or by looking",
    )
    confinement: Literal["on", "off"] = Field(
        default="on",
        description="read what is uploaded, and render documents, in short-lived processes without network and with limits",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="what the log carries")

    @field_validator("trust_proxy")
    @classmethod
    def _require_addresses(cls, text: str) -> str:
        try:
            parse_proxies(text)
        except ValueError as error:
            raise PydanticCustomError("proxies", "{reason}", {"reason": str(error)}) from None
        return text

    @property
    def trusted_proxies(self) -> frozenset[Network | str]:
        """The networks of proxies that may say for whom they ask."""
        return parse_proxies(self.trust_proxy)

    @property
    def database(self) -> str:
        """The database's address, with the password that stands elsewhere."""
        if not self.database_url:
            return f"sqlite:///{self.dir / 'esm.db'}"
        return add_password(self.database_url, self.database_password.get_secret_value())

    @property
    def queue_database(self) -> str:
        """The database's address for the engine that wakes workers."""
        if not self.queue_database_url:
            return self.database
        return add_password(self.queue_database_url, self.database_password.get_secret_value())

    @property
    def needs_second_factor(self) -> bool:
        """Whether a password alone lets nobody do anything but add a second factor."""
        return self.second_factor == "required" or (not self.second_factor and self.mode == "production")

    @property
    def has_database(self) -> bool:
        """Whether there is a database: one was named, or the folder has its own.

        Raises:
            OSError: this user may not look into the folder.
        """
        return bool(self.database_url) or _is_there(self.dir / "esm.db")

    @property
    def objects(self) -> Path:
        """The folder of the object store."""
        return self.dir / "objects"

    @property
    def exports(self) -> Path:
        """The folder of the files of exports."""
        return self.exports_dir or self.dir / "exports"

    @property
    def pki(self) -> Path:
        """The folder of keys and certificates."""
        return self.dir / "pki"


def add_password(address: str, password: str) -> str:
    """Add a password to an address that names a user without one; any other address stays as it is."""
    parts = urlsplit(address)
    user, at, host = parts.netloc.rpartition("@")
    if not (password and at) or ":" in user:
        return address
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))


def load_settings(**given: Any) -> Settings:
    """The settings from the environment, where nothing is given on the command line.

    Raises:
        InputError: with every unknown name and every value that cannot be used.
    """
    problems = [_unknown(name) for name in sorted(os.environ) if name.startswith(PREFIX) and not _known(name)]  # noqa: TID251
    secrets, unread = _secrets_in_files()
    problems += unread
    try:
        settings = Settings(**{**secrets, **given})
    except ValidationError as error:
        problems += [_invalid(one["loc"], one["msg"]) for one in error.errors()]
    if problems:
        raise InputError(problems)
    return settings


def _known(name: str) -> bool:
    field = name.removeprefix(PREFIX).lower()
    return field in Settings.model_fields or field.removesuffix("_file") in SECRETS


def _unknown(name: str) -> Problem:
    return Problem(
        "setting-unknown",
        f"There is no setting {name}.",
        "Correct its name, or unset it; docs/settings.md lists the settings.",
        name,
    )


def _invalid(place: tuple[int | str, ...], message: str) -> Problem:
    name = PREFIX + str(place[0]).upper() if place else PREFIX
    return Problem("setting-invalid", f"The setting {name} cannot be used: {message}.", "Correct its value.", name)


def _secrets_in_files() -> tuple[dict[str, str], list[Problem]]:
    """Secrets whose `*_FILE` variable names a file, and files that cannot be read; the plain variable wins when both are set."""
    secrets, problems = {}, []
    for field in SECRETS:
        variable = f"{PREFIX}{field.upper()}_FILE"
        path = os.environ.get(variable)  # noqa: TID251
        if path and f"{PREFIX}{field.upper()}" not in os.environ:  # noqa: TID251
            try:
                secrets[field] = Path(path).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
                problems.append(_unread(variable, path, str(reason)))
    return secrets, problems


def _unread(variable: str, path: str, reason: str) -> Problem:
    sentence = f"The file that {variable} names cannot be read: {reason}."
    return Problem("setting-unread", sentence, "Correct the name, or let the service's user read the file.", path)


def _is_there(path: Path) -> bool:
    """Whether there is a file; `Path.exists` of Python 3.12 and later calls a closed folder an empty one."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True
