"""What can go wrong between us and a time-stamp authority, over real HTTP: no signature, nothing recorded, the next is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
from asn1crypto import tsp
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization

from authorities import INDEPENDENT, Answer, Wire, ask, independent_authority, serving
from packets.audit.log import Outcome
from packets.model.people import Role
from packets.store.objects import MemoryObjects
from packets.store.records.ceremonies import IntentState
from signed_files import keys as keys_of
from signing.ceremony import Ceremony
from signing.errors import TimeStampError
from signing.facts import expected_of
from signing.judge import verify_in_child
from signing.pades import SigningService
from signing.timestamps import RemoteTimeStampAuthority, TimeStampSource
from signing.verify import verify_pdf
from web.cli import esm
from web.demo import holder
from worlds import World, build_world

PATIENCE, IMPATIENCE = 30.0, 0.4
HOUR, TWO_YEARS = 3600, 2 * 365 * 86400
RELEASED = threading.Event()
"""Lets whoever is slow go when the tests are over."""


def slow(wire: Wire, _upstream: str, _body: bytes) -> None:
    """Nothing comes in time."""
    RELEASED.wait(20 * IMPATIENCE)
    wire.close_connection = True


def trickling(wire: Wire, upstream: str, body: bytes) -> None:
    """A right answer, one byte at a time: each comes in time, all of them do not."""
    answer = ask(upstream, body)
    wire.reply(b"", length=len(answer))
    for number in range(len(answer)):
        wire.wfile.write(answer[number : number + 1])
        if RELEASED.wait(IMPATIENCE / 20):
            break


def hanging_up(wire: Wire, _upstream: str, _body: bytes) -> None:
    """The connection ends without a word."""
    wire.close_connection = True


def cut(wire: Wire, upstream: str, body: bytes) -> None:
    """The connection ends in the middle of the answer."""
    answer = ask(upstream, body)
    wire.reply(answer[: len(answer) // 2], length=len(answer))


def garbled(wire: Wire, upstream: str, body: bytes) -> None:
    """One bit of the token's signature is another."""
    answer = ask(upstream, body)
    wire.reply(answer[:-1] + bytes([answer[-1] ^ 1]))


def scrambled(wire: Wire, upstream: str, body: bytes) -> None:
    """Nothing of the answer is left but its length."""
    wire.reply(bytes(one ^ 0x5A for one in ask(upstream, body)))


def web_page(wire: Wire, _upstream: str, _body: bytes) -> None:
    """A page that says that all is well."""
    wire.reply(b"<!doctype html><title>OK</title>")


def out_of_order(wire: Wire, _upstream: str, _body: bytes) -> None:
    """An error of the server."""
    wire.reply(b"<h1>Internal Server Error</h1>", status=500)


def an_hour_late(wire: Wire, upstream: str, body: bytes) -> None:
    """The authority's clock is wrong by an hour."""
    wire.reply(ask(f"{upstream}?later={HOUR}", body))


def two_years_early(wire: Wire, upstream: str, body: bytes) -> None:
    """The authority's clock is wrong by two years."""
    wire.reply(ask(f"{upstream}?later=-{TWO_YEARS}", body))


def other_nonce(wire: Wire, upstream: str, body: bytes) -> None:
    """The token answers somebody else's request for the same bytes."""
    request = tsp.TimeStampReq.load(body)
    request["nonce"] = request["nonce"].native + 1
    wire.reply(ask(upstream, request.dump(force=True)))


def other_bytes(wire: Wire, upstream: str, body: bytes) -> None:
    """The token time-stamps other bytes."""
    request = tsp.TimeStampReq.load(body)
    request["message_imprint"]["hashed_message"] = bytes(32)
    wire.reply(ask(upstream, request.dump(force=True)))


@dataclass
class Replay:
    """Answers every request with the answer to the first one, which was right then."""

    kept: bytes = b""

    def __call__(self, wire: Wire, upstream: str, body: bytes) -> None:
        """Answer."""
        self.kept = self.kept or ask(upstream, body)
        wire.reply(self.kept)


Fault = Callable[[Wire, str, bytes], None]
FAULTS: dict[Fault, str] = {
    slow: "timed out",
    trickling: "the answer takes too long",
    hanging_up: "OSError|RemoteDisconnected|closed connection",
    cut: "the answer was cut short",
    garbled: "its signature or certificate does not hold",
    scrambled: "ValueError",
    web_page: "ValueError",
    out_of_order: "HTTP Error 500",
    an_hour_late: "more than 5 minutes from ours",
    two_years_early: "more than 5 minutes from ours",
    other_nonce: r"it does not answer this request \(nonce\)",
    other_bytes: "it time-stamps something else",
}


@pytest.fixture(autouse=True)
def released() -> Iterator[None]:
    RELEASED.clear()
    yield
    RELEASED.set()


@pytest.fixture
def world() -> Iterator[World]:
    world = build_world(2)
    yield world
    RELEASED.set()
    world.services.database.close()


@pytest.fixture
def upstream(world: World) -> Iterator[str]:
    with independent_authority(world.clock) as address:
        yield address


def between(fault: Fault, upstream: str) -> Answer:
    return lambda wire, body: fault(wire, upstream, body)


def ceremony(world: World, *addresses: tuple[str, float]) -> Ceremony:
    """The world's ceremony with authorities behind addresses, each with its patience in seconds."""
    services = world.services
    trust = replace(services.pki.trust, timestamp_roots=keys_of(INDEPENDENT).trust.roots)
    source = TimeStampSource([RemoteTimeStampAuthority(*one) for one in addresses], trust, world.clock)
    return replace(services.ceremony, signer=SigningService(services.pki, world.clock, source))


