"""Due reminders that a claim may take, and others due to the same phones."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Row,
    Select,
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
from service.adapters.store.failover.doubtful_reminders import asking_parameters
from service.adapters.store.law.digest import LAW_FACT
from service.adapters.store.reminders.candidates import (
    CandidateRow,
    join_recipients,
    select_candidates,
)
from service.adapters.store.sending.claim.claim_conditions import DueKind, is_due
from service.domain.delivery.status import CLAIMABLE
from service.domain.errors import LawChangedError
from service.domain.failover.ledger_server import LedgerServer
from service.domain.law.authority import Authority
from service.flow.sending.claim_rows import ClaimRequest

MAX_COMPANION_PERMITS: Final = 1000
"""Other permits of the claimed phones that one claim looks at, at most."""

_CLOCK_SET_BACK: Final = timedelta(minutes=10)
"""A reminder that became due this much after now did so before a clock was set back."""


@dataclass(frozen=True, slots=True)
class ClaimScope:
    """What a claim may take: query parameters, and whether anything is paused.

    `any_lookup`: some register is asked before texts. `clock` is the database's own.
    `offices` has the office that sends for each authority which may be claimed for.
    `needs_asking`: whether it takes reminders that are asked first, or only others;
    None where there are none.
    """

    parameters: dict[str, Any]
    offices: Mapping[str, Authority]
    any_paused: bool
    any_lookup: bool
    clock: datetime
    needs_asking: bool | None = None

    def kinds(self) -> Sequence[DueKind]:
        """The kinds of reminders that it may take: each state by its own index."""
        return [
            DueKind(state, self.any_paused, self.needs_asking) for state in CLAIMABLE
        ]


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
    }
    needs_asking = None
    if asked_first is not None:
        parameters |= asking_parameters(asked_first)
        needs_asking = request.asks_first
    return ClaimScope(
        parameters,
        request.offices,
        found.any_paused,
        found.any_lookup,
        found.clock,
        needs_asking,
    )


async def join_companions(
    connection: AsyncConnection,
    scope: ClaimScope,
    rows: Sequence[Row[Any]],
    offices: Collection[str],
) -> list[CandidateRow]:
    """Join each row with its phone; add what these offices have for the same phones."""
    first = await join_recipients(connection, rows)
    theirs = [code for code, its in scope.offices.items() if its.code in offices]
    others = await _load_companions(connection, scope, first, theirs)
    return sorted([*first, *others], key=_closing_order)


def _closing_order(candidate: CandidateRow) -> tuple[datetime, datetime, str]:
    """Order by closing; the reminders of one permit by the end of their step."""
    row = candidate.row
    return row.closes_at, row.until_at, row.permit_id


async def _load_companions(
    connection: AsyncConnection,
    scope: ClaimScope,
    first: Sequence[CandidateRow],
    of: Iterable[str],
) -> list[CandidateRow]:
    """Load what else is due to the same phones, so that one SMS can say it all."""
    phones = {one.recipient.id for one in first if one.recipient is not None}
    parameters = scope.parameters | AUTHORITIES.bind(connection.dialect, of)
    permits = await _load_other_permits(connection, parameters, first, phones)
    if not permits:
        return []
    parameters |= _PERMITS.bind(connection.dialect, permits)
    rows = [
        row
        for kind in scope.kinds()
        for row in await _due_of_permits(kind).rows(connection, parameters)
    ]
    found = await join_recipients(connection, rows)
    return [one for one in found if one.recipient and one.recipient.id in phones]


async def _load_other_permits(
    connection: AsyncConnection,
    parameters: Mapping[str, Any],
    first: Sequence[CandidateRow],
    phones: Iterable[str],
) -> Sequence[str]:
    dialect = connection.dialect
    claimed = {one.row.permit_id for one in first}
    wanted = _PHONES.bind(dialect, phones) | _CLAIMED.bind(dialect, claimed)
    wanted |= {name: parameters[name] for name in ("now", "authorities")}
    found = await _OTHER_PERMITS_OF_PHONES.run(connection, wanted)
    return [one.permit_id for one in found]


_PHONES = JsonValues(permit_recipients.c.recipient_id, "phones")
_CLAIMED = JsonValues(permit_recipients.c.permit_id, "claimed")
_PERMITS = JsonValues(reminders.c.permit_id, "others")
AUTHORITIES = JsonValues(reminders.c.authority, "authorities")

_OTHER_PERMITS_OF_PHONES = Prepared(
    select(permit_recipients.c.permit_id)
    .distinct()
    .join(reminders, reminders.c.permit_id == permit_recipients.c.permit_id)
    .where(
        permit_recipients.c.recipient_id.in_(_PHONES.values),
        permit_recipients.c.permit_id.not_in(_CLAIMED.values),
        reminders.c.authority.in_(AUTHORITIES.values),
        reminders.c.state.in_(CLAIMABLE),
        reminders.c.next_at <= bindparam("now", type_=reminders.c.next_at.type),
    )
    .limit(MAX_COMPANION_PERMITS)
)


@cache
def _due_of_permits(kind: DueKind) -> JsonQuery:
    """The query for what is due of some permits; cached, since each claim runs it."""
    of_permits = reminders.c.permit_id.in_(_PERMITS.values)
    of_offices = reminders.c.authority.in_(AUTHORITIES.values)
    return JsonQuery(select_due(kind).where(of_permits, of_offices))


def select_due(kind: DueKind) -> Select[Any]:
    """Select reminders that are due, and lock them; those locked are left out."""
    due = select_candidates(*is_due(kind))
    return due.with_for_update(skip_locked=True, of=reminders)
