"""A painted board becomes a file that is PDF/A-2a (ISO 19005-2) and PDF/UA-1 (ISO 14289-1) at once."""

from __future__ import annotations

from collections.abc import Callable

from packets.render.colour import srgb_profile
from packets.render.metadata import DocumentFacts, information, xmp_packet
from packets.render.objects import ObjectFile, numbers, text_string
from packets.render.tagging import Board, Bookmark


def write_archival(board: Board, facts: DocumentFacts, paint_footer: Callable[[Board, int, int], None]) -> bytes:
    """Finish the document and return its bytes.

    Args:
        board: with all its pages finished.
        facts: title, author, subject and language.
        paint_footer: paints the foot of each page, given the board, its number from 1 and the number of pages.
    """
    file = board.file
    entries = [
        b"/Type/Catalog",
        b"/Pages %d 0 R" % board.finish_pages(paint_footer),
        b"/StructTreeRoot %d 0 R" % board.tree.finish(),
        b"/MarkInfo<</Marked true>>",
        b"/Lang %b" % text_string(facts.language),
        b"/ViewerPreferences<</DisplayDocTitle true>>",
        b"/Metadata %d 0 R" % file.put_stream(xmp_packet(facts), b"/Type/Metadata/Subtype/XML", compress=False),
        b"/OutputIntents[%d 0 R]" % _output_intent(file),
    ]
    if board.bookmarks:
        entries.append(b"/Outlines %d 0 R/PageMode/UseOutlines" % _write_outline(file, board.bookmarks))
    if board.fields:
        entries.append(b"/AcroForm %d 0 R" % file.put(b"<</Fields[%b]>>" % _references(board.fields)))
    return file.finish(file.put(b"<<%b>>" % b"".join(entries)), file.put(information(facts)))


def _output_intent(file: ObjectFile) -> int:
    profile = file.put_stream(srgb_profile(), b"/N 3")
    name = text_string("sRGB IEC61966-2.1")
    body = b"<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier %b/Info %b/DestOutputProfile %d 0 R>>"
    return file.put(body % (name, name, profile))


def _references(wanted: list[int]) -> bytes:
    return b" ".join(b"%d 0 R" % number for number in wanted)


def _write_outline(file: ObjectFile, bookmarks: list[Bookmark]) -> int:
    """The document outline (ISO 32000-1, 12.3.3): top entries open, deeper ones closed."""
    root = file.allocate()
    own = [file.allocate() for _ in bookmarks]
    children: dict[int, list[int]] = {}
    for index, parent in enumerate(_parents(bookmarks)):
        children.setdefault(parent, []).append(index)
    for parent, kids in children.items():
        for place, index in enumerate(kids):
            links = b"/Parent %d 0 R" % (root if parent < 0 else own[parent])
            links += b"/Prev %d 0 R" % own[kids[place - 1]] if place else b""
            links += b"/Next %d 0 R" % own[kids[place + 1]] if place + 1 < len(kids) else b""
            links += _ends(own, children.get(index, []), -1)
            file.add(own[index], _outline_entry(bookmarks[index], links))
    file.add(root, b"<</Type/Outlines%b>>" % _ends(own, children.get(-1, []), 1))
    return root


def _outline_entry(bookmark: Bookmark, links: bytes) -> bytes:
    where = b"/Dest[%d 0 R/XYZ null %b null]" % (bookmark.page, numbers(bookmark.top))
    return b"<</Title %b%b%b>>" % (text_string(bookmark.title), links, where)


def _parents(bookmarks: list[Bookmark]) -> list[int]:
    """For each bookmark the index of the one above it, -1 at the top. A level that skips one hangs on the nearest above."""
    stack: list[int] = []
    parents = []
    for index, bookmark in enumerate(bookmarks):
        while stack and bookmarks[stack[-1]].level >= bookmark.level:
            stack.pop()
        parents.append(stack[-1] if stack else -1)
        stack.append(index)
    return parents


def _ends(own: list[int], kids: list[int], sign: int) -> bytes:
    if not kids:
        return b""
    return b"/First %d 0 R/Last %d 0 R/Count %d" % (own[kids[0]], own[kids[-1]], sign * len(kids))