def kept(world: World) -> set[str]:
    objects = world.services.objects
    assert isinstance(objects, MemoryObjects)
    return set(objects._kept)


def patience(fault: Fault) -> float:
    return IMPATIENCE if fault in {slow, trickling} else PATIENCE


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.__name__)
def test_without_a_sound_time_stamp_nothing_is_signed_and_the_next_authority_is_asked(
    world: World, upstream: str, fault: Fault
) -> None:
    """Alone, the faulty authority costs the act and nothing else; with an honest one behind it, the document is executed."""
    sample = world.first("current")
    document, executive = world.document(sample, "provider-supplier-list"), holder(sample, Role.ACO_EXECUTIVE)
    before = kept(world)
    with serving(between(fault, upstream)) as address:
        refused = ceremony(world, (address, patience(fault)))
        with pytest.raises(TimeStampError, match=FAULTS[fault]) as error:
            refused.sign(world.request(document, "AuthorizedSigner", Role.ACO_EXECUTIVE, executive))

        assert [one.where for one in error.value.problems] == [address]
        assert world.services.reading.document(executive, document.document_id) == document
        assert kept(world) == before
        with world.services.database.read() as records:
            entries = [one for one in records.journal.entries() if one.outcome is Outcome.REFUSED]
            states = records.ceremonies._connection.exec_driver_sql("SELECT state FROM intents").scalars().all()
        assert [one.details["reasons"] for one in entries] == [["time-stamp-refused"]]
        assert states == [IntentState.ABANDONED]

        both = ceremony(world, (address, patience(fault)), (upstream, PATIENCE))
        signed = both.sign(world.request(document, "AuthorizedSigner", Role.ACO_EXECUTIVE, executive))
    assert signed.executed_at == world.clock()
    verdict = verify_pdf(
        world.services.objects.get(signed.head_digest),
        both.signer.trust,
        expected=expected_of(signed),
        now=world.clock(),
    )
    assert verdict.passed, verdict.problems
    assert {one.field: one.trust for one in verdict.signatures} == {
        "Seal": "local",
        "AuthorizedSigner": "public",
        "Archive_1": "public",
    }


def test_an_old_token_is_not_taken_for_a_new_one(world: World, upstream: str) -> None:
    """Replayed minutes later it answers another request, for other bytes; the same bytes are not signed with it either."""
    sample = world.first("current")
    document, executive = world.document(sample, "provider-supplier-list"), holder(sample, Role.ACO_EXECUTIVE)
    replay = Replay()
    with serving(between(replay, upstream)) as address:
        for minutes in (0, 2):
            world.clock.advance(timedelta(minutes=minutes))
            with pytest.raises(TimeStampError, match="something else") as error:
                ceremony(world, (address, PATIENCE)).sign(
                    world.request(document, "AuthorizedSigner", Role.ACO_EXECUTIVE, executive)
                )
            assert "nonce" in str(error.value)
    assert world.services.reading.document(executive, document.document_id) == document


def test_anybody_can_verify_with_both_roots(
    world: World, upstream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`esm verify --trust … --time-trust …`: the independent authority's root is needed, and is no root of signers."""
    sample = world.first("current")
    document, executive = world.document(sample, "provider-supplier-list"), holder(sample, Role.ACO_EXECUTIVE)
    request = world.request(document, "AuthorizedSigner", Role.ACO_EXECUTIVE, executive)
    signed = ceremony(world, (upstream, PATIENCE)).sign(request)
    file, ours, theirs = tmp_path / "signed.pdf", tmp_path / "ours.pem", tmp_path / "theirs.pem"
    file.write_bytes(world.services.objects.get(signed.head_digest))
    ours.write_bytes(world.services.pki.root.public_bytes(serialization.Encoding.PEM))
    theirs.write_bytes(keys_of(INDEPENDENT).root.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setattr(import_module("web.cli.verify"), "verify_in_child", partial(verify_in_child, now=world.clock()))

    def exit_code(*trust: str) -> int:
        return CliRunner().invoke(esm, ["verify", str(file), *trust]).exit_code

    assert exit_code("--trust", str(ours), "--time-trust", str(theirs)) == 0
    assert exit_code("--trust", str(ours)) == 1
    assert exit_code("--trust", str(theirs), "--time-trust", str(ours)) == 1


def test_every_authority_that_failed_is_named_with_its_own_reason(world: World, upstream: str) -> None:
    """Three authorities, three reasons, in the order in which they were asked."""
    sample = world.first("current")
    document, executive = world.document(sample, "provider-supplier-list"), holder(sample, Role.ACO_EXECUTIVE)
    request = world.request(document, "AuthorizedSigner", Role.ACO_EXECUTIVE, executive)
    with (
        serving(between(out_of_order, upstream)) as first,
        serving(between(other_nonce, upstream)) as second,
        serving(between(an_hour_late, upstream)) as third,
        pytest.raises(TimeStampError) as error,
    ):
        ceremony(world, *((one, PATIENCE) for one in (first, second, third))).sign(request)
    told = {one.where: one.sentence for one in error.value.problems}
    assert list(told) == [first, second, third]
    assert all(word in said for word, said in zip(("500", "nonce", "5 minutes"), told.values(), strict=True))
