"""Mark messages as begun, just before they are POSTed."""

from sqlalchemy import Float, bindparam, exists, literal, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import json_rows_like
from service.adapters.store.db.prepared import Prepared
from service.adapters.store.db.schema import messages, pauses
from service.adapters.store.db.types import database_now_plus
from service.domain.delivery.operator_request import SCOPE_ALL
from service.domain.delivery.status import MessageState
from service.flow.sending.claim_rows import PostProgress


async def begin_messages(
    connection: AsyncConnection, progress: PostProgress
) -> frozenset[str]:
    """Mark a group as begun; return the ids of those that may be POSTed now.

    That is what still belongs to this owner and attempt, is not paused, and has enough
    left of its lease.
    """
    if not progress.group:
        return frozenset()
    group = [(one.id, one.attempt) for one in progress.group]
    parameters = _GROUP.bind(connection.dialect, group)
    fence = {"claimed_by": progress.owner, "lease_left": progress.lease_left}
    begun = await _BEGIN.run(connection, parameters | fence)
    return frozenset(one.id for one in begun)


_GROUP = json_rows_like(messages, ("id", "attempt"))

_IS_PAUSED = exists().where(
    or_(
        pauses.c.scope == SCOPE_ALL,
        pauses.c.scope == literal("rule:") + messages.c.rule,
        pauses.c.scope == literal("authority:") + messages.c.authority,
        pauses.c.scope == literal("office:") + messages.c.office,
    )
)

_BEGIN = Prepared(
    update(messages)
    .where(
        messages.c.id == _GROUP["id"],
        messages.c.attempt == _GROUP["attempt"],
        messages.c.owner == bindparam("claimed_by", type_=messages.c.owner.type),
        messages.c.state == MessageState.SENDING,
        messages.c.begun.is_(False),
        messages.c.lease_until
        >= database_now_plus(bindparam("lease_left", type_=Float())),
        ~_IS_PAUSED,
    )
    .values(begun=True)
    .returning(messages.c.id)
)
