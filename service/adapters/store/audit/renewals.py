"""Renewals that contradict their permit, or the reminder that they name."""

from collections.abc import Iterator
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import (
    authorities,
    message_reminders,
    messages,
    permits,
    renewals,
)

_WAS_POSTED: Final = (
    exists()
    .where(
        message_reminders.c.permit_id == renewals.c.permit_id,
        message_reminders.c.expires_on == renewals.c.expires_on,
        message_reminders.c.step == renewals.c.step,
        messages.c.id == message_reminders.c.message_id,
        messages.c.posted_at == renewals.c.posted_at,
    )
    .correlate(renewals)
)
"""Whether the reminder that came last before was POSTed then.

Which one came last is not recomputed: since then a receipt may have shown that it
failed, or that another, which was unknown, did not.
"""

_WANTED: Final = (
    select(
        renewals,
        permits.c.rule,
        permits.c.shown_number,
        permits.c.expires_on.label("present_end"),
        permits.c.renewal_filed_on,
        permits.c.replaced,
        authorities.c.document["zone"].as_string().label("zone"),
        _WAS_POSTED.label("was_posted"),
    )
    .join_from(renewals, permits, permits.c.id == renewals.c.permit_id)
    .join(authorities, authorities.c.code == permits.c.authority)
)


async def find_wrong_renewals(connection: AsyncConnection) -> list[str]:
    """List what cannot be true of each renewal, a line each."""
    async with connection.stream(_WANTED) as rows:
        return [
            f"renewal of {row.rule} {row.shown_number} {row.expires_on}: {difference}"
            async for row in rows
            for difference in _differences(row)
        ]


def _differences(row: Row[Any]) -> Iterator[str]:
    is_present = row.present_end == row.expires_on
    if row.filed_on is None and row.renewed_on is None:
        yield "neither filed nor renewed"
    if is_present and row.filed_on and row.filed_on != row.renewal_filed_on:
        yield f"filed on {row.filed_on}, but its permit says {row.renewal_filed_on}"
    if row.renewed_on is None and (row.renewed_until or row.renewed_by):
        yield "a new term, but no day on which it was renewed"
    if row.renewed_by is None and row.renewed_on:
        if is_present:
            yield "renewed, but its permit still ends on that day"
        if row.renewed_until and row.renewed_until <= row.expires_on:
            yield f"renewed until {row.renewed_until}, which is no later"
    if row.renewed_by and is_present and not row.replaced:
        yield "renewed by a permit that does not replace it"
    yield from _differences_of_reminder(row)


def _differences_of_reminder(row: Row[Any]) -> Iterator[str]:
    if row.step is None:
        if row.posted_at or row.days is not None:
            yield "a day of a reminder, but no reminder"
        return
    if not row.was_posted:
        yield f"reminder {row.step} was not POSTed at {row.posted_at}"
        return
    acted_on = row.filed_on or row.renewed_on
    posted_on = row.posted_at.astimezone(ZoneInfo(row.zone)).date()
    # A day either way: the office may have been in another zone then.
    if acted_on and abs((acted_on - posted_on).days - row.days) > 1:
        yield f"{row.days} days after a reminder of {posted_on}"
