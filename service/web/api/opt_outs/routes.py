"""Opt-outs of phones. Phone numbers are sent in bodies, never in an address."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web

from service.domain.delivery.operator_request import MAX_REASON_LENGTH
from service.domain.errors import InvalidError
from service.domain.untrusted.raw_fields import RawFields
from service.domain.untrusted.text import safe_name, show_field
from service.flow.permits.opt_outs import lift_opt_out, opt_out
from service.web.api.authority_scope import requested_authority
from service.web.api.endpoint import endpoint, json_reply
from service.web.api.opt_outs.models import (
    OptOut,
    OptOutFields,
    OptOutPage,
    OptOutsQuery,
)
from service.web.api.permits.models import AuthorityQuery
from service.web.api.request_input import JsonObject
from service.web.services import Services

OPT_OUTS_PATH = "/v1/opt-outs"


@endpoint("GET", OPT_OUTS_PATH, {200: OptOutPage})
async def list_opt_outs(services: Services, query: OptOutsQuery) -> OptOutPage:
    """List the phones that have opted out, each masked, page by page.

    An opt-out holds for every office and every register.
    """
    found = await services.opt_out_deps.store.page(query.after, query.limit + 1)
    return OptOutPage.from_rows(found, query.limit)


@endpoint("PUT", OPT_OUTS_PATH, {200: OptOut, 201: OptOut}, error_statuses=(404,))
async def put_opt_out(
    services: Services,
    query: AuthorityQuery,
    body: Annotated[JsonObject, OptOutFields],
    caller: str,
) -> web.Response:
    """Opt a phone out: 201 if that is new.

    Reminders due to it end. No register has to know the phone yet.
    """
    phone, reason = _read_opt_out(body)
    opted_out, new = await opt_out(
        phone,
        await _office_code(services, query),
        services.opt_out_deps,
        via="api",
        by=caller,
        reason=reason,
    )
    status = HTTPStatus.CREATED if new else HTTPStatus.OK
    return json_reply(OptOut.model_validate(opted_out), status)


@endpoint("DELETE", OPT_OUTS_PATH, {204: None}, error_statuses=(404, 409))
async def delete_opt_out(
    services: Services,
    query: AuthorityQuery,
    body: Annotated[JsonObject, OptOutFields],
    caller: str,
) -> web.Response:
    """Lift an opt-out, because the phone's holder has asked for texts again.

    Reminders to it that are still current are reopened. 409 if it has not opted out. A
    provider that blocks the phone by itself does so until its holder texts START.
    """
    phone, reason = _read_opt_out(body)
    office = await _office_code(services, query)
    await lift_opt_out(phone, office, services.opt_out_deps, by=caller, reason=reason)
    return web.Response(status=HTTPStatus.NO_CONTENT)


def _read_opt_out(body: JsonObject) -> tuple[str, str | None]:
    raw = RawFields(body)
    found = body.get("phone") or None
    phones = [*raw.phones("phone")] if isinstance(found, str) else []
    reason = raw.text("reason", MAX_REASON_LENGTH)
    if len(phones) != 1 and not raw.mistakes:
        shown = f"{len(phones)} numbers" if phones else show_field("phone", found)
        raw.add_mistake("phone", shown if found else "nothing", "one number, as text")
    for name in body.keys() - OptOutFields.model_fields.keys():
        raw.add_mistake(safe_name(name), "an unknown field", "phone or reason")
    if raw.mistakes:
        raise InvalidError("opt-out", raw.mistakes)
    return phones[0], reason


async def _office_code(services: Services, query: AuthorityQuery) -> str:
    _, office = await requested_authority(services, query.authority)
    return office.code
