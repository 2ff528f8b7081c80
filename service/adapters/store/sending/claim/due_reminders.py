"""Due reminders that a claim may take, and others due to the same phones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonQuery, JsonValues
from service.adapters.store.db.prepared import Prepared
from service.adapters.store.db.schema import (
    facts,
    lookups,
    pauses,
    permit_recipients,
    reminders,
)
from service.adapters.store.db.types import database_now
from service.adapters.store.failover.doubtful_reminders import (
    NEEDS_ASKING,
    asking_parameters,
)
from service.adapters.store.law.digest import LAW_FACT
from service.adapters.store.office.senders import office_paused
from service.adapters.store.reminders.candidates import (
    CandidateRow,
    join_recipients,
    select_candidates,
)
from service.adapters.store.sending.claim.claim_conditions import (
    is_paused,
    is_wait_over,
    volume_was_checked,
)
from service.domain.delivery.status import CLAIMABLE, ReminderState
from service.domain.errors import LawChangedError
from service.domain.failover.ledger_server import LedgerServer
from service.domain.law.rule import CORRECTION
from service.flow.sending.claim_rows import ClaimRequest

MAX_COMPANION_PERMITS: Final = 1000
"""Other permits of the claimed phones that one claim looks at, at most."""

_CLOCK_SET_BACK: Final = timedelta(minutes=10)
"""A reminder that became due this much after now did so before a clock was set back."""


@dataclass(frozen=True, slots=True)
class ClaimScope:
    """What a claim may take: query parameters, and whether anything is paused.

    `any_lookup`: some register is asked before texts. `clock` is the database's own.
    `needs_asking`: whether it takes reminders that are asked first, or only others;
    None where there are none.
    """

    parameters: dict[str, Any]
    any_paused: bool
    any_lookup: bool
    clock: datetime
    needs_asking: bool | None = None


_SITUATION = Prepared(
    select(
        facts.c.value.label("law_digest"),
        exists(select(pauses.c.scope)).label("any_paused"),
        exists(select(lookups.c.register)).label("any_lookup"),
        database_now().label("clock"),
    )
    .where(facts.c.key == LAW_FACT)
    .with_for_update(read=True, of=facts)
)


async def open_claim(
    connection: AsyncConnection,
    request: ClaimRequest,
    asked_first: LedgerServer | None,
    now: datetime,
) -> ClaimScope:
    """Check that the law is still the request's, and see what is paused.

    What may have been sent before `asked_first` is asked about first. Raises
    `LawChangedError` where the law is another; locks it until the transaction ends.
    """
    found = next(iter(await _SITUATION.run(connection, {})), None)
    if found is None or found.law_digest != request.law_digest:
        raise LawChangedError("the law has changed meanwhile; try again")
    parameters = {
        "now": now,
        "checked_until": request.checked_until,
        "set_back_after": now + _CLOCK_SET_BACK,
    } | _EXCLUDED.bind(connection.dialect, request.excluded_authorities)
    needs_asking = None
    if asked_first is not None:
        parameters |= asking_parameters(asked_first)
        needs_asking = request.asks_first
    return ClaimScope(
        parameters, found.any_paused, found.any_lookup, found.clock, needs_asking
    )


async def load_due(
    connection: AsyncConnection, scope: ClaimScope, limit: int
) -> list[CandidateRow]:
    """Load the due reminders that close soonest, and others due to their phones."""
    rows = await _load_first(connection, scope, limit)
    if not rows:
        return []
    first = await join_recipients(connection, rows)
    others = await _load_companions(connection, scope, first)
    return sorted([*first, *others], key=_closing_order)


def _closing_order(candidate: CandidateRow) -> tuple[datetime, datetime, str]:
    """Order by closing; the reminders of one permit by the end of their step."""
    row = candidate.row
    return row.closes_at, row.until_at, row.permit_id


async def _load_first(
    connection: AsyncConnection, scope: ClaimScope, limit: int
) -> list[Row[Any]]:
    """Load the rows that close soonest: each state by its own index."""
    parameters = scope.parameters | {"limit": limit}
    found = [
        row
        for state in CLAIMABLE
        for row in await _first_due(
            state, paused=scope.any_paused, needs_asking=scope.needs_asking
        ).rows(connection, parameters)
    ]
    return sorted(found, key=lambda row: (row.closes_at, row.permit_id))[:limit]


async def _load_companions(
    connection: AsyncConnection, scope: ClaimScope, first: Sequence[CandidateRow]
) -> list[CandidateRow]:
    """Load what else is due to the same phones, so that one SMS can say it all."""
    phones = {one.recipient.id for one in first if one.recipient is not None}
    permits = await _load_other_permits(connection, scope, first, phones)
    if not permits:
        return []
    parameters = scope.parameters | _PERMITS.bind(connection.dialect, permits)
    rows = [
        row
        for state in CLAIMABLE
        for row in await _due_of_permits(
            state, paused=scope.any_paused, needs_asking=scope.needs_asking
        ).rows(connection, parameters)
    ]
    found = await join_recipients(connection, rows)
    return [one for one in found if one.recipient and one.recipient.id in phones]


async def _load_other_permits(
    connection: AsyncConnection,
    scope: ClaimScope,
    first: Sequence[CandidateRow],
    phones: Iterable[str],
) -> Sequence[str]:
    dialect = connection.dialect
    claimed = {one.row.permit_id for one in first}
    parameters = _PHONES.bind(dialect, phones) | _CLAIMED.bind(dialect, claimed)
    parameters["now"] = scope.parameters["now"]
    found = await _OTHER_PERMITS_OF_PHONES.run(connection, parameters)
    return [one.permit_id for one in found]


_PHONES = JsonValues(permit_recipients.c.recipient_id, "phones")
_CLAIMED = JsonValues(permit_recipients.c.permit_id, "claimed")
_PERMITS = JsonValues(reminders.c.permit_id, "others")
_EXCLUDED = JsonValues(reminders.c.authority, "excluded")

_OTHER_PERMITS_OF_PHONES = Prepared(
    select(permit_recipients.c.permit_id)
    .distinct()
    .join(reminders, reminders.c.permit_id == permit_recipients.c.permit_id)
    .where(
        permit_recipients.c.recipient_id.in_(_PHONES.values),
        permit_recipients.c.permit_id.not_in(_CLAIMED.values),
        reminders.c.state.in_(CLAIMABLE),
        reminders.c.next_at <= bindparam("now", type_=reminders.c.next_at.type),
    )
    .limit(MAX_COMPANION_PERMITS)
)


@cache
def _first_due(
    state: ReminderState, *, paused: bool, needs_asking: bool | None
) -> JsonQuery:
    """The query for what closes soonest; cached, since each claim runs it."""
    return JsonQuery(
        _select_due(state, paused=paused, needs_asking=needs_asking)
        .order_by(reminders.c.closes_at, reminders.c.permit_id)
        .limit(bindparam("limit", type_=Integer()))
    )


@cache
def _due_of_permits(
    state: ReminderState, *, paused: bool, needs_asking: bool | None
) -> JsonQuery:
    """The query for what is due of some permits; cached likewise."""
    of_permits = reminders.c.permit_id.in_(_PERMITS.values)
    return JsonQuery(
        _select_due(state, paused=paused, needs_asking=needs_asking).where(of_permits)
    )


_others = reminders.alias()

_HAS_TEXT_UNDER_WAY = exists().where(
    _others.c.permit_id == reminders.c.permit_id,
    _others.c.state == ReminderState.SENDING,
)
"""A correction must not overtake the text that it corrects."""


def _select_due(
    state: ReminderState, *, paused: bool, needs_asking: bool | None
) -> Select[Any]:
    """Select reminders whose time has come and that nothing holds back."""
    due = select_candidates(
        reminders.c.state == state,
        reminders.c.next_at <= bindparam("now", type_=reminders.c.next_at.type),
        is_wait_over(),
        reminders.c.authority.not_in(_EXCLUDED.values),
        ~and_(reminders.c.step.startswith(CORRECTION), _HAS_TEXT_UNDER_WAY),
        volume_was_checked(),
    )
    if paused:
        due = due.where(~is_paused(), ~office_paused())
    if needs_asking is not None:
        due = due.where(NEEDS_ASKING if needs_asking else ~NEEDS_ASKING)
    return due.with_for_update(skip_locked=True, of=reminders)
