"""`SqlClaimStore`: claim due reminders, and record what their POSTs came to."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import bindparam, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects.ledger_server import load_standing
from service.adapters.store.db.json_rows import JsonValues
from service.adapters.store.db.prepared import Prepared
from service.adapters.store.db.schema import messages, rates
from service.adapters.store.db.types import database_now, database_now_plus
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.failover.doubtful_reminders import (
    ask_about,
    hold_for_decision,
)
from service.adapters.store.reminders.candidates import CandidateRow
from service.adapters.store.sending.circuit import (
    judge_provider,
    load_row,
    may_send,
    to_circuit,
)
from service.adapters.store.sending.claim.begin_messages import begin_messages
from service.adapters.store.sending.claim.due_reminders import load_due, open_claim
from service.adapters.store.sending.claim.insert_messages import (
    ClaimOwner,
    NewMessage,
    insert_messages,
    to_outgoing,
)
from service.adapters.store.sending.claim.own_phone import IS_TO_HOLDER
from service.adapters.store.sending.claim.register_answers import join_answers
from service.adapters.store.sending.claim.verdicts import store_verdicts
from service.adapters.store.sending.outcomes.record import record
from service.domain.delivery.status import ENDED_UNACCEPTED, MessageState
from service.domain.reminders.limits import Limits, Usage
from service.flow.ports import Vault
from service.flow.sending.claim_rows import (
    Begun,
    Claim,
    ClaimRequest,
    DueReminder,
    PostProgress,
)
from service.flow.sending.send import ClaimStore

T = TypeVar("T", bound=Hashable)


class SqlClaimStore(ClaimStore):
    """Claims messages for one provider, begins them, and records its answers."""

    def __init__(
        self, database: Database, vault: Vault, provider: str, first_wait: float
    ) -> None:
        self._database = database
        self._vault = vault
        self._provider = provider
        self._first_wait = first_wait

    async def claim(self, request: ClaimRequest, now: datetime) -> Claim:
        """End, hold or claim due reminders, in one transaction.

        Claims nothing in another generation of the provider's circuit. Raises
        `LawChangedError` where the request was made under another law.
        """
        owner = ClaimOwner(request.owner, request.lease, self._provider, self._vault)
        async with self._database.write() as connection:
            return await _claim(connection, owner, request, now)

    async def record_and_begin(self, progress: PostProgress, now: datetime) -> Begun:
        """Record what was answered to this owner's messages, and begin the next ones.

        In one transaction: a process that dies leaves unknown what it had begun and not
        recorded. Begins nothing on another server than before.
        """
        provider = self._provider
        async with self._database.write(confirmed=bool(progress.group)) as connection:
            if progress.outcomes:
                await record(connection, progress.owner, progress.outcomes, now)
            row = await load_row(connection, provider)
            circuit = to_circuit(row, self._first_wait)
            changed = await judge_provider(
                connection, provider, circuit, progress.generation, progress.evidence
            )
            is_out = not may_send(row, progress.owner, progress.generation)
            if changed or is_out or (await load_standing(connection)).is_in_doubt:
                return Begun(frozenset(), changed)
            return Begun(await begin_messages(connection, progress))


async def _claim(
    connection: AsyncConnection, owner: ClaimOwner, request: ClaimRequest, now: datetime
) -> Claim:
    """Select what is due, decide on it, insert messages, mark reminders."""
    row = await load_row(connection, owner.provider)
    standing = await load_standing(connection)
    if not may_send(row, owner.id, request.generation) or (
        standing.is_in_doubt and not request.asks_first
    ):
        return Claim(0, (), frozenset())
    asked_first = standing.asked_first()
    scope = await open_claim(connection, request, asked_first, now)
    candidates = await load_due(connection, scope, request.max_messages)
    if not candidates:
        return Claim(0, (), frozenset())
    if scope.any_lookup:
        candidates = await join_answers(connection, candidates)
    usage = await _count_usage(connection, candidates, request.limits, now)
    plan = request.plan([_to_due_reminder(one) for one in candidates], usage)
    await store_verdicts(connection, plan, candidates, now)
    new_messages = [
        NewMessage(
            str(uuid7()),
            draft,
            tuple(candidates[worded.index] for worded in draft.reminders),
        )
        for draft in plan.drafts
    ]
    if request.asks_first and not request.can_ask:
        keys = [one.key for message in new_messages for one in message.candidates]
        await hold_for_decision(connection, keys)
        return Claim(len(candidates), (), frozenset())
    if new_messages:
        await insert_messages(connection, new_messages, owner, scope.clock, now)
        await _save_sender_turns(connection, plan.sender_waits)
    if request.asks_first and asked_first is not None:
        ids = [one.id for one in new_messages]
        await ask_about(connection, ids, asked_first, scope.clock, now)
        return Claim(len(candidates), (), frozenset())
    return Claim(
        len(candidates), tuple(map(to_outgoing, new_messages)), plan.busy_offices
    )


_TWO_DAYS: Final = timedelta(days=2)
"""In every time zone, today began less than two days ago."""


async def _count_usage(
    connection: AsyncConnection,
    candidates: Iterable[CandidateRow],
    limits: Limits,
    now: datetime,
) -> Usage:
    """Count texts by phone and by office, and read when each sender is free."""
    phones = {one.recipient.id for one in candidates if one.recipient is not None}
    return Usage(
        texts_by_phone=await _texts_by_phone(connection, phones, now - _TWO_DAYS),
        texts_by_office={
            office: await _count_texts(connection, office, since)
            for office, since in limits.day_starts.items()
        },
        sender_waits=await _sender_waits(connection, limits.sender_intervals),
    )


_UNSENT = ENDED_UNACCEPTED - {MessageState.GIVEN_UP}
_COUNTS_AS_SENT = IS_TO_HOLDER & messages.c.state.not_in(_UNSENT)

_PHONES = JsonValues(messages.c.recipient_id, "phones")

_TEXTS = Prepared(
    select(messages.c.recipient_id, messages.c.claimed_at).where(
        messages.c.recipient_id.in_(_PHONES.values),
        messages.c.claimed_at >= bindparam("since", type_=messages.c.claimed_at.type),
        _COUNTS_AS_SENT,
    )
)


async def _texts_by_phone(
    connection: AsyncConnection, phones: Iterable[str], since: datetime
) -> Mapping[str, Sequence[datetime]]:
    parameters = _PHONES.bind(connection.dialect, phones) | {"since": since}
    found = defaultdict[str, list[datetime]](list)
    for row in await _TEXTS.run(connection, parameters):
        found[row.recipient_id].append(row.claimed_at)
    return found


async def _count_texts(
    connection: AsyncConnection, office: str, since: datetime
) -> int:
    counted = select(func.count()).where(
        messages.c.office == office, messages.c.claimed_at >= since, _COUNTS_AS_SENT
    )
    return int((await connection.execute(counted)).scalar_one())


async def _sender_waits(
    connection: AsyncConnection, senders: Collection[str]
) -> Mapping[str, float]:
    """Seconds until each sender is free; other workers' turns count, too."""
    if not senders:
        return {}
    wanted = (
        select(rates.c.sender, rates.c.free_at, database_now().label("now"))
        .where(rates.c.sender.in_(list(senders)))
        .with_for_update()
    )
    rows = await connection.execute(wanted)
    return {row.sender: (row.free_at - row.now).total_seconds() for row in rows}


async def _save_sender_turns(
    connection: AsyncConnection, seconds_until_free: Mapping[str, float]
) -> None:
    for sender, seconds in seconds_until_free.items():
        free_at = database_now_plus(literal(seconds))
        await connection.execute(
            insert_into(connection, rates)
            .values(sender=sender, free_at=free_at)
            .on_conflict_do_update(index_elements=["sender"], set_={"free_at": free_at})
        )


def _to_due_reminder(candidate: CandidateRow) -> DueReminder:
    """Convert a candidate to the row that the flow decides on."""
    row, recipient = candidate.row, candidate.recipient
    return DueReminder(
        candidate=candidate.candidate,
        permit_id=row.permit_id,
        authority=row.authority,
        rule=row.rule,
        version=row.version_id,
        permit_series=row.series,
        step=row.step,
        template=row.template,
        number_tail=row.tail,
        language=row.language,
        holder_key=row.holder_code or row.holder,
        recipient_id=recipient.id if recipient else None,
    )
