"""Authorities: the tree, its settings, and what each of them reminds of."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web

from service.domain.errors import InvalidError, Mistake
from service.domain.formats.authority_file import authority_from, authority_to
from service.domain.formats.raw import label, shown
from service.domain.law.authority import Authority as DomainAuthority
from service.domain.law_change.edits import Offices
from service.domain.lawbook.law import Law
from service.flow.office.status import Stage as DomainStage
from service.flow.office.status import stand
from service.web.api.authorities.models import (
    AuthoritiesQuery,
    Authority,
    AuthorityFields,
    AuthorityPage,
    AuthorityPath,
    AuthoritySummary,
    Stage,
)
from service.web.api.endpoint import endpoint, reply
from service.web.api.law_change.models import ChangeQuery, Impact, impact, make
from service.web.api.request_input import Json, without_nulls
from service.web.services import Desk

ONE = "/v1/authorities/{code}"


@endpoint("GET", "/v1/authorities", {200: AuthorityPage})
async def list_authorities(desk: Desk, query: AuthoritiesQuery) -> AuthorityPage:
    """List the authorities, each with the one above it."""
    known = (await desk.laws.law()).authorities
    codes = [code for code in sorted(known) if code > (query.after or "")]
    items = [
        AuthoritySummary.model_validate({"parent": None, **authority_to(known[code])})
        for code in codes[: query.limit]
    ]
    return AuthorityPage(
        items=items, next=items[-1].code if len(codes) > len(items) else None
    )


@endpoint("GET", ONE, {200: Authority}, refusals=(404,))
async def get_authority(desk: Desk, path: AuthorityPath) -> Authority:
    """Show an authority: its settings, who sends for it, how permit types stand."""
    found = await stand(path.code, desk.going_live)
    return Authority.model_validate(
        {
            "parent": None,
            **authority_to(found.office),
            "sender": found.sender,
            "staff": found.staff,
            "rules": [_stage(one) for one in found.stages],
        }
    )


@endpoint("PUT", ONE, {200: Impact, 201: Impact}, refusals=(404, 409))
async def put_authority(
    desk: Desk,
    path: AuthorityPath,
    query: ChangeQuery,
    body: Annotated[Json, AuthorityFields],
    caller: str,
) -> web.Response:
    """Install an authority, or replace what was known of it: 201 where it is new.

    Permits registered with it, and with those below it, are dated by the new settings
    in the same transaction.
    """
    law = await desk.laws.law()
    edit = Offices([_office(without_nulls(body), path, law)])
    changed = await make(desk, edit, query, caller)
    new = path.code not in law.authorities and not query.dry_run
    status = HTTPStatus.CREATED if new else HTTPStatus.OK
    return reply(impact(changed, edit, query), status)


def _office(body: Json, path: AuthorityPath, law: Law) -> DomainAuthority:
    mistakes = []
    if body.get("code", path.code) != path.code:
        expected = f"{label(path.code)}, as in the address"
        mistakes.append(Mistake("code", shown(body["code"]), expected))
    try:
        office = authority_from(
            {**body, "code": path.code},
            "authority",
            calendars=law.calendars,
            known=law.authorities,
        )
    except InvalidError as error:
        raise InvalidError(error.where, [*mistakes, *error.mistakes]) from None
    if mistakes:
        raise InvalidError("authority", mistakes)
    return office


def _stage(one: DomainStage) -> Stage:
    start = one.started
    return Stage(
        rule=one.rule,
        state=one.state,
        since=start.since if start else None,
        approved_by=start.approved_by if start else None,
        catch_up_days=start.catch_up_days if start else 0,
        hindrance=one.hindrance,
    )
