"""What comes from outside is read in a process that has nothing: whatever is in it, only that process pays."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from faults import corrections_intake
from packets.errors import BusyError, InputError, InternalError, NotFoundError, Problem, StoreError
from packets.lists.corrections import Examination, examine
from packets.sandbox.confined import ConfinedSandbox
from packets.sandbox.endings import UnreadableAnswerError
from packets.sandbox.sandbox import Allowance, Incident, UnconfinedSandbox
from packets.settings import Settings
from web.bootstrap import confined_sandbox
from worlds import build_world, keys

SMALL = Allowance(seconds=1, memory_mb=64)
HURRIED = Allowance(seconds=2, memory_mb=64, grace_seconds=0)


class WatchedSandbox(ConfinedSandbox):
    """A sandbox that keeps what the log would be told."""

    def __init__(self) -> None:
        """Begin without incidents."""
        self.incidents: list[Incident] = []
        super().__init__(self.incidents.append)


@pytest.fixture(scope="module")
def shared() -> Iterator[WatchedSandbox]:
    """One server for all of these."""
    made = WatchedSandbox()
    yield made
    made.close()


@pytest.fixture
def sandbox(shared: WatchedSandbox) -> WatchedSandbox:
    """The same, without what others have left in the log."""
    shared.incidents.clear()
    return shared


def length(text: str) -> int:
    return len(text)


def open_a_connection() -> str:
    with socket.create_connection(("127.0.0.1", 9), timeout=1):
        return "connected"


def talk_to_the_machine() -> str:
    with socket.socket(socket.AF_UNIX):
        return "a socket"


def start_a_program() -> str:
    return subprocess.check_output(["/bin/true"], text=True)


def start_a_process() -> int:
    return os.fork()


def end_the_service() -> None:
    os.kill(os.getppid(), signal.SIGKILL)


def compute_for_ever() -> None:
    while True:
        pass


def compute_whatever_is_said() -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    compute_for_ever()


def wait_for_ever() -> None:
    time.sleep(3600)


def take_all_memory() -> int:
    return len(bytearray(1 << 30))


def wrap_what_memory_says() -> None:
    try:
        take_all_memory()
    except MemoryError as error:
        raise ValueError("a library makes another error of it") from error


def write_a_large_file() -> None:
    Path("/tmp/esm-confinement-test").write_bytes(b"x" * 100_000)  # noqa: S108  it must not come into being


def find_the_disk_full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def crash() -> None:
    ctypes.string_at(0)


def end() -> None:
    os._exit(0)


def stumble() -> None:
    secret = "078051120"
    raise AttributeError(secret)


def refuse() -> None:
    raise NotFoundError((Problem("a", "b", "c", "d"), Problem("e", "f", "g")), count=7)


def speak_for_the_store() -> None:
    raise StoreError(Problem("database-away", "The database is away.", "Wait."))


def answer_something_else() -> int:
    return "three"  # type: ignore[return-value]


def answer_what_cannot_be_written() -> Examination:
    return 3  # type: ignore[return-value]


def answer_without_a_type(text):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    return text


def write_noise() -> None:
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"=noise")
        except OSError:
            continue
    os._exit(0)


Work = Callable[[], object]
HOSTILE: list[tuple[Work, type[Exception], str]] = [
    (open_a_connection, InputError, "reader-crashed"),
    (talk_to_the_machine, InputError, "reader-crashed"),
    (start_a_program, InputError, "reader-crashed"),
    (start_a_process, InputError, "reader-crashed"),
    (end_the_service, InputError, "reader-crashed"),
    (compute_for_ever, InputError, "time-limit"),
    (compute_whatever_is_said, InputError, "time-limit"),
    (take_all_memory, InputError, "memory-limit"),
    (wrap_what_memory_says, InputError, "memory-limit"),
    (write_a_large_file, InputError, "disk-limit"),
    (find_the_disk_full, BusyError, "machine-busy"),
    (crash, InputError, "reader-crashed"),
    (end, InputError, "reader-crashed"),
    (stumble, InputError, "reader-crashed"),
    (speak_for_the_store, InputError, "reader-crashed"),
]


@pytest.mark.parametrize(("work", "kind", "code"), HOSTILE, ids=[one.__name__ for one, *_ in HOSTILE])
def test_hostile_work_ends_its_own_process_only(
    sandbox: WatchedSandbox, work: Work, kind: type[InputError | BusyError], code: str
) -> None:
    """The refusal says which limit was reached, the log as well, and the next piece of work is done as if nothing had been."""
    with pytest.raises(kind) as refusal:
        sandbox.run(work, allowance=SMALL)
    assert [one.code for one in refusal.value.problems] == [code]
    assert refusal.value.problems[0].remedy
    assert [(one.work, one.code) for one in sandbox.incidents] == [(f"{__name__}.{work.__name__}", code)]
    assert sandbox.run(length, "abc") == 3


def test_work_that_waits_is_ended_and_the_machine_is_blamed(sandbox: WatchedSandbox) -> None:
    """Whoever had no processor time did not use it up; the clock ends it, and the same may be tried again."""
    began = time.monotonic()
    with pytest.raises(BusyError, match="machine-busy: This took too long"):
        sandbox.run(wait_for_ever, allowance=HURRIED)
    assert time.monotonic() - began < 30


def _forks_of(sandbox: WatchedSandbox) -> list[int]:
    assert sandbox._server is not None
    pid = sandbox._server.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def _when_one_runs(sandbox: WatchedSandbox, then: Callable[[int], None]) -> threading.Thread:
    """Do something to the first process that the sandbox has forked."""

    def wait() -> None:
        for _ in range(600):
            if forks := _forks_of(sandbox):
                then(forks[0])
                return
            time.sleep(0.05)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_what_the_machine_ends_is_not_blamed_on_the_file(sandbox: WatchedSandbox) -> None:
    """The kernel ends a process with SIGKILL when it is short of memory."""
    sandbox.run(length, "")
    thread = _when_one_runs(sandbox, lambda fork: os.kill(fork, signal.SIGKILL))
    with pytest.raises(BusyError, match="machine-busy: The machine stopped this"):
        sandbox.run(wait_for_ever)
    thread.join()
    assert [one.detail for one in sandbox.incidents] == ["signal 9"]


def test_a_fault_is_logged_with_its_class_and_its_place_and_no_value(sandbox: WatchedSandbox) -> None:
    """What stood in the file is nobody's to read in a log."""
    with pytest.raises(InputError, match="reader-crashed"):
        sandbox.run(stumble)
    [incident] = sandbox.incidents
    assert incident.detail.startswith(f"AttributeError at {__name__}.stumble:")
    assert "078051120" not in incident.detail


