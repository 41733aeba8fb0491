"""From the XML that a body wrote to the tree of `dialect.py`, with every fault at once and the line it stands in.

The XML is parsed without entities, document type declarations and external references (defusedxml); only the elements
and attributes of docs/template-dialect.md exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.sax import parseString

from packets.errors import Problem, RenderError
from packets.render import dialect
from packets.render.dialect import Block, Inline

INLINE = frozenset({"b", "i", "br", "a"})
BLOCKS = frozenset(
    {"section", "p", "lead", "note", "list", "facts", "table", "roster", "signature", "keep", "page-break"}
)
CHILDREN: Mapping[str, frozenset[str]] = {
    "document": BLOCKS,
    "section": BLOCKS,
    "keep": BLOCKS - {"section", "keep", "page-break"},
    "list": frozenset({"item"}),
    "item": INLINE | {"p", "list"},
    "facts": frozenset({"fact"}),
    "table": frozenset({"columns", "row"}),
    "columns": frozenset({"column"}),
    "row": frozenset({"cell"}),
    **dict.fromkeys(("p", "lead", "note", "fact", "cell", "b", "i", "a"), INLINE),
    **dict.fromkeys(("column", "br", "roster", "signature", "page-break"), frozenset()),
}
WORDED = frozenset({"p", "lead", "note", "fact", "cell", "column", "item", "b", "i", "a"})
"""Elements that may hold words of their own."""
ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "section": {"title": r"(?s)\s*\S.*", "numbered": "yes|no"},
    "list": {"style": "bullet|decimal|alpha"},
    "fact": {"label": r"(?s)\s*\S.*"},
    "table": {"caption": r"(?s)\s*\S.*", "row-heads": "yes|no"},
    "column": {"width": r"[0-9]+(\.[0-9]+)?", "align": "left|right"},
    "roster": {"name": ".+"},
    "signature": {"slot": ".+"},
    "a": {"href": r"https://[\x21-\x7e]+"},
}
"""The attributes of each element, with the pattern that their values have."""
REQUIRED = {"section": ("title",), "fact": ("label",), "roster": ("name",), "signature": ("slot",), "a": ("href",)}
DEEPEST_SECTION = 2
_SPACES = re.compile(r"[ \t\r\n]+")
_REMEDY = "Mend body.xml.j2; docs/template-dialect.md lists the elements."

Locate: TypeAlias = Callable[[int, int], int]
"""From a line (from 1) and a column (from 0) to the line that a problem names."""


def _own_line(line: int, _: int) -> int:
    return line


@dataclass(slots=True)
class Node:
    """An element as it was read: words and elements in order, and the line it begins in."""

    name: str
    attributes: dict[str, str]
    line: int
    children: list[Node | str] = field(default_factory=list)

    def elements(self) -> Iterator[Node]:
        """The elements directly inside."""
        return (child for child in self.children if isinstance(child, Node))


class _Reader(ContentHandler):
    """Gathers nodes from the parser's events."""

    def __init__(self, locate: Locate) -> None:
        super().__init__()
        self._locate = locate
        self.root: Node | None = None
        self._open: list[Node] = []

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802  the parser's name
        locator = self._locator  # type: ignore[attr-defined]  # set by the parser
        line = self._locate(locator.getLineNumber(), locator.getColumnNumber())
        node = Node(name, dict(attrs.items()), line)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802  likewise
        self._open.pop()

    def characters(self, content: str) -> None:
        children = self._open[-1].children
        if children and isinstance(children[-1], str):  # the parser hands out words piece by piece
            children[-1] += content
        else:
            children.append(content)


def parse_markup(source: str, *, template: str, locate: Locate = _own_line) -> tuple[Block, ...]:
    """The blocks of a body.

    Args:
        source: the XML that the body wrote.
        template: the body itself; a link's address must stand in it, because data may not choose where a link leads.
        locate: says which line to name for a line and a column of `source`; the line itself when absent.

    Raises:
        RenderError: with everything that is not the dialect, each with its line.
    """
    root = _read(source, locate)
    problems = list(dict.fromkeys(_faults(root, template)))  # a loop in the body repeats its faults
    if root.name != "document":
        problems.insert(0, _problem(root, "stands at the root, where <document> should"))
    if problems:
        raise RenderError(problems)
    return tuple(_Builder().blocks(root))


