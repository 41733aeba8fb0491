"""The real `esm serve` behind a real nginx with TLS: who is believed, and that nobody locks others out."""

from __future__ import annotations

import http.client
import json
import re
import socket
import sqlite3
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest

from commands import ESM
from fronts import HOST, Proxy, nginx, serving_process
from servers import free_ports

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
ORIGIN = f"https://{HOST}"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def cookies(self) -> list[str]:
        """Every cookie that is set, as it was sent."""
        return self.headers.get_all("Set-Cookie") or []


@dataclass
class Client:
    """A browser at an address of the loopback."""

    proxy: Proxy
    address: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Send one request over TLS."""
        context = ssl.create_default_context(cafile=str(self.proxy.root))
        family = "::1" if ":" in self.address else "127.0.0.1"
        plain = socket.create_connection((family, self.proxy.port), 60, source_address=(self.address, 0))
        connection = http.client.HTTPSConnection(HOST, self.proxy.port, context=context)
        connection.sock = context.wrap_socket(plain, server_hostname=HOST)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body or None, {"Host": HOST, **headers})
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read().decode("utf-8", "replace"))
        connection.close()
        for line in answer.cookies:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer

    def sign_in(self, user_id: str, password: str, **headers: str) -> Answer:
        """Sign in as a person would."""
        page = self.ask("GET", "/sign-in").text
        hidden = {name: unescape(value) for name, value in HIDDEN.findall(page)}
        form = urlencode({**hidden, "user_id": user_id, "password": password}).encode()
        return self.ask(
            "POST",
            "/sign-in",
            form,
            **{"Content-Type": "application/x-www-form-urlencoded", "Origin": ORIGIN} | headers,
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample year in a folder, with its password and two people who sign."""

    folder: Path
    password: str
    people: tuple[str, str]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A small demonstration."""
    folder = tmp_path_factory.mktemp("proxied") / "data"
    subprocess.run([*ESM, "demo", "--dir", folder, "--acos", "2", "--json"], check=True, capture_output=True)
    kept = json.loads((folder / "demo.json").read_text("utf-8"))
    with sqlite3.connect(folder / "esm.db") as database:
        found = database.execute("SELECT user_id FROM accounts ORDER BY user_id LIMIT 2").fetchall()
    return Sample(folder, kept["password"], (found[0][0], found[1][0]))


@pytest.fixture(scope="module")
def front(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The service behind nginx, whose address it believes."""
    settings = {"ESM_MODE": "demo", "ESM_TRUST_PROXY": "127.0.0.1"}
    folder = tmp_path_factory.mktemp("nginx") / "front"
    with serving_process(sample.folder, settings) as address, nginx(folder, address) as proxy:
        yield proxy


def came_from(sample: Sample, user_id: str) -> str:
    """The address that the newest session of a person was opened from."""
    with sqlite3.connect(sample.folder / "esm.db") as database:
        query = "SELECT address FROM sessions WHERE user_id = ? ORDER BY opened_at_utc DESC LIMIT 1"
        return str(database.execute(query, (user_id,)).fetchone()[0])


@pytest.mark.parametrize("address", ["127.0.0.21", "::1"])
def test_the_client_is_known_by_its_own_address_and_speaks_tls(front: Proxy, sample: Sample, address: str) -> None:
    """Address of both families, scheme, HSTS, cookies with `__Host-` and `Secure`; what the client claims is not believed."""
    client = Client(front, address)
    answer = client.sign_in(
        sample.people[0], sample.password, **{"X-Forwarded-For": "198.51.100.9", "Forwarded": "for=1"}
    )
    assert answer.status == 303
    assert came_from(sample, sample.people[0]) == address
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    session = next(cookie for cookie in answer.cookies if "session" in cookie.partition("=")[0])
    assert session.startswith("__Host-")
    assert all("; Secure" in cookie for cookie in answer.cookies)


def test_passkeys_are_asked_for_the_host_that_people_see(front: Proxy) -> None:
    """The relying party is the name in the address, not the service's own."""
    page = unescape(Client(front, "127.0.0.22").ask("GET", "/sign-in/passkey").text)
    assert f'"rpId": "{HOST}"' in page or f'"rpId":"{HOST}"' in page


def test_twenty_wrong_passwords_from_one_network_hinder_no_right_one_from_another(front: Proxy, sample: Sample) -> None:
    """Neither for the account that was guessed at, nor for others; the network itself has to wait."""
    stranger, user_id = Client(front, "127.0.0.31"), sample.people[1]
    statuses = [stranger.sign_in(user_id, f"wrong {number}").status for number in range(20)]
    statuses += [stranger.sign_in(f"Z{number:03}", "wrong").status for number in range(20)]
    assert set(statuses) == {403, 429}
    assert stranger.sign_in(sample.people[0], sample.password).status == 429
    assert Client(front, "127.0.0.32").sign_in(user_id, sample.password).status == 303
    assert Client(front, "127.0.0.33").sign_in(sample.people[0], sample.password).status == 303


