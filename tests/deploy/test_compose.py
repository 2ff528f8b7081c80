"""The compose files name commands, settings, ports and files that exist."""

import shlex
from pathlib import Path

import pytest

from service.settings import load_settings
from tests.deploy.compose import (
    FILES,
    image_settings,
    load_compose,
    own_services,
)
from tests.deploy.files import load_yaml
from tests.docs.pages import ROOT
from tests.docs.test_docs import parse_command

SECRETS = {
    "POSTGRES_PASSWORD": "secret",
    "PERMIT_REMINDERS_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "GRAFANA_PASSWORD": "secret",
}
DOCUMENTS = {name: load_compose(file, SECRETS) for name, file in FILES.items()}
SERVICES = [(kind, name) for kind, one in DOCUMENTS.items() for name in one["services"]]
OWN = [(kind, name) for kind, one in DOCUMENTS.items() for name in own_services(one)]


@pytest.mark.parametrize(("kind", "name"), OWN)
def test_our_commands_and_settings_are_known(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = DOCUMENTS[kind]["services"][name]
    monkeypatch.chdir(tmp_path)
    for variable, value in (image_settings() | service["environment"]).items():
        monkeypatch.setenv(variable, value)
    settings = load_settings()
    assert settings.provider == "sandbox"
    command = service.get("command", ["serve"])
    parse_command(command)
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    if command[0] == "serve":
        assert float(service["stop_grace_period"].rstrip("s")) > 10
    if command[0] == "sandbox":
        assert command[1:] == ["--host", name]  # the others find it by this name


@pytest.mark.parametrize(("kind", "name"), SERVICES)
def test_what_a_service_refers_to_exists(kind: str, name: str) -> None:
    document, folder = DOCUMENTS[kind], FILES[kind].parent
    service = document["services"][name]
    depends: dict[str, dict[str, str]] = service.get("depends_on", {})
    for other, condition in depends.items():
        assert other in document["services"], name
        if condition["condition"] == "service_healthy":
            assert "healthcheck" in document["services"][other]
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        is_file = source.startswith(".")
        exists = (
            (folder / source).exists() if is_file else source in document["volumes"]
        )
        assert exists, source
    assert set(service.get("secrets", [])) <= document.get("secrets", {}).keys()


@pytest.mark.parametrize(("kind", "name"), SERVICES)
def test_ports_are_published_on_the_hosts_loopback_only(kind: str, name: str) -> None:
    service = DOCUMENTS[kind]["services"][name]
    listening = {"prometheus": "9090", "grafana": "3000", "sandbox": "4010"}
    for published in service.get("ports", []):
        host, _, inside = published.split(":")
        assert host == "127.0.0.1"
        default = image_settings()["PERMIT_REMINDERS_PORT"]
        assert inside == listening.get(name, default)


def test_prometheus_scrapes_every_process_that_serves() -> None:
    serving = {
        f"{name}:{image_settings()['PERMIT_REMINDERS_PORT']}"
        for name, one in own_services(DOCUMENTS["postgres"]).items()
        if one["command"][0] == "serve"
    }
    [job] = load_yaml("prometheus/prometheus.yml")["scrape_configs"]
    assert {
        one for found in job["static_configs"] for one in found["targets"]
    } == serving
    assert (
        Path(job["authorization"]["credentials_file"]).name
        in (DOCUMENTS["postgres"]["secrets"])
    )


def test_grafana_finds_prometheus_and_the_dashboard() -> None:
    folder = "grafana/provisioning"
    [source] = load_yaml(f"{folder}/datasources/prometheus.yml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    [provider] = load_yaml(f"{folder}/dashboards/permit-reminders.yml")["providers"]
    mounted = DOCUMENTS["postgres"]["services"]["grafana"]["volumes"]
    assert any(f":{provider['options']['path']}/" in one for one in mounted)


def test_the_image_has_what_the_dockerfile_copies() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    copied = [
        source
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for source in shlex.split(line)[1:-1]
    ]
    allowed = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert copied
    for source in copied:
        assert (ROOT / source).exists()
        assert f"!{source.removeprefix('./')}" in allowed


def test_requirements_are_pinned_alike_everywhere() -> None:
    pins = dict[str, str]()
    for file in sorted(ROOT.glob("requirements*.txt")):
        for line in file.read_text("utf-8").splitlines():
            assert pins.setdefault(line.partition("==")[0], line) == line, file.name
