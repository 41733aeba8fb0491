"""The register of keys that somebody else holds for people: one TOML file, read when the service starts (ADR 9).

    [[keys]]                                     # in the hardware module of the signer process
    label = "jane-doe-2027"
    certificates = "jane-doe.pem"                # the key's own, then its issuers up to the root
    revocation_lists = ["root.crl", "ca.crl"]    # read anew for every signature; whoever runs the service keeps them fresh
    policies = ["1.3.6.1.4.1.32473.7"]

    [[keys]]                                     # at a remote service with the API of the Cloud Signature Consortium
    address = "https://sign.agency.example"
    credential = "credential-7"
    version = "v2"
    token_file = "/run/secrets/token"
    pin_file = "/run/secrets/pin"                # absent when the token alone authorizes
    certificates = "issuers.pem"                 # the issuers up to the root; the key's own comes from the service
    revocation_lists = ["root.crl", "ca.crl"]
    policies = ["1.3.6.1.4.1.32473.7"]

    [[authorities]]                              # whose people sign hashes by themselves, with keys that we never meet
    certificates = "agency.pem"                  # from the authority that certifies people up to the root
    revocation_lists = ["root.crl", "ca.crl"]
    policies = ["1.3.6.1.4.1.32473.7"]

Paths are taken from the folder of the register. No secret stands in it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from packets.errors import PacketsError, Problem
from signing.errors import PkiError
from signing.sources.authorities import KeyAuthority
from signing.sources.remote import RemoteSigner
from signing.sources.socket_client import SocketKey
from signing.sources.source import HeldKey

Words = Annotated[str, Field(min_length=1)]


class Line(BaseModel):
    """One key of the register: with a `label` it is in the signer process, with an `address` at a remote service."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    certificates: Path
    revocation_lists: tuple[Path, ...] = Field(min_length=1)
    policies: frozenset[Words] = Field(min_length=1)
    label: str = ""
    address: str = ""
    credential: str = ""
    version: Literal["v1", "v2"] = "v1"
    token_file: Path | None = None
    pin_file: Path | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Line:
        if bool(self.label) == bool(self.address):
            raise ValueError("a key has either a label in the signer process or an address")
        if self.address and not (self.credential and self.token_file):
            raise ValueError("a key at an address needs a credential and a token_file")
        return self


class AuthorityLine(BaseModel):
    """One authority whose people hold their keys themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    certificates: Path
    revocation_lists: tuple[Path, ...] = Field(min_length=1)
    policies: frozenset[Words] = Field(min_length=1)


class Register(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: tuple[Line, ...] = ()
    authorities: tuple[AuthorityLine, ...] = ()

    @model_validator(mode="after")
    def _names_something(self) -> Register:
        if not self.keys and not self.authorities:
            raise ValueError("it names neither a key nor an authority")
        return self


@dataclass(frozen=True, slots=True)
class ListFiles:
    """Revocation lists that stand in files, PEM or DER, which somebody replaces as they are issued."""

    paths: tuple[Path, ...]

    def __call__(self) -> Sequence[bytes]:
        """The lists as they are now, DER.

        Raises:
            PkiError: one cannot be read; without it nothing would show that the certificate is good.
        """
        return [_revocation_list(path) for path in self.paths]


def open_register(path: Path, signer_socket: Path | None) -> list[HeldKey]:
    """The keys of a register, each ready to be asked for signatures.

    Args:
        path: the register.
        signer_socket: where the signer process listens, if there is one.

    Raises:
        PkiError: with everything that is wrong: the file, a certificate, a list, a chain, a service that does not answer.
    """
    problems: list[Problem] = []
    found: list[HeldKey] = []
    for place, line in enumerate(_read(path).keys, start=1):
        try:
            found.append(_open(line, path.parent, signer_socket))
        except PacketsError as error:
            problems += [_placed(one, f"{path}, key {place}") for one in error.problems]
    if problems:
        raise PkiError(problems)
    return found


def open_authorities(path: Path) -> list[KeyAuthority]:
    """The authorities of a register whose people sign hashes by themselves.

    Raises:
        PkiError: with everything that is wrong: the file, a certificate, a list, a chain.
    """
    problems: list[Problem] = []
    found: list[KeyAuthority] = []
    for place, line in enumerate(_read(path).authorities, start=1):
        try:
            lists = ListFiles(tuple(path.parent / one for one in line.revocation_lists))
            lists()
            found.append(KeyAuthority(_certificates(path.parent / line.certificates), lists, line.policies))
        except PacketsError as error:
            problems += [_placed(one, f"{path}, authority {place}") for one in error.problems]
    if problems:
        raise PkiError(problems)
    return found


def _read(path: Path) -> Register:
    try:
        return Register.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        remedy = "Name a TOML file with a [[keys]] table for each key."
        raise PkiError(
            Problem("register-unreadable", f"The register of keys cannot be read: {error}.", remedy, str(path))
        ) from error
    except ValidationError as error:
        raise PkiError([_invalid(path, one["loc"], one["msg"]) for one in error.errors()]) from error


def _invalid(path: Path, place: tuple[int | str, ...], message: str) -> Problem:
    where = ".".join(str(one + 1) if isinstance(one, int) else one for one in place)
    remedy = "Correct it as signing/sources/register.py shows."
    return Problem("register-invalid", f"The register of keys is wrong: {message}.", remedy, f"{path}: {where}")


def _open(line: Line, folder: Path, signer_socket: Path | None) -> HeldKey:
    certificates = _certificates(folder / line.certificates)
    lists = ListFiles(tuple(folder / one for one in line.revocation_lists))
    lists()
    if line.address:
        return _at_service(line, folder, certificates, lists)
    if signer_socket is None:
        raise PkiError(
            Problem("signer-socket-missing", "A key of the signer process has no socket.", "Set ESM_SIGNER_SOCKET.")
        )
    key = SocketKey(signer_socket, line.label)
    return HeldKey(RemoteSigner(certificates, key.ask), certificates, lists, line.policies)


def _at_service(line: Line, folder: Path, issuers: tuple[x509.Certificate, ...], lists: ListFiles) -> HeldKey:
    from signing.sources.cloud import CloudAccount, open_cloud_key

    pin = _secret(folder / line.pin_file) if line.pin_file else None
    token = _secret(folder / line.token_file) if line.token_file else ""
    account = CloudAccount(line.address, line.credential, token, pin, line.version)
    return open_cloud_key(account, issuers=issuers, revocation_lists=lists, policies=line.policies)


def _certificates(path: Path) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise _unreadable("certificates", path, error) from error


def _revocation_list(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        load = x509.load_pem_x509_crl if content.lstrip().startswith(b"-----") else x509.load_der_x509_crl
        return load(content).public_bytes(Encoding.DER)
    except (OSError, ValueError) as error:
        raise _unreadable("revocation list", path, error) from error


def _secret(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable("secret", path, error) from error


def _unreadable(what: str, path: Path, error: Exception) -> PkiError:
    return PkiError(
        Problem("key-file-unreadable", f"A {what} of a key cannot be read: {error}.", "Correct the file.", str(path))
    )


def _placed(problem: Problem, place: str) -> Problem:
    where = f"{place}: {problem.where}" if problem.where else place
    return Problem(problem.code, problem.sentence, problem.remedy, where)
