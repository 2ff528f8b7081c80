"""Decisions of operators: each must stand both on its message and in the action log."""

from typing import Any, Final

from sqlalchemy import Row, Select, Uuid, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import actions, messages
from service.domain.delivery.status import MessageState
from service.domain.masked_text import mask_text
from service.flow.sending.outcomes.resolve import Decision, decision_note

_STATE_DECIDED: Final = {
    Decision.GIVE_UP: MessageState.GIVEN_UP,
    Decision.RESEND: MessageState.NOT_ACCEPTED,
}
"""The message state that a decision sets; a later receipt may change it."""

_ITS_MESSAGE: Final = messages.c.id == cast(
    func.replace(actions.c.detail["message"].as_string(), "-", ""),
    Uuid(as_uuid=False),
)

_LOGGED_DECISIONS: Final[Select[Any]] = (
    select(
        actions.c.id,
        actions.c.what,
        actions.c.by,
        actions.c.detail["why"].as_string().label("why"),
        messages.c.id.label("message_id"),
        messages.c.state,
        messages.c.rank,
        messages.c.reason,
    )
    .select_from(actions.outerjoin(messages, _ITS_MESSAGE))
    .where(actions.c.what.in_(list(Decision)))
    .order_by(actions.c.id)
)

_DECIDED_MESSAGES: Final = (
    select(messages.c.id)
    .where(
        or_(
            messages.c.state == MessageState.GIVEN_UP,
            and_(
                messages.c.state == MessageState.NOT_ACCEPTED,
                messages.c.reason.like("operator %"),
            ),
        )
    )
    .order_by(messages.c.id)
)


async def find_unmatched_decisions(connection: AsyncConnection) -> list[str]:
    """Decisions missing in the action log, and logged ones that were not applied."""
    logged = (await connection.execute(_LOGGED_DECISIONS)).all()
    shown = {row.message_id for row in logged if _is_shown(row)}
    decided = (await connection.execute(_DECIDED_MESSAGES)).scalars()
    return [
        *(
            f"message decided by nobody in the action log: {message_id}"
            for message_id in decided
            if message_id not in shown
        ),
        *(
            f"logged decision that its message does not show: {row.id}"
            for row in logged
            if not (_is_shown(row) or (row.rank or 0) > 0)
        ),
    ]


def _is_shown(row: Row[Any]) -> bool:
    """Whether the message has the state and the reason of the logged decision.

    Masked here too: an earlier release stored reasons with the phones in them.
    """
    return bool(
        row.state == _STATE_DECIDED[Decision(row.what)]
        and mask_text(row.reason or "") == decision_note(row.by, row.why or "")
    )
