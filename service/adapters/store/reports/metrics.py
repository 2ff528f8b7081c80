"""Figures of the ledger for monitoring: one statement each, through an index.

Only tests are found without one, in the action log, which is short beside the ledger.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects.ledger_server import load_standing
from service.adapters.store.db.dialects.postgres_figures import read_server_figures
from service.adapters.store.db.facts import LAST_TICK, get_instant_fact
from service.adapters.store.db.health import list_outages
from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import authorities, messages, pauses, reminders
from service.adapters.store.office.senders import office_paused
from service.adapters.store.reminders.transitions import has_state
from service.adapters.store.sending.claim.own_phone import IS_TO_HOLDER, list_tests
from service.adapters.store.sending.lookups import count_answers
from service.adapters.store.sending.resolve import IS_OPEN_MESSAGE, awaiting_operator
from service.domain.delivery.operator_request import SCOPE_ALL
from service.domain.delivery.pause import BREAKER_NAME
from service.domain.delivery.status import CLAIMABLE, MessageState, ReminderState
from service.flow.reports.metrics import Gauges, MetricsStore

RECENT: Final = timedelta(hours=72)
"""Age up to which messages are counted by state: providers are polled that long."""

_COUNT: Final = func.count().label("number")


class SqlMetricsStore(MetricsStore):
    """Reads all figures in one transaction, so that they belong together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def gauges(self, now: datetime) -> Gauges:
        """All figures as of one moment."""
        async with self._database.read() as connection:
            in_force = (await connection.execute(select(pauses))).all()
            due, since = await _count_due(
                connection, [pause.scope for pause in in_force], now
            )
            breaker_reasons = [one.reason for one in in_force if one.by == BREAKER_NAME]
            return Gauges(
                reminders=await _reminders(connection),
                messages=await _messages(connection, now),
                accepted=await _count_accepted(connection),
                due=due,
                oldest_due_seconds=(now - since).total_seconds() if since else 0.0,
                held_by_reason=await _count_held(connection, now),
                open_outcomes=await _count_messages(connection, IS_OPEN_MESSAGE),
                left_to_operator=await _count_messages(
                    connection, and_(IS_OPEN_MESSAGE, awaiting_operator())
                ),
                paused_scopes=len(in_force),
                breaker_reason=next(iter(breaker_reasons), None),
                outages=await list_outages(connection),
                ticked_at=await _load_ticked_at(connection),
                lookups=await count_answers(connection),
                is_in_doubt=(await load_standing(connection)).is_in_doubt,
                server=await read_server_figures(connection)
                if self._database.is_postgres
                else None,
            )


async def _reminders(connection: AsyncConnection) -> dict[ReminderState, int]:
    wanted = select(reminders.c.state, _COUNT).group_by(reminders.c.state)
    rows = await connection.execute(wanted)
    return {ReminderState(state): count for state, count in rows}


async def _messages(
    connection: AsyncConnection, now: datetime
) -> dict[tuple[str, MessageState], int]:
    """Recent messages by provider and state.

    Names every office, so that SQLite seeks in the index on office and time.
    """
    kinds = (messages.c.provider, messages.c.state)
    rows = await connection.execute(
        select(*kinds, _COUNT)
        .where(
            messages.c.office.in_(select(authorities.c.code)),
            messages.c.claimed_at >= now - RECENT,
            IS_TO_HOLDER,
        )
        .group_by(*kinds)
    )
    return {(row.provider, MessageState(row.state)): row.number for row in rows}


async def _count_accepted(connection: AsyncConnection) -> dict[str, int]:
    """Messages ever accepted, by provider, counted in the index of provider ids.

    Tests are few: the action log names them, and they are taken off.
    """
    accepted = select(
        messages.c.provider, func.count(messages.c.provider_id).label("number")
    ).group_by(messages.c.provider)
    counted = Counter(
        {row.provider: row.number for row in await connection.execute(accepted)}
    )
    for chunk in in_chunks(await list_tests(connection)):
        tests = accepted.where(messages.c.id.in_(chunk))
        for row in await connection.execute(tests):
            counted[row.provider] -= row.number
    return dict(counted)


async def _count_due(
    connection: AsyncConnection, paused: Sequence[str], now: datetime
) -> tuple[int, datetime | None]:
    """How many reminders could be sent now, and since when the oldest could."""
    if SCOPE_ALL in paused:
        return 0, None
    counted = [
        await _count_due_in_state(connection, state, _is_unpaused(paused), now)
        for state in CLAIMABLE
    ]
    since = [oldest for _, oldest in counted if oldest is not None]
    return sum(count for count, _ in counted), min(since, default=None)


async def _count_due_in_state(
    connection: AsyncConnection,
    state: ReminderState,
    is_unpaused: Sequence[ColumnElement[bool]],
    now: datetime,
) -> tuple[int, datetime | None]:
    wanted = select(_COUNT, func.min(reminders.c.next_at)).where(
        has_state(state),
        reminders.c.next_at <= now,
        *is_unpaused,
    )
    count, oldest = (await connection.execute(wanted)).one()
    return count, oldest


def _is_unpaused(paused: Sequence[str]) -> list[ColumnElement[bool]]:
    """Neither the rule, the authority nor the office is paused.

    Only the kinds of scope that are paused are looked at.
    """
    columns = {"rule": reminders.c.rule, "authority": reminders.c.authority}
    scopes = [scope.split(":", 1) for scope in paused]
    conditions = [columns[kind] != code for kind, code in scopes if kind in columns]
    has_paused_office = len(conditions) < len(scopes)
    return [*conditions, ~office_paused()] if has_paused_office else conditions


async def _count_held(connection: AsyncConnection, now: datetime) -> dict[str, int]:
    """How many reminders are held until later, by reason."""
    by_reason = Counter[str]()
    for state in CLAIMABLE:
        rows = await connection.execute(
            select(reminders.c.hold_reason, _COUNT)
            .where(
                has_state(state),
                reminders.c.next_at > now,
                reminders.c.hold_reason.is_not(None),
            )
            .group_by(reminders.c.hold_reason)
        )
        by_reason.update({row.hold_reason: row.number for row in rows})
    return dict(by_reason)


async def _count_messages(connection: AsyncConnection, *where: Any) -> int:  # noqa: ANN401
    wanted = select(_COUNT).select_from(messages).where(*where)
    return int((await connection.execute(wanted)).scalar_one())


async def _load_ticked_at(connection: AsyncConnection) -> datetime | None:
    at = await get_instant_fact(connection, LAST_TICK)
    return at.replace(tzinfo=UTC) if at and not at.tzinfo else at
