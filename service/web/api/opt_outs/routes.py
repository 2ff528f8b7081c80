"""Opt-outs: phones that are texted no more. A number is never in an address."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from service.domain.errors import InvalidError
from service.domain.formats.operator_request import LONGEST_REASON
from service.domain.formats.raw import Raw, label, shown
from service.flow.permits.opt_outs import Via, lift, opt_out
from service.web.api.endpoint import endpoint, reply
from service.web.api.parameter_types import LONGEST, Cursor, Limit
from service.web.api.permits.models import AuthorityQuery
from service.web.api.request_input import Json, Parameters
from service.web.services import Desk

WHERE = "/v1/opt-outs"


class OptOutFields(BaseModel):
    """Which phone, and why; null and an empty text count as absent."""

    model_config = ConfigDict(extra="forbid")

    phone: str = Field(min_length=1, max_length=LONGEST, examples=["+12125550142"])
    reason: str | None = Field(default=None, max_length=LONGEST_REASON)


class OptOut(BaseModel):
    """A phone that is texted no more."""

    model_config = ConfigDict(from_attributes=True)

    phone: str = Field(description="masked")
    since: datetime
    via: Via = Field(
        description="a text to us, a provider that refuses to text, the API, a command"
    )


class OptOutPage(BaseModel):
    """Opt-outs in the order in which their phones became known."""

    items: list[OptOut]
    next: str | None = Field(description="`after` of the next page; null on the last")


class OptOutsQuery(Parameters):
    """How many at once."""

    after: Cursor | None = Field(default=None, description="`next` of the page before")
    limit: Limit = 100


@endpoint("GET", WHERE, {200: OptOutPage})
async def list_opt_outs(desk: Desk, query: OptOutsQuery) -> OptOutPage:
    """List the phones that are texted no more, each masked, page by page."""
    found = await desk.consent.store.page(query.after, query.limit + 1)
    items = found[: query.limit]
    return OptOutPage(
        items=[OptOut.model_validate(one) for one in items],
        next=items[-1].id if len(found) > len(items) else None,
    )


@endpoint("PUT", WHERE, {200: OptOut, 201: OptOut}, refusals=(404,))
async def put_opt_out(
    desk: Desk,
    query: AuthorityQuery,
    body: Annotated[Json, OptOutFields],
    caller: str,
) -> web.Response:
    """Text a phone no more: 201 where that is new.

    What is due to it ends. No register has to know the phone yet.
    """
    phone, reason = _read(body)
    made, new = await opt_out(
        phone,
        await _office(desk, query),
        desk.consent,
        via="api",
        by=caller,
        reason=reason,
    )
    status = HTTPStatus.CREATED if new else HTTPStatus.OK
    return reply(OptOut.model_validate(made), status)


@endpoint("DELETE", WHERE, {204: None}, refusals=(404, 409))
async def delete_opt_out(
    desk: Desk,
    query: AuthorityQuery,
    body: Annotated[Json, OptOutFields],
    caller: str,
) -> web.Response:
    """Text a phone again, as its holder has asked.

    What is current for it is reopened. 409 where it has not opted out.
    """
    phone, reason = _read(body)
    office = await _office(desk, query)
    await lift(phone, office, desk.consent, by=caller, reason=reason)
    return web.Response(status=HTTPStatus.NO_CONTENT)


def _read(body: Json) -> tuple[str, str | None]:
    raw = Raw(body)
    found = body.get("phone") or None
    phones = raw.phones("phone") if isinstance(found, str) else ()
    reason = raw.text("reason", LONGEST_REASON)
    if len(phones) != 1 and not raw.mistakes:
        told = f"{len(phones)} numbers" if phones else shown(found)
        raw.wrong("phone", told if found else "nothing", "one number, as text")
    for name in body.keys() - OptOutFields.model_fields.keys():
        raw.wrong(label(name), "an unknown field", "phone or reason")
    if raw.mistakes:
        raise InvalidError("opt-out", raw.mistakes)
    return phones[0], reason


async def _office(desk: Desk, query: AuthorityQuery) -> str:
    law = await desk.laws.law()
    return law.default_authority(query.authority or desk.default_authority).code
