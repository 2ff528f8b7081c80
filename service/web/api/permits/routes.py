"""Permits: putting one, looking it up, withdrawing it, listing them."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web

from service.domain.errors import InvalidError, Mistake, UnknownError
from service.domain.formats.permit_fields import narrow, permit_from
from service.domain.formats.raw import bare, label, shown
from service.domain.lawbook.law import Law
from service.domain.permits.permit import Permit as DomainPermit
from service.flow.permits.register import number_key, register
from service.flow.rows import Register
from service.web.api.endpoint import endpoint, reply
from service.web.api.permits.models import (
    AuthorityQuery,
    PageQuery,
    Permit,
    PermitFields,
    PermitPage,
    PermitPath,
)
from service.web.api.request_input import Json
from service.web.services import Desk

SOURCE = Register("api")
"""A permit put by hand or program never gets stale."""

ONE = "/v1/permits/{rule}/{number}"


@endpoint("PUT", ONE, {200: Permit, 201: Permit}, refusals=(404,))
async def put_permit(
    desk: Desk,
    path: PermitPath,
    query: AuthorityQuery,
    body: Annotated[Json, PermitFields],
) -> web.Response:
    """Register a permit, or change it: 201 where it is new.

    The whole permit is put: a field left out is a field without a value. Reminders
    that no longer hold end, one that is due now is born.
    """
    law = await desk.laws.law()
    law.rule(path.rule)
    if query.authority:
        law.authority(query.authority)
    permit = _permit(body, path, query, _default(desk, law))
    (outcome,) = await register(
        [permit], SOURCE, desk.registration, leave_out_idle=False
    )
    if isinstance(outcome, InvalidError):
        raise outcome
    stored = await _stored(desk, law, permit.authority, path)
    new = outcome == "registered"
    return reply(stored, HTTPStatus.CREATED if new else HTTPStatus.OK)


@endpoint("GET", ONE, {200: Permit}, refusals=(404,))
async def get_permit(desk: Desk, path: PermitPath, query: AuthorityQuery) -> Permit:
    """Show a permit, its phones masked, and what became of its reminders."""
    law = await desk.laws.law()
    office = law.default_authority(query.authority or desk.default_authority)
    return await _stored(desk, law, office.code, path)


@endpoint("DELETE", ONE, {204: None}, refusals=(404,))
async def delete_permit(
    desk: Desk, path: PermitPath, query: AuthorityQuery
) -> web.Response:
    """Withdraw a permit: it stays on record and nothing more is sent for it.

    Put it again as active where that was a mistake.
    """
    law = await desk.laws.law()
    office = law.default_authority(query.authority or desk.default_authority)
    key = number_key(path.number, law.rule(path.rule), desk.vault)
    now = desk.clock.now()
    if not await desk.permits.withdraw(office.code, path.rule, key, now):
        raise UnknownError("permit", label(path.number))
    return web.Response(status=HTTPStatus.NO_CONTENT)


@endpoint("GET", "/v1/permits", {200: PermitPage}, refusals=(404,))
async def list_permits(desk: Desk, query: PageQuery) -> PermitPage:
    """List permits as they were registered, of all offices or one, page by page."""
    law = await desk.laws.law()
    if query.authority:
        law.authority(query.authority)
    if query.rule:
        law.rule(query.rule)
    found = await desk.permits.page(
        query.authority, query.rule, query.after, query.limit + 1
    )
    items = found[: query.limit]
    return PermitPage(
        items=[Permit.model_validate(one) for one in items],
        next=items[-1].id if len(found) > len(items) else None,
    )


async def _stored(desk: Desk, law: Law, authority: str, path: PermitPath) -> Permit:
    key = number_key(path.number, law.rule(path.rule), desk.vault)
    found = await desk.permits.one(authority, path.rule, key)
    if found is None:
        raise UnknownError("permit", label(path.number))
    return Permit.model_validate(found)


def _permit(
    body: Json, path: PermitPath, query: AuthorityQuery, default: str | None
) -> DomainPermit:
    """Join the body with the address, which it may repeat but not contradict."""
    address = path.model_dump() | query.model_dump(exclude_none=True)
    mistakes = [
        Mistake(name, shown(body[name]), f"{label(said)}, as in the address")
        for name, said in address.items()
        if body.get(name) and _plain(body[name]) != said
    ]
    try:
        permit = permit_from({**body, **address}, "permit", default_authority=default)
    except InvalidError as error:
        raise InvalidError(error.where, [*mistakes, *error.mistakes]) from None
    if mistakes:
        raise InvalidError("permit", mistakes)
    return permit


def _plain(found: object) -> str | None:
    return narrow(bare(found)) if isinstance(found, str) else None


def _default(desk: Desk, law: Law) -> str | None:
    try:
        return law.default_authority(desk.default_authority).code
    except UnknownError:
        return None
