"""`esm document`: the document types, and rendering one from data without any database."""

from __future__ import annotations

import json
from pathlib import Path

import click

from packets.catalog import load_catalog
from packets.errors import InputError, Problem
from packets.model.documents import DocumentType
from packets.render.document import render_document
from signing.fields import field_dictionaries


@click.group()
def document() -> None:
    """Document types and their rendering."""


@document.command("types")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_types(*, as_json: bool) -> None:
    """List every document type with its step, edition and signature slots."""
    catalog = load_catalog()
    if as_json:
        click.echo(json.dumps([_described(one) for one in catalog.values()], indent=2))
        return
    for one in catalog.values():
        slots = ", ".join(slot.name for slot in one.slots)
        click.echo(f"Step {one.step}  {one.kind:<26} {one.edition:<8} {slots}")


def _described(one: DocumentType) -> dict[str, object]:
    return {
        "kind": one.kind,
        "title": one.title,
        "edition": one.edition,
        "step": one.step,
        "cohorts": [str(cohort) for cohort in one.cohorts],
        "slots": [slot.name for slot in one.slots],
    }


@document.command("render")
@click.argument("kind")
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Facts as JSON; the type's sample data when absent.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write the PDF.")
def render(kind: str, data: Path | None, out: Path) -> None:
    """Render one document of KIND from facts: unsigned, with every signature field in place."""
    catalog = load_catalog()
    if kind not in catalog:
        raise InputError(
            Problem("kind-unknown", f"There is no document type {kind}.", "`esm document types` lists them.", kind)
        )
    rendered = render_document(
        catalog[kind], _facts(data) if data else catalog[kind].sample, field_dictionaries(catalog[kind])
    )
    out.write_bytes(rendered.pdf)
    click.echo(f"{out}: {rendered.pages} pages, {len(rendered.pdf)} bytes")


def _facts(path: Path) -> dict[str, object]:
    try:
        facts = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise InputError(
            Problem("data-unreadable", f"The file is not JSON: {error}.", "Mend it, then try again.", str(path))
        ) from None
    if not isinstance(facts, dict):
        raise InputError(
            Problem("data-unreadable", "The file is not a JSON object.", "Give an object with the sections.", str(path))
        )
    return facts
