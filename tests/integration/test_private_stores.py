"""A store with a certificate of a private authority, on a real server: trusted by a setting, and otherwise told as what it is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import buckets
import servers
from packets.clock import system_clock
from packets.errors import InputError, StoreError
from packets.settings import Settings
from packets.store.objects_s3 import Bucket, Keys, S3Objects
from packets.store.places import Access, open_store
from private_authorities import PrivateAuthority, make_authority
from web.bootstrap import open_stores

CONTENT = b"what was signed"
HOST = "127.0.0.1"


@dataclass
class Vault:
    """Where stores listen, and who vouches for their certificates."""

    authority: PrivateAuthority
    stranger: PrivateAuthority
    port: int
    plain: int
    expired: int


@pytest.fixture(scope="module")
def vault() -> Iterator[Vault]:
    """Two stores under one authority: one in order, one whose certificate has ended."""
    folder = Path(tempfile.mkdtemp(prefix="esm-vault-"))
    authority, stranger = make_authority(folder, "Agency Root"), make_authority(folder, "Somebody Else")
    good, ended = authority.issue(folder, HOST), authority.issue(folder, HOST, ended=True)
    try:
        with servers.seaweedfs(folder / "good", good) as store, servers.seaweedfs(folder / "ended", ended) as other:
            admin = buckets.client(endpoint=store.told["endpoint"])
            admin.create_bucket(Bucket=buckets.NAME, ObjectLockEnabledForBucket=True)
            yield Vault(authority, stranger, store.told["secure"], store.told["port"], other.told["secure"])
    except servers.MissingServerError as error:
        servers.do_without(str(error))
    finally:
        servers.remove(folder)


def address(port: int, host: str = HOST) -> str:
    """The address of a bucket behind https."""
    return f"s3://{buckets.NAME}/?endpoint=https://{host}:{port}"


def access(ca: Path | None) -> Access:
    """The service's own key, and authorities."""
    return Access("app", "app-secret", buckets.in_an_hour, ca)


def refusal_of(url: str, ca: Path | None, variable: str = "ESM_OBJECTS_URL") -> tuple[str, str, str]:
    """Code, sentence and remedy with which a store refuses an object."""
    with pytest.raises(StoreError) as refusal:
        open_store(url, access(ca), variable).put(CONTENT)
    problem = refusal.value.problems[0]
    return problem.code, problem.sentence, problem.remedy


def test_a_store_is_reached_when_a_setting_names_its_authority(vault: Vault) -> None:
    """Both stores of the settings have a file of their own."""
    key = {"access_key": "app", "secret_key": "app-secret"}
    settings = Settings.model_validate(
        {f"objects_{name}": value for name, value in key.items()}
        | {f"objects_copy_{name}": value for name, value in key.items()}
        | {"objects_url": address(vault.port), "objects_ca": vault.authority.root}
        | {"objects_copy_url": address(vault.port), "objects_copy_ca": vault.stranger.root}
    )
    store, copy = open_stores(settings, system_clock)
    assert copy is not None

    digest = store.put(CONTENT)

    assert store.get(digest) == CONTENT
    with pytest.raises(StoreError) as refusal:
        copy.put(CONTENT)
    assert "ESM_OBJECTS_COPY_CA" in refusal.value.problems[0].remedy


@pytest.mark.parametrize("named", ["nobody", "another authority"])
def test_an_authority_that_nobody_trusts_is_named_with_the_setting(vault: Vault, named: str) -> None:
    """With no file and with another authority's: it is not told as a store that is away."""
    ca = vault.stranger.root if named == "another authority" else None

    code, sentence, remedy = refusal_of(address(vault.port), ca)

    assert code == "objects-certificate-untrusted"
    assert 'issued by "CN=Agency Root"' in sentence
    assert "ESM_OBJECTS_CA" in remedy


def test_a_certificate_that_has_ended_is_told_with_its_dates(vault: Vault) -> None:
    """The authority is trusted, the day is over."""
    code, sentence, remedy = refusal_of(address(vault.expired), vault.authority.root)

    assert code == "objects-certificate-expired"
    assert "not valid now, but from 20" in sentence
    assert "Renew it" in remedy


def test_a_certificate_for_another_name_is_told_with_its_names(vault: Vault) -> None:
    """The store is reached as localhost, and is certified for its address only."""
    code, sentence, remedy = refusal_of(address(vault.port, "localhost"), vault.authority.root)

    assert code == "objects-certificate-misnamed"
    assert f"is for {HOST}, not for" in sentence
    assert "address" in remedy


def test_a_port_without_tls_is_told_as_such(vault: Vault) -> None:
    """The port for http, with https before it."""
    assert refusal_of(address(vault.plain), vault.authority.root)[0] == "objects-without-tls"


@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----\nnoise\n-----END CERTIFICATE-----\n"])
@pytest.mark.parametrize("which", ["objects_ca", "objects_copy_ca"])
def test_a_file_without_authorities_is_refused_at_the_start(tmp_path: Path, which: str, content: str | None) -> None:
    """Missing, empty or garbage: nothing is connected, and the setting is named."""
    ca = tmp_path / "ca.pem"
    if content is not None:
        ca.write_text(content)
    urls = {"objects_url": address(1), "objects_copy_url": address(1)}

    with pytest.raises(InputError) as refusal:
        open_stores(Settings.model_validate({**urls, which: ca}), system_clock)

    problem = refusal.value.problems[0]
    assert (problem.code, problem.where) == ("objects-ca-unusable", f"ESM_{which.upper()}")
    assert str(ca) in problem.sentence


@pytest.mark.parametrize(
    ("key", "secret", "bucket", "code", "words"),
    [
        ("app", "app-secret", "no-such-bucket", "bucket-missing", "no such bucket"),
        ("app", "wrong", buckets.NAME, "objects-refused", "because the secret is another one"),
        ("nobody", "nothing", buckets.NAME, "objects-refused", "which it does not know"),
    ],
)
def test_a_missing_bucket_and_a_refused_key_are_told_apart(
    vault: Vault, key: str, secret: str, bucket: str, code: str, words: str
) -> None:
    """A store that refuses every key where there is no bucket is asked for the bucket itself."""
    place = Bucket(bucket, "", f"https://{HOST}:{vault.port}", ca=vault.authority.root)
    with pytest.raises(StoreError) as refusal:
        S3Objects(place, Keys(key, secret), buckets.in_an_hour).put(CONTENT)

    assert refusal.value.problems[0].code == code
    assert words in refusal.value.problems[0].sentence
