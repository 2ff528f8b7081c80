"""Reminders that may have been sent before the ledger changed its server."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    Integer,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import message_reminders, messages, reminders
from service.adapters.store.reminders.transitions import (
    ReminderKey,
    same_reminder,
    transition,
    with_keys,
)
from service.domain.delivery.status import CLAIMABLE, MessageState, ReminderState
from service.domain.failover.ledger_server import (
    ASKED_FIRST,
    PERHAPS_SENT,
    LedgerServer,
)
from service.domain.law.rule import RESERVED_STEPS

DONE_AGAIN: Final = timedelta(hours=72)
"""After a change of the server: by then an import or a change of the law that was
forgotten is done again, and creates its reminders again, due at that moment."""

CLOCKS_DIFFER: Final = timedelta(minutes=10)
"""How far the clock of the worker that noticed the change may be behind another's."""

_DUE_AT = reminders.c.due_at

NEEDS_ASKING: Final = and_(
    or_(
        bindparam("server_found_at", type_=_DUE_AT.type) >= _DUE_AT,
        and_(
            or_(*map(reminders.c.step.startswith, RESERVED_STEPS)),
            bindparam("done_again_until", type_=_DUE_AT.type) >= _DUE_AT,
        ),
    ),
    ~exists()
    .where(
        same_reminder(message_reminders, reminders),
        messages.c.id == message_reminders.c.message_id,
        messages.c.asked_for == bindparam("server_id", type_=Integer()),
    )
    .correlate(reminders),
)
"""Condition: it fell due before the server changed, and was not asked about since.

Steps without a slot fall due when they are created, which may be a second time."""


def asking_parameters(server: LedgerServer) -> dict[str, Any]:
    """The parameters of `NEEDS_ASKING`."""
    return {
        "server_id": server.id,
        "server_found_at": server.found_at + CLOCKS_DIFFER,
        "done_again_until": server.found_at + DONE_AGAIN,
    }


async def ask_about(
    connection: AsyncConnection,
    message_ids: Collection[str],
    server: LedgerServer,
    clock: datetime,
    now: datetime,
) -> None:
    """Let messages just inserted be uncertain: the provider is asked about them.

    They may have been POSTed since the server before may have forgotten commits, and
    at last by a worker whose lease is as long as theirs. `clock` is the database's.
    """
    assert server.asked_since is not None  # noqa: S101 - else nothing is asked first
    await connection.execute(
        update(messages)
        .where(messages.c.id.in_(message_ids))
        .values(
            state=MessageState.UNCERTAIN,
            reason=ASKED_FIRST,
            begun=True,
            asked_for=server.id,
            posted_after=server.asked_since,
            claimed_at=now - (clock - server.asked_since),
        )
    )
    of_these = reminders.c.message_id.in_(message_ids)
    state = ReminderState.UNCERTAIN
    await transition(connection, of_these, state, now, reason=ASKED_FIRST)


async def hold_for_decision(
    connection: AsyncConnection, keys: Collection[ReminderKey]
) -> None:
    """Hold reminders until their step ends, or a person decides to send them."""
    await connection.execute(
        update(reminders)
        .where(with_keys(keys), reminders.c.state.in_(CLAIMABLE))
        .values(next_at=reminders.c.until_at, hold_reason=PERHAPS_SENT)
    )


_IS_HELD = (
    reminders.c.state.in_(CLAIMABLE),
    reminders.c.hold_reason == PERHAPS_SENT,
)

COUNT_HELD = select(func.count()).select_from(reminders).where(*_IS_HELD)
"""Counts reminders that wait for a person."""


async def release_held(connection: AsyncConnection, now: datetime) -> int:
    """Let held reminders be claimed now; count them."""
    released = update(reminders).where(*_IS_HELD).values(next_at=now, hold_reason=None)
    return (await connection.execute(released)).rowcount
