"""Decisions of operators: each must stand both on its message and in the action log."""

from typing import Any, Final

from sqlalchemy import Select, Uuid, and_, case, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import actions, messages
from service.domain.delivery.status import MessageState
from service.flow.sending.outcomes.resolve import Decision

_STATE_DECIDED: Final = case(
    (actions.c.what == Decision.GIVE_UP, MessageState.GIVEN_UP),
    else_=MessageState.NOT_ACCEPTED,
)
"""The message state that a decision sets; a later receipt may change it."""

_ITS_MESSAGE: Final = messages.c.id == cast(
    func.replace(actions.c.detail["message"].as_string(), "-", ""),
    Uuid(as_uuid=False),
)

_REASON_MATCHES: Final = (
    "operator " + actions.c.by + ": " + actions.c.detail["why"].as_string()
) == messages.c.reason

_IS_DECISION: Final = actions.c.what.in_(list(Decision))

_UNLOGGED_DECISIONS: Final = select(messages.c.id).where(
    or_(
        messages.c.state == MessageState.GIVEN_UP,
        and_(
            messages.c.state == MessageState.NOT_ACCEPTED,
            messages.c.reason.like("operator %"),
        ),
    ),
    ~exists().where(
        _IS_DECISION, _ITS_MESSAGE, _REASON_MATCHES, messages.c.state == _STATE_DECIDED
    ),
)

_UNAPPLIED_DECISIONS: Final = select(actions.c.id).where(
    _IS_DECISION,
    ~exists().where(
        _ITS_MESSAGE,
        or_(
            messages.c.rank > 0,
            and_(_REASON_MATCHES, messages.c.state == _STATE_DECIDED),
        ),
    ),
)


async def find_unmatched_decisions(connection: AsyncConnection) -> list[str]:
    """Decisions missing in the action log, and logged ones that were not applied."""
    checks: tuple[tuple[str, Select[Any]], ...] = (
        ("message decided by nobody in the action log", _UNLOGGED_DECISIONS),
        ("logged decision that its message does not show", _UNAPPLIED_DECISIONS),
    )
    return [
        f"{difference}: {row[0]}"
        for difference, query in checks
        for row in await connection.execute(query)
    ]
