"""`esm packet sign`, `countersign` and `void`: acts without a browser, through the same gate and with the same password."""

from __future__ import annotations

import json
import sys
import threading
import uuid
from pathlib import Path

import click

from packets.documents.voiding import VoidRequest
from packets.errors import ForbiddenError, NotFoundError, Problem
from packets.model.batches import Batch, ItemState
from packets.model.documents import Document
from packets.years.preparation import Progress as Watcher
from signing.ceremony import SignRequest
from signing.options import Option
from web.bootstrap import Services
from web.cli.folder import folder_option, open_folder
from web.cli.progress import show_progress
from web.cli.worker import helping, working
from web.pages.lines import options_of

LOOK_SECONDS = 0.3
by_option = click.option(
    "--by", "user_id", required=True, help="CMS user ID of whoever acts; their password is asked for."
)


@click.command("sign")
@click.argument("aco_id")
@click.argument("year", type=int)
@click.argument("kind")
@by_option
@click.option(
    "--read", "file", type=click.Path(path_type=Path), required=True, help="Where to put the document to be read."
)
@folder_option
def sign(aco_id: str, year: int, kind: str, user_id: str, file: Path, folder: Path) -> None:
    """Sign a document as one of those who may: it is written to a file to be read, then the password is asked for.

    Not in production, where people sign in the browser.
    """
    services = open_folder(folder)
    _refuse_in_production(services)
    _sign_one(services, _current(services, aco_id, year, kind), user_id, file)


@click.command("countersign")
@click.option(
    "--batch", "as_batch", is_flag=True, help="Everything that waits for CMS and fits --year and --kind, together."
)
@click.option("--year", type=int, help="One performance year only.")
@click.option("--kind", default="", help="One type of document only.")
@click.option(
    "--aco", "aco_id", default="", help="One ACO's document only, instead of --batch; with --year and --kind."
)
@click.option("--resume", "batch_id", default="", help="Go on with a batch that was stopped.")
@click.option(
    "--read",
    "place",
    type=click.Path(path_type=Path),
    help="Where to put what is to be read: a file, for a batch a folder.",
)
@click.option("--processes", type=click.IntRange(1, 32), default=1, show_default=True, help="How many work on a batch.")
@by_option
@folder_option
def countersign(
    *,
    as_batch: bool,
    year: int | None,
    kind: str,
    aco_id: str,
    batch_id: str,
    place: Path | None,
    processes: int,
    user_id: str,
    folder: Path,
) -> None:
    """Countersign for CMS: one document, or everything that waits as one batch with one password.

    Not in production, where people sign in the browser.
    A batch can be stopped with Ctrl-C and resumed. Exit 1: something was skipped; all of it is told.
    """
    services = open_folder(folder)
    _refuse_in_production(services)
    if batch_id:
        services.accounts.check_password(user_id, _password())
        services.countersigning.resume(user_id, batch_id)
        _watch(services, user_id, batch_id, folder, processes)
    elif as_batch and place is not None:
        batch = _start(services, user_id, year, kind, place)
        _watch(services, user_id, batch.batch_id, folder, processes)
    elif aco_id and year and kind and place is not None:
        _sign_one(services, _current(services, aco_id, year, kind), user_id, place)
    else:
        raise click.UsageError("Give --batch and --read FOLDER, or --aco, --year, --kind and --read FILE, or --resume.")


@click.command("void")
@click.argument("aco_id")
@click.argument("year", type=int)
@click.argument("kind")
@click.option("--reason", required=True, help="Why, for the record; the ACO sees it.")
@click.option("--by", "user_id", required=True, help="CMS user ID of the member of CMS staff who voids it.")
@click.option("--executed", is_flag=True, help="Confirm that a document with every signature is meant.")
@folder_option
def void(aco_id: str, year: int, kind: str, reason: str, user_id: str, folder: Path, *, executed: bool) -> None:
    """Void a document, with a reason; a new one from the facts of today takes its place."""
    services = open_folder(folder)
    document = _current(services, aco_id, year, kind)
    asked = VoidRequest(document.document_id, reason, user_id, document.head_digest, executed)
    replacement = services.voiding.void(asked)
    for problem in replacement.problems:
        click.echo(f"esm: nothing takes its place: {problem}", err=True)
    told = {"voided": document.document_id, "replaced_by": replacement.document and replacement.document.document_id}
    click.echo(json.dumps(told))


