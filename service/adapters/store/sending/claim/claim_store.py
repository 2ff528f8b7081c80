"""`SqlClaimStore`: claim due reminders, and record what their POSTs came to."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid4, uuid7

from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects.ledger_server import load_standing
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
    would_change,
)
from service.adapters.store.sending.claim.begin_messages import begin_messages
from service.adapters.store.sending.claim.due_reminders import (
    join_companions,
    open_claim,
)
from service.adapters.store.sending.claim.insert_messages import (
    ClaimOwner,
    NewMessage,
    insert_messages,
    to_outgoing,
)
from service.adapters.store.sending.claim.register_answers import join_answers
from service.adapters.store.sending.claim.turns import SenderLines, take_turns
from service.adapters.store.sending.claim.usage import (
    count_usage,
    save_sender_turns,
)
from service.adapters.store.sending.claim.verdicts import store_verdicts
from service.adapters.store.sending.outcomes.record import record
from service.adapters.store.sending.outcomes.record_accepted import (
    Acceptance,
    NotPlainError,
    plain_acceptances,
    record_plain,
)
from service.flow.ports import Vault
from service.flow.sending.claim_rows import (
    Begun,
    Claim,
    ClaimRequest,
    DueReminder,
    PostProgress,
)
from service.flow.sending.send import ClaimStore


class SqlClaimStore(ClaimStore):
    """Claims messages for one provider, begins them, and records its answers."""

    def __init__(
        self, database: Database, vault: Vault, provider: str, first_wait: float
    ) -> None:
        self._database = database
        self._vault = vault
        self._provider = provider
        self._first_wait = first_wait
        self._worker = str(uuid4())

    async def claim(self, request: ClaimRequest, now: datetime) -> Claim:
        """End, hold or claim due reminders, in one transaction.

        Claims nothing in another generation of the provider's circuit. Raises
        `LawChangedError` where the request was made under another law.
        """
        owner = ClaimOwner(
            request.owner, self._worker, request.lease, self._provider, self._vault
        )
        is_alone = request.has_exclusive_senders  # nobody waits for lines in a circle
        async with self._database.write(beside_others=not is_alone) as connection:
            return await _claim(connection, owner, request, now)

    async def record_and_begin(self, progress: PostProgress, now: datetime) -> Begun:
        """Record what was answered to this owner's messages, and begin the next ones.

        In one transaction: a process that dies leaves unknown what it had begun and not
        recorded. It runs beside others if there are plain acceptances alone. Begins
        nothing on another server than before.
        """
        confirmed = bool(progress.group)
        plain = plain_acceptances(progress.outcomes)
        if len(plain) == len(progress.outcomes):
            with suppress(NotPlainError, IntegrityError):  # another has its id
                async with self._database.write(
                    confirmed=confirmed, beside_others=True
                ) as connection:
                    return await self._record_plain(connection, progress, plain, now)
        async with self._database.write(confirmed=confirmed) as connection:
            return await self._record_any(connection, progress, now)

    async def _record_plain(
        self,
        connection: AsyncConnection,
        progress: PostProgress,
        plain: Sequence[Acceptance],
        now: datetime,
    ) -> Begun:
        """Raises `NotPlainError` where more changes than this owner's messages."""
        await record_plain(connection, progress.owner, plain, now)
        row = await load_row(connection, self._provider)
        circuit = to_circuit(row, self._first_wait)
        if would_change(circuit, progress.generation, progress.evidence):
            raise NotPlainError
        return await _begin(connection, row, progress)

    async def _record_any(
        self, connection: AsyncConnection, progress: PostProgress, now: datetime
    ) -> Begun:
        provider = self._provider
        if progress.outcomes:
            await record(connection, progress.owner, progress.outcomes, now)
        row = await load_row(connection, provider)
        circuit = to_circuit(row, self._first_wait)
        changed = await judge_provider(
            connection, provider, circuit, progress.generation, progress.evidence
        )
        if changed:
            return Begun(frozenset(), changed)
        return await _begin(connection, row, progress)


async def _begin(
    connection: AsyncConnection, row: Row[Any] | None, progress: PostProgress
) -> Begun:
    is_out = not may_send(row, progress.owner, progress.generation)
    if is_out or (await load_standing(connection)).is_in_doubt:
        return Begun(frozenset())
    return Begun(await begin_messages(connection, progress))


async def _claim(
    connection: AsyncConnection, owner: ClaimOwner, request: ClaimRequest, now: datetime
) -> Claim:
    """Select what is due, decide on it, insert messages, mark reminders."""
    row = await load_row(connection, owner.provider)
    standing = await load_standing(connection)
    asked_first = standing.asked_first()
    may_claim = asked_first if request.asks_first else not standing.is_in_doubt
    if not may_claim or not may_send(row, owner.id, request.generation):
        return Claim(0, (), frozenset())
    scope = await open_claim(connection, request, asked_first, now)
    lines = SenderLines(connection, owner) if request.has_exclusive_senders else None
    rows, offices = await take_turns(connection, scope, request.max_messages, lines)
    if not rows:
        return Claim(0, (), frozenset())
    candidates = await join_companions(connection, scope, rows, offices)
    if scope.any_lookup:
        candidates = await join_answers(connection, candidates)
    limits = request.limits.of({scope.offices[code] for code in offices})
    usage = await count_usage(connection, candidates, limits, now)
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
        await save_sender_turns(connection, plan.sender_waits)
    if request.asks_first and asked_first is not None:
        ids = [one.id for one in new_messages]
        await ask_about(connection, ids, asked_first, scope.clock, now)
        return Claim(len(candidates), (), frozenset())
    return Claim(
        len(candidates), tuple(map(to_outgoing, new_messages)), plan.busy_offices
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
