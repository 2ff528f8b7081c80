"""The inbox: texts to us that nothing here understood. Phones are masked."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web

from service.flow.sending.outcomes.inbox import InboxDecision, decide_text, read_inbox
from service.web.api.authority_scope import offices_below
from service.web.api.endpoint import endpoint
from service.web.api.inbox.models import InboxPage, InboxQuery, TextPath
from service.web.api.messages.models import ReasonFields
from service.web.api.request_input import JsonObject
from service.web.services import Services

INBOX_PATH = "/v1/inbox"


@endpoint("GET", INBOX_PATH, {200: InboxPage}, error_statuses=(404,))
async def list_inbox(services: Services, query: InboxQuery) -> InboxPage:
    """List texts to us that were not understood and wait for a person, oldest first.

    A text leaves the list once somebody has opted its phone out or handled it.
    """
    offices = offices_below(await services.law_store.current_law(), query.authority)
    found = await read_inbox(offices, query.after, query.limit + 1, services.inbox_deps)
    return InboxPage.from_rows(found, query.limit)


@endpoint(
    "POST", f"{INBOX_PATH}/{{id}}/opt-out", {204: None}, error_statuses=(404, 409)
)
async def opt_out_sender(
    services: Services,
    path: TextPath,
    body: Annotated[JsonObject, ReasonFields],
    caller: str,
) -> web.Response:
    """Decide that a text asks for no more texts: its phone is opted out.

    Reminders due to it end. 409 if the text is not in the inbox any more, or if its
    phone was not stored: an earlier release left out phones that no register had.
    """
    return await _decide(services, path, InboxDecision.OPT_OUT, body, caller)


@endpoint(
    "POST", f"{INBOX_PATH}/{{id}}/handled", {204: None}, error_statuses=(404, 409)
)
async def handle_text(
    services: Services,
    path: TextPath,
    body: Annotated[JsonObject, ReasonFields],
    caller: str,
) -> web.Response:
    """Take a text out of the inbox, because somebody has read and answered it.

    409 if it is not in the inbox any more.
    """
    return await _decide(services, path, InboxDecision.HANDLED, body, caller)


async def _decide(
    services: Services,
    path: TextPath,
    decision: InboxDecision,
    request: JsonObject,
    by: str,
) -> web.Response:
    await decide_text(path.id, decision, request, services.inbox_deps, via="api", by=by)
    return web.Response(status=HTTPStatus.NO_CONTENT)
