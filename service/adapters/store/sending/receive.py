"""`SqlReceiveStore`: receipts and inbound texts stored, and receipts to poll for."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_action, log_alarm
from service.adapters.store.db.database import Database
from service.adapters.store.db.json_rows import JsonValues, in_chunks, json_rows_like
from service.adapters.store.db.schema import (
    UNCONFIRMED_MESSAGE,
    inbounds,
    messages,
    receipts,
)
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.permits.opt_outs import opt_in, opt_out
from service.adapters.store.permits.recipients import (
    ensure_recipient_ids,
    recipient_id_of,
)
from service.adapters.store.permits.unreachable import lift_unreachable
from service.adapters.store.sending.claim.own_phone import IS_TO_HOLDER
from service.adapters.store.sending.outcomes.record_receipts import record_receipts
from service.domain.delivery.outcome import UNKNOWN_ID_REASON, Inbound, Receipt
from service.domain.delivery.status import MessageState
from service.domain.messages.keywords import PROVIDER_INTENTS, OptOutIntent
from service.domain.untrusted.text import safe_label
from service.flow.permits.encryption import Recipient
from service.flow.sending.outcomes.receive import (
    ReceiptStatus,
    ReceiveStore,
    UnconfirmedMessage,
)

NEVER_SENT = (MessageState.REFUSED, MessageState.NOT_ACCEPTED)
"""States of messages that never reached a phone: nobody can reply to them."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ASK_TIMES = json_rows_like(messages, ("id", "ask_at"))
_SET_ASK_AT = (
    update(messages)
    .where(messages.c.id == _ASK_TIMES["id"])
    .values(ask_at=_ASK_TIMES["ask_at"])
)

_UNKNOWN_IDS = JsonValues(messages.c.id, "ids")
_MARK_UNKNOWN_IDS = (
    update(messages)
    .where(
        messages.c.id.in_(_UNKNOWN_IDS.values),
        messages.c.state == MessageState.ACCEPTED,
        messages.c.reason.is_distinct_from(UNKNOWN_ID_REASON),
    )
    .values(reason=UNKNOWN_ID_REASON)
    .returning(messages.c.id, messages.c.provider_id)
)

_OF_MESSAGE = receipts.c.message_id == messages.c.id


