"""The structure tree of a tagged PDF (ISO 32000-1, 14.7; ISO 14289-1, 7.1): what each piece of a page is.

An element knows its number from the start, so children and marked content can point at it before it is written.
Most elements are kept until the end; the cells of a roster are written at once (`add_row`), because a large list has
hundreds of thousands of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from packets.render.objects import ObjectFile, text_string


class Element:
    """One structure element.

    Attributes:
        tag: standard structure type, e.g. `P` or `TH`.
        number: its object number.
        page: object number of the page of its first marked content, 0 while it has none.
        kids: references and marked-content identifiers, already written, in reading order.
    """

    __slots__ = ("attributes", "kids", "number", "page", "parent", "tag")

    def __init__(self, tag: str, number: int, parent: int, attributes: bytes) -> None:
        self.tag = tag
        self.number = number
        self.parent = parent
        self.attributes = attributes
        self.page = 0
        self.kids: list[bytes] = []

    def write(self) -> bytes:
        """The element's dictionary."""
        page = b"/Pg %d 0 R" % self.page if self.page else b""
        head = b"<</Type/StructElem/S/%b/P %d 0 R%b%b" % (self.tag.encode(), self.parent, page, self.attributes)
        return head + b"/K%b>>" % self._content()

    def _content(self) -> bytes:
        """The kids. A sole annotation stands alone: analysers of changes look for a signed field as `K.Obj`, not `K[0].Obj`."""
        sole = len(self.kids) == 1 and self.kids[0].startswith(b"<</Type/OBJR")
        return self.kids[0] if sole else b"[%b]" % b" ".join(self.kids)


class StructureTree:
    """The tree of one document, growing while its pages are painted."""

    def __init__(self, file: ObjectFile) -> None:
        self._file = file
        self._root = file.allocate()
        self._elements: list[Element] = []
        self._parents: list[bytes] = []
        self.document = self._new("Document", self._root, b"")

    def add(
        self, tag: str, parent: Element | None = None, *, alternative: str = "", attributes: bytes = b""
    ) -> Element:
        """A new element, the last child of its parent so far.

        Args:
            tag: standard structure type.
            parent: the document itself when absent.
            alternative: text for those who cannot see what the element shows (`/Alt`).
            attributes: attribute entries as they stand in the file, e.g. of `table_attributes`.
        """
        above = parent or self.document
        spoken = b"/Alt %b" % text_string(alternative) if alternative else b""
        element = self._new(tag, above.number, spoken + attributes)
        above.kids.append(b"%d 0 R" % element.number)
        return element

    def _new(self, tag: str, parent: int, attributes: bytes) -> Element:
        element = Element(tag, self._file.allocate(), parent, attributes)
        self._elements.append(element)
        return element

    def add_row(self, body: Element, page: int, marks: Sequence[int]) -> list[int]:
        """Write a table row of data cells at once: one cell for each marked-content identifier on the page.

        Args:
            body: the `TBody` that the row belongs to.
            page: object number of the page.
            marks: identifiers of the cells' content.

        Returns:
            The object numbers of the cells, for the parent tree.
        """
        add, allocate = self._file.add, self._file.allocate
        row = allocate()
        cells = [allocate() for _ in marks]
        add(row, b"<</S/TR/P %d 0 R/K[%b]>>" % (body.number, b" ".join([b"%d 0 R" % cell for cell in cells])))
        for cell, mark in zip(cells, marks, strict=True):
            add(cell, b"<</S/TD/P %d 0 R/Pg %d 0 R/K %d>>" % (row, page, mark))
        body.kids.append(b"%d 0 R" % row)
        return cells

    def next_parent_key(self) -> int:
        """The key that a page or an annotation has in the parent tree; `enter_parent` must follow."""
        self._parents.append(b"null")
        return len(self._parents) - 1

    def enter_page(self, key: int, owners: Sequence[int]) -> None:
        """Say which element each marked content of a page belongs to, by its identifier."""
        array = self._file.put(b"[%b]" % b" ".join([b"%d 0 R" % owner for owner in owners]))
        self._parents[key] = b"%d 0 R" % array

    def enter_annotation(self, key: int, owner: Element) -> None:
        """Say which element an annotation belongs to."""
        self._parents[key] = b"%d 0 R" % owner.number

    def finish(self) -> int:
        """Write everything that is not written yet and return the number of the tree's root."""
        for element in self._elements:
            self._file.add(element.number, element.write())
        pairs = b"\n".join(b"%d %b" % pair for pair in enumerate(self._parents))
        parents = self._file.put(b"<</Nums[%b]>>" % pairs)
        body = b"<</Type/StructTreeRoot/K %d 0 R/ParentTree %d 0 R/ParentTreeNextKey %d>>"
        self._file.add(self._root, body % (self.document.number, parents, len(self._parents)))
        return self._root


def heading_cell(scope: str) -> bytes:
    """Attributes of a table heading cell; `scope` is `Column` or `Row` (ISO 14289-1, 7.5)."""
    return b"/A<</O/Table/Scope/%b>>" % scope.encode()


def list_numbering(style: str) -> bytes:
    """Attributes of a list: how its items are labelled (`Disc`, `Decimal` or `LowerAlpha`)."""
    return b"/A<</O/List/ListNumbering/%b>>" % style.encode()
