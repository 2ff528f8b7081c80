"""The manifests are what Kubernetes takes, and what the service can be run with."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes_validate import validate

from service.settings import Settings, TwilioSettings
from service.web.application import ENDPOINTS
from tests.deploy.files import DEPLOY
from tests.docs.test_docs import parse_command, variables

FILES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
RESOURCES = [one for file in FILES for one in yaml.safe_load_all(file.read_text())]
PODS = [one for one in RESOURCES if one["kind"] in ("Deployment", "Job")]

LONGEST_STOP = 10
"""Seconds in which a process ends in order: docs/operations.md, stopping it."""


def name_of(resource: dict[str, Any]) -> str:
    return f"{resource['kind']}/{resource['metadata']['name']}"


def found(kind: str) -> list[dict[str, Any]]:
    return [one for one in RESOURCES if one["kind"] == kind]


@pytest.mark.parametrize("version", ["1.29", "1.37"])
@pytest.mark.parametrize("resource", RESOURCES, ids=name_of)
def test_every_manifest_is_valid(resource: dict[str, Any], version: str) -> None:
    assert validate(resource, version, strict=True) == version


@pytest.mark.parametrize("resource", PODS, ids=name_of)
def test_every_container_runs_a_command_without_any_right(
    resource: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pod = resource["spec"]["template"]["spec"]
    [container] = pod["containers"]
    parse_command(container["args"])
    assert pod["securityContext"]["runAsNonRoot"]
    assert f"--uid {pod['securityContext']['runAsUser']} " in (
        DEPLOY.parent / "Dockerfile"
    ).read_text("utf-8")
    rights = container["securityContext"]
    assert rights["readOnlyRootFilesystem"]
    assert not rights["allowPrivilegeEscalation"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    mounted = {one["name"] for one in container["volumeMounts"]}
    assert mounted == {one["name"] for one in pod["volumes"]}
    assert container["resources"]["requests"]
    assert container["resources"]["limits"]


@pytest.mark.parametrize("resource", found("Deployment"), ids=name_of)
def test_every_deployment_has_probes_time_to_stop_and_a_budget(
    resource: dict[str, Any],
) -> None:
    pod = resource["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["terminationGracePeriodSeconds"] > LONGEST_STOP
    [port] = container["ports"]
    [config] = found("ConfigMap")
    assert str(port["containerPort"]) == config["data"]["PERMIT_REMINDERS_PORT"]
    public = {one.path for one in ENDPOINTS if one.public}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == port["name"]
        assert container[probe]["httpGet"]["path"] in public
    labels = resource["spec"]["template"]["metadata"]["labels"]
    assert resource["spec"]["selector"]["matchLabels"] == labels
    budgets = [
        one["spec"]["selector"]["matchLabels"] for one in found("PodDisruptionBudget")
    ]
    assert labels in budgets


def test_requests_go_to_the_api() -> None:
    [service] = found("Service")
    pods = [
        one["spec"]["template"]["metadata"]["labels"] for one in found("Deployment")
    ]
    assert [
        one for one in pods if service["spec"]["selector"].items() <= one.items()
    ] == [service["spec"]["selector"]]


def test_every_setting_exists_and_no_secret_has_a_value() -> None:
    [config], [secret] = found("ConfigMap"), found("Secret")
    given = config["data"] | secret["stringData"]
    assert given.keys() <= {*variables(Settings), *variables(TwilioSettings)}
    assert not any(secret["stringData"].values())
    for resource in PODS:
        [container] = resource["spec"]["template"]["spec"]["containers"]
        assert container["envFrom"] == [
            {"configMapRef": {"name": config["metadata"]["name"]}},
            {"secretRef": {"name": secret["metadata"]["name"]}},
        ]
