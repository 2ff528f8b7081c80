"""Authorities: list them, show one with its permit types, install one."""

from asyncio import to_thread
from http import HTTPStatus
from operator import attrgetter
from typing import Annotated

from aiohttp import web

from service.domain.errors import InvalidError, Mistake
from service.domain.law.authority import Authority as DomainAuthority
from service.domain.law_change.edits import AuthoritiesEdit
from service.domain.lawbook.documents import authority_to_dict
from service.domain.lawbook.law import Law
from service.domain.lawbook.revisions import authority_revision
from service.domain.templates.office_texts import find_long_office_texts
from service.domain.untrusted.text import safe_label, show_private
from service.flow.office.status import TypeStatus as DomainStage
from service.flow.office.status import get_office_status
from service.formats.authority import parse_authority
from service.web.api.authorities.models import (
    AuthoritiesQuery,
    Authority,
    AuthorityBody,
    AuthorityPage,
    AuthorityPath,
    AuthoritySummary,
    Stage,
)
from service.web.api.endpoint import endpoint, json_reply
from service.web.api.law_change.answer import preview_or_apply, to_impact
from service.web.api.law_change.models import ChangeQuery, Impact
from service.web.api.preconditions import Precondition
from service.web.api.request_input import JsonObject, without_nulls
from service.web.services import Services

AUTHORITY_PATH = "/v1/authorities/{code}"


@endpoint("GET", "/v1/authorities", {200: AuthorityPage})
async def list_authorities(
    services: Services, query: AuthoritiesQuery
) -> AuthorityPage:
    """List the authorities by their codes, each with the one above it."""
    known = (await services.law_store.current_law()).authorities
    codes = [code for code in sorted(known) if code > (query.after or "")]
    rows = [
        AuthoritySummary.model_validate(
            {"parent": None, **authority_to_dict(known[code])}
        )
        for code in codes[: query.limit + 1]
    ]
    return AuthorityPage.from_rows(rows, query.limit, attrgetter("code"))


@endpoint("GET", AUTHORITY_PATH, {200: Authority}, error_statuses=(404,), etag=True)
async def get_authority(services: Services, path: AuthorityPath) -> web.Response:
    """Show an authority: its settings, which one sends for it, and its permit types.

    Going live is a command: `permit-reminders authorities live`.
    """
    law = await services.law_store.current_law()
    found = await get_office_status(path.code, services.go_live_deps)
    shown = Authority.model_validate(
        {
            "parent": None,
            **authority_to_dict(found.office),
            "sender": found.sender,
            "staff": found.staff_count,
            "rules": [_stage(one) for one in found.types],
        }
    )
    return json_reply(shown, revision=authority_revision(law, path.code))


@endpoint("PUT", AUTHORITY_PATH, {200: Impact, 201: Impact}, error_statuses=(404, 409))
async def put_authority(
    services: Services,
    path: AuthorityPath,
    query: ChangeQuery,
    body: Annotated[JsonObject, AuthorityBody],
    *,
    caller: str,
    precondition: Precondition,
) -> web.Response:
    """Install an authority, or replace its settings: 201 if it is new.

    Permits registered with it, and with those below it, are dated by the new settings
    in the same transaction. A `parent` is installed before those below it.
    """
    law = await services.law_store.current_law()
    edit = AuthoritiesEdit([_read_authority(without_nulls(body), path, law)])

    def check(before: Law) -> None:
        precondition.check(authority_revision(before, path.code))

    objections = await _find_long_texts(services, edit, law)
    changed = await preview_or_apply(
        services, edit, query, caller, check=check, objections=objections
    )
    new = path.code not in law.authorities and not query.dry_run
    status = HTTPStatus.CREATED if new else HTTPStatus.OK
    return json_reply(to_impact(changed, edit, query), status)


async def _find_long_texts(
    services: Services, edit: AuthoritiesEdit, law: Law
) -> list[str]:
    """In a thread, because it renders every text of the office."""
    templates = await services.templates.current(law.digest)
    found = find_long_office_texts(edit.authorities, law, templates.render_sms)
    return await to_thread(list, found)


def _read_authority(body: JsonObject, path: AuthorityPath, law: Law) -> DomainAuthority:
    mistakes = []
    if body.get("code", path.code) != path.code:
        expected = f"{safe_label(path.code)}, as in the address"
        mistakes.append(Mistake("code", show_private(body["code"]), expected))
    try:
        office = parse_authority(
            {**body, "code": path.code},
            "authority",
            calendars=law.calendars,
            installed=law.authorities,
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
