"""The public surface of the web: routes, and what they take and answer."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from service.flow.sending.provider import Provider
from service.web.api.openapi import openapi_document
from service.web.application import ENDPOINTS, application
from service.web.problems import MEDIA_TYPE
from service.web.services import Services
from service.web.webhooks import PATH, TAKE_BY_KIND
from tests.surface.schema_lines import Schema, schema_lines

DOCUMENT: Final = openapi_document(ENDPOINTS)
SCHEMAS: Final = DOCUMENT["components"]["schemas"]

Operation = Mapping[str, Any]


def route_lines() -> Iterator[str]:
    """Every path that is served, documented or not, with its methods."""
    methods = defaultdict[str, set[str]](set)
    for route in application(
        cast("Services", None), cast("Provider", None)
    ).router.routes():
        assert route.resource is not None
        methods[route.resource.canonical].add(route.method)
    for path, found in methods.items():
        yield f"{path}: {', '.join(sorted(found))}"
    for kind in TAKE_BY_KIND:
        yield f"{PATH} kind: {kind}"


def operation_lines() -> Iterator[str]:
    """Parameters, bodies and answers of every operation of the OpenAPI document."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            for line in _operation(operation):
                yield f"{path} {method.upper()} {line}"


def problem_lines() -> Iterator[str]:
    """The body of refusals, which operations only mention by its media type."""
    bodies = {
        content[MEDIA_TYPE]["schema"]["$ref"]
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
        for answer in operation["responses"].values()
        if MEDIA_TYPE in (content := answer.get("content", {}))
    }
    for body in bodies:
        for line in _value(MEDIA_TYPE, {"$ref": body}):
            yield f"body{line}"


def component_lines() -> Iterator[str]:
    """The names of schemas, which generated clients use for their types."""
    yield from SCHEMAS


def _operation(operation: Operation) -> Iterator[str]:
    yield f"operationId: {operation['operationId']}"
    yield f"key: {'not needed' if operation.get('security') == [] else 'needed'}"
    for one in operation["parameters"]:
        suffix = ", required" if one["required"] else ""
        for path, text in schema_lines(one["schema"], SCHEMAS, suffix=suffix):
            yield f"{one['in']} {one['name']}{path}: {text}"
    if body := operation.get("requestBody"):
        suffix = ", required" if body["required"] else ""
        for media, content in body["content"].items():
            for line in _value(media, content["schema"], suffix):
                yield f"body{line}"
    yield from _answers(operation["responses"])


def _answers(responses: Mapping[str, Operation]) -> Iterator[str]:
    """Every answer; statuses that share a body share its lines."""
    statuses = defaultdict[tuple[str, ...], list[str]](list)
    for status, answer in responses.items():
        content = answer.get("content", {})
        for media, form in content.items():
            lines = [f": {media}"]
            if media != MEDIA_TYPE:
                lines = list(_value(media, form["schema"]))
            statuses[tuple(lines)].append(status)
        if not content:
            statuses[": without a body",].append(status)
    for body, found in statuses.items():
        for line in body:
            yield f"{','.join(sorted(found))}{line}"


def _value(media: str, schema: Schema, suffix: str = "") -> Iterator[str]:
    """Describe a body, its media type first, and the values inside it by their path."""
    for path, text in schema_lines(schema, SCHEMAS, suffix=suffix):
        yield f" {path}: {text}" if path else f": {media} {text}"
