"""`esm pki`: the service's own keys and certificates."""

from __future__ import annotations

from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from packets.settings import Settings, load_settings
from signing.pki import OPENED, PARTS, ROOT_KEY_FILE, TITLES, TRUST_FILE, Pki
from signing.rotation import ROTATED, Rotation
from web.cli.folder import folder_option, for_folder
from web.keys import make_keys, rotate_keys

held_option = click.option(
    "--held",
    type=(click.Choice(OPENED), str),
    multiple=True,
    metavar="PART LABEL",
    help="A key that the signer process at ESM_SIGNER_SOCKET has: issuing, seal or tsa, and its label there.",
)


@click.group()
def pki() -> None:
    """Keys and certificates of the service."""


@pki.command("init")
@folder_option
@click.option("--sample", is_flag=True, help="Let every certificate say that it is a sample.")
@click.option(
    "--root-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file for the root's private key, outside the folder, which then never holds it.",
)
@held_option
def init(folder: Path, held: tuple[tuple[str, str], ...], root_key: Path | None, *, sample: bool) -> None:
    """Make root, issuing authority, seal and time-stamp authority in the folder's `pki`; never over others."""
    settings = load_settings(dir=folder.absolute())
    with for_folder(settings):
        _print(make_keys(settings, sample=sample, held=dict(held), root_key=root_key), PARTS)
    _hint_at_root(settings, root_key)


@pki.command("rotate")
@click.argument("what", type=click.Choice([str(one) for one in Rotation]))
@folder_option
@click.option(
    "--root-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The root's private key, where it is not in the folder; under the same passphrase. For a new root: a new file for it.",
)
@held_option
def rotate(what: str, folder: Path, root_key: Path | None, held: tuple[tuple[str, str], ...]) -> None:
    """Replace a key and its certificate: the seal, the time-stamps', the authority's, or the root's with all the others.

    What was signed before stays valid. The replaced certificates are kept, their private keys are not. A service that is
    running goes on with the old keys until it is started again.
    """
    rotation, settings = Rotation(what), load_settings(dir=folder.absolute())
    with for_folder(settings):
        _print(rotate_keys(settings, rotation, root_key=root_key, held=dict(held)), ROTATED[rotation])
    click.echo("Start the service again, so that it takes the new keys.", err=True)
    if rotation is Rotation.ROOT:
        click.echo(f"{TRUST_FILE} has the new root and all former ones.", err=True)
        _hint_at_root(settings, root_key)


def _hint_at_root(settings: Settings, root_key: Path | None) -> None:
    where = root_key or settings.pki / ROOT_KEY_FILE
    click.echo(f"Verifiers need {settings.pki / TRUST_FILE}. Take {where} off line.", err=True)


def _print(opened: Pki, parts: tuple[str, ...]) -> None:
    for part in parts:
        certificate = opened.certificate(part)
        click.echo(
            f"{TITLES[part]:<21} until {certificate.not_valid_after_utc:%Y-%m-%d}  SHA-256 {_digest(certificate)}"
        )


def _digest(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()