def test_a_known_browser_gets_in_while_its_network_waits(front: Proxy, sample: Sample) -> None:
    """Somebody who guesses behind the same address does not hinder whoever has been here before."""
    own = Client(front, "127.0.0.41")
    assert own.sign_in(sample.people[0], sample.password).status == 303
    for name in [name for name in own.cookies if "session" in name]:
        del own.cookies[name]
    stranger = Client(front, "127.0.0.41")
    assert [stranger.sign_in(f"Y{number:03}", "wrong").status for number in range(21)] == [403] * 20 + [429]
    assert stranger.sign_in(sample.people[0], sample.password).status == 429
    assert own.sign_in(sample.people[0], sample.password).status == 303


def test_nginx_refuses_what_is_too_long_before_the_service_sees_it(front: Proxy) -> None:
    """A form of more than a megabyte; a file has more room."""
    client = Client(front, "127.0.0.51")
    assert client.ask("POST", "/sign-in", bytes(1_100_000)).status == 413
    assert client.ask("POST", "/verify", bytes(1_100_000)).status == 400  # no token of the form


def test_metrics_and_readiness_are_not_for_the_world(front: Proxy) -> None:
    """They are for machines beside the service."""
    assert [Client(front).ask("GET", path).status for path in ("/metrics", "/readyz")] == [404, 404]


@pytest.mark.parametrize(
    ("trusted", "chain", "believed"),
    [
        ("", "198.51.100.9", "127.0.0.61"),
        ("10.0.0.0/8", "198.51.100.9", "127.0.0.61"),
        ("127.0.0.0/8", "198.51.100.9", "198.51.100.9"),
        ("127.0.0.0/8,10.1.0.0/16", "203.0.113.66, 198.51.100.9, 10.1.2.3", "198.51.100.9"),
        ("127.0.0.0/8,2001:db8:1::/48", "[2001:db8:2::5]:443, 2001:db8:1::7", "2001:db8:2::5"),
        ("127.0.0.0/8", "198.51.100.9, nonsense", "127.0.0.61"),
    ],
)
def test_only_addresses_that_are_named_are_believed(sample: Sample, trusted: str, chain: str, believed: str) -> None:
    """Straight to the service: from the last hop to the first one that is not ours, and nothing from anybody else."""
    with serving_process(sample.folder, {"ESM_MODE": "demo", "ESM_TRUST_PROXY": trusted}) as address:
        forwarded = {"X-Forwarded-For": chain, "X-Forwarded-Proto": "https", "X-Forwarded-Host": HOST}
        answer = _sign_in_plainly(address, sample, forwarded)
    assert answer.status == 303
    assert came_from(sample, sample.people[0]) == believed
    assert ("Strict-Transport-Security" in answer.headers) == (believed != "127.0.0.61" or "nonsense" in chain)


def test_nginx_may_reach_the_service_by_a_socket(sample: Sample, tmp_path: Path) -> None:
    """No other user of the machine can then speak as the proxy."""
    path = tmp_path / "esm.sock"
    settings = {"ESM_MODE": "demo", "ESM_TRUST_PROXY": "unix"}
    with serving_process(sample.folder, settings, "--socket", str(path)) as told:
        assert told == str(path)
        assert path.stat().st_mode & 0o007 == 0
        with nginx(tmp_path / "front", f"unix:{path}:") as proxy:
            assert Client(proxy, "127.0.0.71").sign_in(sample.people[0], sample.password).status == 303
    assert came_from(sample, sample.people[0]) == "127.0.0.71"


def _sign_in_plainly(address: str, sample: Sample, headers: dict[str, str]) -> Answer:
    host, _, port = address.rpartition(":")
    cookies: dict[str, str] = {}

    def ask(method: str, body: bytes = b"", **more: str) -> Answer:
        connection = http.client.HTTPConnection(host, int(port), timeout=60, source_address=("127.0.0.61", 0))
        sent = {**headers, **more, "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        connection.request(method, "/sign-in", body or None, sent)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read().decode("utf-8", "replace"))
        connection.close()
        for line in answer.cookies:
            cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
        return answer

    hidden = {name: unescape(value) for name, value in HIDDEN.findall(ask("GET").text)}
    form = urlencode({**hidden, "user_id": sample.people[0], "password": sample.password}).encode()
    return ask("POST", form, **{"Content-Type": "application/x-www-form-urlencoded"})


def test_true_is_refused_with_what_to_write() -> None:
    """It would let anybody claim any address."""
    done = subprocess.run(
        [*ESM, "serve", "--port", str(free_ports(1)[0])],
        env={"ESM_TRUST_PROXY": "true", "PATH": "/usr/bin", "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "write the addresses of your proxies, for example 127.0.0.1" in done.stderr
