"""`SqlSettleStore`: unknown outcomes decided by what the provider lists."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    exists,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import (
    OPEN_MESSAGE,
    messages,
    recipients,
)
from service.adapters.store.db.types import database_now, database_now_plus
from service.adapters.store.sending.absence import (
    find_objection,
    leave_to_operator,
    set_absent_at,
    wait_for_proof,
)
from service.adapters.store.sending.outcomes.provider_status import apply_receipt
from service.adapters.store.sending.outcomes.retry import requeue
from service.adapters.store.sending.outcomes.unbound_receipts import take_unbound
from service.adapters.store.sending.resolve import has_reason_prefix, returned_of
from service.domain.delivery.outcome import Receipt
from service.domain.delivery.status import MessageState
from service.domain.delivery.unknown_outcome import (
    ABSENT_AGAIN,
    ABSENT_TWICE,
    ASK_AGAIN_SECONDS,
    AbsentAgain,
)
from service.flow.sending.outcomes.account_evidence import BoundMessage
from service.flow.sending.outcomes.settle import SettleStore
from service.flow.sending.provider import OpenMessage

_IS_OPEN = text(f"messages.{OPEN_MESSAGE}")


class SqlSettleStore(SettleStore):
    """Settles unknown outcomes of one provider's messages."""

    def __init__(self, database: Database, provider: str) -> None:
        self._database = database
        self._provider = provider

    async def count_open(self) -> int:
        """Count messages that are under way or have an unknown outcome."""
        wanted = select(func.count()).select_from(messages).where(_IS_OPEN)
        async with self._database.read() as connection:
            return int((await connection.execute(wanted)).scalar_one())

    async def list_uncertain(self) -> list[OpenMessage]:
        """List this provider's messages with an unknown outcome, oldest first.

        Leaves out those with an equal text still under way. Those whose absence led to
        nothing are listed again every `ASK_AGAIN_SECONDS`.
        """
        wanted = (
            select(
                messages,
                recipients.c.phone,
                database_now().label("asked_at"),
                returned_of(messages.c.id).label("returned"),
            )
            .join_from(messages, recipients)
            .where(
                _IS_OPEN,
                messages.c.state == MessageState.UNCERTAIN,
                or_(
                    ~has_reason_prefix(ABSENT_AGAIN),
                    messages.c.absent_at
                    <= database_now_plus(literal(-ASK_AGAIN_SECONDS)),
                ),
                messages.c.provider == self._provider,
                ~_has_twin_sending(),
            )
            .order_by(messages.c.posted_after)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).all()
            known_id = await self._last_known_id(connection, rows) if rows else None
            return [
                OpenMessage(
                    id=row.id,
                    provider=row.provider,
                    recipient_id=row.recipient_id,
                    encrypted_phone=row.phone,
                    body=row.body,
                    posted_after=row.posted_after,
                    lease_until=row.lease_until,
                    absent_at=row.absent_at,
                    asked_at=row.asked_at,
                    returned=row.returned,
                    known_id=known_id,
                    is_asked_first=row.asked_for is not None,
                )
                for row in rows
            ]

    async def _last_known_id(
        self, connection: AsyncConnection, rows: Sequence[Row[Any]]
    ) -> str | None:
        """The provider's id accepted last before the oldest of these was claimed."""
        its = messages.c
        wanted = (
            select(its.provider_id)
            .where(
                its.provider == self._provider,
                its.provider_id.is_not(None),
                its.accepted_at.is_not(None),
                its.posted_after <= rows[0].posted_after,
            )
            .order_by(its.accepted_at.desc())
            .limit(1)
        )
        found: str | None = (await connection.execute(wanted)).scalar()
        return found

    async def already_bound(
        self, provider: str, provider_ids: Collection[str]
    ) -> dict[str, BoundMessage]:
        """The messages of ours that have these ids of a provider, by id."""
        its = messages.c
        columns = (its.provider_id, its.recipient_id, its.body, its.posted_after)
        async with self._database.read() as connection:
            return {
                row.provider_id: BoundMessage(
                    row.recipient_id, row.phone, row.body, row.posted_after
                )
                for chunk in in_chunks([*provider_ids])
                for row in await connection.execute(
                    select(*columns, recipients.c.phone)
                    .join_from(messages, recipients)
                    .where(its.provider == provider, its.provider_id.in_(chunk))
                )
            }

    async def bind_listed(self, evidence: Sequence[Receipt], now: datetime) -> None:
        """Bind listed messages to ours, if the outcome of each is still unknown.

        Another process may have settled one while the list was read, and sent an equal
        text: then what was listed is that one's. Receipts that came before follow.
        """
        its = messages.c
        unknown = (
            select(its.id)
            .where(
                its.id.in_([one.message_id for one in evidence]),
                its.state == MessageState.UNCERTAIN,
                ~_has_twin_sending(),
            )
            .with_for_update()
        )
        async with self._database.write() as connection:
            if len((await connection.execute(unknown)).all()) == len(evidence):
                ids = [one.provider_id for one in evidence]
                later = await take_unbound(connection, self._provider, ids)
                for one in [*evidence, *later]:
                    await apply_receipt(connection, one, now)

    async def note_absence(
        self, message: OpenMessage, again: AbsentAgain | None, *, now: datetime
    ) -> None:
        """Note that it is not listed; with proof, requeue its reminders.

        Also after proof, a limit may leave it to an operator.
        """
        async with self._database.write() as connection:
            if again is None:
                await set_absent_at(connection, message.id)
            elif objection := await find_objection(connection, message, now):
                reason = again.left_reason(objection)
                await leave_to_operator(connection, message.id, reason, now)
            elif again.doubt is not None:
                await wait_for_proof(connection, message.id, again.waiting_reason())
            else:
                await requeue(
                    connection,
                    message.id,
                    ABSENT_TWICE,
                    now,
                    count_return=not message.is_asked_first,
                )


def _has_twin_sending() -> ColumnElement[bool]:
    twin = messages.alias()
    return exists().where(
        twin.c.state == MessageState.SENDING,
        twin.c.recipient_id == messages.c.recipient_id,
        twin.c.body == messages.c.body,
    )
