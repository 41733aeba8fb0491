"""The sRGB profile that a document's colours are meant in (ISO 19005-2, 6.2.3), written from its definition.

Made here and not taken from an image library: those put the day of the call into the profile, and the same document
must have the same bytes on any day. Format: ICC.1:2010 (version 4.3), a matrix profile with a parametric tone curve.
"""

from __future__ import annotations

import struct

_WHITE = (0.9642, 1.0, 0.8249)  # D50, the connection space's white (ICC.1:2010, 7.2.16)
_PRIMARIES = {  # IEC 61966-2-1 primaries, adapted from D65 to D50
    b"rXYZ": (0.4360, 0.2225, 0.0139),
    b"gXYZ": (0.3851, 0.7169, 0.0971),
    b"bXYZ": (0.1431, 0.0606, 0.7141),
}
_ADAPTATION = (1.0479, 0.0229, -0.0502, 0.0296, 0.9904, -0.0171, -0.0092, 0.0151, 0.7517)
_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # g, a, b, c, d of parametric type 3
_HEADER_SIZE, _TAG_SIZE = 128, 12


def srgb_profile() -> bytes:
    """The bytes of the profile."""
    curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + _fixed(_CURVE)
    tags = {
        b"desc": _words("sRGB IEC61966-2.1"),
        b"cprt": _words("No copyright, use freely"),
        b"wtpt": _xyz(_WHITE),
        b"chad": b"sf32" + bytes(4) + _fixed(_ADAPTATION),
        **{name: _xyz(values) for name, values in _PRIMARIES.items()},
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    }  # fmt: skip
    return _assemble(tags)


def _assemble(tags: dict[bytes, bytes]) -> bytes:
    offset = _HEADER_SIZE + 4 + _TAG_SIZE * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, body in tags.items():
        table += struct.pack(">4sII", name, offset + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    return _header(_HEADER_SIZE + len(table) + len(data)) + table + data


def _header(size: int) -> bytes:
    """Profile header (ICC.1:2010, 7.2): display profile, RGB to XYZ; the date is that of the sRGB standard."""
    date = struct.pack(">6H", 1999, 10, 18, 0, 0, 0)
    front = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x04300000, b"mntr", b"RGB ", b"XYZ ") + date + b"acsp"
    return front + bytes(28) + _fixed(_WHITE) + bytes(48)


def _fixed(values: tuple[float, ...]) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(values)


def _words(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded
