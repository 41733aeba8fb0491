"""Certified copies behind the pages: on both databases, by many at once, and by commands."""

from __future__ import annotations

import io
import json
import ssl
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from packets.audit.log import Act
from packets.errors import ForbiddenError, InputError, NotFoundError, PacketsError
from packets.giving.copies import Shape
from packets.giving.grants import GrantRequest
from packets.model.documents import Document
from packets.model.people import Role
from packets.store.database import Database
from validators import check_openssl_cms, check_openssl_ts, check_qpdf
from web.cli import esm
from web.demo import holder
from web.giving import build_copies
from worlds import World, build_world


def executed(world: World) -> Document:
    """Step 2 of the current ACO, which everybody has signed."""
    return world.finish(world.first("current"), before_step=3)[0]


def asked(world: World, document: Document, most: int = 3) -> GrantRequest:
    """A right request for a copy of a document."""
    until = (world.clock.now + timedelta(days=7)).date().isoformat()
    why, what = "42 CFR 425.210(a)", (document.document_id,)
    place = (document.aco_id, document.performance_year)
    return GrantRequest(*place, "Rosa", "rosa@example.org", "governing-body", why, what, until, str(most))


@pytest.mark.requirement("R4")
def test_copies_are_given_taken_and_withdrawn_on_each_database(every_database: str) -> None:
    """One chain of entries tells of all of it, in order; the log holds together and so do records and bytes."""
    world = build_world(2)
    document, desk = executed(world), build_copies(world.services)
    place = (document.aco_id, document.performance_year)
    executive = holder(world.first("current"), Role.ACO_EXECUTIVE)
    given = world.services.grants.make(executive, asked(world, document))
    assert desk.take(given.token, document.document_id, Shape.PDF).content == world.services.objects.get(
        document.head_digest
    )
    world.services.grants.withdraw(executive, *place, given.grant.grant_id, "Sent to somebody else")
    with pytest.raises(ForbiddenError):
        desk.take(given.token, "", Shape.ARCHIVE)

    [kept] = world.services.grants.of_packet(executive, *place)
    assert (kept.withdrawn_by, len(kept.retrievals)) == (executive, 1)
    with world.services.database.read() as records:
        told = [(one.act, str(one.outcome)) for one in records.journal.entries() if one.act.startswith("copy:")]
    assert told == [
        (Act.COPY_GRANT, "done"),
        (Act.COPY_RETRIEVE, "done"),
        (Act.COPY_WITHDRAW, "done"),
        (Act.COPY_RETRIEVE, "refused"),
    ]
    assert world.services.checker.run().problems == [], every_database


def test_of_many_who_take_the_last_copy_at_once_one_gets_it(new_database: Callable[[], Database]) -> None:
    """The number of retrievals holds, however many are on their way."""
    world = build_world(2, database=new_database())
    document, desk = executed(world), build_copies(world.services)
    given = world.services.grants.make(world.agency(Role.CMS_STAFF), asked(world, document, most=1))

    def attempt(_number: int) -> bool:
        try:
            desk.take(given.token, document.document_id, Shape.PDF)
        except PacketsError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(attempt, range(4))).count(True) == 1
    with world.services.database.read() as records:
        kept = records.grants.get(given.grant.grant_id)
    assert kept is not None
    assert [one.number for one in kept.retrievals] == [1]


@pytest.mark.requirement("R37")
def test_who_gives_no_copies_of_an_acos_documents_is_answered_as_if_there_were_none() -> None:
    """The Executive of another ACO, another contact, the signatory, a user ID that was deactivated, and nobody at all."""
    world = build_world(2)
    document, desk = executed(world), world.services.grants
    given, place = asked(world, document), (document.aco_id, document.performance_year)
    staff = world.agency(Role.CMS_STAFF)
    made = desk.make(staff, given).grant
    executive = holder(world.first("current"), Role.ACO_EXECUTIVE)
    outsiders = [
        holder(world.first("new"), Role.ACO_EXECUTIVE),
        holder(world.first("current"), Role.CMS_LIAISON),
        world.agency(Role.CMS_SIGNATORY),
        "ZZZZ",
    ]
    world.services.directory.deactivate(executive, "Left")
    for user_id in (*outsiders, executive):
        with pytest.raises(NotFoundError):
            desk.make(user_id, given)
        with pytest.raises(NotFoundError):
            desk.of_packet(user_id, *place)
        with pytest.raises(NotFoundError):
            desk.withdraw(user_id, *place, made.grant_id, "Mine")
    with pytest.raises(NotFoundError):
        desk.make(staff, replace(given, aco_id="A0000"))
    with pytest.raises(InputError) as refused:
        desk.make(staff, replace(given, document_ids=(), name="", until="never"))
    assert [one.code for one in refused.value.problems] == ["name-missing", "documents-unusable", "until-unusable"]


def test_independent_programs_accept_the_sheet(tmp_path: Path) -> None:
    """What the service says of copies is believed by others too: a whole PDF, with a seal and time-stamps that hold."""
    world = build_world(2)
    document = executed(world)
    given = world.services.grants.make(world.agency(Role.CMS_STAFF), asked(world, document))
    taken = build_copies(world.services).take(given.token, "", Shape.ARCHIVE)
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        sheet = archive.read("certification.pdf")
    root = tmp_path / "root.pem"
    root.write_text(ssl.DER_cert_to_PEM_cert(world.services.signer.issuers[0]), "ascii")
    check_qpdf(sheet, tmp_path)
    assert check_openssl_cms(sheet, root, tmp_path) == 1
    assert check_openssl_ts(sheet, root, tmp_path) == 2


def test_commands_give_list_and_withdraw(monkeypatch: pytest.MonkeyPatch) -> None:
    """The link stands on stdout and nowhere else; without --document all that is executed is given."""
    world = build_world(2)
    document, staff = executed(world), world.agency(Role.CMS_STAFF)
    monkeypatch.setattr("web.cli.copies.open_folder", lambda _folder: world.services)

    def run(*words: str) -> Result:
        return CliRunner().invoke(esm, ["copies", *words])

    who = ("--name", "Rosa", "--email", "rosa@example.org", "--as", "auditor", "--reason", "Audit", "--by", staff)
    given = run("give", document.aco_id, str(document.performance_year), *who)
    assert given.exit_code == 0, given.output
    token = given.stdout.strip().partition("/copies?token=")[2]
    assert token not in given.stderr
    assert build_copies(world.services).open(token).grant.document_ids == (document.document_id,)
    [told] = json.loads(run("list", "--json").stdout)
    assert (told["state"], told["name"], told["documents"]) == ("open", "Rosa", [document.document_id])
    assert told["grant_id"] in run("list", "--aco", document.aco_id).stdout
    assert run("list", "--aco", "A0000").stdout == ""
    done = run("withdraw", told["grant_id"], "--reason", "Over", "--by", staff)
    assert done.exit_code == 0, done.output
    assert json.loads(run("list", "--json").stdout)[0]["state"] == "withdrawn"
    for refused in (run("withdraw", "none", "--reason", "x", "--by", staff), run("give", "A0000", "2027", *who)):
        assert isinstance(refused.exception, NotFoundError)
