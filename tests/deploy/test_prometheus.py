"""Alerts: each is documented, can be acted on, and fires when it should."""

import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.deploy.files import DEPLOY, METRICS, alerts, metrics_in, queries
from tests.docs.pages import OPERATIONS, ROOT, anchor, rows

PROMETHEUS = DEPLOY / "prometheus"
TRIES = sorted(path.name for path in PROMETHEUS.glob("*.test.yml"))


def test_every_metric_of_a_query_is_served() -> None:
    used = set[str]().union(*map(metrics_in, queries()))
    assert used <= METRICS


def test_every_alert_is_in_the_table_of_alerts_word_for_word() -> None:
    section = OPERATIONS.split("\n## Alerts\n")[1].split("\n## ")[0]
    described = {
        rule["alert"]: [re.sub(r"\{\{.*?\}\}", "…", text) for text in _texts(rule)]
        for rule in alerts()
    }
    assert {row[0].strip("`"): row[1:] for row in rows(section)[2:]} == described


def _texts(rule: dict[str, Any]) -> tuple[str, str]:
    return rule["annotations"]["summary"], rule["annotations"]["action"]


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_every_alert_leads_to_a_section_of_the_documents(rule: dict[str, Any]) -> None:
    name, _, section = rule["annotations"]["docs"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / name).read_text("utf-8"), re.MULTILINE)
    assert section in map(anchor, headings)


@pytest.mark.parametrize(
    "command",
    [("check", "rules", "alerts.yml"), ("test", "rules", *TRIES)],
    ids=" ".join,
)
def test_promtool_finds_every_rule_to_be_right(command: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool here: apt-get install prometheus")
    done = subprocess.run(
        (promtool, *command),
        cwd=PROMETHEUS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried() -> None:
    tried = "".join((PROMETHEUS / name).read_text("utf-8") for name in TRIES)
    for rule in alerts():
        assert f'alertname="{rule["alert"]}"' in tried
