"""Webhooks: told once for each act, signed, again and again until taken, and never into a private network."""

from __future__ import annotations

import contextlib
import hmac
import json
import ssl
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from browsing import Site, open_site
from callers import Caller, caller, refused
from packets.audit.log import Act, Outcome
from packets.errors import InputError
from packets.jobs.execution import Executor
from packets.jobs.registry import Handler, Registry
from packets.model.jobs import JobState
from packets.model.people import Role
from packets.store.records.jobs import JobFilter
from packets.webhooks.addresses import AddressGuard, Target
from packets.webhooks.delivery import ATTEMPTS, JOB, LONGEST_WAIT
from packets.webhooks.sending import send
from receivers import Receiver, receiving

EVERY = ["document-signed", "document-executed"]


@dataclass
class Stage:
    """A site, an ACO's webhook and one of CMS, both at the receiver, and what does the jobs."""

    site: Site
    aco: Caller
    cms: Caller
    receiver: Receiver
    path: str

    def register(self, path: str = "", one: Caller | None = None, more: str = "aco", *, every: bool = False) -> str:
        """A new webhook; its address."""
        body = {"url": self.receiver.url + more, "events": EVERY if every else EVERY[:1]}
        response = (one or self.aco).make(path or self.path, body)
        assert response.status_code == 201, response.text
        return f"{path or self.path}/{response.get_json()['webhook_id']}"

    def tell(self) -> None:
        """Write what waits, and send what is due."""
        services = self.site.world.services
        services.notices.write()
        handler = Handler(JOB, services.messenger.work, attempts=ATTEMPTS, longest_wait=LONGEST_WAIT)
        Executor(services.database, Registry((handler,)), self.site.world.clock).work_off()

    def act(self) -> None:
        """Something that is told: the outbox gets what a signature puts there."""
        document = self.site.document("provider-supplier-list")
        with self.site.world.services.database.write() as records:
            payload = {"document_id": document.document_id, "slot": document.signatures[0].slot}
            records.journal.queue("document-signed", payload, self.site.world.clock())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose current ACO has signed Step 2, before anybody asked to be told."""
    site = open_site(tmp_path_factory.mktemp("hooks"))
    slot = site.world.types(site.current)[0].slots[0]
    site.world.sign(site.document("provider-supplier-list"), slot, site.current)
    site.world.services.notices.write()
    yield site
    site.world.services.database.close()


@pytest.fixture
def stage(shared: Site) -> Iterator[Stage]:
    """Webhooks of earlier tests are removed."""
    services, place = shared.world.services, (shared.current.aco.aco_id, shared.current.aco.performance_year)
    for where in (place, None):
        for one in services.webhooks.registered(where):
            services.webhooks.remove(where, one.endpoint_id, shared.holder(Role.ACO_EXECUTIVE))
    executive, staff = (
        caller(shared, shared.holder(Role.ACO_EXECUTIVE)),
        caller(shared, shared.world.agency(Role.CMS_STAFF)),
    )
    with receiving() as receiver:
        yield Stage(shared, executive, staff, receiver, f"/packets/{place[0]}/2027/webhooks")


def test_a_signature_is_told_to_the_aco_and_to_cms_once_each_and_signed(stage: Stage) -> None:
    """With the headers of Standard Webhooks; the body has ids, and nobody's name. It was the last signature, so twice."""
    address = stage.register(every=True)
    stage.register("/webhooks", stage.cms, "cms", every=True)
    document = stage.site.document("participant-list")
    slot = stage.site.world.types(stage.site.current)[1].slots[0]
    signed = stage.site.world.sign(document, slot, stage.site.current)
    stage.tell()
    stage.tell()
    told = [(path, json.loads(body)["type"]) for path, _, body in stage.receiver.arrived]
    assert sorted(told) == [
        (f"/{who}", event) for who in ("aco", "cms") for event in ("document-executed", "document-signed")
    ]
    secret = stage.aco.get(f"{address}/secret").get_json()["secret"]
    for path, headers, body in stage.receiver.arrived:
        assert headers["content-type"] == "application/json"
        assert (path == "/aco") == (signature(secret, headers, body) in headers["webhook-signature"].split())
        assert abs(int(headers["webhook-timestamp"]) - stage.site.world.clock.now.timestamp()) < 1
        data = json.loads(body)["data"]
        assert (data["document_id"], data["aco_id"], data["kind"]) == (
            document.document_id,
            document.aco_id,
            document.kind,
        )
        assert signed.signatures[0].name not in body.decode()
    assert len({headers["webhook-id"] for _, headers, _ in stage.receiver.arrived}) == 4
    lines = stage.aco.get(f"{address}/deliveries").get_json()["items"]
    assert [(one["state"], one["attempts"], one["status"], one["error"]) for one in lines] == [
        ("delivered", 1, 204, "")
    ] * 2


