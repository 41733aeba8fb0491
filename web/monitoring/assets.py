"""What comes with the program: fonts, the style of the pages, document types; and whether a document can be drawn with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from packets.documents.assemble import RENDERING, render_with
from packets.documents.catalog import Catalog, load_catalog
from packets.errors import PacketsError
from packets.file_digests import FileChange
from packets.render.fonts import FontSet, ensure_fonts, find_font_changes
from packets.sandbox.sandbox import UnconfinedSandbox
from signing.fields import seeded_fields
from web.bootstrap import confined_sandbox
from web.hints import get_look
from web.look.packages import find_look_changes, is_there, look_folder
from web.monitoring.findings import Finding, broken, good, watch
from web.monitoring.installation import Installation, NeedError

MOST_NAMED = 3
PDF = b"%PDF-"
AGAIN = "Remove the folder {}, then do this: {}"


def examine_assets(installation: Installation) -> Iterator[Finding]:
    """Find whether every file is there and unchanged, by its digest, and whether a document can be drawn."""
    yield _judge_look()
    catalog = load_catalog(extra=installation.settings.templates_dir)
    yield from _judge_types(installation, catalog)
    ensure_fonts.cache_clear()  # a running process would answer what it found at its start
    fonts = ensure_fonts(installation.settings.fonts_dir)
    changes = find_font_changes(fonts)
    if changes:
        remedy = "Remove that folder; the fonts are then prepared again."
        yield broken(f"Document fonts in {fonts.folder} are damaged: {_name(changes)}.", remedy)
        return
    yield good("Every document font is there and unchanged.")
    yield _draw(installation, catalog, fonts)


def _draw(installation: Installation, catalog: Catalog, fonts: FontSet) -> Finding:
    """Draw the shortest document with its sample data, in the way in which every document is drawn."""
    sandbox = confined_sandbox() if installation.settings.confinement == "on" else UnconfinedSandbox()
    shortest = min(catalog.values(), key=lambda document_type: len(document_type.body))
    arguments = (shortest, shortest.sample, seeded_fields, fonts)
    rendered = sandbox.run(render_with, *arguments, allowance=RENDERING, needs=(seeded_fields,))
    if not rendered.pdf.startswith(PDF):
        return broken("What was drawn for a trial is not a PDF.", "Install the program again.")
    return good("A document was drawn for a trial.")


def _judge_look() -> Finding:
    if not is_there():
        return watch("The pages have no style; they work without it.", get_look())
    remedy = AGAIN.format(look_folder(), get_look())
    try:
        changes = find_look_changes()
    except (OSError, PacketsError):
        return broken("The list of the files of the pages' style cannot be read.", remedy)
    if changes:
        return broken(f"The style of the pages is damaged: {_name(changes)}.", remedy)
    return good("Every file of the pages' style is there and unchanged.")


def _judge_types(installation: Installation, catalog: Catalog) -> Iterator[Finding]:
    """Documents of a type that is not installed can be neither shown nor found."""
    with suppress(NeedError):
        missing = sorted(kind for kind in installation.records.kinds if kind not in catalog)
        if missing:
            remedy = "Name the folder that has them with ESM_TEMPLATES_DIR; records outlive their types."
            yield broken(f"Documents are recorded whose types are not installed: {', '.join(missing)}.", remedy)


def _name(changes: Iterable[FileChange]) -> str:
    named = [f"{change.path} is {change.state}" for change in changes]
    more = f", and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return f"{', '.join(named[:MOST_NAMED])}{more}"
