"""The JSON Schemas: committed copies are current, and shipped files keep to them."""

import json
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from service.cli import cli
from service.formats.schemas import FILES, file_schema

ROOT: Final = Path(__file__).parents[2]
COPIES: Final = {
    "rule": ROOT / "schedules/rule.schema.json",
    "calendar": ROOT / "schedules/calendar.schema.json",
    "authority": ROOT / "examples/authority.schema.json",
    "mapping": ROOT / "examples/mapping.schema.json",
    "platform": ROOT / "examples/platform.schema.json",
}
SHIPPED: Final = sorted(
    [*ROOT.glob("schedules/**/*.toml"), *ROOT.glob("examples/**/*.toml")]
)
FOOD: Final = ROOT / "schedules/cn/food-production-license.toml"
LINE: Final = "#:schema "


def as_json(path: Path) -> dict[str, Any]:
    values = tomllib.loads(path.read_text("utf-8"))
    found: dict[str, Any] = json.loads(json.dumps(values, default=str))
    return found


def mistakes(kind: str, values: object) -> list[str]:
    validator = Draft202012Validator(file_schema(kind))
    return [error.message for error in validator.iter_errors(values)]


@pytest.mark.parametrize("kind", FILES)
def test_the_committed_copy_is_what_the_command_prints(kind: str) -> None:
    printed = CliRunner().invoke(cli, ["schema", kind])
    assert printed.exit_code == 0
    copy = COPIES[kind].relative_to(ROOT)
    renew = f"renew it: permit-reminders schema {kind} > {copy}"
    assert COPIES[kind].read_text("utf-8") == printed.output, renew


@pytest.mark.parametrize("path", SHIPPED, ids=lambda one: str(one.relative_to(ROOT)))
def test_a_shipped_file_names_its_schema_and_keeps_to_it(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith(LINE), f"{path}: the first line names no schema"
    named = (path.parent / first.removeprefix(LINE)).resolve()
    [kind] = [kind for kind, copy in COPIES.items() if copy == named]
    assert not mistakes(kind, as_json(path))


def schemas_in(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "properties" in value:
            yield value
        for one in value.values():
            yield from schemas_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from schemas_in(one)


@pytest.mark.parametrize("kind", FILES)
def test_a_schema_is_one_and_describes_every_key(kind: str) -> None:
    schema = file_schema(kind)
    Draft202012Validator.check_schema(schema)
    for table in schemas_in(schema):
        for name, field in table["properties"].items():
            assert field.get("description"), f"{table.get('title')}.{name}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("closes", "30 days before expiry"),
        ("closes", "30 working days before closing"),
        ("closes", "6 working months before expiry"),
        ("opens", "soon"),
        ("closes", "on 32 October before expiry"),
        ("closes", "on 31 October"),
        ("in_force_from", 2020),
        ("new_term", "later"),
        ("closses", "on expiry"),
        ("steps", [{"name": "late", "at": "5 unqualified days before closing"}]),
    ],
)
def test_an_editor_marks_what_the_command_refuses(key: str, value: object) -> None:
    values = as_json(FOOD)
    changed = deepcopy(values)
    changed["versions"][0][key] = value
    assert not mistakes("rule", values)
    assert mistakes("rule", changed)
