"""Claiming: due reminders end, are held, or become messages, in one transaction."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    exists,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from service.adapters.store.batch import Batch, Listed, like
from service.adapters.store.candidates import Reading, read, reminders_with_permits
from service.adapters.store.moves import Key, keeping, move, these
from service.adapters.store.schema import (
    message_reminders,
    messages,
    pauses,
    permit_recipients,
    reminders,
)
from service.adapters.store.senders import office_paused
from service.adapters.store.spent import give_turns, spent_of
from service.adapters.store.types import database_now
from service.domain.decide import Hold
from service.domain.rule import CORRECTION
from service.domain.status import RANK, MessageState, ReminderState
from service.flow.ports import Vault
from service.flow.rows import Claim, Claiming, Draft, Due, Outgoing

T = TypeVar("T", bound=Hashable)

READY = (ReminderState.DUE, ReminderState.RETRYING)
"""The states a message may begin in."""

COMPANIONS = 1000
"""Reminders of the same phones that are looked at besides."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Who claims, for whom, and for how many seconds."""

    owner: str
    lease: float
    provider: str
    vault: Vault


@dataclass(frozen=True, slots=True)
class _Made:
    """A message, its draft, and what it is about."""

    id: str
    draft: Draft
    about: tuple[Reading, ...]

    @property
    def first(self) -> Reading:
        """What it is counted as."""
        return self.about[0]

    @property
    def attempt(self) -> int:
        """Which try it is for the first of its reminders."""
        return int(self.first.row.returned + self.first.row.retries + 1)


async def claim(
    connection: AsyncConnection, worker: Worker, how: Claiming, now: datetime
) -> Claim:
    """Take due reminders: what closes soonest goes first."""
    wanted = await _wanted(connection, how, now)
    rows = await _ready(connection, wanted, how.most)
    if not rows:
        return Claim(0, (), frozenset())
    readings = await read(connection, rows)
    readings += await _companions(connection, readings, wanted)
    readings.sort(key=lambda it: (it.row.until_at, it.row.permit_id))
    spent = await spent_of(connection, readings, how.limits, now)
    plan = how.plan([due(it) for it in readings], spent)
    for end, keys in _alike(plan.ends, readings):
        await move(connection, these(keys), end.state, now, reason=end.reason)
    for hold, keys in _alike(plan.holds, readings):
        await _hold(connection, hold, keys)
    made = [
        _Made(str(uuid7()), one, tuple(readings[it.at] for it in one.about))
        for one in plan.drafts
    ]
    if made:
        await _write(connection, made, worker, wanted.clock, now)
        await give_turns(connection, plan.free)
    return Claim(len(readings), tuple(map(_outgoing, made)), plan.busy)


_A_TURN: Final = timedelta(minutes=10)
"""Longer than any: what became due after that was so before a clock was set back."""

