"""Permits: register, show, withdraw and list them."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web

from service.domain.errors import InvalidError, Mistake, UnknownError
from service.domain.lawbook.law import Law
from service.domain.permits.permit import Permit as DomainPermit
from service.domain.permits.permit_fields import permit_from
from service.domain.permits.permit_number import normalize_number
from service.domain.untrusted.district import DISTRICT_EXPECTED, is_district
from service.domain.untrusted.text import safe_label, show_field
from service.flow.permits.encryption import number_key
from service.flow.permits.find import PermitView
from service.flow.permits.register import API_SOURCE, RegisterSource, register
from service.web.api.authority_scope import requested_authority
from service.web.api.endpoint import endpoint, json_reply
from service.web.api.permits.models import (
    AuthorityQuery,
    Permit,
    PermitFields,
    PermitPage,
    PermitPath,
    PermitsQuery,
)
from service.web.api.preconditions import Precondition
from service.web.api.request_input import JsonObject
from service.web.services import Services

SOURCE = RegisterSource(API_SOURCE, is_register=False)
"""The source of permits put over the API; it never becomes stale."""

PERMIT_PATH = "/v1/permits/{rule}/{number}"


@endpoint(
    "PUT", PERMIT_PATH, {200: Permit, 201: Permit}, error_statuses=(404,), etag=True
)
async def put_permit(
    services: Services,
    path: PermitPath,
    query: AuthorityQuery,
    body: Annotated[JsonObject, PermitFields],
    precondition: Precondition,
) -> web.Response:
    """Register a permit, or change it: 201 if it is new.

    The body is the whole permit: a field that is left out has no value. A renewal is a
    later `expires_on`. Reminders that no longer hold end, and one whose step is current
    becomes due. The number is stored as one types it: without full-width characters,
    typographic dashes, invisible marks and what a spreadsheet put around it. In the
    address a `/` is written `%2F`.
    """
    law = await services.law_store.current_law()
    law.rule(path.rule)
    if query.authority:
        law.authority(query.authority)
    permit = _read_permit(body, path, query, _default_authority(services, law))
    (outcome,) = await register(
        [permit],
        SOURCE,
        services.register_deps,
        skip_idle=False,
        check=precondition.check,
    )
    if isinstance(outcome, InvalidError):
        raise outcome
    stored = await _stored_permit(services, law, permit.authority, path)
    status = HTTPStatus.CREATED if outcome == "registered" else HTTPStatus.OK
    return _permit_reply(stored, status)


@endpoint("GET", PERMIT_PATH, {200: Permit}, error_statuses=(404,), etag=True)
async def get_permit(
    services: Services, path: PermitPath, query: AuthorityQuery
) -> web.Response:
    """Show a permit, its phones masked, and the state of each of its reminders."""
    law, office = await requested_authority(services, query.authority)
    return _permit_reply(await _stored_permit(services, law, office.code, path))


@endpoint("DELETE", PERMIT_PATH, {204: None}, error_statuses=(404,))
async def delete_permit(
    services: Services,
    path: PermitPath,
    query: AuthorityQuery,
    precondition: Precondition,
) -> web.Response:
    """Withdraw a permit: it stays on record and nothing more is sent for it.

    If that was a mistake, put it again as `active`.
    """
    law, office = await requested_authority(services, query.authority)
    key = number_key(path.number, law.rule(path.rule), services.vault)
    now = services.clock.now()
    store = services.register_deps.store
    if not await store.withdraw(
        office.code, path.rule, key, now, check=precondition.check
    ):
        raise UnknownError("permit", safe_label(path.number))
    return web.Response(status=HTTPStatus.NO_CONTENT)


@endpoint("GET", "/v1/permits", {200: PermitPage}, error_statuses=(404,))
async def list_permits(services: Services, query: PermitsQuery) -> PermitPage:
    """List permits in the order of registration, page by page."""
    law = await services.law_store.current_law()
    if query.authority:
        law.authority(query.authority)
    if query.rule:
        law.rule(query.rule)
    found = await services.permit_reader.page(
        *(query.authority, query.rule, query.after, query.limit + 1),
        district=query.district,
    )
    return PermitPage.from_rows(found, query.limit)


async def _stored_permit(
    services: Services, law: Law, authority: str, path: PermitPath
) -> PermitView:
    key = number_key(path.number, law.rule(path.rule), services.vault)
    found = await services.permit_reader.get(authority, path.rule, key)
    if found is None:
        raise UnknownError("permit", safe_label(path.number))
    return found


def _permit_reply(
    stored: PermitView, status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    return json_reply(Permit.model_validate(stored), status, stored.revision)


def _read_permit(
    body: JsonObject, path: PermitPath, query: AuthorityQuery, default: str | None
) -> DomainPermit:
    """The permit of a body and its address; the body may repeat the address."""
    address = path.model_dump() | query.model_dump(exclude_none=True)
    mistakes = [
        Mistake(
            name,
            show_field(name, body[name]),
            f"{safe_label(value)}, as in the address",
        )
        for name, value in address.items()
        if body.get(name) and _normalize(body[name]) != value
    ]
    try:
        permit = permit_from({**body, **address}, "permit", default_authority=default)
    except InvalidError as error:
        raise InvalidError(error.where, [*mistakes, *error.mistakes]) from None
    if permit.district and not is_district(permit.district):
        shown = show_field("district", permit.district)
        mistakes.append(Mistake("district", shown, DISTRICT_EXPECTED))
    if mistakes:
        raise InvalidError("permit", mistakes)
    return permit


def _normalize(found: object) -> str | None:
    return normalize_number(found) if isinstance(found, str) else None


def _default_authority(services: Services, law: Law) -> str | None:
    try:
        return law.default_authority(services.default_authority).code
    except UnknownError:
        return None