@pytest.mark.parametrize("work", [answer_something_else, answer_what_cannot_be_written, write_noise])
def test_an_answer_that_cannot_be_read_is_a_fault_of_the_service(sandbox: WatchedSandbox, work: Work) -> None:
    """It is no refusal, so that no door blames the file for it; the log says what did not fit."""
    with pytest.raises(UnreadableAnswerError) as fault:
        sandbox.run(work)
    assert isinstance(fault.value, InternalError)
    [incident] = sandbox.incidents
    assert (incident.code, bool(incident.detail)) == ("internal-error", True)


def test_work_that_does_not_say_what_it_answers_is_not_begun(sandbox: WatchedSandbox) -> None:
    """The declared type is all by which an answer is read."""
    with pytest.raises(TypeError, match="does not declare what it answers"):
        sandbox.run(answer_without_a_type, "text")


def test_a_refusal_crosses_whole(sandbox: WatchedSandbox) -> None:
    """Its kind, its problems, and how many more there are."""
    with pytest.raises(NotFoundError) as refusal:
        sandbox.run(refuse)
    assert (refusal.value.problems, refusal.value.count) == ((Problem("a", "b", "c", "d"), Problem("e", "f", "g")), 7)
    assert not sandbox.incidents


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "LC_CTYPE"}  # noqa: TID251  a look at it


