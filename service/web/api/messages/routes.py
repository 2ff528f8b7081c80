"""Messages: list them, show one, decide an unknown outcome."""

from typing import Annotated

from service.flow.reports.message_views import MessageFilter
from service.flow.sending.outcomes.resolve import Decision, resolve
from service.web.api.authority_scope import offices_below
from service.web.api.endpoint import endpoint
from service.web.api.messages.models import (
    MessageDetails,
    MessagePage,
    MessagePath,
    MessagesQuery,
    ReasonFields,
)
from service.web.api.request_input import JsonObject
from service.web.services import Services

MESSAGE_PATH = "/v1/messages/{id}"


@endpoint("GET", "/v1/messages", {200: MessagePage}, error_statuses=(404,))
async def list_messages(services: Services, query: MessagesQuery) -> MessagePage:
    """List messages in the order in which they were claimed, page by page."""
    law = await services.law_store.current_law()
    wanted = MessageFilter(query.state, offices_below(law, query.authority), query.open)
    found = await services.message_reader.page(wanted, query.after, query.limit + 1)
    return MessagePage.from_rows(found, query.limit)


@endpoint("GET", MESSAGE_PATH, {200: MessageDetails}, error_statuses=(404,))
async def get_message(services: Services, path: MessagePath) -> MessageDetails:
    """Show everything that is stored about a message, its phone masked."""
    return MessageDetails.model_validate(await services.message_reader.get(path.id))


@endpoint(
    "POST",
    f"{MESSAGE_PATH}/resend",
    {200: MessageDetails},
    error_statuses=(404, 409),
)
async def resend_message(
    services: Services,
    path: MessagePath,
    body: Annotated[JsonObject, ReasonFields],
    caller: str,
) -> MessageDetails:
    """Decide that an unknown message was not accepted: its reminders are due again.

    What is still current goes out in a new message. 409 if the message is not for a
    person to decide, or not yet: `detail` says from when.
    """
    return await _decide(services, path, Decision.RESEND, body, caller)


@endpoint(
    "POST",
    f"{MESSAGE_PATH}/give-up",
    {200: MessageDetails},
    error_statuses=(404, 409),
)
async def give_up_message(
    services: Services,
    path: MessagePath,
    body: Annotated[JsonObject, ReasonFields],
    caller: str,
) -> MessageDetails:
    """Decide not to send an unknown message again: its reminders have failed.

    If a signed callback proves later that it was accepted, that counts. 409 if the
    message is not for a person to decide, or not yet: `detail` says from when.
    """
    return await _decide(services, path, Decision.GIVE_UP, body, caller)


async def _decide(
    services: Services,
    path: MessagePath,
    decision: Decision,
    request: JsonObject,
    by: str,
) -> MessageDetails:
    await resolve(path.id, decision, request, services.resolve_deps, by)
    return MessageDetails.model_validate(await services.message_reader.get(path.id))
