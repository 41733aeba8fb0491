"""What docs/deploy promises, as far as it can be read off the files; `.ci/image` builds and runs what can be run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml  # type: ignore[import-untyped]  # it carries no types

from packets.settings import PREFIX, SECRETS, Settings
from web.cli import esm

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "deploy"
CONTAINERFILES = sorted(FOLDER.rglob("Containerfile"))
CONTAINERFILE = (FOLDER / "Containerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("keys", "set-up", "web", "worker")
UNITS = sorted((FOLDER / "systemd").glob("*.service"))
KUBERNETES = FOLDER / "kubernetes" / "base"
MANIFESTS: list[dict[str, Any]] = [
    manifest for path in sorted(KUBERNETES.glob("*.yaml")) for manifest in yaml.safe_load_all(path.read_text("utf-8"))
]
PODS = {
    manifest["metadata"]["name"]: manifest["spec"]["template"]["spec"]
    for manifest in MANIFESTS
    if manifest["kind"] in {"Deployment", "Job"}
}
WITH_PASSWORD = ("database_owner", "database_app")
"""Files of one secret, the database's password: of the owner, and of the role as which the service runs."""


def instructions(name: str, text: str = CONTAINERFILE) -> list[str]:
    """What follows an instruction of a container file, wherever it stands."""
    return re.findall(rf"^{name} (.*)$", text, re.MULTILINE)


def resolves(arguments: list[str]) -> bool:
    """Whether these arguments are a command of the service whose options exist."""
    command: click.Command = esm
    while arguments and isinstance(command, click.Group):
        found = command.get_command(click.Context(command), arguments[0])
        if found is None:
            return False
        command, arguments = found, arguments[1:]
    options = {flag for parameter in command.params for flag in parameter.opts}
    given = [argument for argument in arguments if argument.startswith("--")]
    return not isinstance(command, click.Group) and all(flag in options for flag in given)


def is_setting(variable: str) -> bool:
    """Whether the service knows a variable, and it carries no secret."""
    field = variable.removeprefix(PREFIX).lower()
    return (
        field.removesuffix("_file") in SECRETS
        if field.endswith("_file")
        else field in {*Settings.model_fields} - {*SECRETS}
    )


def unit_lines(path: Path, name: str) -> list[str]:
    """The values of a setting of a unit, in order."""
    return re.findall(rf"^{name}=(.*)$", path.read_text("utf-8"), re.MULTILINE)


def unit_variables(path: Path) -> set[str]:
    """The variables that a unit sets itself."""
    words = [word for line in unit_lines(path, "Environment") for word in shlex.split(line)]
    return {word.partition("=")[0] for word in words if word.startswith(PREFIX)}


def secret_files(variables: set[str]) -> set[str]:
    """Those among some variables that name the file of a secret."""
    return {variable for variable in variables if variable.endswith("_FILE")}


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """The containers of a pod, those that come first among them."""
    return [*pod.get("initContainers", []), *pod["containers"]]


def test_the_image_runs_as_somebody_who_owns_nothing() -> None:
    """The last user is not root, the code belongs to root, and no home folder brings files into a volume."""
    assert instructions("USER") == ["10001:10001"]
    assert not [line for line in instructions("COPY") if "--chown" in line]
    assert "useradd" not in "\n".join(instructions("RUN"))
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    assert len(instructions("HEALTHCHECK")) == 1


def test_the_image_takes_only_what_the_locks_name() -> None:
    """Every package that is fetched has a hash, the wheel that is built brings none; nothing is copied that was not named."""
    installs = re.findall(r"-m pip (?:\S+ \S+ )?install ([^\n;]*)", CONTAINERFILE)
    assert len(installs) == 4
    assert all("--require-hashes" in line or line.endswith("--no-deps /dist/*.whl") for line in installs)
    assert ". ." not in instructions("COPY")
    named = [part for line in instructions("COPY") if "--from" not in line for part in line.split()[:-1]]
    assert [part for part in named if not (ROOT / part).exists()] == []


