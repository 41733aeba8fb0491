"""Files that pages ask for: compressed once, under names that hold a digest of their bytes, so that a browser asks only once."""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from web.look.packages import look_folder

OWN = Path(__file__).parent.parent / "pages" / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
ADDRESS = re.compile(r"""url\((['"]?)([^)'"?#]+)[^)'"]*\1\)""")
SOURCE_MAP = re.compile(rb"^(//|/\*)# sourceMappingURL=.*$", re.MULTILINE)
SPRITE = "uswds/dist/img/sprite.svg"
ICONS = "icons.svg"
DRAWN = (
    "account_circle", "arrow_forward", "cancel", "check_circle", "close", "edit", "error", "file_download", "folder", "help",
    "history", "hourglass_empty", "info", "launch", "lock", "mail", "navigate_before", "navigate_next", "schedule", "search",
    "verified_user", "visibility", "warning",
)  # fmt: skip
"""The icons that pages use; the sprite of all of them is four times as long as all our pages' words."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent.

    Attributes:
        name: its name in the address, with eight bytes of the digest of its content.
        packed: the content in gzip, or nothing where that gains nothing.
    """

    name: str
    mime: str
    content: bytes
    packed: bytes


@dataclass(slots=True)
class Look:
    """All files of the look. `complete` says whether the packages were fetched; without them pages work unstyled."""

    complete: bool
    by_path: dict[str, Asset] = field(default_factory=dict)
    by_name: dict[str, Asset] = field(default_factory=dict)

    def add(self, path: str, content: bytes) -> Asset:
        """Take a file in under its path among our sources."""
        stem, suffix = posixpath.splitext(posixpath.basename(path))
        name = f"{stem}.{hashlib.sha256(content).hexdigest()[:16]}{suffix}"
        packed = gzip.compress(content, 9, mtime=0) if suffix != ".woff2" else b""
        asset = Asset(name, TYPES[suffix], content, packed if len(packed) < len(content) else b"")
        self.by_path[path] = self.by_name[name] = asset
        return asset

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return path in self.by_path

    def name(self, path: str) -> str:
        """The name in the address of the file with this path.

        Raises:
            LookupError: there is no such file.
        """
        return self.by_path[path].name


@cache
def load_look() -> Look:
    """Everything that pages ask for, read once for a process."""
    fetched = look_folder()
    look = Look(complete=fetched.is_dir())
    if look.complete:
        sources = {
            one.relative_to(fetched).as_posix(): one for one in sorted(fetched.rglob("*")) if one.suffix in TYPES
        }
        _take_in(look, {path: file.read_bytes() for path, file in sources.items()})
    for file in sorted(OWN.rglob("*")):
        if file.suffix in TYPES:
            look.add(file.relative_to(OWN).as_posix(), file.read_bytes())
    return look


def _take_in(look: Look, sources: Mapping[str, bytes]) -> None:
    """Take in fetched files; style sheets last, because they name the others by names that must be known then."""
    look.add(ICONS, _drawn(sources[SPRITE].decode("utf-8")))
    for path, content in sources.items():
        if path != SPRITE and not path.endswith(".css"):
            look.add(path, SOURCE_MAP.sub(b"", content))
    for path, content in sources.items():
        if path.endswith(".css"):
            sheet = SOURCE_MAP.sub(b"", content).decode("utf-8")
            look.add(path, ADDRESS.sub(_renamer(look, path), sheet).encode("utf-8"))


def _renamer(look: Look, sheet: str) -> Callable[[re.Match[str]], str]:
    """Turns an address in a sheet into the name under which the file is served, all of them in one folder."""

    def rename(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(sheet), found[2]))
        return f"url({look.name(path)})" if look.has(path) else "none"

    return rename


def _drawn(sprite: str) -> bytes:
    """The sprite with those icons only that pages use."""
    symbols = dict(re.findall(r'(?s)<symbol id="([a-z_]+)"(.*?</symbol>)', sprite))
    kept = "".join(f'<symbol id="{name}"{symbols[name]}' for name in DRAWN)
    return f'<svg xmlns="http://www.w3.org/2000/svg">{kept}</svg>'.encode()
