"""The OpenAPI 3.1 document, made from the endpoints."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from aiohttp import hdrs
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from service import __version__
from service.web.api.endpoint import Endpoint
from service.web.api.preconditions import HEADERS
from service.web.problems import MEDIA_TYPE, Problem

SchemaKey = tuple[type[BaseModel], JsonSchemaMode]
Schemas = Mapping[SchemaKey, Mapping[str, Any]]

_REF = "#/components/schemas/{model}"


_ETAG: Mapping[str, Any] = {
    "description": "the revision of what can be changed; for If-Match",
    "required": True,
    "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
}


class _Untitled(GenerateJsonSchema):
    """Schemas without a title on every field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - pydantic's
        return False


def openapi_document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Describe the endpoints in OpenAPI 3.1."""
    keys = list(dict.fromkeys(_schema_keys(endpoints)))
    generated, definitions = models_json_schema(
        keys, ref_template=_REF, schema_generator=_Untitled
    )
    schemas = {key: generated[key] for key in keys}
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "permit-reminders", "version": __version__},
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schema_keys(endpoints: Sequence[Endpoint]) -> Iterator[SchemaKey]:
    yield Problem, "validation"
    for one in endpoints:
        yield from (
            (model, "serialization") for model in one.responses.values() if model
        )
        if one.body:
            yield one.body, "validation"
        if one.form:
            yield one.form, "validation"


def _operation(one: Endpoint, schemas: Schemas) -> dict[str, Any]:
    summary, _, description = (getdoc(one.function) or "").partition("\n")
    operation: dict[str, Any] = {
        "operationId": one.function.__name__,
        "summary": summary,
        "description": description.strip(),
        "parameters": list(_parameters(one)),
        "responses": dict(_responses(one, schemas)),
    }
    if one.body:
        content = {"application/json": {"schema": schemas[one.body, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    if one.form:
        content = {"multipart/form-data": {"schema": schemas[one.form, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    if one.public:
        operation["security"] = []
    return operation


def _parameters(one: Endpoint) -> Iterator[dict[str, Any]]:
    for place, model in one.parameters.items():
        whole = model.model_json_schema(schema_generator=_Untitled)
        for name, described in whole["properties"].items():
            description = described.pop("description")
            # An absent parameter is None in our model, but a caller cannot send null.
            schema = described["anyOf"][0] if "anyOf" in described else described
            yield {
                "name": name,
                "in": place,
                "required": name in whole.get("required", ()),
                "description": description,
                "schema": schema,
            }

    for header, description in HEADERS.items() if one.takes_precondition else ():
        yield {
            "name": str(header),
            "in": "header",
            "required": False,
            "description": description,
            "schema": {"type": "string", "examples": ["*"]},
        }


def _responses(one: Endpoint, schemas: Schemas) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, model in one.responses.items():
        response: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        content: dict[str, Any] = {
            media: {"schema": {"type": "string"}} for media in one.media_types
        }
        if model:
            schema = schemas[model, "serialization"]
            content = {"application/json": {"schema": schema}, **content}
        if content:
            response["content"] = content
        if one.etag:
            response["headers"] = {str(hdrs.ETAG): _ETAG}
        yield str(status), response
    for status in sorted(_error_statuses(one)):
        content = {MEDIA_TYPE: {"schema": schemas[Problem, "validation"]}}
        description = HTTPStatus(status).phrase
        yield str(status), {"description": description, "content": content}


def _error_statuses(one: Endpoint) -> set[int]:
    statuses = set(one.error_statuses)
    if not one.public:
        statuses |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE}
    if one.takes_precondition:
        statuses.add(HTTPStatus.PRECONDITION_FAILED)
    if one.parameters or one.body or one.form:
        statuses.add(HTTPStatus.UNPROCESSABLE_ENTITY)
    if one.body or one.form:
        statuses |= {
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        }
    return statuses
