"""Parameters and JSON bodies of requests; every mistake in them is reported."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from aiohttp import hdrs, web
from multidict import MultiMapping
from pydantic import BaseModel, ConfigDict, ValidationError

from service.domain.errors import InvalidError, Mistake
from service.domain.untrusted.nesting import MOST_LEVELS, is_too_deep
from service.domain.untrusted.text import (
    safe_name,
    show_field,
    show_private,
)
from service.web.request_body import read_body

JsonObject = Mapping[str, object]
"""A JSON object, not yet checked."""

Model = TypeVar("Model", bound=BaseModel)


class Parameters(BaseModel):
    """Base of the parameters of a path or a query; an unknown name is a mistake.

    An error quotes the description of a field as what was expected.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_parameters(
    model: type[Model], raw: Mapping[str, str]
) -> tuple[Model | None, list[Mistake]]:
    """The parameters as a model, or None and the mistakes in them."""
    twice = list(_repeated_parameters(raw))
    try:
        return model.model_validate(dict(raw)), twice
    except ValidationError as error:
        names = [str(one["loc"][0]) for one in error.errors()]
        return None, twice + [_mistake(model, name, raw) for name in names]


async def read_json_object(request: web.Request) -> JsonObject:
    """Read a body that is a JSON object; the domain checks its fields.

    Raises HTTP errors for another media type, a body that is too long, too slow or not
    JSON, and `InvalidError` for a JSON value that is no object, repeats a field or has
    too many levels.
    """
    if (
        request.content_type != "application/json"
        or hdrs.CONTENT_ENCODING in request.headers
    ):
        raise web.HTTPUnsupportedMediaType(text="send application/json, uncompressed")
    try:
        # Unlike faster parsers, the one of the standard library can see repeated keys.
        found = json.loads(
            (await read_body(request)).decode(),
            object_pairs_hook=_refuse_repeated_fields,
            parse_constant=_refuse_number,
        )
    except (ValueError, RecursionError):
        raise web.HTTPBadRequest(text="the body is not JSON in UTF-8") from None
    if not isinstance(found, Mapping):
        mistake = Mistake("body", show_private(found), "a JSON object")
        raise InvalidError("request", [mistake])
    if is_too_deep(found):
        expected = f"at most {MOST_LEVELS} levels"
        mistake = Mistake("body", "values inside values", expected)
        raise InvalidError("request", [mistake])
    return found


def without_nulls(found: JsonObject) -> JsonObject:
    """The object without nulls at any depth: null counts as absent."""
    return {
        name: _without_null_values(value)
        for name, value in found.items()
        if value is not None
    }


def _without_null_values(value: object) -> object:
    if isinstance(value, Mapping):
        return without_nulls(value)
    return (
        [_without_null_values(one) for one in value]
        if isinstance(value, list)
        else value
    )


def _refuse_repeated_fields(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({safe_name(name) for name in names if names.count(name) > 1})
        mistakes = [Mistake(name, "the field twice", "it once") for name in twice]
        raise InvalidError("request", mistakes)
    return found


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(text)


def _repeated_parameters(given: Mapping[str, str]) -> Iterator[Mistake]:
    if isinstance(given, MultiMapping):
        for name in dict.fromkeys(given):
            if len(given.getall(name)) > 1:
                yield Mistake(safe_name(name), "the parameter twice", "it once")


def _mistake(model: type[BaseModel], name: str, given: Mapping[str, str]) -> Mistake:
    fields = {one.alias or key: one for key, one in model.model_fields.items()}
    if name not in fields:
        known = ", ".join(fields) or "no parameter"
        return Mistake(safe_name(name), "an unknown parameter", f"one of {known}")
    found = show_field(name, given[name]) if name in given else "nothing"
    return Mistake(name, found, str(fields[name].description))
