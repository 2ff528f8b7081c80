"""`SendStore` and `SettleStore` on the ledger."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.answers import (
    BACK_OFF,
    accept,
    give_back,
    learn,
    of_message,
    open_breaker,
)
from service.adapters.store.claims import Worker, claim
from service.adapters.store.database import Database
from service.adapters.store.moves import move
from service.adapters.store.schema import messages, recipients, reminders
from service.adapters.store.types import database_now
from service.domain.outcome import (
    Accepted,
    NotPosted,
    Outcome,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.status import MessageState, ReminderState
from service.flow.ports import Claim, Compose, OpenMessage, Outgoing, Vault

_OPEN = (MessageState.SENDING, MessageState.UNCERTAIN)


class MessageStore:
    """Messages for one provider, from claim to settled outcome."""

    def __init__(self, database: Database, vault: Vault, provider: str) -> None:
        self._database = database
        self._vault = vault
        self._provider = provider

    async def claim(
        self, *, now: datetime, owner: str, lease: float, limit: int, compose: Compose
    ) -> Claim:
        """Take due reminders in one transaction: end, hold, or turn into messages."""
        worker = Worker(owner, lease, self._provider, self._vault)
        async with self._database.write() as connection:
            return await claim(
                connection, worker, now=now, limit=limit, compose=compose
            )

    async def record(
        self, owner: str, outcomes: Sequence[tuple[Outgoing, Outcome]], now: datetime
    ) -> None:
        """Write what the provider answered, fenced by owner and attempt."""
        async with self._database.write() as connection:
            for message, outcome in outcomes:
                mine = and_(
                    messages.c.owner == owner, messages.c.attempt == message.attempt
                )
                await _record(connection, message.id, outcome, mine, now)

    async def lapse(self, now: datetime) -> int:
        """Messages whose owner's lease ended unrecorded become uncertain."""
        async with self._database.write() as connection:
            lapsed = await connection.execute(
                update(messages)
                .where(
                    messages.c.state == MessageState.SENDING,
                    messages.c.lease_until < database_now(),
                )
                .values(state=MessageState.UNCERTAIN, reason="lease ended unrecorded")
                .returning(messages.c.id)
            )
            ids = list(lapsed.scalars())
            await move(
                connection,
                reminders.c.message_id.in_(ids),
                ReminderState.UNCERTAIN,
                now,
                reason="lease ended unrecorded",
            )
            return len(ids)

    async def open(self) -> int:
        """How many messages are under way or unknown."""
        wanted = select(func.count()).where(messages.c.state.in_(_OPEN))
        async with self._database.read() as connection:
            return int((await connection.execute(wanted)).scalar_one())

    async def uncertain(self) -> list[OpenMessage]:
        """The messages whose outcome is unknown, oldest first."""
        wanted = (
            select(
                messages,
                recipients.c.phone,
                database_now().label("asked_at"),
            )
            .join_from(messages, recipients)
            .where(messages.c.state == MessageState.UNCERTAIN)
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

    async def bound(self, provider: str, ids: Collection[str]) -> set[str]:
        """Those of a provider's ids that already belong to a message."""
        wanted = select(messages.c.provider_id).where(
            messages.c.provider == provider, messages.c.provider_id.in_(ids)
        )
        async with self._database.read() as connection:
            return set((await connection.execute(wanted)).scalars())

    async def absent(self, message: OpenMessage, *, proof: bool, now: datetime) -> None:
        """Note that the provider does not list it; with proof, return its reminders."""
        async with self._database.write() as connection:
            if not proof:
                await _note_absence(connection, message.id)
            elif await _returned(connection, message.id):
                await _leave_to_operator(connection, message.id)
            else:
                await give_back(
                    connection,
                    message.id,
                    "not accepted: absent twice",
                    now,
                    counts=True,
                )


async def _record(
    connection: AsyncConnection,
    message_id: str,
    outcome: Outcome,
    mine: ColumnElement[bool],
    now: datetime,
) -> None:
    if isinstance(outcome, Accepted):
        await accept(
            connection,
            message_id,
            outcome.provider_id,
            outcome.state,
            now,
            where=mine,
        )
        return
    still_open = select(messages.c.recipient_id).where(
        messages.c.id == message_id, mine, messages.c.state.in_(_OPEN)
    )
    recipient = (await connection.execute(still_open)).scalar()
    if recipient is None:
        return
    match outcome:
        case Unknown(reason):
            await _doubt(connection, message_id, reason, now)
        case NotPosted():
            await give_back(connection, message_id, "not posted in time", now)
        case Refused():
            await learn(connection, recipient, outcome.kind, now)
            await _refuse(connection, message_id, outcome, now)


async def _doubt(
    connection: AsyncConnection, message_id: str, reason: str, now: datetime
) -> None:
    """Unknown from here on: this moment is the last its owner could have POSTed."""
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.state == MessageState.SENDING)
        .values(state=MessageState.UNCERTAIN, reason=reason, lease_until=database_now())
    )
    await move(
        connection,
        of_message(message_id),
        ReminderState.UNCERTAIN,
        now,
        reason=reason,
    )


async def _refuse(
    connection: AsyncConnection, message_id: str, refused: Refused, now: datetime
) -> None:
    reason = f"{refused.kind} {refused.code}: {refused.reason}"
    if refused.kind in (RefusalKind.RETRY_SAFE, RefusalKind.RETRY_LATER):
        await give_back(connection, message_id, reason, now, after=BACK_OFF)
    elif refused.kind is RefusalKind.ACCOUNT:
        await give_back(connection, message_id, reason, now)
        await open_breaker(connection, reason, now)
    else:
        await _end_refused(connection, message_id, refused, reason, now)


async def _end_refused(
    connection: AsyncConnection,
    message_id: str,
    refused: Refused,
    reason: str,
    now: datetime,
) -> None:
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id)
        .values(
            state=MessageState.REFUSED, reason=reason, code=refused.code, final_at=now
        )
    )
    opted_out = refused.kind is RefusalKind.OPTED_OUT
    await move(
        connection,
        of_message(message_id),
        ReminderState.SUPPRESSED if opted_out else ReminderState.FAILED,
        now,
        reason="opted out" if opted_out else f"refused: {refused.kind}",
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


async def _leave_to_operator(connection: AsyncConnection, message_id: str) -> None:
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id)
        .values(reason="absent again: an operator decides")
    )
