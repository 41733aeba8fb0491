"""`esm user`: the directory of people: add, show, list, grant, revoke, deactivate, set a password."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from packets.audit.log import SERVICE
from packets.errors import InputError, Problem
from packets.model.people import CMS_ROLE_LABELS, Person, Role, role_label
from packets.people.directory import agency_address, rights_of
from web.auth.links import approve_link
from web.bootstrap import Services
from web.cli.folder import folder_option, open_folder

by_option = click.option(
    "--by",
    "actor",
    default=SERVICE,
    help="CMS user ID of the member of CMS staff who does it; the service when absent.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
roles_option = click.option(
    "--cms-role",
    "roles",
    type=click.Choice([str(one) for one in CMS_ROLE_LABELS]),
    multiple=True,
    help="A role on the CMS side; may be given again.",
)
signs_option = click.option("--e-signature", "signs", is_flag=True, help="Electronic signature access (R15).")
active_option = click.option("--active", is_flag=True, help="The CMS user ID is active.")
password_option = click.option(
    "--password-file",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    help="A file whose first line is the password; - reads it from stdin. Never on the command line.",
)


@click.group()
def user() -> None:
    """People: their user IDs, roles on the CMS side, entitlements and passwords."""


@user.command("add")
@click.argument("user_id")
@click.option("--given-name", required=True, help="Given name.")
@click.option("--family-name", required=True, help="Family name.")
@click.option("--title", required=True, help="Title at the organization.")
@click.option(
    "--organization", default="Centers for Medicare & Medicaid Services", show_default=True, help="Whom they work for."
)
@click.option("--email", required=True, help="Their own e-mail address.")
@click.option("--phone", default="", help="Telephone number.")
@roles_option
@signs_option
@click.option("--inactive", is_flag=True, help="The CMS user ID is not active yet.")
@password_option
@by_option
@folder_option
def add(
    user_id: str,
    *,
    given_name: str,
    family_name: str,
    title: str,
    organization: str,
    email: str,
    phone: str,
    roles: tuple[str, ...],
    signs: bool,
    inactive: bool,
    password_file: Path | None,
    actor: str,
    folder: Path,
) -> None:
    """Add a person to the directory, with roles on the CMS side if any."""
    services, password = open_folder(folder), _password(password_file)
    person = Person(
        user_id.upper(),
        given_name,
        family_name,
        title,
        organization,
        email,
        phone,
        agency_address(),
        account_active=not inactive,
        may_sign_electronically=signs,
        cms_roles=frozenset(map(Role, roles)),
    )
    if password is not None:
        services.accounts.check_strength(password)
    added = services.directory.add(person, actor)
    if password is not None:
        services.accounts.give_password(added.user_id, password, actor)
    click.echo(_line(added))


@user.command("show")
@click.argument("user_id")
@folder_option
def show(user_id: str, folder: Path) -> None:
    """Show a person, and the slots that they hold at ACOs, as JSON."""
    services = open_folder(folder)
    person = services.directory.get(user_id.upper())
    click.echo(json.dumps(_described(person) | {"contact_of": _slots(services, person)}, indent=2, ensure_ascii=False))


@user.command("list")
@click.option(
    "--cms-role", "role", type=click.Choice([str(one) for one in CMS_ROLE_LABELS]), help="Only people with this role."
)
@json_option
@folder_option
def list_users(role: str | None, folder: Path, *, as_json: bool) -> None:
    """List everybody in the directory by user ID."""
    found = open_folder(folder).directory.everybody(Role(role) if role else None)
    if as_json:
        click.echo(json.dumps([_described(one) for one in found], indent=2, ensure_ascii=False))
        return
    for one in found:
        click.echo(_line(one))


@user.command("grant")
@click.argument("user_id")
@roles_option
@signs_option
@active_option
@by_option
@folder_option
def grant(user_id: str, roles: tuple[str, ...], actor: str, folder: Path, *, signs: bool, active: bool) -> None:
    """Give a person roles on the CMS side, electronic signature access, or an active user ID."""
    right = rights_of(roles, signs=signs, active=active)
    click.echo(_line(open_folder(folder).directory.grant(user_id.upper(), right, actor)))


@user.command("revoke")
@click.argument("user_id")
@roles_option
@signs_option
@by_option
@folder_option
def revoke(user_id: str, roles: tuple[str, ...], actor: str, folder: Path, *, signs: bool) -> None:
    """Take roles on the CMS side or electronic signature access; it counts from the next request on."""
    click.echo(_line(open_folder(folder).directory.revoke(user_id.upper(), rights_of(roles, signs=signs), actor)))


@user.command("deactivate")
@click.argument("user_id")
@click.option("--reason", required=True, help="Why, for the record.")
@by_option
@folder_option
def deactivate(user_id: str, reason: str, actor: str, folder: Path) -> None:
    """Make a user ID inactive: sessions end, nothing can be signed. Records that name the person stay."""
    click.echo(_line(open_folder(folder).directory.deactivate(user_id.upper(), reason, actor)))


@user.command("recertify")
@click.argument("user_id")
@click.argument("due_on", metavar="YYYY-MM-DD")
@by_option
@folder_option
def recertify(user_id: str, due_on: str, actor: str, folder: Path) -> None:
    """Record until when a user ID is to be recertified; when the day has passed, it is inactive."""
    person = open_folder(folder).directory.recertify(user_id.upper(), due_on, actor)
    click.echo(f"{person.user_id} is to be recertified by {person.recertification_due_on}.")


@user.command("password")
@click.argument("user_id")
@password_option
@by_option
@folder_option
def password(user_id: str, password_file: Path | None, actor: str, folder: Path) -> None:
    """Set a person's password from a file or from stdin, and end their sessions."""
    given = _password(password_file)
    if given is None:
        raise InputError(
            Problem("password-missing", "No password was given.", "Name a file with --password-file, or -.", "password")
        )
    services = open_folder(folder)
    person = services.directory.get(user_id.upper())
    services.accounts.give_password(person.user_id, given, actor)
    click.echo(f"{person.user_id} has a new password.")


