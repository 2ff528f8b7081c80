"""Messages: listing them, looking one up, deciding on an unknown outcome."""

from typing import Annotated

from service.flow.reports.message_views import MessagesWanted
from service.flow.sending.resolve import Decision, resolve
from service.web.api.authority_scope import below
from service.web.api.endpoint import endpoint
from service.web.api.messages.models import (
    Message,
    MessageFile,
    MessagePage,
    MessagePath,
    MessagesQuery,
    ReasonFields,
)
from service.web.api.request_input import Json
from service.web.services import Desk

ONE = "/v1/messages/{id}"


@endpoint("GET", "/v1/messages", {200: MessagePage}, refusals=(404,))
async def list_messages(desk: Desk, query: MessagesQuery) -> MessagePage:
    """List messages in the order of their claims, page by page."""
    law = await desk.laws.law()
    wanted = MessagesWanted(query.state, below(law, query.authority), query.open)
    found = await desk.messages.page(wanted, query.after, query.limit + 1)
    items = found[: query.limit]
    return MessagePage(
        items=[Message.model_validate(one) for one in items],
        next=items[-1].id if len(found) > len(items) else None,
    )


@endpoint("GET", ONE, {200: MessageFile}, refusals=(404,))
async def get_message(desk: Desk, path: MessagePath) -> MessageFile:
    """Show everything that is kept about a message, its phone masked."""
    return MessageFile.model_validate(await desk.messages.one(path.id))


@endpoint("POST", f"{ONE}/resend", {200: MessageFile}, refusals=(404, 409))
async def resend_message(
    desk: Desk, path: MessagePath, body: Annotated[Json, ReasonFields], caller: str
) -> MessageFile:
    """Decide that an unknown message was not taken: its reminders are due again.

    What is still current goes out in a new message. 409 where the message is not for
    a person to decide, or not yet.
    """
    return await _decide(desk, path, Decision.RESEND, body, caller)


@endpoint("POST", f"{ONE}/give-up", {200: MessageFile}, refusals=(404, 409))
async def give_up_message(
    desk: Desk, path: MessagePath, body: Annotated[Json, ReasonFields], caller: str
) -> MessageFile:
    """Decide not to send an unknown message again: its reminders have failed.

    Should the provider say later that it was taken, that counts. 409 where the
    message is not for a person to decide, or not yet.
    """
    return await _decide(desk, path, Decision.GIVE_UP, body, caller)


async def _decide(
    desk: Desk, path: MessagePath, decision: Decision, order: Json, by: str
) -> MessageFile:
    await resolve(path.id, decision, order, desk.resolving, by)
    return MessageFile.model_validate(await desk.messages.one(path.id))
