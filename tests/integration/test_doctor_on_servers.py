"""`esm doctor` on what other machines do for the service: PostgreSQL, S3, time-stamps, mail, single sign-on."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import SecretStr

import buckets
from authorities import INDEPENDENT, independent_authority
from broken_states import copy_folder, healthy_folder
from databases import create_database, create_empty_database, postgresql_url
from mailboxes import PASSWORD, USER, Mailbox, mail_server, make_certificate
from oidc_provider import CLIENT, SECRET, Provider, oidc_provider
from packets.clock import system_clock
from packets.settings import Settings
from packets.store.grants import grant_statements
from servers import free_ports, shared
from signed_files import keys
from web.monitoring.examiner import CHECKS, FAULT, examine
from web.monitoring.findings import Finding, State
from web.monitoring.installation import Installation


def asked(part: str, folder: Path | None = None, **settings: object) -> list[Finding]:
    """What is found of one part with these settings."""
    given = Settings(dir=folder or healthy_folder(), confinement="off", **settings)  # type: ignore[arg-type]
    installation = Installation(given)
    try:
        findings = examine(installation, {part: CHECKS[part]})
    finally:
        installation.close()
    assert FAULT not in [one.sentence for one in findings], [one.detail for one in findings]
    return findings


def states(findings: list[Finding]) -> set[State]:
    """How the findings are."""
    return {one.state for one in findings}


def told(findings: list[Finding], phrase: str, state: State = State.BROKEN) -> Finding:
    """The finding that says it, in that state."""
    found = [one for one in findings if phrase in one.sentence]
    assert found, findings
    assert (found[0].state, bool(found[0].remedy)) == (state, state is not State.GOOD)
    return found[0]


# PostgreSQL


def execute(name: str, *statements: str) -> None:
    """As the owner of a database."""
    with psycopg.connect(postgresql_url(name).replace("+psycopg", ""), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture
def database() -> str:
    """A database of its own, with a role of its own that owns nothing: both have its name."""
    name = create_database()
    execute(name, *(f"{statement};" for statement in grant_statements(name)))
    return name


def on_postgresql(name: str, user: str | None = None, mode: str = "production") -> list[Finding]:
    """What is found of a database by a role."""
    return asked("database", database_url=postgresql_url(name, user or name), mode=mode)


def test_a_role_that_owns_nothing_is_in_order(database: str) -> None:
    """It may add to the log, and nothing more; what a quick server for tests leaves out is told."""
    findings = on_postgresql(database)
    told(findings, f"The role {database} may add to the log and not change it.", State.GOOD)
    told(findings, "It reads and writes.", State.GOOD)
    assert (
        "Switch it on" in told(findings, "The server may lose what it answered: fsync, full_page_writes is off").remedy
    )


@pytest.mark.parametrize(("mode", "state"), [("production", State.BROKEN), ("development", State.WATCH)])
def test_an_owner_or_a_superuser_is_told_and_is_broken_in_production(database: str, mode: str, state: State) -> None:
    """They could switch off what keeps the log."""
    assert "esm db grants" in told(on_postgresql(database, "postgres", mode), "a superuser", state).remedy
    execute(database, f"ALTER TABLE audit OWNER TO {database}")
    assert "esm db grants" in told(on_postgresql(database, mode=mode), "the owner of its tables", state).remedy


def test_rights_that_are_too_many_or_too_few_are_named(database: str) -> None:
    """With the table."""
    execute(database, f"GRANT DELETE ON signatures TO {database}")
    told(on_postgresql(database), "may change what was recorded (signatures)")
    execute(database, f"REVOKE DELETE ON signatures FROM {database}", f"REVOKE INSERT ON audit, jobs FROM {database}")
    assert "esm db grants" in told(on_postgresql(database), "lacks rights: INSERT on audit and 1 more").remedy


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE revisions DISABLE TRIGGER revisions_append_only",
        "ALTER TABLE revisions ENABLE REPLICA TRIGGER revisions_append_only",
        "DROP TRIGGER revisions_append_only ON revisions",
    ],
)
def test_a_trigger_that_does_not_fire_is_told(database: str, statement: str) -> None:
    """Off, for replicas only, or gone."""
    execute(database, statement)
    told(on_postgresql(database), "Nothing keeps the table revisions from being changed")


def test_a_role_for_which_no_trigger_fires_is_told(database: str) -> None:
    """`session_replication_role` can be set for a role or for a database."""
    execute(database, f"ALTER DATABASE {database} SET session_replication_role = replica")
    told(on_postgresql(database), "Nothing keeps the table audit from being changed")


def test_a_database_that_takes_nothing_is_told_in_a_sentence(database: str) -> None:
    """As on a standby; what the driver says of it is nobody's business."""
    execute(database, f"ALTER ROLE {database} SET default_transaction_read_only = on")
    assert "ESM_DATABASE_URL" in told(on_postgresql(database), "The database can be read only").remedy


