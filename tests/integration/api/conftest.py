"""One site for all tests of the API: Step 2 of the current ACO is signed, and people of another authority may sign hashes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from browsing import Site, open_site
from callers import write_register


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Shared: tests leave behind what disturbs no other, or make a thing of their own."""
    folder = tmp_path_factory.mktemp("api")
    made = open_site(folder, signer_keys=write_register(folder), api_calls_per_minute=100_000)
    made.world.sign(made.document("provider-supplier-list"), made.world.types(made.current)[0].slots[0], made.current)
    yield made
    made.world.services.database.close()
