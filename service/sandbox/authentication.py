"""HTTP Basic authentication of the API, and refusals as Twilio's JSON."""

import hmac
from functools import partial
from http import HTTPStatus

import aiohttp
import orjson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from service.sandbox.account import Account
from service.sandbox.refusals import RefusedError

json_response = partial(web.json_bytes_response, dumps=orjson.dumps)
_CODES = {404: 20404, 405: 20004}


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a refusal, or an unknown path or method, with Twilio's JSON."""
    try:
        return await handler(request)
    except RefusedError as error:
        return refusal_response(error)
    except web.HTTPClientError as error:
        return refusal_response(
            RefusedError(_CODES.get(error.status, 20001), request.path)
        )


def refusal_response(refused: RefusedError) -> web.Response:
    """Return the HTTP response of a refusal."""
    unauthorized = refused.status == HTTPStatus.UNAUTHORIZED
    headers = {"WWW-Authenticate": "Basic"} if unauthorized else None
    return json_response(refused.body(), status=refused.status, headers=headers)


def authenticate(account: Account) -> Middleware:
    """Require HTTP Basic with the account's SID and token, and its own resources."""
    expected = aiohttp.encode_basic_auth(account.sid, account.auth_token).encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="replace")
        if not hmac.compare_digest(given, expected):
            raise RefusedError(20003)
        if request.match_info.get("account", account.sid) != account.sid:
            raise RefusedError(20404, request.path)
        return await handler(request)

    return check
