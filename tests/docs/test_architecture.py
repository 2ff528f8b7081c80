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
