"""Plain acceptances, which are the rule: many of them in a few statements."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import Listed, like
from service.adapters.store.db.schema import messages, reminders
from service.adapters.store.reminders.transitions import KEY, keeping
from service.adapters.store.sending.retry import OPEN
from service.domain.delivery.status import RANK, MessageState, ReminderState, sources_of


async def accept_all(
    connection: AsyncConnection,
    owner: str,
    taken: Sequence[tuple[str, int, str]],
    now: datetime,
) -> set[str]:
    """The provider took messages: their ids, attempts, and what it calls each.

    Only those of which nothing else was known, still this owner's and attempt's, under
    names that no other message has; the ids of those.
    """
    if not taken:
        return set()
    said = _TAKEN.rows(connection.dialect, taken) | {"me": owner, "now": now}
    accepted = set((await connection.execute(_ACCEPT, said)).scalars())
    if not accepted:
        return accepted
    theirs = _ACCEPTED.of(connection.dialect, accepted) | {"now": now}
    await connection.execute(_SEND, theirs)
    await connection.execute(_TELL, theirs)
    return accepted


_TAKEN = like(messages, ("id", "attempt", "provider_id"))

_OTHERS = messages.alias()

_ACCEPT = (
    update(messages)
    .where(
        messages.c.id == _TAKEN["id"],
        messages.c.attempt == _TAKEN["attempt"],
        messages.c.owner == bindparam("me", type_=messages.c.owner.type),
        messages.c.state.in_(OPEN),
        messages.c.provider_id.is_(None),
        ~exists().where(
            _OTHERS.c.provider == messages.c.provider,
            _OTHERS.c.provider_id == _TAKEN["provider_id"],
        ),
    )
    .values(
        state=MessageState.ACCEPTED,
        rank=RANK[MessageState.ACCEPTED],
        reason=None,
        provider_id=_TAKEN["provider_id"],
        accepted_at=bindparam("now", type_=messages.c.accepted_at.type),
    )
    .returning(messages.c.id)
)

_ACCEPTED = Listed(reminders.c.message_id, "accepted")

_THEIRS = reminders.c.message_id.in_(_ACCEPTED.values)
_NOW = bindparam("now", type_=reminders.c.state_at.type)

_SEND = (
    update(reminders)
    .where(_THEIRS, reminders.c.state.in_(sources_of(ReminderState.SENT)))
    .values(
        state=ReminderState.SENT,
        reason=None,
        hold_reason=None,
        retry_at=None,
        state_at=_NOW,
        sent_at=func.coalesce(reminders.c.sent_at, _NOW),
    )
)

# None was sent just then already: the message of each was open until now.
_TELL = keeping(
    select(*KEY, _NOW, reminders.c.state, null(), reminders.c.message_id).where(
        _THEIRS, reminders.c.state == ReminderState.SENT, reminders.c.state_at == _NOW
    )
)