_SITUATION = select(exists(select(pauses.c.scope)), database_now())


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What may be sent now: the values asked for, and whether anything is paused.

    `clock` is the database's.
    """

    values: dict[str, Any]
    paused: bool
    clock: datetime


async def _wanted(connection: AsyncConnection, how: Claiming, now: datetime) -> _Wanted:
    paused, clock = (await connection.execute(_SITUATION)).one()
    values = {
        "now": now,
        "since": how.since,
        "later": how.since + _A_TURN,
        "without": list(how.without),
    }
    return _Wanted(values, paused, clock)


async def _ready(connection: AsyncConnection, wanted: _Wanted, most: int) -> list[Any]:
    """The rows that may be sent now, each state by its own index."""
    asked = wanted.values | {"most": most}
    found = [
        row
        for state in READY
        for row in await connection.execute(_due(state, paused=wanted.paused), asked)
    ]
    found.sort(key=lambda row: (row.until_at, row.permit_id))
    return found[:most]


_others = reminders.alias()

_BEING_TOLD = exists().where(
    _others.c.permit_id == reminders.c.permit_id,
    _others.c.state == ReminderState.SENDING,
)
"""A correction must not overtake what it corrects."""


@cache
def _due(state: ReminderState, *, paused: bool) -> Any:  # noqa: ANN401 - a Select of many columns
    return (
        _sendable(state, paused=paused)
        .order_by(reminders.c.until_at, reminders.c.permit_id)
        .limit(bindparam("most", type_=Integer()))
    )


@cache
def _sendable(state: ReminderState, *, paused: bool) -> Any:  # noqa: ANN401 - as above
    """What may be sent; built once, since it is asked for at every claim."""
    wanted = reminders_with_permits(
        reminders.c.state == state,
        reminders.c.next_at <= bindparam("now", type_=reminders.c.next_at.type),
        or_(reminders.c.retry_at.is_(None), reminders.c.retry_at <= database_now()),
        reminders.c.authority.not_in(bindparam("without", expanding=True)),
        ~and_(reminders.c.step.startswith(CORRECTION), _BEING_TOLD),
        or_(
            reminders.c.message_id.is_not(None),
            reminders.c.state_at <= bindparam("since", type_=reminders.c.state_at.type),
            reminders.c.state_at > bindparam("later", type_=reminders.c.state_at.type),
        ),
    )
    if paused:
        wanted = wanted.where(~_paused(), ~office_paused())
    return wanted.with_for_update(skip_locked=True, of=reminders)


async def _companions(
    connection: AsyncConnection,
    readings: Sequence[Reading],
    wanted: _Wanted,
) -> list[Reading]:
    """What else is due for the same phones, so that one SMS tells them all."""
    taken = {it.row.permit_id for it in readings}
    phones = {it.recipient.id for it in readings if it.recipient is not None}
    dialect = connection.dialect
    asked = _PHONES.of(dialect, phones) | _TAKEN.of(dialect, taken)
    asked["now"] = wanted.values["now"]
    others = list((await connection.execute(_THEIRS, asked)).scalars())
    if not others:
        return []
    rows = [
        row
        for state in READY
        for row in await connection.execute(
            _sendable(state, paused=wanted.paused).where(
                reminders.c.permit_id.in_(others)
            ),
            wanted.values,
        )
    ]
    found = await read(connection, rows)
    return [it for it in found if it.recipient and it.recipient.id in phones]


_PHONES = Listed(permit_recipients.c.recipient_id, "phones")
_TAKEN = Listed(permit_recipients.c.permit_id, "taken")

_THEIRS = (
    select(permit_recipients.c.permit_id)
    .distinct()
    .join(reminders, reminders.c.permit_id == permit_recipients.c.permit_id)
    .where(
        permit_recipients.c.recipient_id.in_(_PHONES.values),
        permit_recipients.c.permit_id.not_in(_TAKEN.values),
        reminders.c.state.in_(READY),
        reminders.c.next_at <= bindparam("now", type_=reminders.c.next_at.type),
    )
    .limit(COMPANIONS)
)


def _paused() -> ColumnElement[bool]:
    scopes = pauses.c.scope.in_(
        [
            literal("all"),
            "rule:" + reminders.c.rule,
            "authority:" + reminders.c.authority,
        ]
    )
    return exists().where(scopes).correlate(reminders)


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
        .where(these(keys), reminders.c.state.in_(READY))
        .values(next_at=hold.until, hold_reason=hold.reason)
    )


async def _write(
    connection: AsyncConnection,
    made: Sequence[_Made],
    worker: Worker,
    clock: datetime,
    now: datetime,
) -> None:
    dialect = connection.dialect
    rows = [_row(one, worker) for one in made]
    common = {
        "claimed_at": now,
        "posted_after": clock,
        "lease_until": clock + timedelta(seconds=worker.lease),
        "provider": worker.provider,
        "owner": worker.owner,
    }
    await connection.execute(_INSERT, _MESSAGES.rows(dialect, rows) | common)
    links = [
        (*it.key, one.id, at, told.told_on, told.version)
        for one in made
        for at, (it, told) in enumerate(zip(one.about, one.draft.about, strict=True))
    ]
    batch = _LINKS.rows(dialect, links)
    await connection.execute(_LINK, batch)
    await connection.execute(_TAKE, batch | {"now": now})
    await connection.execute(_TELL, batch | {"now": now})


_MESSAGES = like(
    messages,
    (
        *("id", "authority", "office", "rule", "recipient_id", "template"),
        *("template_version", "language", "body", "segments", "seal", "attempt"),
    ),
)

_COMMON = ("claimed_at", "posted_after", "lease_until", "provider", "owner")

_INSERT = insert(messages).from_select(
    [*_MESSAGES.names, *_COMMON, "state", "rank"],
    select(
        _MESSAGES.table,
        *[bindparam(name, type_=messages.c[name].type) for name in _COMMON],
        literal(str(MessageState.SENDING)),
        literal(RANK[MessageState.SENDING]),
    ),
)

_LINKS = Batch(
    {
        "permit_id": reminders.c.permit_id.type,
        "expires_on": reminders.c.expires_on.type,
        "step": reminders.c.step.type,
        "message_id": messages.c.id.type,
        "position": message_reminders.c.position.type,
        "told_on": reminders.c.told_on.type,
        "version_id": reminders.c.version_id.type,
    }
)

_LINK = insert(message_reminders).from_select(
    ["permit_id", "expires_on", "step", "message_id", "position"],
    select(*[_LINKS[name] for name in _LINKS.names[:5]]),
)

_TAKE = (
    update(reminders)
    .where(
        reminders.c.permit_id == _LINKS["permit_id"],
        reminders.c.expires_on == _LINKS["expires_on"],
        reminders.c.step == _LINKS["step"],
        reminders.c.state.in_(READY),
    )
    .values(
        state=ReminderState.SENDING,
        reason=None,
        hold_reason=None,
        state_at=bindparam("now", type_=reminders.c.state_at.type),
        message_id=_LINKS["message_id"],
        told_on=_LINKS["told_on"],
        version_id=_LINKS["version_id"],
    )
)

_TELL = keeping(
    select(
        *[_LINKS[name] for name in _LINKS.names[:3]],
        bindparam("now", type_=reminders.c.state_at.type),
        literal(str(ReminderState.SENDING)),
        null(),
        _LINKS["message_id"],
    )
)


def _row(made: _Made, worker: Worker) -> tuple[object, ...]:
    it, draft = made.first, made.draft
    recipient = it.addressee.id
    seal = worker.vault.mark([made.id, recipient, draft.body]).hex()
    return (
        *(made.id, it.row.authority, draft.office, it.row.rule, recipient),
        *(draft.template, draft.template_version, draft.language, draft.body),
        *(draft.segments, seal, made.attempt),
    )


def _outgoing(made: _Made) -> Outgoing:
    draft = made.draft
    return Outgoing(
        id=made.id,
        attempt=made.attempt,
        to=made.first.addressee.phone,
        body=draft.body,
        template=draft.template,
        language=draft.language,
        valid_for=draft.valid_for,
        sent_from=draft.sent_from,
        delay=draft.delay,
    )
