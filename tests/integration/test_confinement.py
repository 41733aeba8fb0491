"""What comes from outside is read in a process that has nothing: whatever is in it, only that process pays."""

from __future__ import annotations

import ctypes
import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults import corrections_intake
from packets.confinement import box as boxes
from packets.confinement.box import Allowance, ClosedBox, OpenBox
from packets.errors import InputError, PacketsError, Problem
from packets.lists.corrections import examine
from packets.settings import Settings
from web.bootstrap import closed_box
from worlds import build_world, keys

SMALL = Allowance(seconds=1, memory_mb=64)


@pytest.fixture(scope="module")
def box() -> Iterator[ClosedBox]:
    """One server for all of these."""
    made = ClosedBox()
    yield made
    made.close()


def open_a_connection() -> str:
    with socket.create_connection(("127.0.0.1", 9), timeout=1):
        return "connected"


def talk_to_the_machine() -> str:
    with socket.socket(socket.AF_UNIX):
        return "a socket"


def start_a_program() -> str:
    return subprocess.check_output(["/bin/true"], text=True)


def compute_for_ever() -> None:
    while True:
        pass


def wait_for_ever() -> None:
    time.sleep(3600)


def take_all_memory() -> int:
    return len(bytearray(1 << 30))


def write_a_large_file() -> None:
    Path("/tmp/esm-confinement-test").write_bytes(b"x" * 100_000)  # noqa: S108  it must not come into being


def crash() -> None:
    ctypes.string_at(0)


def end() -> None:
    os._exit(0)


HOSTILE: list[Callable[[], object]] = [
    open_a_connection,
    talk_to_the_machine,
    start_a_program,
    compute_for_ever,
    take_all_memory,
    write_a_large_file,
    crash,
    end,
]


@pytest.mark.parametrize("what", HOSTILE, ids=lambda one: one.__name__)
def test_hostile_work_ends_its_own_process_only(box: ClosedBox, what: Callable[[], object]) -> None:
    """It is told as a refusal with a remedy, and the next piece of work is done as if nothing had been."""
    with pytest.raises(InputError) as refusal:
        box.run(what, allowance=SMALL)
    assert [one.code for one in refusal.value.problems] == ["confinement-ended"]
    assert refusal.value.problems[0].remedy
    assert box.run(len, "abc") == 3


def test_work_that_waits_is_given_up(box: ClosedBox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes no processor time is ended by the clock."""
    monkeypatch.setattr(boxes, "GRACE_SECONDS", 1)
    began = time.monotonic()
    with pytest.raises(InputError, match="confinement-ended"):
        box.run(wait_for_ever, allowance=SMALL)
    assert time.monotonic() - began < 10


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "LC_CTYPE"}  # noqa: TID251  a look at it


def test_a_confined_process_knows_no_secret(box: ClosedBox, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the settings comes along."""
    monkeypatch.setenv("ESM_PKI_PASSPHRASE", "not for files from outside")
    other = ClosedBox()
    try:
        assert other.run(environment).keys() == {"PYTHONPATH", "LANG", "TZ"}
    finally:
        other.close()
    assert box.walls


class _Trap:
    """What a process that was taken over might answer."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("echo taken over",)


@pytest.mark.parametrize(
    "answer",
    [
        b"=" + pickle.dumps(_Trap()),
        b"!" + pickle.dumps(_Trap()),
        b"!" + pickle.dumps(("os", "system", (Problem("a", "b", "c"),), 1)),
        b"=" + pickle.dumps(subprocess.Popen),
        b"=" + pickle.dumps(eval),
        b"=garbage",
        b"",
        b"?SystemError",
    ],
)
def test_an_answer_is_data_and_never_acts(answer: bytes) -> None:
    """A process that was taken over can lie about its own file, and no more."""
    with pytest.raises(PacketsError) as refusal:
        boxes._read(answer)
    assert type(refusal.value) is InputError


def test_a_server_that_died_is_started_again(box: ClosedBox) -> None:
    """The next file is read as before."""
    assert box.run(len, "ab") == 2
    assert box._server is not None
    box._server.kill()
    box._server.wait()
    assert box.run(len, "abc") == 3


def test_refusals_and_answers_are_the_same_inside_and_outside(box: ClosedBox) -> None:
    """A hundred good, mutated and hostile archives: the same rows, the same findings."""
    for number in range(60):
        case = corrections_intake.make_case(number)
        inside = box.run(examine, case.content, case.name, corrections_intake.STANDING)
        outside = OpenBox().run(examine, case.content, case.name, corrections_intake.STANDING)
        assert (inside.rows, inside.text, inside.findings.problems) == (
            outside.rows, outside.text, outside.findings.problems,
        )  # fmt: skip


def test_documents_are_rendered_to_the_same_bytes_in_a_box() -> None:
    """And the setting is on unless somebody turns it off."""
    assert Settings().confinement == "on"
    assert type(build_world(1).services.box) is OpenBox
    world = build_world(2)
    sample = world.first("current")
    outside = world.document(sample, "provider-supplier-list")
    with world.services.database.read() as records:
        drafted = records.documents.get(outside.document_id)
    assert drafted is not None
    inside = world.services.assembler.__class__(
        **{
            name: getattr(world.services.assembler, name)
            for name in world.services.assembler.__dataclass_fields__
            if name != "box"
        },
        box=closed_box(),
    )
    again = inside.prepare(sample.aco.aco_id, sample.aco.performance_year, "provider-supplier-list")
    assert again.draft.revisions[0].digest == drafted.revisions[0].digest
    assert keys() is not None


def test_a_fork_of_the_service_has_a_server_of_its_own(box: ClosedBox) -> None:
    """Two processes never share one connection."""
    assert box.run(len, "a") == 1
    script = (
        "import os, sys\n"
        "from packets.confinement.box import ClosedBox\n"
        "box = ClosedBox(); first = box.run(len, 'ab')\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(box.run(len, 'abc'))\n"
        "_, status = os.waitpid(child, 0)\n"
        "assert (first, os.waitstatus_to_exitcode(status), box.run(len, 'abcd')) == (2, 3, 4)\n"
        "box.close()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
