"""Which reminders may be sent now, and what else is due to the same phones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonQuery, JsonValues
from service.adapters.store.db.schema import pauses, permit_recipients, reminders
from service.adapters.store.db.types import database_now
from service.adapters.store.office.senders import office_paused
from service.adapters.store.reminders.candidates import (
    CandidateRow,
    join_recipients,
    select_candidates,
)
from service.domain.delivery.status import CLAIMABLE, ReminderState
from service.domain.law.rule import CORRECTION
from service.flow.sending.claim_rows import ClaimRequest

COMPANIONS = 1000
"""Reminders of the same phones that are looked at besides."""

_CLOCK_SET_BACK: Final = timedelta(minutes=10)
"""What became due so much later than now was so before a clock was set back."""

_PAUSED_AND_CLOCK = select(exists(select(pauses.c.scope)), database_now())


@dataclass(frozen=True, slots=True)
class ClaimFilter:
    """What may be sent now: the values asked for, and whether anything is paused.

    `clock` is the database's.
    """

    values: dict[str, Any]
    any_paused: bool
    clock: datetime


async def load_claim_filter(
    connection: AsyncConnection, request: ClaimRequest, now: datetime
) -> ClaimFilter:
    """Look whether anything is paused, and at the clock."""
    paused, clock = (await connection.execute(_PAUSED_AND_CLOCK)).one()
    values = {
        "now": now,
        "since": request.checked_until,
        "later": now + _CLOCK_SET_BACK,
        "without": list(request.excluded_authorities),
    }
    return ClaimFilter(values, paused, clock)


async def load_eligible(
    connection: AsyncConnection, claim_filter: ClaimFilter, limit: int
) -> list[Any]:
    """The rows that may be sent now, each state by its own index."""
    asked = claim_filter.values | {"most": limit}
    found = [
        row
        for state in CLAIMABLE
        for row in await _eligible_first(state, paused=claim_filter.any_paused).rows(
            connection, asked
        )
    ]
    found.sort(key=lambda row: (row.closes_at, row.permit_id))
    return found[:limit]


_OTHERS = reminders.alias()

_HAS_TEXT_UNDER_WAY = exists().where(
    _OTHERS.c.permit_id == reminders.c.permit_id,
    _OTHERS.c.state == ReminderState.SENDING,
)
"""A correction must not overtake what it corrects."""


@cache
def _eligible_first(state: ReminderState, *, paused: bool) -> JsonQuery:
    """What closes soonest; built once, since it is asked for at every claim."""
    return JsonQuery(
        _select_eligible(state, paused=paused)
        .order_by(reminders.c.closes_at, reminders.c.permit_id)
        .limit(bindparam("most", type_=Integer()))
    )


@cache
def _eligible_of_permits(state: ReminderState, *, paused: bool) -> JsonQuery:
    """Those of some permits; likewise."""
    mine = reminders.c.permit_id.in_(_PERMITS.values)
    return JsonQuery(_select_eligible(state, paused=paused).where(mine))


def _select_eligible(state: ReminderState, *, paused: bool) -> Select[Any]:
    wanted = select_candidates(
        reminders.c.state == state,
        reminders.c.next_at <= bindparam("now", type_=reminders.c.next_at.type),
        or_(reminders.c.retry_at.is_(None), reminders.c.retry_at <= database_now()),
        reminders.c.authority.not_in(bindparam("without", expanding=True)),
        ~and_(reminders.c.step.startswith(CORRECTION), _HAS_TEXT_UNDER_WAY),
        or_(
            reminders.c.message_id.is_not(None),
            reminders.c.state_at <= bindparam("since", type_=reminders.c.state_at.type),
            reminders.c.state_at > bindparam("later", type_=reminders.c.state_at.type),
        ),
    )
    if paused:
        wanted = wanted.where(~_is_paused(), ~office_paused())
    return wanted.with_for_update(skip_locked=True, of=reminders)


async def companions(
    connection: AsyncConnection,
    candidates: Sequence[CandidateRow],
    claim_filter: ClaimFilter,
) -> list[CandidateRow]:
    """What else is due for the same phones, so that one SMS tells them all."""
    taken = {it.row.permit_id for it in candidates}
    phones = {it.recipient.id for it in candidates if it.recipient is not None}
    dialect = connection.dialect
    asked = _PHONES.bind(dialect, phones) | _TAKEN.bind(dialect, taken)
    asked["now"] = claim_filter.values["now"]
    others = list((await connection.execute(_PERMITS_OF_PHONES, asked)).scalars())
    if not others:
        return []
    theirs = claim_filter.values | _PERMITS.bind(dialect, others)
    rows = [
        row
        for state in CLAIMABLE
        for row in await _eligible_of_permits(
            state, paused=claim_filter.any_paused
        ).rows(connection, theirs)
    ]
    found = await join_recipients(connection, rows)
    return [it for it in found if it.recipient and it.recipient.id in phones]


_PHONES = JsonValues(permit_recipients.c.recipient_id, "phones")
_TAKEN = JsonValues(permit_recipients.c.permit_id, "taken")
_PERMITS = JsonValues(reminders.c.permit_id, "others")

_PERMITS_OF_PHONES = (
    select(permit_recipients.c.permit_id)
    .distinct()
    .join(reminders, reminders.c.permit_id == permit_recipients.c.permit_id)
    .where(
        permit_recipients.c.recipient_id.in_(_PHONES.values),
        permit_recipients.c.permit_id.not_in(_TAKEN.values),
        reminders.c.state.in_(CLAIMABLE),
        reminders.c.next_at <= bindparam("now", type_=reminders.c.next_at.type),
    )
    .limit(COMPANIONS)
)


def _is_paused() -> ColumnElement[bool]:
    scopes = pauses.c.scope.in_(
        [
            literal("all"),
            "rule:" + reminders.c.rule,
            "authority:" + reminders.c.authority,
        ]
    )
    return exists().where(scopes).correlate(reminders)
