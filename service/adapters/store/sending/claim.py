"""Claiming: due reminders end, are held, or become messages, in one transaction."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from service.adapters.store.db.schema import reminders
from service.adapters.store.reminders.candidates import Reading, read
from service.adapters.store.reminders.transitions import Key, move, these
from service.adapters.store.sending.eligible import companions, ready, what_is_wanted
from service.adapters.store.sending.insert_messages import Made, Worker, outgoing, write
from service.adapters.store.sending.usage import give_turns, spent_of
from service.domain.delivery.status import WAITING
from service.domain.reminders.eligibility import Hold
from service.flow.rows import Claim, Claiming, Due

T = TypeVar("T", bound=Hashable)


async def claim(
    connection: AsyncConnection, worker: Worker, how: Claiming, now: datetime
) -> Claim:
    """Take due reminders: what closes soonest goes first."""
    wanted = await what_is_wanted(connection, how, now)
    rows = await ready(connection, wanted, how.most)
    if not rows:
        return Claim(0, (), frozenset())
    readings = await read(connection, rows)
    readings += await companions(connection, readings, wanted)
    readings.sort(key=_closing)
    spent = await spent_of(connection, readings, how.limits, now)
    plan = how.plan([due(it) for it in readings], spent)
    for end, keys in _alike(plan.ends, readings):
        await move(connection, these(keys), end.state, now, reason=end.reason)
    for hold, keys in _alike(plan.holds, readings):
        await _hold(connection, hold, keys)
    made = [
        Made(str(uuid7()), one, tuple(readings[it.at] for it in one.about))
        for one in plan.drafts
    ]
    if made:
        await write(connection, made, worker, wanted.clock, now)
        await give_turns(connection, plan.free)
    return Claim(len(readings), tuple(map(outgoing, made)), plan.busy)


def _closing(it: Reading) -> tuple[datetime, datetime, str]:
    """What closes soonest first; of one permit what ends sooner."""
    return it.row.closes_at, it.row.until_at, it.row.permit_id


def due(it: Reading) -> Due:
    """The reminder as the flow decides on it."""
    return Due(
        candidate=it.candidate,
        permit=it.row.permit_id,
        authority=it.row.authority,
        rule=it.row.rule,
        version=it.row.version_id,
        standing=it.row.series,
        step=it.row.step,
        template=it.row.template,
        number=it.row.tail,
        language=it.row.language,
        holder=it.row.holder_code or it.row.holder,
        recipient=it.recipient.id if it.recipient else None,
    )


def _alike(
    verdicts: Iterable[tuple[int, T]], readings: Sequence[Reading]
) -> Iterator[tuple[T, list[Key]]]:
    found = defaultdict[T, list[Key]](list)
    for at, verdict in verdicts:
        found[verdict].append(readings[at].key)
    yield from found.items()


async def _hold(connection: AsyncConnection, hold: Hold, keys: list[Key]) -> None:
    await connection.execute(
        update(reminders)
        .where(these(keys), reminders.c.state.in_(WAITING))
        .values(next_at=hold.until, hold_reason=hold.reason)
    )