@user.command("forget")
@click.argument("user_id")
@by_option
@folder_option
def forget(user_id: str, actor: str, folder: Path) -> None:
    """Remove the passkeys, the authenticator app and the recovery codes of somebody who has lost them, and end their sessions."""
    services = open_folder(folder)
    person = services.directory.get(user_id.upper())
    services.directory.require_other_staff(actor, person.user_id)
    count = services.accounts.factors.remove_all(person.user_id, actor)
    click.echo(f"{person.user_id} has no second factor any more; removed: {count}.")


@user.command("link")
@click.argument("user_id")
@click.option(
    "--subject", required=True, help="What the provider calls the person (sub), as they read it when refused."
)
@by_option
@folder_option
def link(user_id: str, subject: str, actor: str, folder: Path) -> None:
    """Link an account at the provider of single sign-on to a person, once you know by another way that it is theirs."""
    services = open_folder(folder)
    person = services.directory.get(user_id.upper())
    services.directory.require_other_staff(actor, person.user_id)
    approve_link(services.database, services.settings.oidc_issuer, subject, person.user_id, actor, services.clock())
    click.echo(f"{person.user_id} can sign in with single sign-on.")


def _password(path: Path | None) -> str | None:
    """The first line of the file, or of stdin.

    Raises:
        InputError: the file cannot be read.
    """
    if path is None:
        return None
    try:
        text = sys.stdin.readline() if str(path) == "-" else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        sentence = "The file with the password cannot be read."
        raise InputError(Problem("password-unreadable", sentence, "Give a readable text file.", str(path))) from error
    return (text.splitlines() or [""])[0]


def _line(person: Person) -> str:
    rights = [role_label(one) for one in sorted(person.cms_roles)]
    rights += ["e-signature"] if person.may_sign_electronically else []
    rights += [] if person.account_active else ["INACTIVE"]
    return f"{person.user_id}  {person.full_name}, {person.organization}  [{', '.join(rights) or 'contact'}]"


def _described(person: Person) -> dict[str, object]:
    plain = ("user_id", "given_name", "family_name", "title", "organization", "email", "phone")
    return {
        **{name: getattr(person, name) for name in plain},
        "account_active": person.account_active,
        "may_sign_electronically": person.may_sign_electronically,
        "cms_roles": sorted(map(str, person.cms_roles)),
        "recertification_due_on": str(person.recertification_due_on or ""),
        "sample": person.sample,
    }


def _slots(services: Services, person: Person) -> list[dict[str, object]]:
    return [
        {"aco_id": aco.aco_id, "performance_year": aco.performance_year, "roles": [str(one) for one in roles]}
        for aco, roles in services.directory.slots_of(person.user_id)
    ]
