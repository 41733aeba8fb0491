"""Write the software bill of materials (CycloneDX 1.6) of everything that is locked: `make sbom` and `make dist` call it.

The same lock files and the same commit give the same bytes. A Python package has the digests of all the files that its lock
allows, of which an installation takes one. Usage: sbom.py FOLDER
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from web.build_info import read_build_info  # noqa: E402  the checkout that this file stands in, and no other
from web.look.packages import PACKAGES  # noqa: E402

PINNED = re.compile(
    r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)([^\\\n]*)((?:\\\n\s+--hash=sha256:[0-9a-f]{64}\s*)*)", re.MULTILINE
)
REQUIRED, OPTIONAL, EXCLUDED = "required", "optional", "excluded"
"""What every installation has; what an extra adds; what only builds and tests."""

CUT_INTO_THE_WHEEL = {"fontpkg-noto-sans", "fontpkg-noto-serif"}
"""Packages whose fonts the wheel carries, so that it does not need the packages."""


def read_lock(path: Path) -> dict[str, dict[str, Any]]:
    """Read the packages of a lock file as components by package URL."""
    components = [_python_component(*match.groups()) for match in PINNED.finditer(path.read_text("utf-8"))]
    return {component["purl"]: component for component in components}


def _python_component(name: str, version: str, marker: str, hashes: str) -> dict[str, Any]:
    purl = f"pkg:pypi/{name}@{version}"
    digests = sorted(re.findall(r"[0-9a-f]{64}", hashes))
    condition = marker.strip().removeprefix(";").strip()
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in digests],
        **({"properties": [{"name": "esm-packets:marker", "value": condition}]} if condition else {}),
    }


def collect_python_components() -> list[dict[str, Any]]:
    """Collect the packages of all lock files, each version once, with how far it is needed."""
    locks = {path.stem: read_lock(path) for path in sorted((ROOT / "requirements").glob("*.lock"))}
    every = {purl: component for lock in locks.values() for purl, component in lock.items()}
    components = []
    for purl, component in sorted(every.items()):
        if component["name"] in CUT_INTO_THE_WHEEL:
            scope = REQUIRED
        elif purl not in locks["wheel"]:
            scope = EXCLUDED
        else:
            scope = REQUIRED if purl in locks["runtime"] else OPTIONAL
        components.append({**component, "scope": scope})
    return components


def collect_look_components() -> list[dict[str, Any]]:
    """Collect the npm packages whose files the wheel carries."""
    components = []
    for package in PACKAGES:
        purl = f"pkg:npm/{quote(package.name, safe='/')}@{package.version}"
        digest = base64.b64decode(package.integrity.removeprefix("sha512-")).hex()
        components.append(
            {
                "type": "library",
                "bom-ref": purl,
                "name": package.name,
                "version": package.version,
                "purl": purl,
                "hashes": [{"alg": "SHA-512", "content": digest}],
                "scope": REQUIRED,
            }
        )
    return components


def compose() -> dict[str, Any]:
    """Compose the whole document."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    purl = f"pkg:pypi/{project['name']}@{project['version']}"
    components = [*collect_python_components(), *collect_look_components()]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": _commit_time(),
            "component": {
                "type": "application",
                "bom-ref": purl,
                "name": project["name"],
                "version": project["version"],
                "description": project["description"],
                "purl": purl,
                "licenses": [{"expression": project["license"]}],
                "properties": [{"name": "esm-packets:commit", "value": read_build_info(root=ROOT).commit}],
            },
        },
        "components": components,
        "dependencies": [
            {"ref": purl, "dependsOn": [part["bom-ref"] for part in components if part["scope"] != EXCLUDED]}
        ],
    }
    name = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return {**document, "serialNumber": f"urn:uuid:{name}"}


def _commit_time() -> str:
    """Return when the commit was made: the time of this run would make two files of one thing."""
    command = ["git", "-C", ROOT, "log", "-1", "--format=%ct"]
    asked = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  git as this machine has it
    return dt.datetime.fromtimestamp(int(asked.stdout), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    bill = compose()
    named = bill["metadata"]["component"]
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(bill, indent=2, ensure_ascii=False)
    (folder / f"{named['name']}-{named['version']}.cdx.json").write_text(text + "\n", "utf-8")
