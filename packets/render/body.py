"""The body of a document, from its template and data to a tree in which everything has its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any
from unicodedata import normalize

from packets.errors import Problem, RenderError
from packets.model.documents import DocumentType
from packets.render.characters import character_problems
from packets.render.dialect import Block, Item, Keep, ListBlock, RosterPlace, Section, SignaturePlace
from packets.render.environment import trace_markup, write_markup
from packets.render.fonts import FontSet
from packets.render.frozen import body_names, check_data
from packets.render.markup import parse_markup


def read_body(document_type: DocumentType, data: Mapping[str, Any], fonts: FontSet) -> tuple[Block, ...]:
    """The words of a document as a tree: data checked, body written, markup parsed, places checked.

    Raises:
        RenderError: with everything that is wrong with the data, or with the template.
    """
    check_data(document_type, data, fonts.coverage)
    names = body_names(document_type, data)
    markup = write_markup(document_type.body, names)
    blocks = _parse(document_type, markup, names)
    if problems := [*_word_problems(document_type, blocks, fonts), *_place_problems(document_type, blocks)]:
        raise RenderError(problems)
    return blocks


def _parse(document_type: DocumentType, markup: str, names: Mapping[str, Any]) -> tuple[Block, ...]:
    """The tree; what is wrong with it is found again with the lines of the body, which takes longer."""
    try:
        return parse_markup(markup, template=document_type.body)
    except RenderError:
        locate = trace_markup(document_type.body, names)
        return parse_markup(markup, template=document_type.body, locate=locate)


def _word_problems(document_type: DocumentType, blocks: Iterable[Block], fonts: FontSet) -> Iterator[Problem]:
    """Characters in the words of the template itself that cannot be printed; the data's were found before.

    The tree is looked at and not the source, because a character reference is one character only there.
    """
    body = document_type.body.splitlines()
    for character in sorted(set(normalize("NFC", "".join(_texts(blocks))))):
        line = next((number for number, words in enumerate(body, 1) if character in words), None)
        where = f"body.xml.j2 line {line}" if line else "body.xml.j2"
        yield from character_problems(character, fonts.coverage, where)
    manifest = {
        "title": document_type.title,
        "short_title": document_type.short_title,
        "slots": [[slot.label, slot.purpose] for slot in document_type.slots],
        "rosters": [[roster.title, *(column.label for column in roster.columns)] for roster in document_type.rosters],
    }
    yield from character_problems(manifest, fonts.coverage, "document.toml")


def _texts(value: Any) -> Iterator[str]:
    """Every text in a tree of blocks."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Iterable):
        for inner in value:
            yield from _texts(inner)
    elif is_dataclass(value):
        for one in fields(value):
            yield from _texts(getattr(value, one.name))


def _place_problems(document_type: DocumentType, blocks: Iterable[Block]) -> Iterator[Problem]:
    """Every slot must have its place exactly once; a roster that is placed must exist."""
    remedy = "Place every slot of the manifest exactly once, and only rosters that it has."
    placed = list(places(blocks))
    slots = Counter(place.slot for place in placed if isinstance(place, SignaturePlace))
    for slot in document_type.slots:
        if slots[slot.name] != 1:
            sentence = f"The signature slot {slot.name} stands {slots[slot.name]} times in the body."
            yield Problem("slot-placement", sentence, remedy, _place(document_type, "slot", slot.name))
    for name in sorted(set(slots) - {slot.name for slot in document_type.slots}):
        sentence = f"The body places the signature slot {name}, which the manifest does not have."
        yield Problem("slot-unknown", sentence, remedy, _place(document_type, "slot", name))
    rosters = {place.name for place in placed if isinstance(place, RosterPlace)}
    for name in sorted(rosters - {roster.name for roster in document_type.rosters}):
        sentence = f"The body places the roster {name}, which the manifest does not have."
        yield Problem("roster-unknown", sentence, remedy, _place(document_type, "name", name))


def _place(document_type: DocumentType, attribute: str, name: str) -> str:
    """The line that places a slot or a roster, the last one if several do; its name if none does as it is written."""
    lines = document_type.body.splitlines()
    found = [number for number, line in enumerate(lines, 1) if f'{attribute}="{name}"' in line]
    return f"body.xml.j2 line {found[-1]}" if found else name


def places(blocks: Iterable[Block]) -> Iterator[SignaturePlace | RosterPlace]:
    """Every place of a signature or a roster, in reading order."""
    for block in blocks:
        match block:
            case SignaturePlace() | RosterPlace():
                yield block
            case Section() | Keep() | Item():
                yield from places(block.blocks)
            case ListBlock():
                for item in block.items:
                    yield from places(item.blocks)
            case _:
                pass
