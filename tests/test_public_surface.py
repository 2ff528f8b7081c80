"""What others rely on is listed in public-surface.txt: a change shows in a diff.

After a change that is meant, write the file again and commit both together:

    .venv/bin/python -m tests.test_public_surface > tests/public-surface.txt
"""

import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Final

import pytest
from pydantic_settings import BaseSettings

from service.settings import Settings
from service.web.metrics import to_metrics
from tests.surface.command_lines import command_lines, exit_code_lines
from tests.surface.explain_lines import explain_lines
from tests.surface.http_lines import (
    component_lines,
    operation_lines,
    problem_lines,
    route_lines,
)
from tests.surface.schema_lines import schema_lines
from tests.web.test_metrics import FULL

FILE: Final = Path(__file__).with_name("public-surface.txt")
UPDATE: Final = (
    ".venv/bin/python -m tests.test_public_surface > tests/public-surface.txt"
)


def setting_lines(settings: type[BaseSettings] = Settings) -> Iterator[str]:
    """Every environment variable with its type and default."""
    schema = settings.model_json_schema(by_alias=False)
    prefix = settings.model_config["env_prefix"]
    for name, field in settings.model_fields.items():
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseSettings):
            yield from setting_lines(nested)
            continue
        variable = field.validation_alias or f"{prefix}{name}".upper()
        for path, text in schema_lines(schema["properties"][name], {}):
            yield f"{variable}{path}: {text}"


def metric_lines() -> Iterator[str]:
    """Every sample of /metrics with its labels and type."""
    yield from {
        f"{sample.name} {{{', '.join(sample.labels)}}}: {family.type}"
        for family in to_metrics(FULL)
        for sample in family.samples
    }


SECTIONS: Final = {
    "Commands": command_lines,
    "Exit codes": exit_code_lines,
    "Keys of explain --json": explain_lines,
    "Settings": setting_lines,
    "Metrics": metric_lines,
    "Routes": route_lines,
    "Operations": operation_lines,
    "Bodies of refusals": problem_lines,
    "Names of schemas": component_lines,
}


def public_surface() -> str:
    """The whole listing; lines are sorted, so that their order is never a change."""
    parts = [f"# What others rely on. To write it again: {UPDATE}\n"]
    for title, lines in SECTIONS.items():
        ordered = sorted(lines(), key=lambda line: line.partition(": "))
        parts.append("\n".join([f"## {title}", "", *ordered, ""]))
    return "\n".join(parts)


def test_the_public_surface_is_the_committed_one() -> None:
    committed = FILE.read_text("utf-8").splitlines()
    found = public_surface().splitlines()
    diff = "\n".join(
        unified_diff(committed, found, FILE.name, "this code", lineterm="")
    )
    if diff:
        remedy = f"the public surface changed; if that is meant, run {UPDATE}"
        pytest.fail(f"{remedy}\n{diff}", pytrace=False)


def test_the_listing_does_not_depend_on_where_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = [*command_lines(), *setting_lines(), *explain_lines()]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TWILIO_FROM", "nonsense")
    monkeypatch.setenv("PERMIT_REMINDERS_PORT", "nonsense")
    monkeypatch.setenv("PERMIT_REMINDERS_NONSENSE", "nonsense")
    assert [*command_lines(), *setting_lines(), *explain_lines()] == usual


if __name__ == "__main__":
    sys.stdout.write(public_surface())
