"""What characters the codes of a font subset stand for, as a CMap (ISO 32000-1, 9.10.3)."""

from __future__ import annotations

from collections.abc import Sequence

_BLOCK = 100  # the most pairs that one bfchar block may have
_HEAD = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<00> <FF>
endcodespacerange
"""
_TAIL = """endcmap
CMapName currentdict /CMap defineresource pop
end
end"""
_SPACE, _DELETE = 0x20, 0x7F


def to_unicode_map(subset: Sequence[int]) -> str:
    """The ToUnicode CMap of a one-byte font subset.

    Args:
        subset: for each code the character it stands for; 0 where a code is unused. A space stands only for code 32:
            the other entries with it are fillers.
    """
    pairs = [
        f"<{code:02X}> <{_utf16(character)}>"
        for code, character in enumerate(subset)
        if (character > _SPACE and character != _DELETE) or character == code == _SPACE
    ]
    blocks = (pairs[start : start + _BLOCK] for start in range(0, len(pairs), _BLOCK))
    return (
        _HEAD + "".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks) + _TAIL
    )


def _utf16(character: int) -> str:
    return chr(character).encode("utf-16-be").hex().upper()
