"""The files of `deploy/`, and the names that they may use."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

from service.web.metrics import PREFIX, to_metrics
from tests.docs.pages import ROOT
from tests.web.test_metrics import FULL

DEPLOY: Final = ROOT / "deploy"

METRICS: Final = frozenset(
    sample.name for family in to_metrics(FULL) for sample in family.samples
)
"""What /metrics serves."""


def load_yaml(path: Path | str) -> Any:  # noqa: ANN401 - whatever it has
    """The only document of a YAML file in `deploy/`."""
    return yaml.safe_load((DEPLOY / path).read_text("utf-8"))


def alerts() -> list[dict[str, Any]]:
    """Every alert rule."""
    groups = load_yaml("prometheus/alerts.yml")["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Every panel of the dashboard that shows something."""
    dashboard = orjson.loads((DEPLOY / "grafana/dashboard.json").read_bytes())
    return [one for one in dashboard["panels"] if one["type"] != "row"]


def queries() -> Iterator[str]:
    """Every expression that is sent to Prometheus, of panels and alerts."""
    yield from (rule["expr"] for rule in alerts())
    yield from (target["expr"] for one in panels() for target in one["targets"])


def metrics_in(query: str) -> set[str]:
    """Our metrics that a query names."""
    return set(re.findall(rf"\b{PREFIX}\w+", query))
