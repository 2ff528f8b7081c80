"""`SendStore` and `SettleStore` on the ledger."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import alarm
from service.adapters.store.db.database import Database
from service.adapters.store.db.json_rows import in_pieces
from service.adapters.store.db.schema import (
    OPEN_MESSAGE,
    messages,
    recipients,
    reminders,
)
from service.adapters.store.db.types import database_now, in_seconds
from service.adapters.store.law.load import refuse_stale
from service.adapters.store.reminders.transitions import move
from service.adapters.store.sending.claim import claim
from service.adapters.store.sending.insert_messages import Worker
from service.adapters.store.sending.provider_status import take_receipt
from service.adapters.store.sending.record import record
from service.adapters.store.sending.retry import give_back, of_message
from service.domain.delivery.outcome import Receipt
from service.domain.delivery.status import MessageState, ReminderState
from service.domain.delivery.unknown_outcome import ASKED_AGAIN, LEFT
from service.flow.ports import Said, Vault
from service.flow.rows import Claim, Claiming, OpenMessage

_OPEN = text(f"messages.{OPEN_MESSAGE}")


class MessageStore:
    """Messages for one provider, from claim to settled outcome."""

    def __init__(self, database: Database, vault: Vault, provider: str) -> None:
        self._database = database
        self._vault = vault
        self._provider = provider

    async def claim(self, how: Claiming, now: datetime, said: Said = ()) -> Claim:
        """Take due reminders in one transaction: end, hold, or turn into messages."""
        worker = Worker(how.owner, how.lease, self._provider, self._vault)

        async def work(connection: AsyncConnection) -> Claim:
            if said:
                await record(connection, how.owner, said, now)
            await refuse_stale(connection, how.law)
            return await claim(connection, worker, how, now)

        return await self._database.write_at_once(work)

    async def record(self, owner: str, said: Said, now: datetime) -> None:
        """Write what the provider answered, fenced by owner and attempt."""

        async def work(connection: AsyncConnection) -> None:
            await record(connection, owner, said, now)

        await self._database.write_at_once(work)

    async def lapse(self, now: datetime) -> int:
        """Messages whose owner's lease ended unrecorded become uncertain."""
        async with self._database.write() as connection:
            lapsed = await connection.execute(
                update(messages)
                .where(
                    _OPEN,
                    messages.c.state == MessageState.SENDING,
                    messages.c.lease_until < database_now(),
                )
                .values(state=MessageState.UNCERTAIN, reason="lease ended unrecorded")
                .returning(messages.c.id)
            )
            ids = list(lapsed.scalars())
            for piece in in_pieces(ids):
                await move(
                    connection,
                    reminders.c.message_id.in_(piece),
                    ReminderState.UNCERTAIN,
                    now,
                    reason="lease ended unrecorded",
                )
            return len(ids)

    async def open(self) -> int:
        """How many messages are under way or unknown."""
        wanted = select(func.count()).select_from(messages).where(_OPEN)
        async with self._database.read() as connection:
            return int((await connection.execute(wanted)).scalar_one())

    async def uncertain(self) -> list[OpenMessage]:
        """This provider's messages whose outcome is unknown, oldest first.

        Not those with a twin still under way: what the provider lists may be its. Those
        left to an operator only now and then.
        """
        wanted = (
            select(
                messages,
                recipients.c.phone,
                database_now().label("asked_at"),
            )
            .join_from(messages, recipients)
            .where(
                _OPEN,
                messages.c.state == MessageState.UNCERTAIN,
                or_(
                    messages.c.reason != LEFT,
                    messages.c.absent_at <= in_seconds(literal(-ASKED_AGAIN)),
                ),
                messages.c.provider == self._provider,
                ~_twin_under_way(),
            )
            .order_by(messages.c.posted_after)
        )
        async with self._database.read() as connection:
            return [
                OpenMessage(
                    id=row.id,
                    provider=row.provider,
                    recipient=row.recipient_id,
                    to=row.phone,
                    body=row.body,
                    posted_after=row.posted_after,
                    lease_until=row.lease_until,
                    absent_at=row.absent_at,
                    asked_at=row.asked_at,
                )
                for row in await connection.execute(wanted)
            ]

    async def bound(
        self, provider: str, ids: Collection[str]
    ) -> dict[str, tuple[str, str]]:
        """Recipient and text of the messages that these ids of a provider belong to."""
        its = messages.c
        wanted = select(its.provider_id, its.recipient_id, its.body).where(
            its.provider == provider, its.provider_id.in_(ids)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(wanted)
            return {sid: (recipient, body) for sid, recipient, body in rows}

    async def found(self, evidence: Sequence[Receipt], now: datetime) -> None:
        """What the list showed is these messages', if they are unknown still.

        Another process may have decided while the list was read, and sent anew: then
        what was listed is the new one's.
        """
        its = messages.c
        still = (
            select(its.id)
            .where(
                its.id.in_([one.ref for one in evidence]),
                its.state == MessageState.UNCERTAIN,
                ~_twin_under_way(),
            )
            .with_for_update()
        )
        async with self._database.write() as connection:
            if len((await connection.execute(still)).all()) == len(evidence):
                for one in evidence:
                    await take_receipt(connection, one, now)

    async def absent(self, message: OpenMessage, *, proof: bool, now: datetime) -> None:
        """Note that the provider does not list it; with proof, return its reminders."""
        async with self._database.write() as connection:
            if not proof:
                await _note_absence(connection, message.id)
            elif await _returned(connection, message.id):
                await _leave_to_operator(connection, message.id, now)
            else:
                await give_back(
                    connection,
                    message.id,
                    "not accepted: absent twice",
                    now,
                    counts=True,
                )


def _twin_under_way() -> ColumnElement[bool]:
    twin = messages.alias()
    return exists().where(
        twin.c.state == MessageState.SENDING,
        twin.c.recipient_id == messages.c.recipient_id,
        twin.c.body == messages.c.body,
    )


async def _returned(connection: AsyncConnection, message_id: str) -> bool:
    wanted = select(func.max(reminders.c.returned)).where(of_message(message_id))
    return bool((await connection.execute(wanted)).scalar())


async def _note_absence(connection: AsyncConnection, message_id: str) -> None:
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.absent_at.is_(None))
        .values(absent_at=database_now())
    )


async def _leave_to_operator(
    connection: AsyncConnection, message_id: str, now: datetime
) -> None:
    mine = (messages.c.id == message_id, messages.c.state == MessageState.UNCERTAIN)
    left = await connection.execute(
        update(messages).where(*mine, messages.c.reason != LEFT).values(reason=LEFT)
    )
    if left.rowcount:
        await alarm(connection, "outcome unknown", {"message": message_id}, now)
    await connection.execute(
        update(messages).where(*mine).values(absent_at=database_now())
    )
