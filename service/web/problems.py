"""Errors as problem details (RFC 9457).

A caller's mistake is explained in full. Of a fault of the service the answer only says
that it happened; the log has the rest.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import istr
from pydantic import BaseModel, Field

from service.domain.errors import (
    ConflictError,
    DatabaseBusyError,
    ForgedError,
    InvalidError,
    Mistake,
    NeverRemindsError,
    NotInForceError,
    PermitRemindersError,
    PreconditionError,
    StorageError,
    UnknownError,
)
from service.domain.masked_text import mask_text

MEDIA_TYPE = "application/problem+json"

STATUSES: Mapping[type[PermitRemindersError], HTTPStatus] = {
    InvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotInForceError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NeverRemindsError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownError: HTTPStatus.NOT_FOUND,
    PreconditionError: HTTPStatus.PRECONDITION_FAILED,
    ConflictError: HTTPStatus.CONFLICT,
    ForgedError: HTTPStatus.FORBIDDEN,
}
"""Errors that a caller can correct; any other error is a 500."""

DETAILS: Mapping[int, str] = {
    HTTPStatus.NOT_FOUND: "no such route; /openapi.json lists the routes",
    HTTPStatus.METHOD_NOT_ALLOWED: "the route has no such method; see the Allow header",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body is longer than 64 KiB",
    HTTPStatus.EXPECTATION_FAILED: "the only expectation there is: 100-continue",
    HTTPStatus.INTERNAL_SERVER_ERROR: "the service failed; its log has the details",
    HTTPStatus.SERVICE_UNAVAILABLE: "nothing can be stored now; /readyz says why",
}
"""The detail for a status when no error gives a better one."""

RETRY_AFTER: Final = "10"
"""Seconds after which a request that was answered 503 may be made again."""

BUSY: Final = "others hold the database; make the request again later"

_log = structlog.get_logger("service.web")


class FieldProblem(BaseModel):
    """One wrong value."""

    field: str = Field(description="the name of the field or parameter")
    found: str = Field(description="what was found, phones masked")
    expected: str = Field(description="what is expected")


class Problem(BaseModel):
    """Problem details as in RFC 9457."""

    type: str = Field(default="about:blank", description="always about:blank")
    title: str = Field(description="the status in words")
    status: int = Field(description="the HTTP status again")
    detail: str = Field(description="one line: what, where, what to do")
    errors: list[FieldProblem] = Field(
        default=[], description="every wrong value at once; absent where there is none"
    )


def problem_response(
    status: int,
    detail: str = "",
    mistakes: Sequence[Mistake] = (),
    headers: Mapping[istr, str] | None = None,
) -> web.Response:
    """A response with problem details; `DETAILS` has the default for `detail`.

    Phones are masked in it, wherever a request had them. A 503 says when to make the
    request again.
    """
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers = {**(headers or {}), hdrs.RETRY_AFTER: RETRY_AFTER}
    errors = [
        FieldProblem(field=one.field, found=one.found, expected=one.expected)
        for one in mistakes
    ]
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=mask_text(detail or DETAILS[status]),
        errors=errors,
    )
    text = body.model_dump_json(exclude=None if errors else {"errors"})
    return web.Response(
        status=status, text=text, content_type=MEDIA_TYPE, headers=headers
    )


@web.middleware
async def errors_as_problems(
    request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Turn every error that a handler raises into problem details."""
    try:
        return await handler(request)
    except tuple(STATUSES) as error:
        return _domain_problem(error)
    except web.HTTPException as error:
        return http_problem(error)
    except StorageError as error:
        _log.error("request failed", method=request.method, why=error.in_one_line)
        detail = BUSY if isinstance(error, DatabaseBusyError) else ""
        return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, detail)
    except Exception:  # noqa: BLE001 - it is logged, and its text is not for callers
        _log.exception("request failed", method=request.method)
        return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR)


def _domain_problem(error: PermitRemindersError) -> web.Response:
    status = next(code for kind, code in STATUSES.items() if isinstance(error, kind))
    mistakes = error.mistakes if isinstance(error, InvalidError) else ()
    return problem_response(status, error.in_one_line, mistakes)


def http_problem(error: web.HTTPException) -> web.Response:
    """An error of aiohttp as problem details."""
    allowed = error.headers.get(hdrs.ALLOW)
    return problem_response(
        error.status,
        DETAILS.get(error.status) or error.text or error.reason,
        headers={hdrs.ALLOW: allowed} if allowed else None,
    )