def test_a_confined_process_knows_no_secret(shared: WatchedSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the settings comes along."""
    monkeypatch.setenv("ESM_PKI_PASSPHRASE", "not for files from outside")
    other = WatchedSandbox()
    try:
        assert other.run(environment).keys() == {"PYTHONPATH", "LANG", "TZ"}
    finally:
        other.close()
    assert shared.is_restricted


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_process_cannot_tell_the_end_of_another(sandbox: WatchedSandbox) -> None:
    """It has the three standard descriptors and its own line, also while others are at work."""
    alone = sandbox.run(open_descriptors)
    thread = _when_one_runs(sandbox, lambda _: counts.append(sandbox.run(open_descriptors)))
    counts: list[int] = []
    with pytest.raises(BusyError):
        sandbox.run(wait_for_ever, allowance=HURRIED)
    thread.join()
    assert counts == [alone]


def import_what_hears_of_forks(_: str) -> None:
    os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))


def test_a_module_that_resets_signals_in_forks_ends_no_work() -> None:
    """Python does so itself since 3.12, where a library imports asyncio."""
    sandbox = WatchedSandbox()
    try:
        warm = [(import_what_hears_of_forks, "")]
        assert [sandbox.run(length, "four", allowance=SMALL, warm=warm) for _ in range(2)] == [4, 4]
    finally:
        sandbox.close()
    assert sandbox.incidents == []


def test_a_server_that_died_is_started_again(sandbox: WatchedSandbox) -> None:
    """The next file is read as before."""
    assert sandbox.run(length, "ab") == 2
    assert sandbox._server is not None
    sandbox._server.kill()
    sandbox._server.wait()
    assert sandbox.run(length, "abc") == 3


def wait_once(folder: Path) -> int:
    if (folder / "begun").exists():
        return 3
    (folder / "begun").touch()
    time.sleep(3600)
    return 0


def test_work_whose_server_dies_is_done_once_more(sandbox: WatchedSandbox, tmp_path: Path) -> None:
    """Nobody is told of it."""

    def end_server(_fork: int) -> None:
        while not (tmp_path / "begun").exists():
            time.sleep(0.05)
        assert sandbox._server is not None
        sandbox._server.kill()

    sandbox.run(length, "")
    thread = _when_one_runs(sandbox, end_server)
    assert sandbox.run(wait_once, tmp_path, allowance=Allowance(disk_mb=1)) == 3
    thread.join()
    assert not sandbox.incidents


def test_processes_end_with_their_service() -> None:
    """Nothing goes on when nobody waits for it any more."""
    script = (
        "import os, threading, time\n"
        "from pathlib import Path\n"
        "from packets.sandbox.confined import ConfinedSandbox\n"
        "sandbox = ConfinedSandbox(print)\n"
        "assert sandbox.run(len, 'a', returns=int) == 1\n"
        "wait = lambda: sandbox.run(time.sleep, 3600, returns=type(None))\n"
        "threading.Thread(target=wait, daemon=True).start()\n"
        "children = Path(f'/proc/{sandbox._server.pid}/task/{sandbox._server.pid}/children')\n"
        "while not (fork := children.read_text()): time.sleep(0.05)\n"
        "print(fork, flush=True)\n"
        "os._exit(0)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], check=True, timeout=60, capture_output=True, text=True)
    for _ in range(200):
        if has_ended(int(ran.stdout)):
            return
        time.sleep(0.05)
    pytest.fail("a confined process went on")


def has_ended(pid: int) -> bool:
    """Whether a process does nothing any more; in some containers nobody collects those that have ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def test_refusals_and_answers_are_the_same_inside_and_outside(sandbox: WatchedSandbox) -> None:
    """A hundred good, mutated and hostile archives: the same rows, the same findings."""
    for number in range(60):
        case = corrections_intake.make_case(number)
        inside = sandbox.run(examine, case.content, case.name, corrections_intake.STANDING)
        outside = UnconfinedSandbox().run(examine, case.content, case.name, corrections_intake.STANDING)
        assert (inside.rows, inside.text, inside.findings.problems) == (
            outside.rows, outside.text, outside.findings.problems,
        )  # fmt: skip


def test_documents_are_rendered_to_the_same_bytes_in_a_sandbox() -> None:
    """And the setting is on unless somebody turns it off."""
    assert Settings().confinement == "on"
    assert type(build_world(1).services.sandbox) is UnconfinedSandbox
    world = build_world(2)
    sample = world.first("current")
    outside = world.document(sample, "provider-supplier-list")
    with world.services.database.read() as records:
        drafted = records.documents.get(outside.document_id)
    assert drafted is not None
    inside = replace(world.services.assembler, sandbox=confined_sandbox())
    again = inside.prepare(sample.aco.aco_id, sample.aco.performance_year, "provider-supplier-list")
    assert again.draft.revisions[0].digest == drafted.revisions[0].digest
    assert keys() is not None


def test_a_fork_of_the_service_has_a_server_of_its_own(sandbox: WatchedSandbox) -> None:
    """Two processes never share one connection."""
    assert sandbox.run(length, "a") == 1
    script = (
        "import os\n"
        "from packets.sandbox.confined import ConfinedSandbox\n"
        "sandbox = ConfinedSandbox(print); first = sandbox.run(len, 'ab', returns=int)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(sandbox.run(len, 'abc', returns=int))\n"
        "_, status = os.waitpid(child, 0)\n"
        "assert (first, os.waitstatus_to_exitcode(status), sandbox.run(len, 'abcd', returns=int)) == (2, 3, 4)\n"
        "sandbox.close()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
