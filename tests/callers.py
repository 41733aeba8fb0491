"""Programs that use the JSON API in tests: a token, and what one sends with it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from werkzeug.test import TestResponse

from agency_keys import AGENCY, POLICY, issuers
from browsing import Site
from packets.model.tokens import Scope
from signed_files import keys
from signing.profiles import signing_profile
from web.api.operations import PREFIX
from worlds import START

JSON = "application/json"
PROBLEM = "application/problem+json"


@dataclass
class Caller:
    """A program with a token, or without one."""

    app: Flask
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Send a call; a body that is not bytes goes as JSON. Underscores in names of headers stand for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if content is not None:
            sent.setdefault("Content-Type", JSON)
        address = path if path.startswith("/api") else PREFIX + path
        return self.app.test_client(use_cookies=False).open(address, method=method, data=content, headers=sent)

    def get(self, path: str, **headers: str) -> TestResponse:
        """Look at something."""
        return self.send("GET", path, **headers)

    def make(self, path: str, body: Any = None, *, key: str = "", **headers: str) -> TestResponse:
        """Create something, under a new key or a given one."""
        return self.send("POST", path, body, Idempotency_Key=key or str(uuid.uuid4()), **headers)


def caller(site: Site, user_id: str, scopes: Iterable[Scope] = tuple(Scope), days: int = 30) -> Caller:
    """A program with a token of this person."""
    _, text = site.world.services.tokens.create(user_id, "a test", scopes, timedelta(days=days))
    return Caller(site.app, text)


def refused(response: TestResponse, status: int, *codes: str) -> Mapping[str, Any]:
    """A refusal that is what it should be: the problems, by their codes."""
    assert (response.status_code, response.mimetype) == (status, PROBLEM), response.text
    told: dict[str, Any] = response.get_json()
    found = {one["code"]: one for one in told["problems"]}
    assert set(codes) <= set(found), found
    assert all(one["detail"] and one["remedy"] for one in found.values())
    assert told["status"] == status
    assert told["instance"].endswith(response.headers["X-Request-ID"])
    return found


def write_register(folder: Path) -> Path:
    """A register that accepts the signatures which people of the agency's authority bring along."""
    pem = serialization.Encoding.PEM
    (folder / "agency.pem").write_bytes(b"".join(one.public_bytes(pem) for one in issuers()))
    (folder / "root.crl").write_bytes(keys(AGENCY).root_list)
    (folder / "ca.crl").write_bytes(keys(AGENCY).authority.issue_revocation_list(START))
    register = folder / "register.toml"
    register.write_text(
        '[[authorities]]\ncertificates = "agency.pem"\nrevocation_lists = ["root.crl", "ca.crl"]\n'
        f'policies = ["{POLICY}"]\n'
    )
    return register


def certificate_of(key: ec.EllipticCurvePrivateKey, subject: x509.Name) -> str:
    """The agency's certificate of a key, PEM."""
    builder = x509.CertificateBuilder().subject_name(subject)
    builder = builder.not_valid_before(START - timedelta(days=1)).not_valid_after(START + timedelta(days=365))
    made = keys(AGENCY).authority.complete(signing_profile(builder, key.public_key(), POLICY))
    return made.public_bytes(serialization.Encoding.PEM).decode()