def _read(source: str, locate: Locate) -> Node:
    reader = _Reader(locate)
    try:
        parseString(source.encode(), reader, forbid_dtd=True)
    except DefusedXmlException as error:
        raise RenderError(
            Problem(
                "template-entities",
                f"The body declares what it may not: {type(error).__name__}.",
                _REMEDY,
                "body.xml.j2",
            )
        ) from error
    except SAXParseException as error:
        line = locate(error.getLineNumber() or 1, error.getColumnNumber() or 0)
        sentence = f"The body is not well-formed XML in line {line}: {error.getMessage()}."
        raise RenderError(Problem("template-xml", sentence, _REMEDY, f"body.xml.j2 line {line}")) from error
    if reader.root is None:
        raise RenderError(Problem("template-xml", "The body is empty.", _REMEDY, "body.xml.j2"))
    return reader.root


def _problem(node: Node, fault: str) -> Problem:
    return Problem("template-dialect", f"<{node.name}> {fault}.", _REMEDY, f"body.xml.j2 line {node.line}")


def _faults(node: Node, template: str, sections: int = 0) -> Iterator[Problem]:
    """Everything in this element and below that is not the dialect."""
    sections += node.name == "section"
    if node.name not in CHILDREN:
        yield _problem(node, "is not an element of the dialect")
        return
    yield from (_problem(node, fault) for fault in _own_faults(node, template))
    if sections > DEEPEST_SECTION:
        yield _problem(node, "is nested too deep: sections nest to two levels")
    for child in node.elements():
        if child.name in CHILDREN and child.name not in CHILDREN[node.name]:
            yield _problem(child, f"may not stand inside <{node.name}>")
        yield from _faults(child, template, sections)


def _own_faults(node: Node, template: str) -> Iterator[str]:
    allowed = ATTRIBUTES.get(node.name, {})
    for name, value in node.attributes.items():
        if name not in allowed:
            yield f"has no attribute {name}"
        elif not re.fullmatch(allowed[name], value):
            yield f"has the attribute {name} with the value “{value[:80]}”, which it cannot take"
    yield from (f"lacks the attribute {name}" for name in REQUIRED.get(node.name, ()) if name not in node.attributes)
    if node.name == "a" and f'"{node.attributes.get("href", "")}"' not in template:
        yield "leads to an address that does not stand in the template itself"
    if node.name not in WORDED and any(isinstance(child, str) and child.strip() for child in node.children):
        yield "holds words of its own"
    if node.name == "table":
        yield from _table_faults(node)
    if node.name == "item" and _mixes(node):
        yield "holds both words and blocks"


def _mixes(node: Node) -> bool:
    """Whether an item has words or inline elements beside blocks."""
    inline = any(child.strip() if isinstance(child, str) else child.name in INLINE for child in node.children)
    return inline and any(child.name not in INLINE for child in node.elements())


def _table_faults(node: Node) -> Iterator[str]:
    heads = [child for child in node.elements() if child.name == "columns"]
    if len(heads) != 1 or next(node.elements()) is not heads[0] or not list(heads[0].elements()):
        yield "must begin with one <columns>"
        return
    width = len(list(heads[0].elements()))
    for row in node.elements():
        cells = len(list(row.elements()))
        if row.name == "row" and cells != width:
            yield f"has {width} columns, but its row in line {row.line} has {cells} cells"


