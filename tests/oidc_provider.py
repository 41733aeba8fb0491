"""A provider of single sign-on for tests: OpenID Connect over real HTTP, with PKCE checked, and lies on demand."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "esm", "a client secret for tests"


@dataclass
class Provider:
    """What it says of whoever signs in, and what it was told to get wrong.

    Attributes:
        claims: of the person.
        wrong: claims that replace those of an honest token, e.g. another audience.
        changed: what replaces what it tells of itself.
        answer: what replaces parts of the answer with the tokens; None takes a part away.
        returned: what is added to the way back, e.g. `iss` (RFC 9207).
        key: signs tokens; `published` is the one that others are told.
    """

    claims: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    published: RSAKey | None = None
    changed: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    returned: dict[str, str] = field(default_factory=dict)
    issuer: str = ""
    waiting: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        """What it tells of itself."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            **self.changed,
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent after the person said yes."""
        assert asked["code_challenge_method"] == "S256"
        assert asked["response_type"] == "code"
        code = secrets.token_urlsafe()
        self.waiting[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], **self.returned})}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code, once, to whoever knows what its challenge was made from."""
        asked = self.waiting.pop(form.get("code", ""), None)
        made = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(made).decode().rstrip("=")
        if asked is None or challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return None
        now = int(time.time())
        honest = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        token = jwt.encode({"alg": "RS256", "kid": "1"}, {**honest, **self.claims, **self.wrong}, self.key)
        whole = {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "expires_in": 60, "id_token": token}
        return {name: value for name, value in {**whole, **self.answer}.items() if value is not None}


@contextmanager
def oidc_provider() -> Iterator[Provider]:
    """A provider that listens on this machine."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(asked))
                self.end_headers()
                return
            keys = {"keys": [(provider.published or provider.key).as_dict(private=False)]}
            self._say(keys if parts.path == "/keys" else provider.discovery())

        def do_POST(self) -> None:
            basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            known = self.headers.get("Authorization") == f"Basic {basic}"
            if not known:
                self._say({"error": "invalid_client"}, 401)
                return
            answer = provider.token(form)
            self._say(answer or {"error": "invalid_grant"}, 200 if answer else 400)

        def _say(self, said: dict[str, Any], status: int = 200) -> None:
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing: tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
