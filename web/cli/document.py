"""`esm document`: the document types, rendering one from data without any database, and making a recorded one again."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from packets.documents.assemble import document_subject
from packets.documents.catalog import Catalog, load_catalog
from packets.documents.lint import Finding, lint_types, unknown_kind
from packets.documents.reproduction import Reproduction, reproduce
from packets.errors import InputError, Problem, RenderError
from packets.model.documents import DocumentType
from packets.render.document import Rendered, render_document
from packets.render.fonts import ensure_fonts
from packets.settings import load_settings
from signing.fields import seeded_fields
from web.cli.folder import folder_option, open_folder

templates_option = click.option(
    "--templates",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with further document types; ESM_TEMPLATES_DIR when absent.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")


@click.group()
def document() -> None:
    """Document types and their rendering."""


def _catalog(templates: Path | None) -> Catalog:
    return load_catalog(extra=templates or load_settings().templates_dir)


@document.command("types")
@templates_option
@json_option
def list_types(templates: Path | None, *, as_json: bool) -> None:
    """List every document type with its step, edition and signature slots."""
    catalog = _catalog(templates)
    if as_json:
        click.echo(json.dumps([_described(one) for one in catalog.values()], indent=2))
        return
    for one in catalog.values():
        slots = ", ".join(slot.name for slot in one.slots)
        click.echo(f"{'After' if one.on_demand else 'Step':<5} {one.step}  {one.kind:<26} {one.edition:<8} {slots}")


def _described(one: DocumentType) -> dict[str, object]:
    return {
        "kind": one.kind,
        "title": one.title,
        "edition": one.edition,
        "step": one.step,
        "occasion": one.occasion,
        "cohorts": [str(cohort) for cohort in one.cohorts],
        "slots": [slot.name for slot in one.slots],
    }


@document.command("lint")
@click.argument("kind", default="")
@templates_option
@json_option
def lint(kind: str, templates: Path | None, *, as_json: bool) -> None:
    """Check every document type, or KIND alone, and render it with sample data and what a year can bring.

    Exit 0: nothing is wrong; 1: something is, and all of it is told.
    """
    settings = load_settings()
    report = lint_types(extra=templates or settings.templates_dir, kind=kind, fonts=ensure_fonts(settings.fonts_dir))
    if as_json:
        told = {
            "kinds": report.kinds,
            "renderings": report.renderings,
            "problems": [one.as_data() for one in report.findings],
        }
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        for one in report.findings:
            click.echo(_told(one))
        click.echo(f"{len(report.kinds)} types, {report.renderings} renderings, {len(report.findings)} problems")
    sys.exit(1 if report.findings else 0)


def _told(finding: Finding) -> str:
    shown = f" (with {', '.join(finding.variants)})" if finding.variants else ""
    return f"{finding.kind or 'templates'}: {finding.problem}{shown}"


@document.command("render")
@click.argument("kind")
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Facts as JSON; the type's sample data when absent.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write the PDF.")
@templates_option
def render(kind: str, data: Path | None, out: Path, templates: Path | None) -> None:
    """Render one document of KIND from facts: unsigned, with every signature field in place."""
    catalog = _catalog(templates)
    if kind not in catalog:
        raise InputError(unknown_kind(kind, catalog))
    rendered = _rendered(catalog[kind], _facts(kind, data) if data else catalog[kind].sample)
    _write(out, rendered.pdf)
    click.echo(f"{out}: {rendered.pages} pages, {len(rendered.pdf)} bytes")


def _rendered(document_type: DocumentType, facts: Mapping[str, Any]) -> Rendered:
    """The document; what is wrong with the facts is told with the kind before each field path."""
    fonts = ensure_fonts(load_settings().fonts_dir)
    try:
        return render_document(document_type, facts, seeded_fields(document_type, facts), fonts=fonts)
    except (RenderError, InputError) as error:
        kind = document_type.kind
        raise type(error)(replace(one, where=f"{kind} {one.where}".strip()) for one in error.problems) from None


def _facts(kind: str, path: Path) -> dict[str, object]:
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            Problem("data-unreadable", f"The file is not JSON: {error}.", "Mend it, then try again.", f"{kind} {path}")
        ) from None
    if not isinstance(facts, dict):
        sentence, remedy = "The file is not a JSON object.", "Give an object with the sections."
        raise InputError(Problem("data-unreadable", sentence, remedy, f"{kind} {path}"))
    return facts


def _write(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as error:
        sentence = f"The document cannot be written: {error.strerror}."
        raise InputError(Problem("out-unwritable", sentence, "Choose another place.", str(out))) from None


@document.command("rerender")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@folder_option
@json_option
def rerender(file: Path, folder: Path, *, as_json: bool) -> None:
    """Make the unsigned draft of FILE again from its frozen facts, and say whether FILE begins with it.

    FILE may be any revision, signed or not. Exit 0: it does, byte for byte; 1: it does not.
    """
    found = reproduce(open_folder(folder).assembler, file.read_bytes())
    click.echo(json.dumps(_as_data(found), indent=2) if as_json else _sentence(found))
    sys.exit(0 if found.reproduced else 1)


def _sentence(found: Reproduction) -> str:
    revision, name = found.revision, document_subject(found.document)
    said = f"{name}: the file {'is' if found.whole else 'begins with'} revision {revision.number} ({revision.event})"
    if found.reproduced:
        return f"{said}. Rendered again, its draft is the beginning of the file, byte for byte: {found.draft_digest}"
    return (
        f"{said}, but its draft, rendered again, differs: {found.draft_digest}. "
        "The section Document record names the engine and the typefaces that made it."
    )


def _as_data(found: Reproduction) -> dict[str, object]:
    return {
        "document": document_subject(found.document),
        "revision": found.revision.number,
        "event": str(found.revision.event),
        "whole": found.whole,
        "reproduced": found.reproduced,
        "draft_sha256": found.draft_digest,
        "data_sha256": found.document.data_digest,
        "template_sha256": found.document.template_digest,
    }
