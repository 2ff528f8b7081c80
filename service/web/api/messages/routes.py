"""Messages: listing them, looking one up, deciding on an unknown outcome."""

from typing import Annotated

from service.flow.reports.message_views import MessageFilter
from service.flow.sending.resolve import Decision, resolve
from service.web.api.authority_scope import offices_below
from service.web.api.endpoint import endpoint
from service.web.api.messages.models import (
    Message,
    MessageDetailsModel,
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
    """List messages in the order of their claims, page by page."""
    law = await services.law_store.current_law()
    wanted = MessageFilter(query.state, offices_below(law, query.authority), query.open)
    found = await services.message_reader.page(wanted, query.after, query.limit + 1)
    items = found[: query.limit]
    return MessagePage(
        items=[Message.model_validate(one) for one in items],
        next=items[-1].id if len(found) > len(items) else None,
    )


@endpoint("GET", MESSAGE_PATH, {200: MessageDetailsModel}, error_statuses=(404,))
async def get_message(services: Services, path: MessagePath) -> MessageDetailsModel:
    """Show everything that is stored about a message, its phone masked."""
    return MessageDetailsModel.model_validate(
        await services.message_reader.get(path.id)
    )


@endpoint(
    "POST",
    f"{MESSAGE_PATH}/resend",
    {200: MessageDetailsModel},
    error_statuses=(404, 409),
)
async def resend_message(
    services: Services,
    path: MessagePath,
    body: Annotated[JsonObject, ReasonFields],
    caller: str,
) -> MessageDetailsModel:
    """Decide that an unknown message was not accepted: its reminders are due again.

    What is still current goes out in a new message. 409 if the message is not for a
    person to decide, or not yet: `detail` says from when.
    """
    return await _decide(services, path, Decision.RESEND, body, caller)


@endpoint(
    "POST",
    f"{MESSAGE_PATH}/give-up",
    {200: MessageDetailsModel},
    error_statuses=(404, 409),
)
async def give_up_message(
    services: Services,
    path: MessagePath,
    body: Annotated[JsonObject, ReasonFields],
    caller: str,
) -> MessageDetailsModel:
    """Decide not to send an unknown message again: its reminders have failed.

    If a signed callback proves later that it was accepted, that counts. 409 if the
    message is not for a person to decide, or not yet: `detail` says from when.
    """
    return await _decide(services, path, Decision.GIVE_UP, body, caller)


async def _decide(
    services: Services,
    path: MessagePath,
    decision: Decision,
    order: JsonObject,
    by: str,
) -> MessageDetailsModel:
    await resolve(path.id, decision, order, services.resolve_deps, by)
    return MessageDetailsModel.model_validate(
        await services.message_reader.get(path.id)
    )
