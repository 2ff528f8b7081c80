"""The dashboard is one that Grafana reads, and each panel says what it means."""

from typing import Any

import orjson
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.deploy.files import DEPLOY, METRICS, load_yaml, metrics_in, panels

PROVISIONING = "grafana/provisioning"


def test_grafanas_own_schema_knows_every_field() -> None:
    dashboard = orjson.loads((DEPLOY / "grafana/dashboard.json").read_bytes())
    register_default_plugins()
    read = Dashboard.from_json(dashboard)
    written = orjson.loads(JSONEncoder(sort_keys=True).encode(read))
    assert list(_lost(dashboard, written, "")) == []


def _lost(given: Any, written: Any, path: str) -> list[str]:  # noqa: ANN401 - JSON
    """The fields that reading has dropped or changed."""
    if isinstance(given, dict) and isinstance(written, dict):
        return [
            one
            for name, value in given.items()
            for one in _lost(value, written.get(name), f"{path}/{name}")
        ]
    if isinstance(given, list) and isinstance(written, list):
        pairs = enumerate(zip(given, written, strict=True))
        return [one for n, pair in pairs for one in _lost(*pair, f"{path}/{n}")]
    return [] if given == written else [path]


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_every_panel_says_what_it_means_and_what_to_do(panel: dict[str, Any]) -> None:
    meaning, *advice = panel["description"].split(". ")
    assert len(meaning) > 20
    assert advice or ":" in meaning
    assert panel["targets"]


def test_every_metric_has_a_panel() -> None:
    shown = [metrics_in(one["expr"]) for panel in panels() for one in panel["targets"]]
    assert set[str]().union(*shown) == METRICS


def test_no_two_panels_share_a_place() -> None:
    places = [
        (x, y)
        for panel in panels()
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(places) == len(set(places))
    assert all(0 <= x < 24 for x, _ in places)


def test_the_data_source_of_every_panel_is_provisioned() -> None:
    [source] = load_yaml(f"{PROVISIONING}/datasources/prometheus.yml")["datasources"]
    for panel in panels():
        assert panel["datasource"]["uid"] == source["uid"]
        assert {one["datasource"]["uid"] for one in panel["targets"]} == {source["uid"]}
