"""Claiming: due reminders end, are held, or become messages, in one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    bindparam,
    exists,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from service.adapters.store.candidates import Reading, read, reminders_with_permits
from service.adapters.store.moves import Key, move, these
from service.adapters.store.schema import (
    message_reminders,
    messages,
    pauses,
    reminder_events,
    reminders,
)
from service.adapters.store.types import database_now
from service.domain.decide import End, Hold
from service.domain.rule import corrects
from service.domain.status import RANK, MessageState, ReminderState
from service.flow.ports import Vault
from service.flow.rows import Claim, Compose, Draft, Due, Outgoing

_Drafted = tuple[str, Reading, Draft]


@dataclass(slots=True)
class _Verdicts:
    """What was decided about each due reminder of one claim."""

    ends: dict[End, list[Key]] = field(default_factory=lambda: defaultdict(list))
    holds: dict[Hold, list[Key]] = field(default_factory=lambda: defaultdict(list))
    drafts: list[_Drafted] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Worker:
    """Who claims, for whom, and for how many seconds."""

    owner: str
    lease: float
    provider: str
    vault: Vault


async def claim(
    connection: AsyncConnection,
    worker: Worker,
    *,
    now: datetime,
    limit: int,
    compose: Compose,
) -> Claim:
    """Take due reminders: what closes soonest goes first."""
    rows = (await connection.execute(_due(now, limit))).all()
    verdicts = _Verdicts()
    told = dict[str, date | None]()
    for it in await read(connection, rows):
        asked = due(it)
        if it.row.permit_id in told:
            asked = _after(asked, now, told[it.row.permit_id])
        verdict = compose(asked)
        if isinstance(verdict, Draft):
            told[it.row.permit_id] = verdict.told_on
        _sort(it, verdict, verdicts)
    await _write_verdicts(connection, verdicts, now)
    if verdicts.drafts:
        await _write_messages(connection, verdicts.drafts, worker, now)
    return Claim(len(rows), tuple(map(_outgoing, verdicts.drafts)))


def _after(it: Due, now: datetime, told_on: date | None) -> Due:
    """The reminder, once another one of its permit goes out in the same claim."""
    told = told_on or it.candidate.last_told_on
    last = None if corrects(it.step) else now
    return replace(
        it, candidate=replace(it.candidate, last_sent_at=last, last_told_on=told)
    )


def due(it: Reading) -> Due:
    """The reminder as the flow decides on it."""
    return Due(
        candidate=it.candidate,
        authority=it.row.authority,
        rule=it.row.rule,
        version=it.row.version_id,
        step=it.row.step,
        template=it.row.template,
        number=it.row.tail,
        language=it.row.language,
    )


def _due(now: datetime, limit: int) -> Any:  # noqa: ANN401 - a Select of many columns
    return (
        reminders_with_permits(
            reminders.c.state == ReminderState.DUE,
            reminders.c.next_at <= now,
            or_(reminders.c.retry_at.is_(None), reminders.c.retry_at <= database_now()),
            ~_paused(),
        )
        .order_by(reminders.c.until_at, reminders.c.permit_id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=reminders)
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


def _sort(it: Reading, verdict: Draft | End | Hold, into: _Verdicts) -> None:
    key = (it.row.permit_id, it.row.expires_on, it.row.step)
    match verdict:
        case End():
            into.ends[verdict].append(key)
        case Hold():
            into.holds[verdict].append(key)
        case Draft():
            into.drafts.append((str(uuid7()), it, verdict))


async def _write_verdicts(
    connection: AsyncConnection, verdicts: _Verdicts, now: datetime
) -> None:
    for end, keys in verdicts.ends.items():
        await move(connection, these(keys), end.state, now, reason=end.reason)
    for hold, keys in verdicts.holds.items():
        await connection.execute(
            update(reminders)
            .where(these(keys), reminders.c.state == ReminderState.DUE)
            .values(next_at=hold.until, hold_reason=hold.reason)
        )


async def _write_messages(
    connection: AsyncConnection,
    drafts: Sequence[_Drafted],
    worker: Worker,
    now: datetime,
) -> None:
    clock = (await connection.execute(select(database_now()))).scalar_one()
    rows = [_message(one, worker, clock) | {"claimed_at": now} for one in drafts]
    await connection.execute(insert(messages), rows)
    links = [_link(one) for one in drafts]
    await connection.execute(
        insert(message_reminders), [link | {"position": 0} for link in links]
    )
    told = [draft.told_on for _, _, draft in drafts]
    await connection.execute(
        _TAKE, [_bound(*one, now) for one in zip(links, told, strict=True)]
    )
    sending = {"at": now, "state": ReminderState.SENDING, "reason": None}
    await connection.execute(
        insert(reminder_events), [link | sending for link in links]
    )


_TAKE = (
    update(reminders)
    .where(
        reminders.c.permit_id == bindparam("key_permit"),
        reminders.c.expires_on == bindparam("key_expires"),
        reminders.c.step == bindparam("key_step"),
        reminders.c.state == ReminderState.DUE,
    )
    .values(
        state=ReminderState.SENDING,
        reason=None,
        hold_reason=None,
        state_at=bindparam("at"),
        message_id=bindparam("message"),
        told_on=bindparam("told"),
    )
)


def _bound(
    link: Mapping[str, Any], told_on: date | None, now: datetime
) -> dict[str, Any]:
    return {
        "key_permit": link["permit_id"],
        "key_expires": link["expires_on"],
        "key_step": link["step"],
        "message": link["message_id"],
        "told": told_on,
        "at": now,
    }


def _link(drafted: _Drafted) -> dict[str, Any]:
    message_id, it, _ = drafted
    return {
        "message_id": message_id,
        "permit_id": it.row.permit_id,
        "expires_on": it.row.expires_on,
        "step": it.row.step,
    }


def _message(drafted: _Drafted, worker: Worker, clock: datetime) -> dict[str, Any]:
    message_id, it, draft = drafted
    recipient = it.addressee.id
    return {
        "id": message_id,
        "authority": it.row.authority,
        "office": it.row.authority,
        "rule": it.row.rule,
        "recipient_id": recipient,
        "template": it.row.template,
        "template_version": 0,
        "language": draft.language,
        "body": draft.body,
        "segments": draft.segments,
        "seal": worker.vault.mark([message_id, recipient, draft.body]).hex(),
        "provider": worker.provider,
        "state": MessageState.SENDING,
        "rank": RANK[MessageState.SENDING],
        "owner": worker.owner,
        "attempt": it.row.returned + 1,
        "posted_after": clock,
        "lease_until": clock + timedelta(seconds=worker.lease),
    }


def _outgoing(drafted: _Drafted) -> Outgoing:
    message_id, it, draft = drafted
    return Outgoing(
        id=message_id,
        attempt=it.row.returned + 1,
        to=it.addressee.phone,
        body=draft.body,
        template=it.row.template,
        language=draft.language,
        valid_for=draft.valid_for,
    )
