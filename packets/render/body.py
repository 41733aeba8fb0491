"""The body of a document, from its template and data to a tree in which everything has its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from packets.errors import Problem, RenderError
from packets.model.documents import DocumentType
from packets.render.characters import character_problems
from packets.render.dialect import Block, Item, Keep, ListBlock, RosterPlace, Section, SignaturePlace
from packets.render.environment import write_markup
from packets.render.fonts import FontSet
from packets.render.frozen import body_names, check_data
from packets.render.markup import parse_markup


def read_body(document_type: DocumentType, data: Mapping[str, Any], fonts: FontSet) -> tuple[Block, ...]:
    """The words of a document as a tree: data checked, body written, markup parsed, places checked.

    Raises:
        RenderError: with everything that is wrong with the data, or with the template.
    """
    check_data(document_type, data, fonts.coverage)
    markup = write_markup(document_type.body, body_names(document_type, data))
    if problems := [*_template_problems(document_type, markup, fonts)]:
        raise RenderError(problems)
    blocks = parse_markup(markup, template=document_type.body)
    if problems := [*_place_problems(document_type, blocks)]:
        raise RenderError(problems)
    return blocks


def _template_problems(document_type: DocumentType, markup: str, fonts: FontSet) -> Iterator[Problem]:
    """Characters in the words of the template itself that cannot be printed; the data's were found before."""
    words = {f"line {number}": " ".join(line.split()) for number, line in enumerate(markup.splitlines(), 1)}
    yield from character_problems(words, fonts.coverage, "body.xml.j2")
    manifest = {
        "title": document_type.title,
        "short_title": document_type.short_title,
        "slots": [[slot.label, slot.purpose] for slot in document_type.slots],
        "rosters": [[roster.title, *(column.label for column in roster.columns)] for roster in document_type.rosters],
    }
    yield from character_problems(manifest, fonts.coverage, "document.toml")


def _place_problems(document_type: DocumentType, blocks: Iterable[Block]) -> Iterator[Problem]:
    """Every slot must have its place exactly once; a roster that is placed must exist."""
    remedy = "Place every slot of the manifest exactly once, and only rosters that it has."
    places = list(_places(blocks))
    slots = Counter(place.slot for place in places if isinstance(place, SignaturePlace))
    for slot in document_type.slots:
        if slots[slot.name] != 1:
            sentence = f"The signature slot {slot.name} stands {slots[slot.name]} times in the body."
            yield Problem("slot-placement", sentence, remedy, slot.name)
    for name in sorted(set(slots) - {slot.name for slot in document_type.slots}):
        yield Problem(
            "slot-unknown",
            f"The body places the signature slot {name}, which the manifest does not have.",
            remedy,
            name,
        )
    rosters = {place.name for place in places if isinstance(place, RosterPlace)}
    for name in sorted(rosters - {roster.name for roster in document_type.rosters}):
        yield Problem(
            "roster-unknown", f"The body places the roster {name}, which the manifest does not have.", remedy, name
        )


def _places(blocks: Iterable[Block]) -> Iterator[SignaturePlace | RosterPlace]:
    for block in blocks:
        match block:
            case SignaturePlace() | RosterPlace():
                yield block
            case Section() | Keep() | Item():
                yield from _places(block.blocks)
            case ListBlock():
                for item in block.items:
                    yield from _places(item.blocks)
            case _:
                pass
