"""Fixtures that tests of all floors share."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import settings

import databases
import worlds
from canaries import leaks
from packets.store.database import Database

settings.register_profile("any-machine", settings(deadline=None))  # how long an example takes depends on the machine
settings.load_profile("any-machine")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """No test makes the service write a secret to its output or its log; one that does fails, whatever it was about."""
    report = yield
    found = {f"{title}: {name}" for title, text in report.sections for name in leaks(text)}
    if found and report.passed:
        report.outcome = "failed"
        report.longrepr = f"A secret was written down. {', '.join(sorted(found))}"
    return report


NewDatabase = Callable[[], Database]


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> Iterator[None]:
    """Passwords of tests are hashed with little work; `test_passwords` looks at how they are hashed in earnest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("web.auth.passwords.hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(params=databases.KINDS)
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewDatabase]:
    """Makes empty databases of one kind, for several threads; the test is run once for each kind."""
    made: list[Database] = []

    def make() -> Database:
        made.append(databases.KINDS[request.param](tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(params=["memory", "postgresql"])
def every_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Worlds are built on one kind of database after the other, where the test does not give one."""
    made: list[Database] = []

    def make() -> Database:
        made.append(databases.memory() if request.param == "memory" else databases.postgresql())
        return made[-1]

    monkeypatch.setattr(worlds, "new_database", make)
    yield request.param
    for one in made:
        one.close()
