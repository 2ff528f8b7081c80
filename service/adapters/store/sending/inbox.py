"""`SqlInboxStore`: texts to us that nobody has understood or handled yet."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Row,
    Select,
    and_,
    exists,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import (
    inbounds,
    message_reminders,
    messages,
    permit_recipients,
    permits,
    recipients,
)
from service.adapters.store.permits.opt_outs import opt_out
from service.adapters.store.sending.claim.own_phone import IS_TO_HOLDER
from service.adapters.store.sending.receive import NEVER_SENT
from service.domain.errors import ConflictError, UnknownError
from service.domain.untrusted.text import safe_label
from service.flow.permits.opt_outs import Via
from service.flow.sending.outcomes.inbox import (
    InboxDecision,
    InboxPermit,
    InboxStore,
    InboxText,
)

_MOST_PERMITS: Final = 20

_DECIDED: Final = {
    InboxDecision.OPT_OUT: ("stop", "opt-out"),
    InboxDecision.HANDLED: ("other", "text handled"),
}
"""The intent that a text is stored with once a person has read it, and the action."""

_WAITS: Final = inbounds.c.intent.is_(None)

_ORDER: Final = (inbounds.c.received_at, inbounds.c.provider_id)

_ANSWERED: Final = (
    select(messages.c.id)
    .where(
        messages.c.recipient_id == inbounds.c.recipient_id,
        messages.c.state.not_in(NEVER_SENT),
        messages.c.claimed_at <= inbounds.c.received_at,
        IS_TO_HOLDER,
    )
    .order_by(messages.c.claimed_at.desc(), messages.c.id.desc())
    .limit(1)
    .correlate(inbounds)
    .scalar_subquery()
)
"""The message that a text may answer: the last one to its phone before it, no test."""


class SqlInboxStore(InboxStore):
    """Reads texts that wait for a person; each decision on one is logged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, offices: Sequence[str] | None, after: str | None, limit: int
    ) -> list[tuple[InboxText, bytes]]:
        """Texts that follow the id `after`, oldest first, with their bodies."""
        wanted = _select_waiting(offices).limit(limit)
        async with self._database.read() as connection:
            if after is not None:
                wanted = wanted.where(await _is_after(connection, after))
            rows = (await connection.execute(wanted)).all()
            about = await _permits_by(
                connection,
                [row.message_id for row in rows if row.message_id],
                message_reminders.c.message_id,
                message_reminders.c.position,
            ) | await _permits_by(
                connection,
                [row.recipient_id for row in rows if not row.message_id],
                permit_recipients.c.recipient_id,
                permit_recipients.c.permit_id,
            )
        return [
            (_to_text(row, about.get(row.message_id or row.recipient_id, ())), row.body)
            for row in rows
        ]

    async def decide(
        self,
        text_id: str,
        decision: InboxDecision,
        *,
        via: Via,
        by: str,
        reason: str,
        now: datetime,
    ) -> None:
        """Take a text out of the inbox, opt its phone out if so decided, and log it."""
        async with self._database.write(confirmed=True) as connection:
            row = await _load(connection, text_id)
            intent, action = _DECIDED[decision]
            if decision is InboxDecision.OPT_OUT:
                if row.recipient_id is None:
                    raise ConflictError(
                        f"text {row.provider_id}: its phone was not stored"
                    )
                await opt_out(connection, row.recipient_id, via, now)
            await connection.execute(
                update(inbounds)
                .where(
                    inbounds.c.provider == row.provider,
                    inbounds.c.provider_id == row.provider_id,
                )
                .values(intent=intent)
            )
            detail = {"inbound": row.provider_id, "phone": row.masked, "why": reason}
            await log_action(connection, now, by, action, detail)


def _select_waiting(offices: Sequence[str] | None) -> Select[Any]:
    chosen = (
        select(inbounds, recipients.c.masked, _ANSWERED.label("message_id"))
        .outerjoin(recipients)
        .where(_WAITS)
        .order_by(*_ORDER)
    )
    if offices is not None:
        chosen = chosen.where(_is_about_permits_of(offices))
    return chosen


async def _is_after(connection: AsyncConnection, text_id: str) -> ColumnElement[bool]:
    """Condition: the text follows the one with this id; raises `UnknownError`."""
    wanted = select(*_ORDER).where(inbounds.c.provider_id == text_id)
    last = (await connection.execute(wanted)).first()
    if last is None:
        raise UnknownError("text", safe_label(text_id))
    types = [column.type for column in _ORDER]
    return tuple_(*_ORDER) > tuple_(*map(literal, last, types))


def _is_about_permits_of(offices: Sequence[str]) -> ColumnElement[bool]:
    by_message = exists().where(
        message_reminders.c.message_id == _ANSWERED,
        permits.c.id == message_reminders.c.permit_id,
        permits.c.authority.in_(offices),
    )
    by_phone = exists().where(
        permit_recipients.c.recipient_id == inbounds.c.recipient_id,
        permits.c.id == permit_recipients.c.permit_id,
        permits.c.authority.in_(offices),
    )
    return or_(by_message, and_(_ANSWERED.is_(None), by_phone))


async def _permits_by(
    connection: AsyncConnection,
    keys: Sequence[str],
    key: Column[str],
    order: ColumnElement[Any],
) -> dict[str, list[InboxPermit]]:
    """The permits of each key in a table that links both."""
    found = defaultdict[str, list[InboxPermit]](list)
    for chunk in in_chunks(keys):
        wanted = (
            select(permits, key.label("key"))
            .join(key.table, key.table.c.permit_id == permits.c.id)
            .where(key.in_(chunk))
            .order_by(order)
        )
        for row in await connection.execute(wanted):
            permit = InboxPermit(row.authority, row.rule, row.shown_number, row.holder)
            found[row.key].append(permit)
    return found


def _to_text(row: Row[Any], about: Sequence[InboxPermit]) -> InboxText:
    return InboxText(
        id=row.provider_id,
        provider=row.provider,
        received_at=row.received_at,
        phone=row.masked,
        text="",
        permits=tuple(about[:_MOST_PERMITS]),
    )


async def _load(connection: AsyncConnection, text_id: str) -> Row[Any]:
    wanted = (
        select(inbounds, recipients.c.masked)
        .outerjoin(recipients)
        .where(inbounds.c.provider_id == text_id)
        .with_for_update(of=inbounds)
    )
    row = (await connection.execute(wanted)).first()
    if row is None:
        raise UnknownError("text", safe_label(text_id))
    if row.intent is not None:
        raise ConflictError(f"text {row.provider_id}: is not in the inbox any more")
    return row
