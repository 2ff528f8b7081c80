"""A JSON Schema as flat lines, one for each value that can stand in a document."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]
Definitions = Mapping[str, Schema]

PROSE: Final = {"description", "examples", "title"}
"""Keywords that decide nothing."""

STRUCTURE: Final = {
    "additionalProperties",
    "anyOf",
    "const",
    "enum",
    "items",
    "properties",
    "required",
    "type",
}
"""Keywords that become paths and types; all others are listed as bounds."""

REFERENCE: Final = "#/components/schemas/"


def schema_lines(
    schema: Schema, definitions: Definitions, path: str = "", suffix: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield the path, such as `.items[].number`, and the type of every value.

    Names of definitions do not appear. `suffix` ends the type of the first line.
    """
    resolved = _resolve(schema, definitions)
    yield path, f"{_type(resolved, definitions)}{suffix}"
    for form in resolved.get("anyOf", [resolved]):
        yield from _inside(_resolve(form, definitions), definitions, path)


def _inside(
    form: Schema, definitions: Definitions, path: str
) -> Iterator[tuple[str, str]]:
    """Describe what an array, a map or an object holds."""
    values = form.get("additionalProperties")
    if form.get("type") == "array":
        yield from _elements(form["items"], definitions, f"{path}[]")
    elif isinstance(values, Mapping):
        yield from _elements(values, definitions, f"{path}{{}}")
    for name, one in form.get("properties", {}).items():
        suffix = ", required" if name in form.get("required", ()) else ""
        yield from schema_lines(one, definitions, f"{path}.{name}", suffix)


def _elements(
    schema: Schema, definitions: Definitions, path: str
) -> Iterator[tuple[str, str]]:
    """Describe what elements hold; their own type is part of their container's."""
    lines = schema_lines(schema, definitions, path)
    next(lines)
    yield from lines


def _type(form: Schema, definitions: Definitions) -> str:
    """Name a type with its bounds: `"due" | "sent"`, `string[]`, `map of integer`."""
    return f"{_name(form, definitions)}{_bounds(form)}"


def _name(form: Schema, definitions: Definitions) -> str:
    if "anyOf" in form:
        forms = [_resolve(one, definitions) for one in form["anyOf"]]
        return " | ".join(_type(one, definitions) for one in forms)
    if "const" in form or "enum" in form:
        return " | ".join(map(json.dumps, form.get("enum", [form.get("const")])))
    if form.get("type") == "array":
        element = _type(_resolve(form["items"], definitions), definitions)
        return f"({element})[]" if " " in element else f"{element}[]"
    values = form.get("additionalProperties")
    if isinstance(values, Mapping):
        return f"map of {_type(_resolve(values, definitions), definitions)}"
    others = {None: "", False: " without other keys", True: " with any other keys"}
    return f"{form.get('type', 'anything')}{others[values]}"


def _bounds(form: Schema) -> str:
    """List every other keyword that decides what is accepted, and the default."""
    bounds = sorted(form.keys() - PROSE - STRUCTURE)
    return "".join(f" {one}={json.dumps(form[one], sort_keys=True)}" for one in bounds)


def _resolve(schema: Schema, definitions: Definitions) -> Schema:
    """Put a definition in the place of its name; what stands beside it stays."""
    if "$ref" not in schema:
        return schema
    target = definitions[schema["$ref"].removeprefix(REFERENCE)]
    return {**target, **{key: one for key, one in schema.items() if key != "$ref"}}
