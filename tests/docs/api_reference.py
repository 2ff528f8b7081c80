"""docs/api-reference.md, written from the OpenAPI document.

To write it again after a change of a route or a description:

    python -m tests.docs.api_reference > docs/api-reference.md
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from service.web.api.openapi import openapi_document
from service.web.application import ENDPOINTS
from tests.docs.pages import anchor

UPDATE: Final = "python -m tests.docs.api_reference > docs/api-reference.md"

Schema = Mapping[str, Any]
Row = tuple[str, str, str]
"""A field: its path, such as `items[].number`, its type, its meaning."""

REFERENCE: Final = "#/components/schemas/"

INTRODUCTION: Final = f"""\
# HTTP API reference

Every route with its parameters, its body and its answers, as the service itself
describes them in `/openapi.json`. Examples, keys, errors and paging are in
[the guide](api.md).

This page is generated. To change it, change the descriptions in `service/web`, then run
`{UPDATE}`.
"""


FORM: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    description: Schema

    @property
    def title(self) -> str:
        return f"{self.method} {self.path}"


class Reference:
    """The page, written from one OpenAPI document."""

    def __init__(self, document: Schema) -> None:
        self._schemas: Mapping[str, Schema] = document["components"]["schemas"]
        self.operations: Sequence[Operation] = [
            Operation(method.upper(), path, description)
            for path, methods in document["paths"].items()
            for method, description in methods.items()
        ]
        places = [one.description for one in self.operations]
        uses = Counter(
            name
            for place in [*places, *self._schemas.values()]
            for name in {*_names_in(place)}
        )
        self._shared: Sequence[str] = sorted(
            name
            for name, schema in self._schemas.items()
            if uses[name] > 1 and "properties" in schema
        )
        """Objects that several parts refer to: each has a section of its own."""

    def page(self) -> str:
        """The whole page as Markdown."""
        return "\n".join([INTRODUCTION, *self._lines()]) + "\n"

    def _lines(self) -> Iterator[str]:
        yield "| route | what it does |\n|---|---|"
        for one in self.operations:
            link = f"[`{one.title}`](#{anchor(one.title)})"
            yield f"| {link} | {one.description['summary'].rstrip('.')} |"
        for one in self.operations:
            yield from self._section(one)
        for name in self._shared:
            schema = self._schemas[name]
            yield f"\n## {name}\n\n{_plain(schema.get('description', ''))}\n"
            yield from _table(self._fields(schema), "field")

    def _section(self, one: Operation) -> Iterator[str]:
        described = one.description
        yield f"\n## {one.title}\n\n{described['summary']}"
        if described["description"]:
            yield f"\n{described['description']}"
        yield f"\n```sh\n{_call(one, self._schemas)}\n```"
        if described["parameters"]:
            yield ""
            yield from _table(
                map(self._parameter, described["parameters"]), "parameter"
            )
        if body := described.get("requestBody"):
            yield from self._content("Body", body["content"])
        refusals = []
        for status, answer in described["responses"].items():
            content = answer.get("content", {})
            if "application/problem+json" in content:
                refusals.append(status)
            else:
                title = f"Answer {status} {answer['description']}"
                yield from self._content(title, content)
        if refusals:
            yield f"\nErrors: {', '.join(refusals)} ([what they mean](api.md#errors))."

    def _content(self, title: str, content: Mapping[str, Schema]) -> Iterator[str]:
        others = [
            f"`{media}`" for media in content if media not in (FORM, "application/json")
        ]
        json, form = content.get("application/json"), content.get(FORM)
        schema = (json or form or {}).get("schema")
        if schema is None:
            media = f": {', '.join(others)}" if others else ", without a body"
            yield f"\n**{title}**{media}."
            return
        name = schema["$ref"].removeprefix(REFERENCE)
        also = f"; or {', '.join(others)}" if others else ""
        also += f", `{FORM}`" if form else ""
        if name in self._shared:
            yield f"\n**{title}**: [{name}](#{anchor(name)}){also}."
            return
        meaning = _plain(self._schemas[name].get("description", ""))
        yield f"\n**{title}**{also}. {meaning}\n"
        yield from _table(self._fields(self._schemas[name]), "field")

    def _fields(self, schema: Schema, path: str = "") -> Iterator[Row]:
        required = schema.get("required", ())
        for name, field in schema.get("properties", {}).items():
            optional = "" if name in required or "default" in field else ", optional"
            kind = f"{self._type(field)}{_bounds(field)}{optional}"
            yield f"{path}{name}", kind, field.get("description", "")
            yield from self._below(field, f"{path}{name}")

    def _below(self, field: Schema, path: str) -> Iterator[Row]:
        """The fields of an object that stands here only."""
        for form in field.get("anyOf", [field]):
            steps, inner = "", form
            while inner.get("type") == "array":
                steps, inner = f"{steps}[]", inner["items"]
            name = inner.get("$ref", "").removeprefix(REFERENCE)
            if name and name not in self._shared:
                yield from self._fields(self._schemas[name], f"{path}{steps}.")

    def _parameter(self, parameter: Schema) -> Row:
        schema = parameter["schema"]
        needed = (
            ", required" if parameter["required"] and parameter["in"] == "query" else ""
        )
        kind = f"{self._type(schema)}{_bounds(schema)}{needed}"
        return (
            parameter["name"],
            f"in the {parameter['in']}; {kind}",
            parameter["description"],
        )

    def _type(self, schema: Schema) -> str:
        if "anyOf" in schema:
            return " or ".join(
                self._type(one) + _bounds(one) for one in schema["anyOf"]
            )
        if "$ref" in schema:
            return self._reference(schema["$ref"].removeprefix(REFERENCE))
        if "enum" in schema or "const" in schema:
            values = schema.get("enum", [schema.get("const")])
            return ", ".join(f"`{value}`" for value in values)
        kind: str = schema.get("type", "anything")
        if kind == "array":
            return f"list of {self._type(schema['items'])}"
        if isinstance(values := schema.get("additionalProperties"), Mapping):
            return f"object of {self._type(values)}"
        return {"date": "date", "date-time": "instant"}.get(
            schema.get("format", ""), kind
        )

    def _reference(self, name: str) -> str:
        schema = self._schemas[name]
        if "enum" in schema:
            return self._type(schema)
        return f"[{name}](#{anchor(name)})" if name in self._shared else "object"


def _names_in(value: object) -> Iterator[str]:
    """Names of the objects that a part of the document refers to itself."""
    if isinstance(value, Mapping) and "$ref" in value:
        yield value["$ref"].removeprefix(REFERENCE)
    if isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _names_in(part)


def _bounds(schema: Schema) -> str:
    words = {"exclusiveMinimum": "above", "minimum": "from", "maximum": "up to"}
    limits = [f"{word} {schema[key]}" for key, word in words.items() if key in schema]
    parts = [" ".join(limits)] if limits else []
    if "maxLength" in schema:
        parts.append(f"at most {schema['maxLength']} characters")
    if schema.get("default") is not None:
        default = orjson.dumps(schema["default"]).decode().strip('"')
        parts.append(f"default `{default}`")
    return "".join(f", {part}" for part in parts)


def _table(rows: Iterator[Row], first: str) -> Iterator[str]:
    yield f"| {first} | type | meaning |\n|---|---|---|"
    for name, kind, meaning in rows:
        yield f"| `{name}` | {kind} | {meaning} |"


def _plain(text: str) -> str:
    return " ".join(text.split())


def _call(one: Operation, schemas: Mapping[str, Schema]) -> str:
    """A request that can be typed, made of the examples in the document."""
    path, query = one.path, list[str]()
    for parameter in one.description["parameters"]:
        example = parameter["schema"].get("examples", [None])[0]
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(example))
        elif parameter["in"] == "query" and example is not None:
            query.append(f"{parameter['name']}={str(example).lower()}")
    method = "" if one.method == "GET" else f"-X {one.method} "
    key = "" if one.description.get("security") == [] else '-H "$AUTH" '
    address = f'"$API{"?".join([path, *(["&".join(query)] if query else [])])}"'
    body = one.description.get("requestBody")
    if body is None:
        return f"curl {method}{key}{address}"
    if FORM in body["content"]:
        return f"curl {method}{key}{address} -F file=@register.csv"
    name = body["content"]["application/json"]["schema"]["$ref"]
    examples = schemas[name.removeprefix(REFERENCE)].get("examples")
    shown = f"'{orjson.dumps(examples[0]).decode()}'" if examples else "@body.json"
    return (
        f"curl {method}{key}{address} \\\n"
        f'  -H "Content-Type: application/json" \\\n  -d {shown}'
    )


def api_reference() -> str:
    """The page as it should be committed."""
    return Reference(openapi_document(ENDPOINTS)).page()


if __name__ == "__main__":
    sys.stdout.write(api_reference())