def test_servers_that_cannot_be_had_are_told_in_their_own_words(database: str) -> None:
    """A role that is not there, a database that is not there, a port at which nobody listens."""
    told(on_postgresql(database, "nobody_here"), 'cannot be reached: role "nobody_here" does not exist')
    told(on_postgresql("nothing_here", database), 'cannot be reached: database "nothing_here" does not exist')
    nowhere = f"postgresql+psycopg://esm@127.0.0.1:{free_ports(1)[0]}/esm"
    told(asked("database", database_url=nowhere), "cannot be reached: ")


def test_a_database_without_tables_or_rights_is_told(database: str) -> None:
    """With the command that makes them."""
    empty = create_empty_database()
    assert "esm db upgrade" in told(on_postgresql(empty, "postgres"), "The database has no tables").remedy
    execute(database, f"REVOKE SELECT ON audit FROM {database}")  # noqa: S608  a name that we made
    assert "esm db grants" in told(on_postgresql(database), "may not read the table audit").remedy


def test_an_index_that_is_damaged_is_named_where_amcheck_is_installed(database: str) -> None:
    """By PostgreSQL's own checker: an index whose texts are compared in another way than when it was built is found."""
    with psycopg.connect(postgresql_url(database).replace("+psycopg", ""), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'").fetchone():
            pytest.skip("PostgreSQL's contrib modules are not installed.")
    compare = (
        "CREATE OR REPLACE FUNCTION compare(text, text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT bttextcmp({})'"
    )
    execute(
        database,
        "CREATE EXTENSION amcheck",
        "INSERT INTO schema_upgrades SELECT 'r' || n, 'r' || n, 'v' || n FROM generate_series(1, 500) AS n",
        compare.format("$1, $2"),
        """CREATE OPERATOR CLASS compared FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,
            OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 compare(text, text)""",
        "CREATE INDEX by_version ON schema_upgrades (version compared)",
    )
    told(on_postgresql(database, "postgres"), "It reads and writes.", State.GOOD)
    execute(database, compare.format("$2, $1"))
    assert "REINDEX" in told(on_postgresql(database, "postgres"), "The index by_version is damaged.").remedy


# S3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of its own without a document, so that no bucket has to have one."""
    made = copy_folder(tmp_path_factory.mktemp("s3") / "data")
    (made / "esm.db").unlink()
    return made


def on_s3(folder: Path, bucket: str = buckets.NAME, identity: str = "app", **changed: object) -> list[Finding]:
    """What is found of a bucket."""
    buckets.new_store()  # makes the bucket
    endpoint = changed.pop("endpoint", shared("seaweedfs")["endpoint"])
    settings = {
        "objects_url": f"s3://{bucket}/examined?endpoint={endpoint}",
        "objects_access_key": identity,
        "objects_secret_key": SecretStr(f"{identity}-secret"),
        **changed,
    }
    return asked("objects", folder, **settings)


def test_a_bucket_with_object_lock_is_in_order_and_nothing_stays_in_it(folder: Path) -> None:
    """Neither an object nor a version, nor an upload that was announced, however often it is examined."""
    for _ in range(3):
        assert states(on_s3(folder)) == {State.GOOD}
    admin = buckets.client()
    left = admin.list_object_versions(Bucket=buckets.NAME, Prefix="examined/")
    assert [*left.get("Versions", ()), *left.get("DeleteMarkers", ())] == []
    assert admin.list_multipart_uploads(Bucket=buckets.NAME, Prefix="examined/").get("Uploads", []) == []


def test_a_bucket_without_lock_is_told_unless_its_address_says_so(folder: Path) -> None:
    """The key needs no right to read the settings of the bucket."""
    buckets.new_store()
    with suppress(buckets.client().exceptions.BucketAlreadyExists):
        buckets.client().create_bucket(Bucket="unlocked")
    assert "Object Lock" in told(on_s3(folder, "unlocked"), "The bucket locks no objects.").remedy
    url = f"s3://unlocked/examined?lock=none&endpoint={shared('seaweedfs')['endpoint']}"
    assert states(on_s3(folder, objects_url=url)) == {State.GOOD}


def test_refusals_of_a_store_are_told_apart(folder: Path) -> None:
    """A bucket that is not there, a key that is not known, a secret that is another one."""
    told(on_s3(folder, "no-such-bucket", "admin"), "There is no such bucket.")
    assert "Make it, with Object Lock." in told(on_s3(folder, "no-such-bucket"), "There is no such bucket.").remedy
    assert "access key" in told(on_s3(folder, identity="nobody"), "which it does not know").remedy
    assert "secret" in told(on_s3(folder, objects_secret_key=SecretStr("wrong")), "the secret is another one").remedy


def test_the_newest_document_must_be_in_the_bucket(folder: Path) -> None:
    """A bucket that works and is another one is told."""
    told(on_s3(copy_folder(folder.parent / "with documents")), "does not have the newest document")


def test_a_second_store_is_examined_by_itself(folder: Path) -> None:
    """It is named, and the first one stays in order."""
    findings = on_s3(folder, objects_copy_url=f"file://{folder}/pki/seal.key/none")
    told(findings, "The object store took something new", State.GOOD)
    assert "The second store" in told(findings, "The file store refused: Not a directory").sentence


@contextmanager
def tls_server(folder: Path) -> Iterator[int]:
    """A server with a certificate that vouches for itself; it says nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*make_certificate(folder))
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            while True:
                try:
                    connection, _ = door.accept()
                except OSError:
                    return
                with suppress(OSError), context.wrap_socket(connection, server_side=True) as encrypted:
                    encrypted.recv(1)

        threading.Thread(target=serve, daemon=True).start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)


def test_a_certificate_that_nobody_vouches_for_is_named(folder: Path, tmp_path: Path) -> None:
    """By its subject and its issuer, with the setting that names roots; of a store as of a provider."""
    with tls_server(tmp_path) as port:
        finding = told(on_s3(folder, endpoint=f"https://127.0.0.1:{port}"), "The certificate of the object store")
        assert "mail server of a test" in finding.sentence
        assert "ESM_OBJECTS_CA" in finding.remedy
        sign_on = asked("sign-on", oidc_issuer=f"https://127.0.0.1:{port}", oidc_client_id="esm")
        assert "REQUESTS_CA_BUNDLE" in told(sign_on, "issued by “mail server of a test”").remedy


# Time-stamps and the clock


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    """The root of the independent authority."""
    path = tmp_path / "roots.pem"
    path.write_bytes(keys(INDEPENDENT).root.public_bytes(Encoding.PEM))
    return path


def test_each_authority_is_asked_and_the_one_that_fails_is_named(roots: Path) -> None:
    """To be watched as long as another one answers; broken when none does."""
    dead = f"http://127.0.0.1:{free_ports(1)[0]}/"
    with independent_authority(system_clock) as address:
        findings = asked("time-stamps", tsa_urls=(dead, address), tsa_roots=(roots,))
        told(findings, f"{address} gave a token that holds", State.GOOD)
        assert (
            "ESM_TSA_URLS"
            in told(findings, f"{dead} gives no token that can be used: nobody listens", State.WATCH).remedy
        )
    told(asked("time-stamps", tsa_urls=(dead,), tsa_roots=(roots,)), f"{dead} gives no token")


def test_an_authority_whose_root_is_not_named_is_told(roots: Path, tmp_path: Path) -> None:
    """Its token holds under somebody else's root only."""
    other = tmp_path / "other.pem"
    other.write_bytes((healthy_folder() / "pki" / "root.pem").read_bytes())
    with independent_authority(system_clock) as address:
        findings = asked("time-stamps", tsa_urls=(address,), tsa_roots=(other,))
        assert "ESM_TSA_ROOTS" in told(findings, "its signature or certificate does not hold").remedy
        assert roots.exists()


def test_the_clock_is_compared_with_time_stamps_before_any_certificate_is_judged(roots: Path) -> None:
    """A clock that is right by them is told in seconds; one that is an hour off is broken, and no key is to be changed."""
    with independent_authority(system_clock) as address:
        right = asked("clock", tsa_urls=(address,), tsa_roots=(roots,))
        told(right, f"s from the time-stamps of {address}", State.GOOD)
        wrong = asked("clock", tsa_urls=(f"{address}?later=3600",), tsa_roots=(roots,))
        assert "NTP" in told(wrong, f"1 hour behind the time-stamps of {address}").remedy
        settings = Settings(dir=healthy_folder(), tsa_urls=(address,), tsa_roots=(roots,), confinement="off")
        late = Installation(settings, lambda: system_clock() + timedelta(days=6 * 365))
        findings = examine(late, {part: CHECKS[part] for part in ("keys", "time-stamps", "clock")})
        late.close()
        told(findings, "6 years ahead of the time-stamps of")
        assert "change no key" in told(findings, "cannot be judged, because this machine's clock is wrong").remedy
        assert not [one for one in findings if "rotate" in one.remedy]


def test_a_seal_that_has_ended_is_to_be_rotated_where_time_stamps_confirm_the_clock(tmp_path: Path) -> None:
    """Only then: an authority whose certificate is valid at that time, too."""
    folder = copy_folder(tmp_path / "data")
    then = system_clock() + timedelta(days=6 * 365)
    roots = tmp_path / "roots.pem"
    roots.write_bytes(keys(INDEPENDENT).root.public_bytes(Encoding.PEM))
    with independent_authority(lambda: then) as address:
        settings = Settings(dir=folder, tsa_urls=(address,), tsa_roots=(roots,), confinement="off")
        installation = Installation(settings, lambda: then)
        findings = examine(installation, {"keys": CHECKS["keys"]})
        installation.close()
    assert "pki rotate seal" in told(findings, "The certificate of the seal ended on").remedy


# Mail


def on_mail(port: int, *, user: str = "", scheme: str = "smtp+plain", roots: Path | None = None) -> list[Finding]:
    """What is found of a mail server."""
    url = SecretStr(f"{scheme}://{user}127.0.0.1:{port}")
    return asked("mail", mail_url=url, mail_from="a@b.example", public_url="https://esm.example", mail_roots=roots)


def test_mail_servers_are_told_by_the_step_that_fails(tmp_path: Path) -> None:
    """Reached, encrypted, trusted, signed in at; and nothing is sent."""
    box, plain = Mailbox(), Mailbox()
    certificate = make_certificate(tmp_path)
    known = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"
    with mail_server(plain) as port:
        told(on_mail(port), "greets without encryption", State.GOOD)
        assert "smtps" in told(on_mail(port, scheme="smtp"), "does not encrypt").remedy
    with mail_server(box, certificate=certificate) as port:
        untrusted = told(on_mail(port, scheme="smtp"), "is not trusted (“mail server of a test”, issued by")
        assert "ESM_MAIL_ROOTS" in untrusted.remedy
        good = told(on_mail(port, user=known, scheme="smtp", roots=certificate[0]), "takes our password", State.GOOD)
        assert "“mail server of a test”" in good.sentence
        wrong = on_mail(port, user="esm:wrong@", scheme="smtp", roots=certificate[0])
        assert "ESM_MAIL_URL" in told(wrong, "does not take our user and password").remedy
    assert (box.received, plain.received) == ([], [])


# Single sign-on


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """One provider for all tests here."""
    with oidc_provider() as made:
        yield made


def on_provider(provider: Provider, changed: dict[str, object] | None = None, **settings: object) -> list[Finding]:
    """What is found of a provider that tells something else of itself."""
    given = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SecretStr(SECRET)}
    provider.changed = changed or {}
    try:
        return asked("sign-on", None, **{**given, "public_url": "https://esm.example", **settings})
    finally:
        provider.changed = {}


