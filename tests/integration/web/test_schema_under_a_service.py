"""A service whose database is upgraded, rolled back or exchanged under it: it says so, and answers 503 instead of breaking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from browsing import Site, open_site
from callers import caller, refused
from packets.errors import SchemaError
from packets.model.people import Role
from packets.store.database import Database
from packets.store.schema_state import SchemaUpgrade
from packets.store.tables import schema_upgrades
from schema import migrate
from strange_folders import change
from web.app import create_app

NEXT, FOREIGN = "0099", "CREATE TABLE orders (id INTEGER)"


@pytest.fixture
def site(new_database: Callable[[], Database], tmp_path: Path) -> Iterator[Site]:
    """A site of its own on each database, since its schema is changed."""
    made = open_site(tmp_path, database=new_database(), assembled=False)
    yield made
    made.world.services.database.close()


def upgrade_to(site: Site, upgrade: SchemaUpgrade) -> None:
    """What a later version does to the database, as far as this one can see."""
    with site.world.services.database._engine.begin() as connection:
        connection.execute(
            sa.table("alembic_version", sa.column("version_num")).update().values(version_num=upgrade.revision)
        )
        values = {"oldest_program": upgrade.oldest_program, "version": upgrade.version}
        connection.execute(schema_upgrades.insert().values(revision=upgrade.revision, **values))


def exchange(database: Database) -> None:
    """Put another program's tables in the place of ours."""
    names = sa.inspect(database._engine).get_table_names()
    if database._engine.dialect.name == "sqlite":
        change(Path(str(database._engine.url.database)), *(f"DROP TABLE {name}" for name in names), FOREIGN)
        return
    with database._engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE {', '.join(names)} CASCADE")
        connection.exec_driver_sql(FOREIGN)


def readiness(site: Site) -> tuple[int, bool, str, str]:
    """Status of `/readyz`, whether the database can be used, and state and words of the schema where it is another.

    A new application is asked, which remembers no answer of before.
    """
    response = create_app(site.world.services).test_client().get("/readyz")
    told = response.get_json()
    schema = told.get("schema", {"state": "", "sentence": "", "remedy": ""})
    words = f"{schema['sentence']} {schema['remedy']}"
    return response.status_code, told["checks"]["database"], schema["state"], words


def test_a_database_that_was_rolled_back_under_a_service_is_told(site: Site) -> None:
    """By the page, the API and `/readyz` with the same sentence, and the process is not restarted for it."""
    person = site.holder(Role.ACO_EXECUTIVE)
    program, browser = caller(site, person), site.enter(person)
    assert browser.get("/").status_code in {200, 302}
    assert readiness(site)[:3] == (200, True, "")
    migrate(site.world.services.database, "0012")

    *answer, words = readiness(site)
    sentence = "The schema is 0012 and"
    assert (answer, sentence in words) == ([503, False, "older"], True)
    assert site.app.test_client().get("/healthz").status_code == 200
    page = browser.get("/")
    assert (page.status_code, sentence in page.text, "internal-error" in page.text) == (503, True, False)
    found = refused(program.get("/whoami"), 503, "schema-older")
    assert sentence in found["schema-older"]["detail"]


def test_a_service_works_on_while_the_next_version_has_only_added(site: Site) -> None:
    """As in a rolling upgrade: it stays ready, and says what has happened."""
    upgrade_to(site, SchemaUpgrade(NEXT, "0023", "9.9.9"))
    assert readiness(site)[:3] == (200, True, "ahead")
    assert site.enter(site.holder(Role.ACO_EXECUTIVE)).get("/").status_code in {200, 302}


def test_a_newer_schema_on_which_it_may_not_work_is_told(site: Site) -> None:
    """The newer version knows which programs its schema leaves behind."""
    upgrade_to(site, SchemaUpgrade(NEXT, NEXT, "9.9.9"))
    *answer, words = readiness(site)
    assert (answer, "version 9.9.9" in words) == ([503, False, "newer"], True)


def test_a_database_that_was_exchanged_for_another_programs_is_told(site: Site) -> None:
    """Whatever the request wanted of it."""
    exchange(site.world.services.database)
    assert readiness(site)[:3] == (503, False, "foreign")
    with pytest.raises(SchemaError, match="schema-foreign"), site.world.services.database.read() as records:
        records.years.numbers()
    page = site.app.test_client().get("/sign-in", query_string={"next": "/"})
    assert page.status_code in {200, 503}


def test_a_fault_of_the_programs_own_stays_one(site: Site) -> None:
    """Where the schema is right, a wrong statement is not blamed on it."""
    with pytest.raises(sa.exc.DBAPIError), site.world.services.database.read() as records:
        records._connection.exec_driver_sql("SELECT nothing FROM nowhere")
