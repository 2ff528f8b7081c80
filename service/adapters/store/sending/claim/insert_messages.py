"""Insert the messages of a claim, and mark their reminders as sending."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, false, insert, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonRows, json_rows_like
from service.adapters.store.db.prepared import Prepared
from service.adapters.store.db.schema import message_reminders, messages, reminders
from service.adapters.store.reminders.candidates import CandidateRow
from service.adapters.store.reminders.transitions import append_events_statement
from service.domain.delivery.status import CLAIMABLE, RANK, MessageState, ReminderState
from service.flow.ports import Vault
from service.flow.sending.claim_rows import Draft
from service.flow.sending.provider import Outgoing


@dataclass(frozen=True, slots=True)
class ClaimOwner:
    """A worker's claim: its owner id, the lease in seconds, provider and vault.

    A worker has a new owner id in each pass; `worker` is its own.
    """

    id: str
    worker: str
    lease_seconds: float
    provider: str
    vault: Vault


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to insert: its id, its draft, and the reminders it is about."""

    id: str
    draft: Draft
    candidates: tuple[CandidateRow, ...]

    @property
    def first(self) -> CandidateRow:
        """The reminder whose type and authority the message counts under."""
        return self.candidates[0]

    @property
    def attempt(self) -> int:
        """The number of this try for the first of its reminders, from 1."""
        return int(self.first.row.returned + self.first.row.retries + 1)


async def insert_messages(
    connection: AsyncConnection,
    new_messages: Sequence[NewMessage],
    owner: ClaimOwner,
    clock: datetime,
    now: datetime,
) -> None:
    """Insert messages, link them to their reminders, and mark those as sending.

    Leases run on the database's clock, whose present instant is `clock`.
    """
    dialect = connection.dialect
    rows = [_message_values(one, owner) for one in new_messages]
    common = {
        "claimed_at": now,
        "posted_after": clock,
        "lease_until": clock + timedelta(seconds=owner.lease_seconds),
        "provider": owner.provider,
        "owner": owner.id,
    }
    await _INSERT.run(connection, _MESSAGES.bind(dialect, rows) | common)
    links = [
        (*candidate.key, one.id, position, worded.announced_on, worded.version)
        for one in new_messages
        for position, (candidate, worded) in enumerate(
            zip(one.candidates, one.draft.reminders, strict=True)
        )
    ]
    batch = _LINKS.bind(dialect, links)
    await _LINK.run(connection, batch)
    await _SET_SENDING.run(connection, batch | {"now": now})
    await _APPEND_EVENTS.run(connection, batch | {"now": now})


_MESSAGES = json_rows_like(
    messages,
    (
        *("id", "authority", "office", "rule", "recipient_id", "template"),
        *("template_version", "language", "body", "segments", "seal", "attempt"),
    ),
)

_COMMON = ("claimed_at", "posted_after", "lease_until", "provider", "owner")

_INSERT = Prepared(
    insert(messages).from_select(
        [*_MESSAGES.column_names, *_COMMON, "state", "rank", "begun"],
        select(
            _MESSAGES.table,
            *[bindparam(name, type_=messages.c[name].type) for name in _COMMON],
            literal(str(MessageState.SENDING)),
            literal(RANK[MessageState.SENDING]),
            false(),
        ),
    )
)

_LINKS = JsonRows(
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

_LINK = Prepared(
    insert(message_reminders).from_select(
        _LINKS.column_names, select(*[_LINKS[name] for name in _LINKS.column_names])
    )
)

_SET_SENDING = Prepared(
    update(reminders)
    .where(
        reminders.c.permit_id == _LINKS["permit_id"],
        reminders.c.expires_on == _LINKS["expires_on"],
        reminders.c.step == _LINKS["step"],
        reminders.c.state.in_(CLAIMABLE),
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

_APPEND_EVENTS = Prepared(
    append_events_statement(
        select(
            *[_LINKS[name] for name in _LINKS.column_names[:3]],
            bindparam("now", type_=reminders.c.state_at.type),
            literal(str(ReminderState.SENDING)),
            null(),
            _LINKS["message_id"],
        )
    )
)


def _message_values(message: NewMessage, owner: ClaimOwner) -> tuple[object, ...]:
    first, draft = message.first, message.draft
    recipient = first.required_recipient.id
    seal = owner.vault.compute_mac([message.id, recipient, draft.body]).hex()
    return (
        *(message.id, first.row.authority, draft.office, first.row.rule, recipient),
        *(draft.template, draft.template_version, draft.language, draft.body),
        *(draft.segments, seal, message.attempt),
    )


def to_outgoing(message: NewMessage) -> Outgoing:
    """Convert a message to the row that is POSTed."""
    draft = message.draft
    return Outgoing(
        id=message.id,
        attempt=message.attempt,
        encrypted_phone=message.first.required_recipient.phone,
        body=draft.body,
        template=draft.template,
        language=draft.language,
        valid_for=draft.valid_for,
        sent_from=draft.sent_from,
        delay=draft.delay,
    )
