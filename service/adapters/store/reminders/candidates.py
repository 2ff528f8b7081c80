"""Reminders with all that decides whether they may be sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonQuery, JsonValues
from service.adapters.store.db.schema import (
    golives,
    permit_recipients,
    permits,
    recipients,
    registers,
    reminders,
    renewals,
)
from service.adapters.store.reminders.former_texts import (
    LAST_ANNOUNCED_ON,
    LAST_SENT,
    MAYBE_ANNOUNCED_ON,
    TEXTED_STEPS,
)
from service.adapters.store.reminders.transitions import ReminderKey
from service.adapters.store.reminders.trial_staff import load_trial_staff
from service.domain.delivery.status import ReminderState
from service.domain.law.rule import is_correction
from service.domain.permits.permit import PermitStatus
from service.domain.permits.phone import PhoneLine, choose_phone
from service.domain.reminders.eligibility import Candidate


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A reminder's row, its recipient, and what decides on it."""

    row: Row[Any]
    recipient: Row[Any] | None
    candidate: Candidate

    @property
    def key(self) -> ReminderKey:
        """The reminder's key."""
        return self.row.permit_id, self.row.expires_on, self.row.step

    @property
    def required_recipient(self) -> Row[Any]:
        """The recipient; raises `LookupError` if there is none."""
        if self.recipient is None:
            raise LookupError(self.row.permit_id)
        return self.recipient


def select_candidates(*where: ColumnElement[bool]) -> Select[Any]:
    """Select reminders for `join_recipients`."""
    return _CANDIDATES.where(*where)


_REMINDER_COLUMNS = (
    *("permit_id", "expires_on", "step", "rule", "authority", "version_id"),
    *("template", "until_at", "closes_at", "state", "sent_at"),
    *("hold_reason", "returned", "retries"),
)

_TERM_RENEWED = exists().where(
    renewals.c.permit_id == reminders.c.permit_id,
    renewals.c.expires_on == reminders.c.expires_on,
    renewals.c.renewed_on.is_not(None),
)

_CANDIDATES = (
    select(
        *[reminders.c[name] for name in _REMINDER_COLUMNS],
        permits.c.tail,
        permits.c.language,
        permits.c.series,
        permits.c.holder,
        permits.c.holder_code,
        permits.c.status.label("permit_status"),
        permits.c.expires_on.label("permit_expires_on"),
        permits.c.renewal_filed_on,
        permits.c.replaced,
        _TERM_RENEWED.label("term_renewed"),
        registers.c.max_age_days,
        registers.c.loaded_at,
        LAST_SENT.label("last_sent_at"),
        LAST_ANNOUNCED_ON.label("last_announced_on"),
        MAYBE_ANNOUNCED_ON.label("maybe_announced_on"),
        TEXTED_STEPS.label("texted_steps"),
        golives.c.state.label("started"),
    )
    .join_from(reminders, permits, permits.c.id == reminders.c.permit_id)
    .join(registers, registers.c.name == permits.c.register)
    .outerjoin(
        golives,
        and_(
            golives.c.authority == reminders.c.authority,
            golives.c.rule == reminders.c.rule,
        ),
    )
)


async def join_recipients(
    connection: AsyncConnection, rows: Sequence[Row[Any]]
) -> list[CandidateRow]:
    """Join each row with the phone that it would go to."""
    phones = await phones_of(connection, [row.permit_id for row in rows])
    on_trial = any(row.started == "trial" for row in rows)
    staff = await load_trial_staff(connection) if on_trial else set()
    found = []
    for row in rows:
        recipient = choose_phone(phones.get(row.permit_id, []))
        candidate = _candidate(row, recipient, staff)
        found.append(CandidateRow(row, recipient, candidate))
    return found


def _candidate(
    row: Row[Any], phone: Row[Any] | None, staff: Collection[tuple[str, str]]
) -> Candidate:
    valid_until = None
    if row.max_age_days is not None:
        valid_until = row.loaded_at + timedelta(days=row.max_age_days)
    return Candidate(
        expires_on=row.expires_on,
        until_at=row.until_at,
        permit_expires_on=row.permit_expires_on,
        permit_status=PermitStatus(row.permit_status),
        replaced=row.replaced,
        term_renewed=row.term_renewed,
        renewal_filed_on=row.renewal_filed_on,
        line=PhoneLine(phone.line) if phone else None,
        opted_out=phone is not None and phone.opted_out_at is not None,
        last_sent_at=None if is_correction(row.step) else row.last_sent_at,
        last_announced_on=max(
            filter(None, (row.last_announced_on, row.maybe_announced_on)), default=None
        ),
        register_valid_until=valid_until,
        unreachable=phone is not None and phone.unreachable_at is not None,
        accepted_before=row.sent_at is not None or row.state == ReminderState.RETRYING,
        texted_steps=frozenset((row.texted_steps or "").split(",")),
        hold_reason=row.hold_reason,
        outside_trial=row.started == "trial"
        and phone is not None
        and (row.authority, phone.id) not in staff,
    )


_RECIPIENT_COLUMNS = ("id", "phone", "masked", "line", "opted_out_at", "unreachable_at")

_PERMIT_IDS = JsonValues(permit_recipients.c.permit_id, "permits")

_PHONES = JsonQuery(
    select(
        *[recipients.c[name] for name in _RECIPIENT_COLUMNS],
        permit_recipients.c.permit_id,
        permit_recipients.c.position,
    )
    .join_from(permit_recipients, recipients)
    .where(permit_recipients.c.permit_id.in_(_PERMIT_IDS.values))
)


async def phones_of(
    connection: AsyncConnection, permit_ids: Sequence[str]
) -> dict[str, list[Any]]:
    """The recipients of some permits, each in order of preference."""
    found = dict[str, list[Any]]()
    parameters = _PERMIT_IDS.bind(connection.dialect, permit_ids)
    rows = await _PHONES.rows(connection, parameters)
    for row in sorted(rows, key=attrgetter("position")):
        found.setdefault(row.permit_id, []).append(row)
    return found
