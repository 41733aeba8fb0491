"""The small language that the body of a document is written in: its tree (docs/template-dialect.md).

Parsing is in `markup.py`. The tree is pure data: the PDF (`layout.py`) and the page on the screen (`reading.py`) are two
readings of the same words in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one look inside a line. `address` is where they lead, empty when they lead nowhere."""

    text: str
    bold: bool = False
    italic: bool = False
    address: str = ""


@dataclass(frozen=True, slots=True)
class Break:
    """A new line within a paragraph."""


Inline: TypeAlias = tuple[Run | Break, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; `kind` is `p`, `lead` or `note`."""

    kind: str
    words: Inline


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list; `style` is `bullet`, `decimal` or `alpha`."""

    style: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value."""

    label: str
    words: Inline


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of label and value."""

    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a small table: its heading, its share of the width, `left` or `right`."""

    label: str
    width: float
    align: str


@dataclass(frozen=True, slots=True)
class Table:
    """A small table; with `row_heads` the first cell of each row is the row's heading."""

    caption: str
    row_heads: bool
    columns: tuple[Column, ...]
    rows: tuple[tuple[Inline, ...], ...]


@dataclass(frozen=True, slots=True)
class RosterPlace:
    """Where a roster of the manifest stands."""

    name: str


@dataclass(frozen=True, slots=True)
class SignaturePlace:
    """Where the signature block of a slot stands."""

    slot: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Blocks that stay on one page."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class PageBreak:
    """A new page."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part under a heading; `number` is `2` or `2.1`, empty when the section does not count."""

    title: str
    number: str
    blocks: tuple[Block, ...]


Block: TypeAlias = Paragraph | ListBlock | Facts | Table | RosterPlace | SignaturePlace | Keep | PageBreak | Section


def plain_text(words: Inline) -> str:
    """The words of a line without their looks."""
    return "".join(run.text if isinstance(run, Run) else " " for run in words)
