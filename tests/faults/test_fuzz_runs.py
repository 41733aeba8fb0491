"""A short run of every fault run is part of the tests; `make faults` takes its time."""

from __future__ import annotations

import pytest

from faults.fuzz import RUNS, main
from faults.mutants import main as main_of_mutants


@pytest.mark.requirement("E10", "E11", "E13", "R68")
@pytest.mark.parametrize("name", RUNS)
def test_a_short_run_with_a_fixed_seed_finds_no_fault(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same cases every time."""
    assert main([name, "--seconds", "3", "--seed", "20261125"]) == 0
    assert "no fault" in capsys.readouterr().out


def test_an_unknown_run_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name must not look like a run without faults."""
    with pytest.raises(SystemExit):
        main(["nothing"])
    assert "no such run" in capsys.readouterr().err


def test_a_short_run_of_mutants_finds_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    """The same mutants every time; `make faults` makes twenty thousand others."""
    assert main_of_mutants(["--count", "20", "--seed", "20261201"]) == 0
    assert "no fault" in capsys.readouterr().out