def test_what_is_copied_into_an_image_is_let_through_to_the_builder() -> None:
    """`.dockerignore` shuts out everything but what the container files name."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_through = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {
        part
        for path in CONTAINERFILES
        for line in instructions("COPY", path.read_text("utf-8"))
        if "--from" not in line
        for part in line.split()[:-1]
    }
    assert "*" in lines
    assert [
        part for part in copied if not any(part == name or part.startswith(f"{name}/") for name in let_through)
    ] == []


@pytest.mark.parametrize("path", CONTAINERFILES, ids=lambda path: path.parent.name)
def test_no_image_names_its_base(path: Path) -> None:
    """A tag is another image tomorrow, and a digest that nobody has looked at is worth nothing: whoever builds names it."""
    text = path.read_text("utf-8")
    assert re.search(r"^ARG BASE$", text, re.MULTILINE)
    assert {line.split()[0] for line in instructions("FROM", text)} == {"${BASE}"}
    assert re.search(r"^USER \d{5}:\d{5}$", text, re.MULTILINE)


@pytest.mark.parametrize("base", ["", "docker.io/library/python:3.11", "registry.example.org/python@sha1:1"])
def test_a_base_without_a_digest_is_refused(base: str) -> None:
    """`make image` says what to name, before any engine is asked."""
    done = subprocess.run(["sh", ".ci/build-image", base], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "@sha256:" in done.stderr


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_container_is_closed_in(name: str) -> None:
    """Not root, nothing to write but what is meant, no capability, no way to more, limits."""
    service = SERVICES[name]
    assert re.fullmatch(r"1000[123]:1000[123]", service["user"])
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert ("ports" in service) == (name == "proxy")


def test_the_database_is_reached_by_its_socket_only_and_with_a_password() -> None:
    """It has no network, nothing is trusted, and two roles have passwords."""
    database, start = SERVICES["database"], (FOLDER / "database" / "start").read_text("utf-8")
    assert database["network_mode"] == "none"
    assert set(database["secrets"]) == {*WITH_PASSWORD}
    assert "listen_addresses= " in start
    assert "--auth scram-sha-256" in start
    assert "socket:/run/postgresql" in database["volumes"]
    assert all("socket:/run/postgresql:ro" in SERVICES[name]["volumes"] for name in ("set-up", "web", "worker"))


def test_the_roots_key_is_on_no_volume_of_the_service() -> None:
    """Only the ceremony mounts the volume for it, and only the ceremony can write to that of the other keys."""
    mounts = {name: [volume.split(":") for volume in service.get("volumes", [])] for name, service in SERVICES.items()}
    assert [name for name, volumes in mounts.items() if "root-key" in {source for source, *_ in volumes}] == ["keys"]
    writers = [name for name, volumes in mounts.items() if ["keys", "/srv/esm"] in volumes]
    assert writers == ["keys"]
    assert SERVICES["keys"]["profiles"] == ["ceremony"]
    assert SERVICES["keys"]["network_mode"] == "none"
    assert "/srv/root-key/root.key" in SERVICES["keys"]["command"]


def test_only_the_ceremony_and_set_up_have_what_their_work_needs() -> None:
    """The owner's password is not with what serves, nor the records officer's keys with the web processes."""
    holders = {
        secret: {name for name, service in SERVICES.items() if secret in service.get("secrets", [])}
        for secret in COMPOSE["secrets"]
    }
    assert holders["database_owner"] == {"database", "set-up"}
    assert holders["objects_officer_secret_key"] == holders["objects_copy_officer_secret_key"] == {"worker"}
    assert holders["tls_key"] == {"proxy"}
    assert holders["pki_passphrase"] == {"keys", "web", "worker"}


@pytest.mark.parametrize("name", OURS)
def test_settings_are_real_and_secrets_stand_in_files(name: str) -> None:
    """A misspelled setting would stop the service; a secret in the environment would be seen by whoever looks."""
    environment, secrets = SERVICES[name]["environment"], SERVICES[name]["secrets"]
    assert [variable for variable in environment if not is_setting(variable)] == []
    files = {value.rpartition("/")[2] for variable, value in environment.items() if variable.endswith("_FILE")}
    assert files == set(secrets)
    assert set(secrets) <= set(COMPOSE["secrets"])


def test_every_secret_has_a_file_and_the_script_makes_it() -> None:
    """Whatever the service can be told in secret is told in a file, in all three shapes."""
    worker = SERVICES["worker"]["environment"]
    assert {f"{PREFIX}{secret.upper()}_FILE" for secret in SECRETS} <= set(worker)
    script = (FOLDER / "secrets.sh").read_text("utf-8")
    assert [name for name in COMPOSE["secrets"] if not re.search(rf"\b{name}\b", script)] == []


def test_the_script_makes_secrets_that_differ_and_keeps_them(tmp_path: Path) -> None:
    """Nobody but the owner gets into the folder; a second run changes nothing."""
    run = ["sh", str(FOLDER / "secrets.sh"), str(tmp_path / "secrets")]
    subprocess.run(run, check=True, capture_output=True)
    first = {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()}
    subprocess.run(run, check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()} == first
    assert set(first) == set(COMPOSE["secrets"])
    made = [content for content in first.values() if content]
    assert len({*made}) == len(made) == 6
    assert min(map(len, made)) >= 44
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_the_example_of_settings_has_every_setting_that_is_no_secret_and_none_else() -> None:
    """A new setting is added there too, and one that is gone is removed."""
    text = (FOLDER / "esm.env.example").read_text("utf-8")
    named = re.findall(r"^#?(ESM_[A-Z_]+)=", text, re.MULTILINE)
    expected = [f"{PREFIX}{field.upper()}" for field in Settings.model_fields if field not in SECRETS]
    assert sorted(named) == sorted(expected)


def test_the_defaults_in_the_example_are_those_of_the_service() -> None:
    """What is commented out and has a default says it."""
    text = (FOLDER / "esm.env.example").read_text("utf-8").partition("# --- Set by compose.yaml")[0]
    said = dict(re.findall(r"^#(ESM_[A-Z_]+)=(.*)$", text, re.MULTILINE))
    shown = {
        f"{PREFIX}{name.upper()}": str(field.default)
        for name, field in Settings.model_fields.items()
        if isinstance(field.default, int | str) and field.default != ""
    }
    assert {name: value for name, value in said.items() if name in shown} == {
        name: value for name, value in shown.items() if name in said
    }


def test_commands_are_commands_of_the_service() -> None:
    """What the files run exists, with these options."""
    (standing,) = re.findall(r"^CMD (\[.*\])$", CONTAINERFILE, re.MULTILINE)
    commands = [yaml.safe_load(standing), SERVICES["keys"]["command"], SERVICES["worker"]["command"]]
    commands += [shlex.split(command)[1:] for command in SERVICES["set-up"]["command"][0].split(";")]
    commands += [shlex.split(line)[1:] for path in UNITS for line in unit_lines(path, "ExecStart")]
    commands += [container["args"] for pod in PODS.values() for container in containers(pod) if "args" in container]
    assert len(commands) > 10
    assert [command for command in commands if not resolves(command)] == []
    assert not resolves(shlex.split("serve --no-such-option"))


def test_set_up_upgrades_before_it_grants_and_everything_else_comes_after() -> None:
    """In all three shapes; nothing waits for a health check, which older engines do not know."""
    upgrade, grants = SERVICES["set-up"]["command"][0].split("; ")
    assert upgrade.startswith("esm db upgrade --wait")
    assert grants == "esm db grants esm_app --apply"
    assert SERVICES["set-up"]["depends_on"] == ["database"]
    assert SERVICES["web"]["depends_on"] == SERVICES["worker"]["depends_on"] == ["set-up"]
    assert {SERVICES[name]["restart"] for name in ("web", "worker", "database", "proxy")} == {"unless-stopped"}
    starts = unit_lines(FOLDER / "systemd" / "esm-upgrade.service", "ExecStart")
    assert [line.split()[1:3] for line in starts] == [["db", "upgrade"], ["db", "grants"]]
    assert [container["name"] for container in containers(PODS["esm-set-up"])] == ["upgrade", "grants"]


def test_as_many_connections_are_let_in_as_the_processes_may_open() -> None:
    """20 for each web process and 25 for each worker, at the very most (docs/operations.md)."""
    replicas = {name: SERVICES[name]["deploy"]["replicas"] for name in ("web", "worker")}
    (most,) = re.findall(r"max_connections=(\d+)", " ".join(SERVICES["database"]["command"]))
    assert int(most) >= 20 * replicas["web"] + 25 * replicas["worker"] + 10


def test_the_proxy_sets_the_headers_that_the_service_believes() -> None:
    """A client's own X-Forwarded-For would be believed if it were appended to; nothing is let through to /metrics."""
    text = (FOLDER / "proxy" / "nginx.conf").read_text("utf-8")
    headers = dict(re.findall(r"proxy_set_header (\S+) (\S+);", text))
    assert headers["X-Forwarded-For"] == "$remote_addr"
    assert headers["X-Forwarded-Proto"] == "https"
    assert headers["X-Forwarded-Host"] == headers["Host"] == "$host"
    assert headers["Forwarded"] == '""'
    assert "proxy_add_x_forwarded_for" not in text
    assert all(re.search(rf"location = {path} {{\s+return 404;", text) for path in ("/metrics", "/readyz"))
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in text


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_units_are_closed_in_and_their_settings_are_real(path: Path) -> None:
    """As containers are: not root, nothing to write, no capability; secrets as credentials, and no other variable."""
    for line in (
        "User=esm", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "PrivateTmp=yes",
        "MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service", "RestrictNamespaces=yes",
    ):  # fmt: skip
        assert line in path.read_text("utf-8").splitlines()
    assert [variable for variable in unit_variables(path) if not is_setting(variable)] == []
    loaded = {line.partition(":")[0] for line in unit_lines(path, "LoadCredential")}
    assert loaded == {*re.findall(r"_FILE=%d/(\w+)", path.read_text("utf-8"))}
    assert loaded <= set(COMPOSE["secrets"])