class _Builder:
    """Builds the tree from nodes that were found to be the dialect; counts the numbered sections."""

    def __init__(self) -> None:
        self._counts = [0] * DEEPEST_SECTION
        self._number: list[str] = []

    def blocks(self, node: Node) -> Iterator[Block]:
        """The blocks inside an element."""
        return map(self._block, node.elements())

    def _block(self, node: Node) -> Block:
        builders: dict[str, Callable[[Node], Block]] = {
            "section": self._section,
            "list": self._list,
            "facts": _facts,
            "table": _table,
            "roster": lambda place: dialect.RosterPlace(place.attributes["name"]),
            "signature": lambda place: dialect.SignaturePlace(place.attributes["slot"]),
            "keep": lambda keep: dialect.Keep(tuple(self.blocks(keep))),
            "page-break": lambda _: dialect.PageBreak(),
        }
        return builders.get(node.name, _paragraph)(node)

    def _list(self, node: Node) -> dialect.ListBlock:
        return dialect.ListBlock(node.attributes.get("style", "bullet"), tuple(map(self._item, node.elements())))

    def _section(self, node: Node) -> dialect.Section:
        depth = len(self._number)
        number = ""
        if node.attributes.get("numbered") == "yes":
            self._counts[depth:] = [self._counts[depth] + 1] + [0] * (DEEPEST_SECTION - depth - 1)
            above = self._number[-1] + "." if self._number and self._number[-1] else ""
            number = f"{above}{self._counts[depth]}"
        self._number.append(number)
        blocks = tuple(self.blocks(node))
        self._number.pop()
        return dialect.Section(_attribute(node, "title"), number, blocks)

    def _item(self, node: Node) -> dialect.Item:
        if any(child.name not in INLINE for child in node.elements()):
            return dialect.Item(tuple(self.blocks(node)))
        return dialect.Item((dialect.Paragraph("p", _inline(node)),))


def _paragraph(node: Node) -> dialect.Paragraph:
    return dialect.Paragraph(node.name, _inline(node))


def _facts(node: Node) -> dialect.Facts:
    return dialect.Facts(tuple(dialect.Fact(_attribute(fact, "label"), _inline(fact)) for fact in node.elements()))


def _table(node: Node) -> dialect.Table:
    head, *rows = node.elements()
    columns = tuple(
        dialect.Column(
            dialect.plain_text(_inline(one)),
            float(one.attributes.get("width", "1")),
            one.attributes.get("align", "left"),
        )
        for one in head.elements()
    )
    cells = tuple(tuple(map(_inline, row.elements())) for row in rows)
    caption = _attribute(node, "caption") if "caption" in node.attributes else ""
    return dialect.Table(caption, node.attributes.get("row-heads") == "yes", columns, cells)


def _attribute(node: Node, name: str) -> str:
    return _SPACES.sub(" ", node.attributes[name]).strip()


def _inline(node: Node) -> Inline:
    """The words inside an element, spaces collapsed as a reader of XML expects, none at the ends of a line."""
    runs = list(_runs(node, bold=False, italic=False, address=""))
    words: list[dialect.Run | dialect.Break] = []
    for run in runs:
        if isinstance(run, dialect.Break):
            _trim_end(words)
            words.append(run)
            continue
        text = _SPACES.sub(" ", run.text)
        if not words or isinstance(words[-1], dialect.Break) or words[-1].text.endswith(" "):
            text = text.removeprefix(" ")
        if text:
            words.append(dialect.Run(text, run.bold, run.italic, run.address))
    _trim_end(words)
    return tuple(words)


def _trim_end(words: list[dialect.Run | dialect.Break]) -> None:
    if words and isinstance(last := words[-1], dialect.Run) and last.text.endswith(" "):
        words[-1] = dialect.Run(last.text.removesuffix(" "), last.bold, last.italic, last.address)
        if not last.text.strip(" "):
            words.pop()


def _runs(node: Node, *, bold: bool, italic: bool, address: str) -> Iterator[dialect.Run | dialect.Break]:
    for child in node.children:
        if isinstance(child, str):
            yield dialect.Run(child, bold, italic, address)
        elif child.name == "br":
            yield dialect.Break()
        else:
            inner = child.attributes.get("href", address)
            yield from _runs(child, bold=bold or child.name == "b", italic=italic or child.name == "i", address=inner)
