"""docs/api.md is true: its examples are sent to a real server, and what is answered has what it shows."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from browsing import Site, open_site
from callers import caller
from packets.model.people import Role
from packets.model.webhooks import Endpoint, HookEvent
from packets.webhooks.seals import show_secret, sign_message
from serving import serving
from worlds import START

TEXT = (Path(__file__).parents[3] / "docs" / "api.md").read_text("utf-8")
EXAMPLES = re.findall(r"```http\n(.*?)```\n\n```json\n(.*?)```", TEXT, re.DOTALL)


@dataclass
class Server:
    """A server that really listens, and what stands for the words with a dollar sign."""

    port: int
    words: dict[str, str]

    def send(self, example: str) -> tuple[int, Any]:
        """Send an example as it stands; what comes next may want the tag of the answer."""
        for name, value in self.words.items():
            example = example.replace(name, value)
        head, _, body = example.rstrip("\n").partition("\n\n")
        first, *lines = head.splitlines()
        method, path = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body.encode() or None, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        self.words["$ETAG"] = response.headers.get("ETag", "")
        return response.status, answer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The sample year, served."""
    site: Site = open_site(tmp_path_factory.mktemp("documented"))
    document = site.document("provider-supplier-list")
    words = {
        "$TOKEN": caller(site, site.holder(Role.ACO_EXECUTIVE)).token,
        "$CUSTODIAN": caller(site, site.holder(Role.DUA_CUSTODIAN)).token,
        "$STAFF": caller(site, site.world.agency(Role.CMS_STAFF)).token,
        "$ACO": site.current.aco.aco_id,
        "$DOCUMENT": document.document_id,
        "$DIGEST": document.head_digest,
    }
    with serving(site.app) as port:
        yield Server(port, words)


def test_the_examples_are_answered_as_they_show(server: Server) -> None:
    """In their order, over real HTTP; every member that is shown is there, and statuses and codes are as shown."""
    assert len(EXAMPLES) >= 9
    for asked, shown in EXAMPLES:
        status, answer = server.send(asked)
        told = json.loads(shown)
        assert status == told.get("status") if isinstance(told.get("status"), int) else status in {200, 201}, asked
        assert missing(told, answer) == [], (asked, answer)


def missing(shown: Any, answer: Any, place: str = "") -> list[str]:
    """Members that are shown and are not in the answer; of lists the first line; codes and kinds must be the same."""
    if isinstance(shown, dict):
        absent = [f"{place}.{name}" for name in shown if name not in answer]
        return absent + [
            one for name in shown if name in answer for one in missing(shown[name], answer[name], f"{place}.{name}")
        ]
    if isinstance(shown, list) and shown and answer:
        return missing(shown[0], answer[0], f"{place}[0]")
    named = place.rsplit(".", 1)[-1] in {"code", "kind", "overall", "sub_indication", "type"} and shown != "…"
    return [f"{place} is {answer!r}"] if named and shown != answer else []


def test_the_receiver_in_the_documentation_accepts_what_we_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code as it stands, run: ours passes, a changed body, an old time and another secret do not."""
    space: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[0], space)  # noqa: S102  our own documentation
    monkeypatch.setitem(space, "time", SimpleNamespace(time=START.timestamp))
    endpoint = Endpoint("e", None, None, "https://x.example", frozenset(HookEvent), "QA00", START)
    secret, headers = show_secret("master", endpoint), sign_message("master", endpoint, "m", "{}", START)
    is_ours = space["is_ours"]
    assert is_ours(secret, headers, b"{}")
    assert not is_ours(secret, headers, b"{} ")
    assert not is_ours(show_secret("another", endpoint), headers, b"{}")
    assert not is_ours(secret, {**headers, "webhook-timestamp": "1"}, b"{}")


def test_every_scope_event_and_status_is_documented() -> None:
    """Closed sets are told whole."""
    from packets.model.tokens import Scope

    assert all(f"| `{one}` |" in TEXT for one in Scope)
    assert all(f"`{one}`" in TEXT for one in HookEvent)
