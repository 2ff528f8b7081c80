"""Record plain acceptances, which most outcomes are, in three statements for all."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, case, exists, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonValues, json_rows_like
from service.adapters.store.db.prepared import Prepared
from service.adapters.store.db.schema import messages, reminders
from service.adapters.store.reminders.transitions import (
    REMINDER_KEY,
    append_events_statement,
)
from service.adapters.store.sending.outcomes.post_date import first_posted_at
from service.adapters.store.sending.outcomes.retry import OPEN_STATES
from service.domain.delivery.outcome import Accepted, Outcome
from service.domain.delivery.status import (
    RANK,
    MessageState,
    ReminderState,
    states_before,
)
from service.flow.sending.provider import Outgoing

Acceptance = tuple[str, int, str, datetime | None]
"""Message id, attempt, provider id, and the provider's date, if it gives one."""


class NotPlainError(Exception):
    """Outcomes that change more than messages of one owner, which become accepted."""


def plain_acceptances(
    outcomes: Sequence[tuple[Outgoing, Outcome]],
) -> list[Acceptance]:
    """Acceptances with no further state, each with a provider id of its own."""
    accepted = [
        (message, outcome)
        for message, outcome in outcomes
        if isinstance(outcome, Accepted)
    ]
    uses = Counter(outcome.provider_id for _, outcome in accepted)
    return [
        (message.id, message.attempt, outcome.provider_id, outcome.dated_at)
        for message, outcome in accepted
        if outcome.state is MessageState.ACCEPTED and uses[outcome.provider_id] == 1
    ]


async def record_plain(
    connection: AsyncConnection,
    owner: str,
    plain: Sequence[Acceptance],
    now: datetime,
) -> None:
    """Record plain acceptances; raises `NotPlainError` if one cannot be recorded."""
    if len(plain) > len(await record_accepted(connection, owner, plain, now)):
        raise NotPlainError


async def record_accepted(
    connection: AsyncConnection,
    owner: str,
    acceptances: Sequence[Acceptance],
    now: datetime,
) -> set[str]:
    """Mark messages accepted and their reminders sent; return the ids of the messages.

    Leaves out messages that belong to another owner or attempt or have an outcome, and
    provider ids that another message has.
    """
    if not acceptances:
        return set()
    fence = {"claimed_by": owner, "now": now}
    parameters = _ACCEPTANCES.bind(connection.dialect, acceptances) | fence
    accepted = {one.id for one in await _SET_ACCEPTED.run(connection, parameters)}
    if not accepted:
        return accepted
    of_accepted = _ACCEPTED_IDS.bind(connection.dialect, accepted) | {"now": now}
    await _SET_SENT.run(connection, of_accepted)
    await _APPEND_EVENTS.run(connection, of_accepted)
    return accepted


_ACCEPTANCES = json_rows_like(messages, ("id", "attempt", "provider_id", "posted_at"))

_OTHERS = messages.alias()

_AT = bindparam("now", type_=messages.c.accepted_at.type)
_DATED = func.coalesce(_ACCEPTANCES["posted_at"], messages.c.claimed_at)

# As `date_post` does; an answer that is recorded came within the lease.
_POSTED_AT = case(
    (messages.c.claimed_at > _DATED, messages.c.claimed_at),
    (_DATED > _AT, _AT),
    else_=_DATED,
)

_SET_ACCEPTED = Prepared(
    update(messages)
    .where(
        messages.c.id == _ACCEPTANCES["id"],
        messages.c.attempt == _ACCEPTANCES["attempt"],
        messages.c.owner == bindparam("claimed_by", type_=messages.c.owner.type),
        messages.c.state.in_(OPEN_STATES),
        messages.c.provider_id.is_(None),
        ~exists().where(
            _OTHERS.c.provider == messages.c.provider,
            _OTHERS.c.provider_id == _ACCEPTANCES["provider_id"],
        ),
    )
    .values(
        state=MessageState.ACCEPTED,
        rank=RANK[MessageState.ACCEPTED],
        reason=None,
        provider_id=_ACCEPTANCES["provider_id"],
        accepted_at=_AT,
        posted_at=_POSTED_AT,
    )
    .returning(messages.c.id)
)

_ACCEPTED_IDS = JsonValues(reminders.c.message_id, "accepted")

_IS_OF_ACCEPTED = reminders.c.message_id.in_(_ACCEPTED_IDS.values)
_NOW = bindparam("now", type_=reminders.c.state_at.type)

_SET_SENT = Prepared(
    update(reminders)
    .where(_IS_OF_ACCEPTED, reminders.c.state.in_(states_before(ReminderState.SENT)))
    .values(
        state=ReminderState.SENT,
        reason=None,
        hold_reason=None,
        retry_at=None,
        state_at=_NOW,
        sent_at=func.coalesce(reminders.c.sent_at, _NOW),
        posted_at=first_posted_at(reminders.c.message_id),
    )
)

# Selects by the instant: each of these messages was open until now, so no other
# reminder of theirs became `sent` at `now`.
_APPEND_EVENTS = Prepared(
    append_events_statement(
        select(
            *REMINDER_KEY, _NOW, reminders.c.state, null(), reminders.c.message_id
        ).where(
            _IS_OF_ACCEPTED,
            reminders.c.state == ReminderState.SENT,
            reminders.c.state_at == _NOW,
        )
    )
)
