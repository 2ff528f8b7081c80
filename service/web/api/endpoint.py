"""Typed handlers as routes.

Our own code, because the libraries for aiohttp are unmaintained, write OpenAPI 3.0 or
fail on an optional field. A handler takes the services and, by these names, any of:

- `path`, `query`: models that inherit `Parameters`;
- `body`: `Annotated[JsonObject, Model]`; the model documents it, the domain checks it;
- `form`: `Annotated[MultipartReader, Model]`, a body of files; the function reads it;
- `caller`: the name of the API key;
- `precondition`: what `If-Match` and `If-None-Match` require of what is stored.

It returns a model or a whole response.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from aiohttp import web
from pydantic import BaseModel

from service.domain.errors import InvalidError, Mistake
from service.web.api.preconditions import (
    etag_headers,
    read_precondition,
    refuse_preconditions,
)
from service.web.api.request_input import Parameters, read_json_object, read_parameters
from service.web.api_keys import CALLER
from service.web.request_form import open_form
from service.web.service_key import SERVICES

EndpointFunction = Callable[..., Awaitable[BaseModel | web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A route, and what the OpenAPI document says of it.

    `responses` has the model of each success status, None for an empty body.
    `error_statuses` are those that do not follow from the parameters. `media_types` are
    the forms of a 200 besides JSON. With `etag`, a success shows its
    revision. A `public` endpoint needs no API key.
    """

    method: str
    path: str
    function: EndpointFunction
    responses: Mapping[int, type[BaseModel] | None]
    error_statuses: tuple[int, ...] = ()
    media_types: tuple[str, ...] = ()
    public: bool = False
    etag: bool = False
    parameters: Mapping[str, type[Parameters]] = field(init=False)
    body: type[BaseModel] | None = field(init=False)
    form: type[BaseModel] | None = field(init=False)
    needs_caller: bool = field(init=False)
    takes_precondition: bool = field(init=False)

    def __post_init__(self) -> None:
        hints = get_type_hints(self.function, include_extras=True)
        places = {place: hints[place] for place in ("path", "query") if place in hints}
        object.__setattr__(self, "parameters", places)
        body = hints["body"].__metadata__[0] if "body" in hints else None
        object.__setattr__(self, "body", body)
        form = hints["form"].__metadata__[0] if "form" in hints else None
        object.__setattr__(self, "form", form)
        object.__setattr__(self, "needs_caller", "caller" in hints)
        object.__setattr__(self, "takes_precondition", "precondition" in hints)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Read the parameters and the body, call the function, return its response."""
        given = self._read(request)
        if self.takes_precondition:
            given["precondition"] = read_precondition(request.headers)
        else:
            refuse_preconditions(request.headers)
        if self.body is not None:
            given["body"] = await read_json_object(request)
        if self.form is not None:
            given["form"] = await open_form(request)
        if self.needs_caller:
            given["caller"] = request[CALLER]
        answer = await self.function(request.app[SERVICES], **given)
        return json_reply(answer) if isinstance(answer, BaseModel) else answer

    def _read(self, request: web.Request) -> dict[str, Any]:
        given, mistakes = dict[str, Any](), list[Mistake]()
        for place, raw in (("path", request.match_info), ("query", request.query)):
            model, found = read_parameters(self.parameters.get(place, Parameters), raw)
            mistakes += found
            if place in self.parameters:
                given[place] = model
        if mistakes:
            raise InvalidError("request", mistakes)
        return given


def endpoint(
    method: str,
    path: str,
    responses: Mapping[int, type[BaseModel] | None],
    *,
    error_statuses: tuple[int, ...] = (),
    media_types: tuple[str, ...] = (),
    public: bool = False,
    etag: bool = False,
) -> Callable[[EndpointFunction], Endpoint]:
    """Decorator that makes an `Endpoint` of a handler."""

    def decorate(function: EndpointFunction) -> Endpoint:
        return Endpoint(
            method=method,
            path=path,
            function=function,
            responses=responses,
            error_statuses=error_statuses,
            media_types=media_types,
            public=public,
            etag=etag,
        )

    return decorate


def json_reply(
    model: BaseModel, status: int = 200, revision: str | None = None
) -> web.Response:
    """A JSON response, with its ETag; fields that were never set are left out."""
    return web.Response(
        text=model.model_dump_json(exclude_unset=True, by_alias=True),
        status=status,
        content_type="application/json",
        headers=etag_headers(revision) if revision else None,
    )