def test_what_is_not_taken_is_sent_again_less_and_less_often_and_then_given_up(stage: Stage) -> None:
    """The same id and body each time, a fresh time and signature; the log tells how it ended; then it can be replayed."""
    address = stage.register()
    stage.receiver.statuses, clock = [500] * (ATTEMPTS + 3), stage.site.world.clock
    stage.act()
    stage.tell()
    waits = []
    while stage.aco.get(f"{address}/deliveries").get_json()["items"][0]["state"] == "queued":
        with stage.site.world.services.database.read() as records:
            (job,) = [
                one for one in records.jobs.some(every_hook(), after="", most=100) if one.state is JobState.QUEUED
            ]
        waits.append(job.due_at - clock.now)
        clock.now = job.due_at
        stage.tell()
    assert waits == sorted(waits)
    assert (len(waits), waits[0], waits[-1]) == (ATTEMPTS - 1, timedelta(seconds=2), LONGEST_WAIT)
    line = stage.aco.get(f"{address}/deliveries").get_json()["items"][0]
    assert (line["state"], line["attempts"], line["status"]) == ("failed", ATTEMPTS, 500)
    arrived = [one for one in stage.receiver.arrived if one[1]["webhook-id"] == line["delivery_id"]]
    assert {body for _, _, body in arrived} == {arrived[0][2]}
    assert len({headers["webhook-timestamp"] for _, headers, _ in arrived}) == ATTEMPTS
    with stage.site.world.services.database.read() as records:
        ends = [
            one.outcome for one in records.journal.entries(address.rsplit("/", 1)[1]) if one.act is Act.WEBHOOK_SEND
        ]
    assert Outcome.REFUSED in ends
    stage.receiver.statuses.clear()
    replay = f"{address}/deliveries/{line['delivery_id']}/replay"
    assert stage.aco.make(replay).get_json()["state"] == "queued"
    refused(stage.aco.make(replay), 409, "webhook-queued")
    stage.tell()
    assert stage.receiver.arrived[-1][1]["webhook-id"] == line["delivery_id"]
    assert stage.aco.get(f"{address}/deliveries").get_json()["items"][0]["state"] == "delivered"


def test_a_redirection_is_no_yes_and_is_not_followed(stage: Stage) -> None:
    """Nor is a long answer read, nor a silent one waited for."""
    address = stage.register()
    stage.receiver.statuses, stage.receiver.answer = [302], b"x" * 1_000_000
    stage.act()
    stage.tell()
    assert [path for path, _, _ in stage.receiver.arrived] == ["/aco"] * len(stage.receiver.arrived)
    line = stage.aco.get(f"{address}/deliveries").get_json()["items"][0]
    assert (line["state"], line["status"], line["error"]) == ("queued", 302, "The receiver answered 302.")
    stage.receiver.silent.set()
    target = AddressGuard(local=True).check(stage.receiver.url)
    assert send(target, {}, b"{}", seconds=1).status == 0
    assert send(Target("http", "127.0.0.1", 9, "/", "127.0.0.1"), {}, b"{}", seconds=1).error


def test_a_replaced_secret_and_the_one_before_sign_for_a_day(stage: Stage) -> None:
    """Replacing it needs the tag of what was seen; reading it is logged."""
    address = stage.register()
    secrets = [stage.aco.get(f"{address}/secret").get_json()["secret"]]
    seen = stage.aco.get(address).headers["ETag"]
    refused(stage.aco.make(f"{address}/secret"), 428, "condition-missing")
    assert stage.aco.make(f"{address}/secret", If_Match=seen).get_json()["generation"] == 2
    refused(stage.aco.make(f"{address}/secret", If_Match=seen), 412, "seen-another")
    secrets.append(stage.aco.get(f"{address}/secret").get_json()["secret"])
    counted = []
    for pause in (timedelta(), timedelta(hours=25)):
        stage.site.world.clock.advance(pause)
        stage.act()
        stage.tell()
        _, headers, body = stage.receiver.arrived[-1]
        counted.append([signature(one, headers, body) in headers["webhook-signature"].split() for one in secrets])
    assert counted == [[True, True], [False, True]]
    with stage.site.world.services.database.read() as records:
        acts = {one.act for one in records.journal.entries()}
    assert {Act.WEBHOOK_SECRET, Act.WEBHOOK_ROTATE, Act.WEBHOOK_REGISTER} <= acts


