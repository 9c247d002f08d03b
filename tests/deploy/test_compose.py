"""docker-compose.yml: valid by its specification, pinned, and in step with the code."""

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.sandbox.kafka_jars import KAFKA_VERSION
from pipeline.settings import Settings, read_settings

ROOT = Path(__file__).parents[2]
SCHEMA_FOLDER = Path(__file__).parent / "compose_spec"
SCHEMA = json.loads((SCHEMA_FOLDER / "compose-spec.json").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN_SERVICES = [name for name, service in SERVICES.items() if "build" in service]


def faults(compose: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(compose)]


def _defaults(text: str) -> str:
    """The text with `${VARIABLE:-default}` replaced by the default, as compose does it.

    A number stands for what a shell would put in place of `$$(command)`.
    """
    return re.sub(r"\$\$\([^)]*\)", "1", re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))


def test_the_schema_is_the_one_its_note_names() -> None:
    digest = sha256((SCHEMA_FOLDER / "compose-spec.json").read_bytes()).hexdigest()
    assert digest in (SCHEMA_FOLDER / "README.md").read_text()


def test_the_compose_file_follows_the_compose_specification() -> None:
    assert faults(COMPOSE) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"services": {"worker": {"imagee": "x"}}},
        {"services": {"worker": {"ports": "80"}}},
        {"services": {"worker": {"depends_on": {"kafka": {"condition": "healthy"}}}}},
    ],
)
def test_the_check_finds_faults(broken: Any) -> None:
    """A schema that accepts everything would prove nothing."""
    assert faults(broken)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - set(OWN_SERVICES)))
def test_images_of_others_are_pinned_to_a_full_version(name: str) -> None:
    assert re.search(r":v?\d+\.\d+\.\d+$", SERVICES[name]["image"])


def test_the_broker_is_the_version_the_embedded_one_has() -> None:
    assert SERVICES["kafka"]["image"].rpartition(":")[2] == KAFKA_VERSION


@pytest.mark.parametrize("name", OWN_SERVICES)
def test_every_setting_given_by_environment_is_known(name: str) -> None:
    """A misspelt setting would stop the container at its start."""
    environment = {key: _defaults(value) for key, value in SERVICES[name]["environment"].items()}
    assert isinstance(read_settings(environment), Settings)


def answer_to(line: str) -> Result:
    """What `greenlane` says to a command line with `--help` at its end: parsed, but not run."""
    return CliRunner().invoke(app, [*line.split(), "--help"])


@pytest.mark.parametrize("name", OWN_SERVICES)
def test_every_command_is_one_that_greenlane_knows(name: str) -> None:
    line = _defaults(" ".join(SERVICES[name]["command"])).partition("greenlane ")[2]
    assert line
    assert answer_to(line).exit_code == 0, answer_to(line).output


@pytest.mark.parametrize("line", ["wurker", "worker --no-such-option 1"])
def test_a_command_that_greenlane_does_not_know_is_found_out(line: str) -> None:
    assert answer_to(line).exit_code != 0


def test_workers_can_be_scaled() -> None:
    """No fixed name, no published port, and an id of its own for each container."""
    worker = SERVICES["worker"]
    assert "container_name" not in worker
    assert "ports" not in worker
    assert "GREENLANE_WORKER_ID=$$(hostname)" in worker["command"][-1]


@pytest.mark.parametrize("name", OWN_SERVICES)
def test_every_dependency_is_declared_and_can_meet_its_condition(name: str) -> None:
    for other, wanted in SERVICES[name]["depends_on"].items():
        condition = wanted["condition"]
        assert condition != "service_healthy" or "healthcheck" in SERVICES[other]
        assert condition != "service_completed_successfully" or "restart" not in SERVICES[other]


def test_every_mounted_folder_and_volume_exists() -> None:
    mounts = [mount.split(":") for s in SERVICES.values() for mount in s.get("volumes", [])]
    for source, target, *_ in mounts:
        if source.startswith("."):
            assert (ROOT / source).is_dir(), target
        else:
            assert source in COMPOSE["volumes"]


def test_nothing_is_published_beyond_this_machine() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_prometheus_scrapes_the_port_that_workers_serve() -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    [job] = config["scrape_configs"]
    assert job["dns_sd_configs"][0]["names"] == ["worker"]
    assert job["dns_sd_configs"][0]["port"] == Settings().web_port
    health = " ".join(SERVICES["worker"]["healthcheck"]["test"])
    assert f":{Settings().web_port}/health/live" in health


def test_the_image_is_built_from_what_exists() -> None:
    """Every file the Dockerfile copies is there, and the build context lets it through."""
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    allowed = (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines()
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert {f"!{source}" for source in copied} <= set(allowed)
    assert [source for source in copied if not (ROOT / source).exists()] == []


def test_the_image_does_not_run_as_root() -> None:
    user = re.findall(r"^USER (\d+)$", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE)
    assert user[-1:] != ["0"]
    assert user


def test_the_data_source_has_the_name_the_dashboard_asks_for() -> None:
    folder = ROOT / "deploy/grafana"
    sources = yaml.safe_load((folder / "provisioning/datasources/prometheus.yml").read_text())
    dashboard = json.loads((folder / "dashboards/greenlane.json").read_text())
    uids = {panel["datasource"]["uid"] for panel in dashboard["panels"] if "datasource" in panel}
    assert uids == {sources["datasources"][0]["uid"]}
