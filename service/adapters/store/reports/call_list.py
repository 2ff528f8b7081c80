"""Permits whose holders may have to be called, with masked phones."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import (
    golives,
    messages,
    pauses,
    permits,
    reminders,
    slots,
)
from service.adapters.store.office.senders import office_of_each, scopes_of
from service.adapters.store.reminders.candidates import phones_of
from service.adapters.store.sending.resolve import awaiting_operator
from service.adapters.store.slots.conditions import IS_LIVE, IS_REMINDED, go_live_of
from service.adapters.store.slots.group_key import (
    PERMIT_IN_GROUPS,
    SLOT_GROUP_COLUMNS,
    group_key,
    group_params,
)
from service.domain.deadlines.slot import GroupKey
from service.domain.delivery.outcome import UNKNOWN_ID_REASON
from service.domain.delivery.status import CLAIMABLE, NEVER_ACCEPTED, ReminderState
from service.domain.delivery.unknown_outcome import absence_seen
from service.domain.go_live.go_live import LONGEST_OVERRUN
from service.domain.permits.phone import PhoneLine, choose_phone
from service.domain.reminders.reasons import NO_ROUTE
from service.domain.reports.call_list import (
    LONGEST_NORMAL_WAIT,
    PhoneState,
    held_back_reason,
)
from service.flow.reports.call_list import CallListStore, UnfiledPermit

_NOBODY_KNOWS = or_(
    awaiting_operator(LONGEST_NORMAL_WAIT), messages.c.reason == UNKNOWN_ID_REASON
)


class SqlCallListStore(CallListStore):
    """Reads permits with what was texted about them, and what holds the rest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def live_groups(
        self, offices: Collection[str], now: datetime, soon: datetime
    ) -> list[GroupKey]:
        """Live groups with a step due by `soon` whose expiry is not long ago."""
        wanted = (
            select(*SLOT_GROUP_COLUMNS)
            .distinct()
            .join_from(slots, golives, go_live_of(slots.c))
            .where(
                IS_LIVE,
                golives.c.live_from <= now,
                slots.c.authority.in_(offices),
                slots.c.due_at <= soon,
                slots.c.expires_on > now.date() - LONGEST_OVERRUN,
            )
        )
        async with self._database.read() as connection:
            return [*map(group_key, await connection.execute(wanted))]

    async def unfiled_permits(
        self, groups: Sequence[GroupKey], now: datetime
    ) -> list[UnfiledPermit]:
        """The active permits of these groups for which no renewal is filed."""
        async with self._database.read() as connection:
            return [
                one
                for chunk in in_chunks(groups)
                for one in await _unfiled(connection, chunk, now)
            ]


async def _unfiled(
    connection: AsyncConnection, groups: Sequence[GroupKey], now: datetime
) -> list[UnfiledPermit]:
    wanted = select(permits).where(PERMIT_IN_GROUPS, IS_REMINDED)
    params = group_params(connection, groups)
    rows = (await connection.execute(wanted, params)).all()
    ids = [row.id for row in rows]
    phones = await phones_of(connection, ids)
    steps = await _steps(connection, ids, now)
    return [_to_unfiled(row, phones.get(row.id, []), steps) for row in rows]


@dataclass(slots=True)
class _Steps:
    """What became of the steps of one permit and expiry date.

    `texted` are those whose text was sent or is about to be. `held` and `failed` are
    reasons: of the last step that waits, and of the latest step if its text failed.
    `unknown_outcome` is what was seen of the last text whose outcome nobody knows.
    """

    texted: set[str] = field(default_factory=set)
    held: str | None = None
    failed: str | None = None
    unknown_outcome: str | None = None


async def _steps(
    connection: AsyncConnection, ids: Sequence[str], now: datetime
) -> Mapping[tuple[str, date], _Steps]:
    found = defaultdict[tuple[str, date], _Steps](_Steps)
    in_force = await _load_pauses(connection)
    for chunk in in_chunks(ids):
        wanted = (
            select(
                reminders,
                _NOBODY_KNOWS.label("unknown"),
                messages.c.reason.label("message_reason"),
            )
            .outerjoin(messages, messages.c.id == reminders.c.message_id)
            .where(
                reminders.c.permit_id.in_(chunk),
                reminders.c.state.not_in(NEVER_ACCEPTED),
            )
            .order_by(reminders.c.due_at)
        )
        for row in await connection.execute(wanted):
            steps = found[row.permit_id, row.expires_on]
            steps.failed = _failure_reason(row)
            if row.unknown:
                steps.unknown_outcome = absence_seen(row.message_reason)
            if steps.failed is None:
                steps.texted.add(row.step)
                steps.held = _hold_reason(row, in_force, now) or steps.held
    return found


@dataclass(frozen=True, slots=True)
class _PausesInForce:
    """Who made each pause, by scope, and the office that sends for each authority."""

    made_by: Mapping[str, str]
    offices: Mapping[str, str]


async def _load_pauses(connection: AsyncConnection) -> _PausesInForce:
    rows = await connection.execute(select(pauses))
    made_by = {row.scope: row.by for row in rows}
    return _PausesInForce(made_by, await office_of_each(connection) if made_by else {})


def _failure_reason(row: Row[Any]) -> str | None:
    """Why no text of a reminder arrived, if none will without somebody's help."""
    if row.hold_reason == NO_ROUTE:
        return NO_ROUTE
    return str(row.reason) if row.state == ReminderState.FAILED else None


def _hold_reason(row: Row[Any], in_force: _PausesInForce, now: datetime) -> str | None:
    """Why a claimable reminder waits for longer than is normal; None if it does not."""
    if row.state not in CLAIMABLE:
        return None
    scopes = scopes_of(row.authority, row.rule, in_force.offices.get(row.authority))
    makers = (in_force.made_by[scope] for scope in scopes if scope in in_force.made_by)
    paused_by = next(makers, None)
    outlasts = row.next_at >= row.until_at
    return held_back_reason(
        row.hold_reason, paused_by, now - row.next_at, outlasts_step=outlasts
    )


def _to_unfiled(
    row: Row[Any],
    phones: Sequence[Row[Any]],
    steps: Mapping[tuple[str, date], _Steps],
) -> UnfiledPermit:
    phone = choose_phone(phones)
    permit_steps = steps.get((row.id, row.expires_on), _Steps())
    return UnfiledPermit(
        series=row.series,
        authority=row.authority,
        rule=row.rule,
        number=row.shown_number,
        holder=row.holder,
        expires_on=row.expires_on,
        phones=tuple(one.masked for one in phones),
        phone_state=PhoneState(
            line=PhoneLine(phone.line) if phone else None,
            opted_out=phone is not None and phone.opted_out_at is not None,
            unreachable=phone is not None and phone.unreachable_at is not None,
        ),
        texted_steps=frozenset(permit_steps.texted),
        hold_reason=permit_steps.held,
        failure_reason=permit_steps.failed,
        unknown_outcome=permit_steps.unknown_outcome,
    )