def _refuse_in_production(services: Services) -> None:
    """A terminal knows passwords only, and no passkey."""
    if services.settings.mode == "production":
        remedy = "Open the packet there."
        raise ForbiddenError(Problem("browser-only", "In production people sign in the browser.", remedy))


def _current(services: Services, aco_id: str, year: int, kind: str) -> Document:
    with services.database.read() as records:
        found = records.documents.current(aco_id, year, kind)
    if found is None:
        sentence = f"There is no document {kind} of {aco_id} in {year}."
        raise NotFoundError(Problem("document-unknown", sentence, "`esm packet list` lists them.", aco_id))
    return found


def _sign_one(services: Services, document: Document, user_id: str, file: Path) -> None:
    """Show a document by writing it down, ask for the password, sign what was shown."""
    shown, content = services.reading.show(user_id, document.document_id)
    file.write_bytes(content)
    option = _option(services, shown, user_id)
    click.echo(f"Read {file} (SHA-256 {shown.head_digest}). Your password signs it: “{option.slot.purpose}”", err=True)
    services.accounts.check_password(user_id, _password())
    step_up = services.ceremony.step_up(user_id, shown.document_id, shown.head_digest)
    key, place = str(uuid.uuid4()), (shown.document_id, option.slot.name)
    signed = services.ceremony.sign(SignRequest(key, *place, user_id, option.role, shown.head_digest, step_up))
    click.echo(json.dumps({"document": signed.document_id, "slot": option.slot.name, "sha256": signed.head_digest}))


def _option(services: Services, document: Document, user_id: str) -> Option:
    """The slot that a person may sign; the first one that is open when there is none, so that the gate says why."""
    person = services.reading.person(user_id)
    options = options_of(services, person, document) if person else ()
    if not options:
        raise ForbiddenError(
            Problem("already-signed", "Nothing is left to sign.", "Look at it with `esm packet show`.")
        )
    return next((one for one in options if one.permitted), options[0])


def _start(services: Services, user_id: str, year: int | None, kind: str, place: Path) -> Batch:
    """Lay out a batch, write down its sheet and the words that were not read yet, ask for the password, start it."""
    desk = services.countersigning
    waiting = desk.queue(year=year, kind=kind)
    batch = desk.prepare(user_id, [one.document.document_id for one in waiting])
    place.mkdir(parents=True, exist_ok=True)
    (place / "sheet.json").write_text(json.dumps(desk.sheet(batch), indent=2, ensure_ascii=False), encoding="utf-8")
    for document in desk.unread(batch):
        _, content = services.reading.show(user_id, document.document_id)
        (place / f"{document.aco_id}_{document.performance_year}_{document.kind}.pdf").write_bytes(content)
    click.echo(
        f"Read what lies in {place}. Your password signs the {len(batch.items)} documents on sheet.json, and no others.",
        err=True,
    )
    services.accounts.check_password(user_id, _password())
    return desk.start(user_id, batch.batch_id, desk.step_up(user_id, batch.batch_id), batch.sheet_digest)


def _watch(services: Services, user_id: str, batch_id: str, folder: Path, processes: int) -> None:
    """Work on a batch until it is over, or until Ctrl-C stops it; tell what became of it."""
    desk = services.countersigning
    with show_progress("Countersigning") as progress, working(services), helping(folder, processes - 1):
        try:
            _look(services, user_id, batch_id, progress)
        except KeyboardInterrupt:
            desk.stop(user_id, batch_id)
    batch, _ = desk.batch(user_id, batch_id)
    for item in batch.items:
        for reason in item.reasons:
            click.echo(f"esm: {item.document_id}: {reason}", err=True)
    counts = {str(one): batch.count(one) for one in ItemState}
    click.echo(json.dumps({"batch": batch_id, "finished": batch.finished_at is not None, **counts}))
    sys.exit(0 if batch.finished_at and not batch.count(ItemState.SKIPPED) else 1)


def _look(services: Services, user_id: str, batch_id: str, progress: Watcher) -> None:
    pause = threading.Event()
    while True:
        batch, jobs = services.countersigning.batch(user_id, batch_id)
        done = len(batch.items) - batch.count(ItemState.WAITING)
        progress(done, len(batch.items), "")
        if batch.finished_at or all(one.state.is_over for one in jobs):
            return
        pause.wait(LOOK_SECONDS)


def _password() -> str:
    """From a terminal without showing it, else the first line of standard input."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\n")
