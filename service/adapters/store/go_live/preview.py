"""Permits that a start would text, counted and with samples: nothing is written."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    select,
)

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import (
    permit_recipients,
    permits,
    recipients,
    reminders,
    slots,
)
from service.adapters.store.permits.textable import MOBILE, has_mobile, textable
from service.adapters.store.slots.due import REMINDED
from service.adapters.store.slots.expand import slot_of
from service.adapters.store.slots.group_key import GROUP, same_group
from service.domain.delivery.status import ReminderState
from service.domain.go_live.go_live import OUTLIVES
from service.domain.go_live.preview import Crowd, Waiting
from service.flow.office.preview_go_live import Sample

_TRIED: Final = exists().where(
    reminders.c.permit_id == permits.c.id,
    reminders.c.expires_on == slots.c.expires_on,
    reminders.c.step == slots.c.step,
    reminders.c.state != ReminderState.DUE,
)
"""Whether a trial has texted the permit in this step, or ended it."""

_FIGURES: Final = (
    permits.c.language,
    func.count().label("permits"),
    func.sum(case((textable(), 1), else_=0)).label("textable"),
    func.min(case((textable(), cast(permits.c.id, String)))).label("sample"),
    func.min(permits.c.tail).label("tail"),
)


class WaitingStore:
    """`ForetellStore` on the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def in_step(
        self, authority: str, codes: Sequence[str], since: datetime, until: datetime
    ) -> list[Waiting]:
        """Permits whose step is current at `since`, or falls due before `until`."""
        wanted = (
            select(slots, *_FIGURES)
            .join_from(slots, permits, same_group(permits.c, slots.c))
            .where(
                _of(slots.c, authority, codes),
                slots.c.until_at > since,
                slots.c.due_at < until,
                REMINDED,
                ~_TRIED,
            )
            .group_by(*slots.primary_key, permits.c.language)
            .order_by(slots.c.due_at, slots.c.rule)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).all()
        return [Waiting(_crowd(row), slot_of(row)) for row in rows]

    async def past_steps(
        self, authority: str, codes: Sequence[str], now: datetime
    ) -> list[Crowd]:
        """Permits that had a step, have none now, and may not be past their end."""
        past = (
            select(*GROUP, slots.c.rule)
            .where(
                _of(slots.c, authority, codes),
                slots.c.due_at <= now,
                slots.c.expires_on > now.date() - OUTLIVES,
            )
            .group_by(*GROUP, slots.c.rule)
            .having(func.max(slots.c.until_at) <= now)
            .subquery()
        )
        wanted = (
            select(past, *_FIGURES)
            .join_from(past, permits, same_group(permits.c, past.c))
            .where(REMINDED)
            .group_by(*past.c, permits.c.language)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).all()
        return [_crowd(row) for row in rows]

    async def without_mobile(
        self, authority: str, codes: Sequence[str], today: date
    ) -> int:
        """How many permits that run on have no phone that takes texts."""
        wanted = select(func.count()).where(
            _of(permits.c, authority, codes),
            permits.c.expires_on >= today,
            REMINDED,
            ~has_mobile(),
        )
        async with self._database.read() as connection:
            return int((await connection.execute(wanted)).scalar_one())

    async def sample(self, permit: str) -> Sample:
        """What the text of a permit needs of it."""
        wanted = (
            select(permits.c.tail, recipients.c.masked)
            .where(permits.c.id == permit, *MOBILE)
            .order_by(permit_recipients.c.position)
            .limit(1)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(wanted)).one()
        return Sample(row.tail, row.masked)


def _of(columns: Any, authority: str, codes: Sequence[str]) -> ColumnElement[bool]:  # noqa: ANN401 - a ColumnCollection
    return and_(columns.authority == authority, columns.rule.in_(codes))


def _crowd(row: Row[Any]) -> Crowd:
    return Crowd(
        rule=row.rule,
        series=row.series,
        authority=row.authority,
        expires_on=row.expires_on,
        language=row.language,
        permits=row.permits,
        textable=row.textable,
        sample=row.sample,
        tail=row.tail,
    )
