"""The same document as HTML: the same words in the same order, for reading on a screen before signing (R36, R46).

Made from the same tree as the PDF, never from the PDF. Everything is escaped; there is no style and no script in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from packets.model.documents import DocumentType, Roster
from packets.render import roster as rosters
from packets.render.body import read_body
from packets.render.dialect import (
    Block,
    Fact,
    Inline,
    Item,
    Keep,
    ListBlock,
    PageBreak,
    Paragraph,
    RosterPlace,
    Run,
    Section,
    SignaturePlace,
    Table,
)
from packets.render.dialect import Facts as FactsBlock
from packets.render.document import RECORD_TITLE, edition_line, record_facts
from packets.render.fonts import FontSet, ensure_fonts
from packets.render.letterhead import letterhead_words
from packets.render.prose import Heading
from packets.render.signature_block import side_words

_LISTS = {"bullet": ("<ul>", "</ul>"), "decimal": ("<ol>", "</ol>"), "alpha": ('<ol type="a">', "</ol>")}


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the blocks are read with."""

    document_type: DocumentType
    data: Mapping[str, Any]


def html_twin(document_type: DocumentType, data: Mapping[str, Any], *, fonts: FontSet | None = None) -> str:
    """The document as one `<article>`: headings from h1, lists, tables with headings, signature blocks without fields.

    Args:
        document_type: as for `render_document`.
        data: the frozen data.
        fonts: as for `render_document`; what the PDF would refuse is refused here too.

    Raises:
        RenderError: as `render_document`.
    """
    faces = fonts or ensure_fonts()
    blocks = read_body(document_type, data, faces)
    reading = _Reading(document_type, data)
    record = Section(RECORD_TITLE, "", (record_facts(document_type, data, faces),))
    return "\n".join(
        (
            f'<article lang="{escape(document_type.language)}">',
            f"<h1>{escape(document_type.title)}</h1>",
            f"<p>{escape(edition_line(document_type, data))}</p>",
            *([f'<p class="warning">{escape(letterhead_words().sample_note)}</p>'] if data["sample"] else []),
            *_blocks(reading, (*blocks, record), 2),
            "</article>",
        )
    )


def _blocks(reading: _Reading, blocks: Iterable[Block], level: int) -> Iterator[str]:
    for block in blocks:
        match block:
            case Section():
                title = Heading(block.title, level, block.number).full
                yield f"<section>\n<h{level}>{escape(title)}</h{level}>"
                yield from _blocks(reading, block.blocks, level + 1)
                yield "</section>"
            case Keep():
                yield from _blocks(reading, block.blocks, level)
            case ListBlock():
                yield from _list(reading, block, level)
            case _:
                yield from _object(reading, block, level)


def _object(reading: _Reading, block: Block, level: int) -> Iterator[str]:
    match block:
        case Paragraph():
            if not block.words:
                return
            kind = f' class="{block.kind}"' if block.kind != "p" else ""
            yield f"<p{kind}>{_inline(block.words)}</p>"
        case FactsBlock():
            yield from _facts(block.facts)
        case Table():
            yield from _table(block)
        case RosterPlace():
            roster = next(one for one in reading.document_type.rosters if one.name == block.name)
            yield from _roster(roster, reading.data["rosters"][block.name], level)
        case SignaturePlace():
            yield from _signature(reading.document_type, block.slot)
        case PageBreak():
            pass


def _inline(words: Inline) -> str:
    return "".join(_run(run) if isinstance(run, Run) else "<br>" for run in words)


def _run(run: Run) -> str:
    html = escape(run.text)
    html = f"<i>{html}</i>" if run.italic else html
    html = f"<b>{html}</b>" if run.bold else html
    return f'<a href="{escape(run.address)}" rel="noreferrer">{html}</a>' if run.address else html


def _list(reading: _Reading, block: ListBlock, level: int) -> Iterator[str]:
    if not block.items:
        return
    opening, closing = _LISTS[block.style]
    yield opening
    yield from (_item(reading, item, level) for item in block.items)
    yield closing


def _item(reading: _Reading, item: Item, level: int) -> str:
    return "<li>" + "\n".join(_blocks(reading, item.blocks, level)) + "</li>"


def _facts(facts: Sequence[Fact]) -> Iterator[str]:
    if not facts:
        return
    yield '<table class="facts" aria-label="Facts">\n<tbody>'
    for fact in facts:
        yield f'<tr><th scope="row">{escape(fact.label)}</th><td>{_inline(fact.words)}</td></tr>'
    yield "</tbody>\n</table>"


def _table(table: Table) -> Iterator[str]:
    yield "<table>" if table.caption else '<table aria-label="Table">'
    if table.caption:
        yield f"<caption>{escape(table.caption)}</caption>"
    yield _head(column.label for column in table.columns)
    yield "<tbody>"
    for first, *others in table.rows:
        head = f'<th scope="row">{_inline(first)}</th>' if table.row_heads else f"<td>{_inline(first)}</td>"
        yield f"<tr>{head}{''.join(f'<td>{_inline(cell)}</td>' for cell in others)}</tr>"
    yield "</tbody>\n</table>"


def _head(labels: Iterable[str]) -> str:
    cells = "".join(f'<th scope="col">{escape(label)}</th>' for label in labels)
    return f"<thead><tr>{cells}</tr></thead>"


def _roster(roster: Roster, data: dict[str, rosters.Rows], level: int) -> Iterator[str]:
    yield f"<section>\n<h{level}>{escape(roster.title)}</h{level}>\n<p>{escape(rosters.summary(roster, data))}</p>"
    yield from _grouped(roster, data["rows"], level + 1)
    yield "</section>"
    if data["excluded"]:
        yield f"<section>\n<h{level}>{escape(rosters.excluded_title(roster))}</h{level}>"
        yield f"<p>{escape(rosters.excluded_summary(data))}</p>"
        yield from _grouped(roster, data["excluded"], level + 1)
        yield "</section>"


def _grouped(roster: Roster, rows: rosters.Rows, level: int) -> Iterator[str]:
    if not roster.group_by:
        yield from _rows(roster, rows, roster.title)
        return
    for group, members in rosters.grouped(rows).items():
        title = rosters.group_title(roster, group)
        yield f"<h{level}>{escape(title)}</h{level}>"
        yield from _rows(roster, members, title)


def _rows(roster: Roster, rows: rosters.Rows, name: str) -> Iterator[str]:
    if not rows:
        return
    yield f'<table aria-label="{escape(name)}">\n{_head(column.label for column in roster.columns)}\n<tbody>'
    for row in rows:
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
    yield "</tbody>\n</table>"


def _signature(document_type: DocumentType, name: str) -> Iterator[str]:
    slot = document_type.slot(name)
    yield f'<div class="signature">\n<p><b>{escape(slot.label)}</b></p>\n<p>{escape(slot.purpose)}</p>'
    yield from (f"<p>{escape(words)}</p>" for words in side_words(slot))
    yield "</div>"