class SqlReceiveStore(ReceiveStore):
    """Stores what providers and recipients send back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def receive(self, receipts: Sequence[Receipt], now: datetime) -> int:
        """Store each receipt raw, move messages up their rank; count those moved."""
        if not receipts:
            return 0
        async with self._database.write() as connection:
            return await record_receipts(connection, receipts, now)

    async def receive_inbound(
        self,
        inbound: Inbound,
        sender: Recipient,
        encrypted_body: bytes,
        read_intent: Callable[[str | None], OptOutIntent | None],
        now: datetime,
    ) -> bool:
        """Store an inbound text and apply its intent; False if received before."""
        async with self._database.write(confirmed=True) as connection:
            recipient = await recipient_id_of(connection, sender.digest)
            if recipient is None:
                ids = await ensure_recipient_ids(connection, [sender])
                recipient = ids[sender.digest]
            intent = read_intent(await _last_text(connection, recipient))
            inserted = await connection.execute(
                insert_into(connection, inbounds)
                .values(
                    provider=inbound.provider,
                    provider_id=inbound.provider_id,
                    recipient_id=recipient,
                    intent=intent,
                    body=encrypted_body,
                    received_at=now,
                )
                .on_conflict_do_nothing()
            )
            if inserted.rowcount:
                await _log_unknown_opt_out(connection, inbound, now)
                await _apply_intent(connection, recipient, intent, now)
            return bool(inserted.rowcount)

    async def receipts_of(
        self, provider: str, ids: Collection[str]
    ) -> Mapping[str, set[ReceiptStatus]]:
        """The statuses received for each id, a provider's or ours."""
        found: dict[str, set[ReceiptStatus]] = {}
        async with self._database.read() as connection:
            for chunk in in_chunks(list(ids)):
                found |= await _load_receipts(connection, provider, chunk)
        return found

    async def count_without_receipt(self) -> int:
        """Count accepted messages without any receipt."""
        wanted = select(func.count()).where(messages.c.state == MessageState.ACCEPTED)
        async with self._database.read() as connection:
            return int((await connection.execute(wanted)).scalar_one())

    async def list_unconfirmed(
        self, provider: str, now: datetime, min_age: timedelta, max_age: timedelta
    ) -> Sequence[UnconfirmedMessage]:
        """List messages whose next poll is due, the one due longest first."""
        its = messages.c
        wanted = (
            select(its.id, its.accepted_at, its.provider_id, its.rank, its.posted_after)
            .where(
                text(f"messages.{UNCONFIRMED_MESSAGE}"),
                its.provider == provider,
                its.accepted_at < now - min_age,
                its.accepted_at >= now - max_age,
                or_(its.ask_at.is_(None), its.ask_at <= now),
            )
            .order_by(func.coalesce(its.ask_at, its.accepted_at), its.id)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(wanted)
            return [UnconfirmedMessage(*row) for row in rows]

    async def schedule_polls(self, polls: Sequence[tuple[str, datetime]]) -> None:
        """Store when to poll next for each message."""
        async with self._database.write() as connection:
            await connection.execute(
                _SET_ASK_AT, _ASK_TIMES.bind(connection.dialect, polls)
            )

    async def report_unknown_ids(
        self, message_ids: Collection[str], now: datetime
    ) -> None:
        """Mark accepted messages whose id the provider does not know, with an alarm."""
        async with self._database.write() as connection:
            marked = await connection.execute(
                _MARK_UNKNOWN_IDS, _UNKNOWN_IDS.bind(connection.dialect, message_ids)
            )
            for row in marked.all():
                detail = {"message": row.id, "provider_id": row.provider_id}
                await log_alarm(connection, "unknown provider id", detail, now)

    async def is_known_receipt(self, receipt: Receipt) -> bool:
        """Whether an equal receipt of its message is stored already."""
        wanted = (
            select(receipts.c.raw)
            .join_from(receipts, messages, receipts.c.message_id == messages.c.id)
            .where(
                messages.c.provider == receipt.provider,
                messages.c.provider_id == receipt.provider_id,
                receipts.c.state.is_(None),
            )
        )
        async with self._database.read() as connection:
            known = (await connection.execute(wanted)).scalars()
            return dict(receipt.raw) in known.all()


async def _load_receipts(
    connection: AsyncConnection, provider: str, ids: Sequence[str]
) -> dict[str, set[ReceiptStatus]]:
    ours = [one for one in ids if _UUID.fullmatch(one)]
    named = messages.c.provider_id.in_(ids) | messages.c.id.in_(ours)
    wanted = (
        select(messages.c.id, messages.c.provider_id, receipts.c.state, receipts.c.code)
        .join_from(messages, receipts, isouter=True, onclause=_OF_MESSAGE)
        .where(messages.c.provider == provider, named)
    )
    found: dict[str, set[ReceiptStatus]] = {}
    for row in await connection.execute(wanted):
        statuses = found.setdefault(row.id, set())
        if row.state:
            statuses.add((MessageState(row.state), row.code))
        if row.provider_id:
            found[row.provider_id] = statuses
    return found


async def _last_text(connection: AsyncConnection, recipient: str) -> str | None:
    """The text last sent to a phone, or perhaps sent; tests offer no reply."""
    wanted = (
        select(messages.c.body)
        .where(
            messages.c.recipient_id == recipient,
            messages.c.state.not_in(NEVER_SENT),
            IS_TO_HOLDER,
        )
        .order_by(messages.c.claimed_at.desc(), messages.c.id.desc())
        .limit(1)
    )
    return (await connection.execute(wanted)).scalar()


async def _log_unknown_opt_out(
    connection: AsyncConnection, inbound: Inbound, now: datetime
) -> None:
    """Log an opt-out type of the provider that this release does not know."""
    if inbound.opt_out is not None and inbound.opt_out not in PROVIDER_INTENTS:
        detail = {"inbound": inbound.provider_id, "said": safe_label(inbound.opt_out)}
        await log_action(connection, now, "service", "unknown opt-out type", detail)


async def _apply_intent(
    connection: AsyncConnection,
    recipient: str,
    intent: OptOutIntent | None,
    now: datetime,
) -> None:
    """Apply STOP or START to a phone; whoever writes is reachable again."""
    if intent == "stop":
        await opt_out(connection, recipient, "inbound", now)
    elif intent == "start":
        await opt_in(connection, recipient, now)
    await lift_unreachable(connection, recipient, now)