def test_a_provider_that_knows_this_service_is_in_order(provider: Provider) -> None:
    """By what it tells of itself, by its keys, and by its answer to a code that nobody was given."""
    findings = on_provider(provider)
    assert states(findings) == {State.GOOD}
    told(findings, "The provider knows this service by its ID and secret.", State.GOOD)


def test_a_wrong_secret_and_a_wrong_id_are_told_without_signing_anybody_in(provider: Provider) -> None:
    """The provider refuses the client before it looks at the code."""
    for settings in (
        {"oidc_client_secret": SecretStr("wrong")},
        {"oidc_client_id": "other"},
        {"oidc_client_secret": ""},
    ):
        findings = on_provider(provider, **settings)
        assert "ESM_OIDC_CLIENT_SECRET" in told(findings, "The provider refuses this service").remedy


def test_an_issuer_that_differs_by_a_slash_is_told_with_the_right_one(provider: Provider) -> None:
    """Tokens would be refused, and nobody would know why."""
    finding = told(on_provider(provider, oidc_issuer=f"{provider.issuer}/"), "differ by the slash at the end")
    assert finding.remedy == f"Set ESM_OIDC_ISSUER to {provider.issuer}."


@pytest.mark.parametrize(
    ("changed", "phrase", "state"),
    [
        ({"issuer": "https://another.example"}, "The provider calls itself https://another.example", State.BROKEN),
        ({"jwks_uri": ""}, "does not name its jwks_uri", State.BROKEN),
        ({"authorization_endpoint": "http://far.example/a"}, "is not encrypted: http://far.example/a", State.BROKEN),
        ({"id_token_signing_alg_values_supported": ["HS256"]}, "signs with HS256 only", State.BROKEN),
        ({"code_challenge_methods_supported": ["plain"]}, "does not know PKCE with S256", State.BROKEN),
        ({"code_challenge_methods_supported": None}, "does not say that it checks PKCE", State.WATCH),
        (
            {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
            "takes private_key_jwt of a client",
            State.BROKEN,
        ),
    ],
)
def test_what_a_provider_tells_of_itself_is_compared(
    provider: Provider, changed: dict[str, object], phrase: str, state: State
) -> None:
    """With what signing in here needs."""
    told(on_provider(provider, changed), phrase, state)


def test_in_production_every_address_of_a_provider_is_encrypted(provider: Provider) -> None:
    """On this machine, too."""
    told(on_provider(provider, mode="production"), "The token_endpoint of the provider is not encrypted")
