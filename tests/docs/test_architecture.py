"""docs/architecture.md against the code; tables and diagrams of the pages beside it."""

import re
import tomllib

import pytest

from service.adapters.store.db.schema import metadata
from tests.docs.pages import (
    ARCHITECTURE,
    FAILURES,
    ROOT,
    STATES,
    TABLES,
    blocks,
    named,
    rows,
)


@pytest.mark.parametrize("page", [ARCHITECTURE, FAILURES, STATES])
def test_no_diagram_has_a_semicolon_because_it_ends_a_line_there(page: str) -> None:
    for diagram in blocks(page, "mermaid"):
        assert ";" not in diagram


def test_every_table_is_explained() -> None:
    section = TABLES.split("\n| table | ")[1].split("\n\n")[0]
    explained = [name for row in rows(section)[1:] for name in named(row[0])]
    assert sorted(explained) == sorted(metadata.tables)


def test_the_floors_are_those_that_import_linter_checks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    section = ARCHITECTURE.split("\n## The floors\n")[1]
    floors = [
        re.split(r" {2,}", line)[0] for line in blocks(section, "")[0].splitlines()
    ]
    assert floors == layers


def test_every_function_and_constant_named_on_the_page_exists() -> None:
    code = "\n".join(
        path.read_text("utf-8") for path in (ROOT / "service").rglob("*.py")
    )
    functions = re.findall(r"`(?:\w+\.)*(\w+)\(\)`", ARCHITECTURE)
    constants = re.findall(r"`(?:PERMIT_REMINDERS_)?([A-Z][A-Z_]{3,})`", ARCHITECTURE)
    missing = [name for name in functions if f"def {name}(" not in code]
    missing += [name for name in constants if not re.search(rf"(?i)\b{name}\b", code)]
    assert missing == []