def test_units_and_pods_have_the_secrets_that_the_containers_have() -> None:
    """The three shapes are one: a secret that is forgotten in one of them would be missed at night."""
    shape = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text("utf-8"))["configMapGenerator"][0]["literals"]
    shared = {literal.partition("=")[0] for literal in shape}
    officer = {variable["name"] for variable in PODS["esm-worker"]["containers"][0]["env"]}
    for name in ("web", "worker"):
        composed = {variable for variable in SERVICES[name]["environment"] if variable.endswith("_FILE")}
        unit = {
            variable
            for variable in unit_variables(FOLDER / "systemd" / f"esm-{name}@.service")
            if variable.endswith("_FILE")
        }
        pod = {
            variable for variable in (shared | officer if name == "worker" else shared) if variable.endswith("_FILE")
        }
        assert composed == unit == pod


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` knows every line; the program is not installed where the tests run, so another takes its place."""
    assert shutil.which("systemd-analyze"), "systemd is not installed (`make tools`)"
    for path in (FOLDER / "systemd").iterdir():
        text = path.read_text("utf-8").replace("/opt/esm/bin/esm", shutil.which("true") or "")
        (tmp_path / path.name.replace("@", "@1")).write_text(text, "utf-8")
    names = sorted(path.name for path in tmp_path.iterdir() if path.suffix in {".service", ".target"})
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(f"./{name}" for name in names)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "esm" in line]
    assert (done.returncode, ours) == (0, [])


def pod_containers() -> Iterator[Any]:
    """Every container of every pod, by name."""
    for name, pod in PODS.items():
        for container in containers(pod):
            yield pytest.param(pod, container, id=f"{name}-{container['name']}")


@pytest.mark.parametrize(("pod", "container"), list(pod_containers()))
def test_pods_keep_to_the_restricted_standard(pod: dict[str, Any], container: dict[str, Any]) -> None:
    """Pod Security Standards, restricted; and nothing of a pod speaks to the cluster, nor may take all of a node's memory."""
    context = container["securityContext"]
    assert (context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"]) == (False, True)
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["resources"]["limits"]["memory"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted <= {volume["name"] for volume in pod["volumes"]}


def test_what_serves_is_asked_whether_it_can_and_survives_the_end_of_a_node() -> None:
    """Probes, two of each, a budget for disruptions, policies for the network."""
    kinds = {(manifest["kind"], manifest["metadata"]["name"]) for manifest in MANIFESTS if "metadata" in manifest}
    assert {
        ("PodDisruptionBudget", "esm-web"),
        ("PodDisruptionBudget", "esm-worker"),
        ("NetworkPolicy", "esm-closed"),
    } <= kinds
    web, worker = PODS["esm-web"]["containers"][0], PODS["esm-worker"]["containers"][0]
    assert web["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert web["livenessProbe"]["httpGet"]["path"] == web["startupProbe"]["httpGet"]["path"] == "/healthz"
    assert worker["livenessProbe"]["exec"]["command"] == ["esm-health", "9464"]


def test_nothing_names_a_place_to_load_from() -> None:
    """No file of the folder fetches an image by a tag of a public registry."""
    pattern = re.compile(r"docker\.io|quay\.io|ghcr\.io|gcr\.io")
    assert [path for path in FOLDER.rglob("*") if path.is_file() and pattern.search(path.read_text("utf-8"))] == []
