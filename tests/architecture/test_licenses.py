"""Every locked package has a license that goes with ours; a new one that has not is found here and not by a lawyer later."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, files, metadata
from pathlib import Path

import pytest

LOCKS = Path("requirements")
PERMISSIVE = (
    "MIT", "MIT-0", "MIT-CMU", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "ZPL-2.1", "ISC", "OFL-1.1", "MPL-2.0",
)  # fmt: skip
WEAK_COPYLEFT = {
    "psycopg": "LGPL-3.0-only",
    "psycopg-binary": "LGPL-3.0-only",
    "psycopg-pool": "LGPL-3.0-only",
    "python-stdnum": "LGPL-2.1-or-later",
}
"""Used as they are, through their interfaces, and only where somebody installs them: an extra, or the tests."""

IN_A_FILE = {"axe-playwright-python": {"MIT", "MPL-2.0"}, "pypdfium2": {"BSD-3-Clause", "Apache-2.0"}}
"""What says nothing plain in its metadata, and has licenses as files: its own, and that of axe-core or PDFium inside."""

SPOKEN = {
    r"mit( license)?": "MIT",
    r"the mit license.*": "MIT",
    r"(new |modified )?bsd( license.*| 3-clause.*)?": "BSD-3-Clause",
    r"bsd 2-clause license": "BSD-2-Clause",
    r"apache[ -]?(software )?(license)?[, ]*(version )?2(\.0)?": "Apache-2.0",
    r"apache software license": "Apache-2.0",
    r"apache license +version 2\.0.*": "Apache-2.0",
    r"(psf|psfl|python software foundation license)": "PSF-2.0",
    r"zpl 2\.1|zope public license": "ZPL-2.1",
    r"mozilla public license 2\.0 \(mpl 2\.0\)": "MPL-2.0",
    r"dual license": "BSD-3-Clause",
    r"lgpl|gnu lesser general public license v2 or later.*": "LGPL-2.1-or-later",
}
"""How packages without an SPDX expression say it."""


def locked() -> dict[str, list[str]]:
    """Every locked package, and the lock files that name it."""
    found: dict[str, list[str]] = {}
    for path in sorted(LOCKS.glob("*.lock")):
        for name in re.findall(r"^([A-Za-z0-9._-]+)==", path.read_text("utf-8"), re.MULTILINE):
            found.setdefault(name.lower(), []).append(path.stem)
    return found


def licenses_of(name: str) -> set[str]:
    """What a package says of its license, as SPDX identifiers; its own words where they are not known."""
    told = metadata(name)
    if name in IN_A_FILE:
        return IN_A_FILE[name]
    if expression := " ".join(told.get_all("License-Expression", [])):
        return set(re.findall(r"[A-Za-z0-9.-]+", re.sub(r"\b(AND|OR|WITH)\b", " ", expression)))
    classified = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier", []) if one.startswith("License")]
    words = [
        *[one for one in classified if "approved" not in one.lower()],
        *"".join(told.get_all("License", [])).splitlines()[:1],
    ]
    words = words or [_first_words(name)]
    spoken = {_identifier(one) for one in words if one}
    return {one for one in spoken if one in {*PERMISSIVE, *WEAK_COPYLEFT.values()}} or spoken


def _first_words(name: str) -> str:
    """The first line with words of the license file that a package brings."""
    texts = (one.read_text() for one in files(name) or () if one.name.startswith("LICENSE"))
    return next((line.strip() for text in texts for line in text.splitlines() if line.strip()), "")


def _identifier(words: str) -> str:
    plain = " ".join(words.lower().split())
    return next((name for pattern, name in SPOKEN.items() if re.fullmatch(pattern, plain)), words)


@pytest.mark.parametrize("name", sorted(locked()))
def test_a_locked_package_has_a_license_that_goes_with_ours(name: str) -> None:
    """Permissive, or a weak copyleft that is named above with the reason."""
    try:
        found = licenses_of(name)
    except PackageNotFoundError:
        pytest.skip(f"{name} is locked for another system or Python, and is not installed here")
    allowed = {*PERMISSIVE, WEAK_COPYLEFT.get(name, "MIT")}
    assert found, f"{name} says nothing of its license"
    assert found <= allowed, f"{name}: {', '.join(sorted(found - allowed))}"


def test_what_runs_everywhere_is_permissive() -> None:
    """The lock file of the embedded mode names nothing with a copyleft."""
    assert not {name for name, files in locked().items() if "runtime" in files} & WEAK_COPYLEFT.keys()