def test_a_removed_webhook_is_told_nothing_more(stage: Stage) -> None:
    """Not even what waited for it."""
    address = stage.register()
    stage.act()
    stage.site.world.services.notices.write()
    refused(stage.aco.send("DELETE", address), 428, "condition-missing")
    refused(stage.aco.send("DELETE", address, If_Match='"x"'), 412, "seen-another")
    gone = stage.aco.send("DELETE", address, If_Match=stage.aco.get(address).headers["ETag"])
    assert (gone.status_code, gone.data) == (204, b"")
    stage.tell()
    assert stage.receiver.arrived == []
    refused(stage.aco.get(address), 404)


def test_there_are_not_too_many_and_an_act_that_is_undone_tells_nothing(stage: Stage) -> None:
    """The message is in the outbox in the act's own transaction."""
    for _ in range(10):
        stage.register()
    body = {"url": stage.receiver.url, "events": EVERY}
    refused(stage.aco.make(stage.path, body), 409, "webhooks-too-many")
    with contextlib.suppress(ZeroDivisionError), stage.site.world.services.database.write() as records:
        records.journal.queue("document-signed", {}, stage.site.world.clock())
        raise ZeroDivisionError
    stage.tell()
    assert stage.receiver.arrived == []


def certified(name: str, folder: Path) -> ssl.SSLContext:
    """TLS for a server of this name, with a certificate of its own that is trusted where `SSL_CERT_FILE` names it."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    pem = serialization.Encoding.PEM
    (folder / "server.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "server.key").write_bytes(key.private_bytes(pem, *plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


def test_the_certificate_must_be_of_the_name_though_the_connection_goes_to_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name in TLS and `Host`, address in the connection; another name, or a certificate that nobody trusts, is no answer."""
    with receiving(certified("receiver.example", tmp_path)) as receiver:
        target = Target("https", "receiver.example", receiver.port, "/hook", "127.0.0.1")
        assert send(target, {}, b"{}").status == 0
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
        assert send(replace(target, host="other.example"), {}, b"{}").error == "No answer: SSLError."
        assert receiver.arrived == []
        assert send(target, {}, b"{}").status == 204
        assert receiver.arrived[0][1]["host"] == f"receiver.example:{receiver.port}"


PRIVATE = """
127.0.0.1 10.1.2.3 192.168.0.1 172.16.9.9 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 192.0.2.1
::1 :: fe80::1 fc00::1 ff02::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: fec0::1
"""
PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")


@pytest.mark.parametrize("address", PRIVATE.split())
def test_a_private_address_is_refused_also_among_public_ones(address: str) -> None:
    """Whatever the name says; the mapped, translated and tunneled ones too."""
    for found in ([address], [PUBLIC[0], address]):
        guard = AddressGuard(resolve=lambda _host, _port, found=found: found)  # type: ignore[misc]
        with pytest.raises(InputError, match="not a public one"):
            guard.check("https://receiver.example/")


@pytest.mark.parametrize("url", [
    "http://receiver.example/", "ftp://receiver.example/", "https://user:pw@receiver.example/", "https://", "receiver.example",
    "https://receiver.example/#x", "https://receiver.example:99999/", "https://receiver .example/", "https://rec\\eiver.example/",
    "https://r\u00e9ceiver.example/", "https://receiver.example/" + "x" * 2000, "//receiver.example", "file:///etc/passwd",
])  # fmt: skip
def test_an_address_that_is_not_plain_https_is_refused(url: str) -> None:
    """In production; development also takes http on the machine itself."""
    with pytest.raises(InputError, match="webhook-url-refused"):
        AddressGuard(resolve=lambda _host, _port: PUBLIC).check(url)


def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    """A name that answers differently the second time leads nowhere: it is not asked a second time."""
    answers = iter([[PUBLIC[0]], ["127.0.0.1"]])
    target = AddressGuard(resolve=lambda _host, _port: next(answers)).check("https://receiver.example/hook?x=1")
    assert target == Target("https", "receiver.example", 443, "/hook?x=1", PUBLIC[0])
    with pytest.raises(InputError):
        AddressGuard(resolve=lambda _host, _port: next(answers)).check("https://receiver.example/")


@given(st.text(max_size=80) | st.text(alphabet="htps:/@.#?[]0a1%", max_size=40))
def test_any_text_is_judged_and_nothing_breaks(text: str) -> None:
    """Every address is refused with a code or leads to a public place."""
    try:
        target = AddressGuard(resolve=lambda _host, _port: PUBLIC).check(text)
    except InputError:
        return
    assert (target.scheme, target.address) == ("https", PUBLIC[0])


def signature(secret: str, headers: dict[str, str], body: bytes) -> str:
    """As a receiver computes it from the words of the specification."""
    key = b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + b64encode(hmac.digest(key, content, "sha256")).decode()


def every_hook() -> JobFilter:
    """Jobs that send to webhooks."""
    return JobFilter(kind=JOB)
