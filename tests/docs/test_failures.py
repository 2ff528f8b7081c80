"""What docs/failures.md quotes is what the service says, and its alerts exist."""

import ast
import re

import pytest

from tests.deploy.files import METRICS, alerts
from tests.docs.pages import FAILURES, ROOT, rows

SECTION = FAILURES.split("\n## What you see of it\n")[1].split("\n## ")[0]
ROWS = rows(SECTION)[2:]


@pytest.fixture(scope="module")
def said() -> str:
    """Every text in the code; placeholders and what joins their parts are gaps."""
    texts = [
        node.value
        for path in (ROOT / "service").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return "\n".join(texts)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_is_quoted_is_said(row: list[str], said: str) -> None:
    for quoted in re.findall('"([^"]+)"', " ".join(row)):
        assert quoted.replace("HTTP 503", "").rstrip(" :") in said, quoted


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_its_metrics_and_alerts_exist(row: list[str]) -> None:
    names = set(re.findall(r"PermitReminders\w+", row[-1]))
    assert names <= {rule["alert"] for rule in alerts()}
    assert set(re.findall(r"permit_reminders_\w+", row[-1])) <= METRICS


def test_every_alert_belongs_to_a_failure() -> None:
    assert {rule["alert"] for rule in alerts()} == set(
        re.findall(r"PermitReminders\w+", SECTION)
    )
