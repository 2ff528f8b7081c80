"""Whatever decides what a document may hold stands in a line of its own."""

from typing import Any

import pytest

from tests.surface.schema_lines import schema_lines

PHONE = {
    "type": "object",
    "properties": {"number": {"type": "string", "title": "Number"}},
    "required": ["number"],
    "additionalProperties": False,
}
STATE = {"enum": ["due", "sent"], "type": "string", "description": "where it stands"}
DEFINITIONS: dict[str, dict[str, Any]] = {"Phone": PHONE, "State": STATE}


def refer(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("schema", "lines"),
    [
        ({}, ["anything"]),
        ({"type": "string", "title": "Name", "examples": ["x"]}, ["string"]),
        (
            {"type": "integer", "minimum": 0, "default": 1},
            ["integer default=1 minimum=0"],
        ),
        ({"const": "all", "type": "string"}, ['"all"']),
        (refer("State"), ['"due" | "sent"']),
        ({**refer("State"), "default": "due"}, ['"due" | "sent" default="due"']),
        (refer("Phone"), ["object without other keys", ".number string, required"]),
        (
            {"anyOf": [refer("Phone"), {"type": "null"}], "default": None},
            [
                "object without other keys | null default=null",
                ".number string, required",
            ],
        ),
        (
            {"type": "array", "items": refer("Phone"), "maxItems": 3},
            ["(object without other keys)[] maxItems=3", "[].number string, required"],
        ),
        ({"type": "array", "items": {"type": "string"}}, ["string[]"]),
        (
            {"type": "object", "additionalProperties": refer("Phone")},
            ["map of object without other keys", "{}.number string, required"],
        ),
        (
            {"type": "object", "additionalProperties": True},
            ["object with any other keys"],
        ),
    ],
)
def test_a_schema_becomes_one_line_for_each_value(
    schema: dict[str, Any], lines: list[str]
) -> None:
    found = schema_lines(schema, DEFINITIONS)
    assert [f"{path} {text}".strip() for path, text in found] == lines
