"""Drafts become messages, and their reminders are on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import Batch, like
from service.adapters.store.db.schema import message_reminders, messages, reminders
from service.adapters.store.reminders.candidates import Reading
from service.adapters.store.reminders.transitions import keeping
from service.domain.delivery.status import RANK, WAITING, MessageState, ReminderState
from service.flow.ports import Vault
from service.flow.rows import Draft, Outgoing


@dataclass(frozen=True, slots=True)
class Worker:
    """Who claims, for whom, and for how many seconds."""

    owner: str
    lease: float
    provider: str
    vault: Vault


@dataclass(frozen=True, slots=True)
class Made:
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


async def write(
    connection: AsyncConnection,
    made: Sequence[Made],
    worker: Worker,
    clock: datetime,
    now: datetime,
) -> None:
    """Write messages, and that their reminders are `sending` from now on.

    `clock` is the database's: their leases run by it.
    """
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
        reminders.c.state.in_(WAITING),
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


def _row(made: Made, worker: Worker) -> tuple[object, ...]:
    it, draft = made.first, made.draft
    recipient = it.addressee.id
    seal = worker.vault.mark([made.id, recipient, draft.body]).hex()
    return (
        *(made.id, it.row.authority, draft.office, it.row.rule, recipient),
        *(draft.template, draft.template_version, draft.language, draft.body),
        *(draft.segments, seal, made.attempt),
    )


def outgoing(made: Made) -> Outgoing:
    """The message as it is to be POSTed."""
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
