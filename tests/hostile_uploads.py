"""Hostile uploads of up to twelve megabytes, and a process that receives them and tells how much it grew.

`python -m hostile_uploads make FOLDER` writes them; `python -m hostile_uploads take FOLDER` posts each to both doors of the
corrections page and prints, as JSON, the answers and the growth in megabytes. The two are different processes, since what one
process allocated to make a file would hide what another needs to read it.
"""

from __future__ import annotations

import json
import random
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from browsing import open_site
from packets.lists.columns import CORRECTIONS
from packets.model.people import Role

ACO = "A9001"
BASE = "_ProviderSupCorrection_11172026"
MEMBER = 49_900_000
"""A little less than the largest file that an archive may hold, in bytes."""
HEADINGS = "\t".join(CORRECTIONS.headings).encode() + b"\n"


def _zipped(path: Path, text: bytes) -> None:
    """A text in an archive; with some noise behind it, since nothing that shrinks to a hundredth is even looked at."""
    chance = random.Random(1)  # noqa: S311  material, not keys
    noise = b"\n".join(chance.randbytes(900).hex().encode() for _ in range(len(text) // 200_000))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr(path.with_suffix(".txt").name, text + noise)


def _rows(cells: list[bytes], width: int, count: int) -> bytes:
    """Rows of cells that come again and again, in ever another order."""
    return HEADINGS + b"\n".join(
        b"\t".join(cells[(row * 7919 + column * 104729) % len(cells)] for column in range(width))
        for row in range(count)
    )


def _many_entries(path: Path) -> None:
    """A directory of two hundred thousand files without names or bytes."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    count = 9_900_000 // len(entry)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count & 0xFFFF, count & 0xFFFF, count * len(entry), 4, 0)
    path.write_bytes(b"PK\3\4" + entry * count + end)


def _lying_bomb(path: Path) -> None:
    """Ten gigabytes that say that they are fifty megabytes; the same compressed megabytes again and again."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream.compress(b"x")
    stream.flush(zlib.Z_FULL_FLUSH)
    data = (stream.compress(bytes(10_000_000)) + stream.flush(zlib.Z_FULL_FLUSH)) * 950
    name = path.with_suffix(".txt").name.encode()
    sizes = (0, len(data), MEMBER)
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, *sizes, len(name), 0) + name
    central = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, *sizes, len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local) + len(data), 0)
    path.write_bytes(local + data + central + end)


def _garbage(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(11_900_000))  # noqa: S311  material, not keys


FORMULAS = [f"={number * 48271 % 99991}".encode() for number in range(997)]
SHOWN = frozenset({"long-lines", "faulty-cells"})
"""Those with rows that a workbook can show: they are posted to the check, too."""
KINDS: dict[str, Callable[[Path], None]] = {
    "garbage": _garbage,
    "many-entries": _many_entries,
    "lying-bomb": _lying_bomb,
    "one-line": lambda path: _zipped(path, HEADINGS + (b"0123456789" * 17 + b"\t") * (MEMBER // 180)),
    "no-line-end": lambda path: _zipped(path, "😀é\t".encode() * (MEMBER // 8)),
    "long-lines": lambda path: _zipped(path, HEADINGS + (("😀" + "x" * 240) * 40 + "\n").encode() * (MEMBER // 10_500)),
    "empty-lines": lambda path: _zipped(path, HEADINGS + b"\n" * 10_000_000),
    "faulty-cells": lambda path: _zipped(path, _rows(FORMULAS, 8, 60_000)),
    "wide-rows": lambda path: _zipped(path, _rows(["\u202e".encode()], 2000, 4_000)),
    "wrong-length": lambda path: _zipped(path, _rows(FORMULAS, 5, 60_000)),
}


def make(folder: Path) -> None:
    """Write all of them."""
    for name, write in KINDS.items():
        (folder / name).mkdir()
        write(folder / name / f"{ACO}{BASE}.zip")


def take(folder: Path) -> dict[str, dict[str, float]]:
    """Post each to the page and to the check; how it was answered, in what time, and by how much the process grew, in MB."""
    site = open_site(Path(tempfile.mkdtemp()))
    browser = site.enter(site.holder(Role.ACO_EXECUTIVE, site.world.aco(ACO)))
    page = f"/packets/{ACO}/2027/corrections"
    told = {}
    browser.get(page)
    for name in KINDS:
        for door in ("", "/findings") if name in SHOWN else ("",):
            before, start = _start_counting(), time.process_time()
            with (folder / name / f"{ACO}{BASE}.zip").open("rb") as file:
                fields = {"file": (file, f"{ACO}{BASE}.zip"), "agreed": "yes"}
                response = browser.post(page + door, fields, content_type="multipart/form-data")
            seconds, grown = time.process_time() - start, (_memory("VmHWM") - before) / 1000
            told[name + door] = {"status": response.status_code, "seconds": round(seconds, 1), "grown": round(grown)}
            response.close()
            browser.get(page)
    return told


def _start_counting() -> int:
    """Forget the peak of memory so far (proc(5)); what is resident now, in kilobytes."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    return _memory("VmRSS")


def _memory(name: str) -> int:
    line = next(one for one in Path("/proc/self/status").read_text("ascii").splitlines() if one.startswith(name))
    return int(line.split()[1])


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        sys.stdout.write(json.dumps(take(Path(sys.argv[2]))) + "\n")
