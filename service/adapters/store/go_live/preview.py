"""Permits that a start would text, counted, with a sample of each group."""

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
from service.adapters.store.slots.conditions import IS_REMINDED
from service.adapters.store.slots.group_key import SLOT_GROUP_COLUMNS, same_group
from service.adapters.store.slots.slot_rows import slot_of
from service.adapters.store.slots.step_order import (
    EXCLUDING_STEPS,
    IS_SLOT_WITH_EXCLUDING_STEPS,
    bind_excluding_steps,
    had_excluding_text,
)
from service.adapters.store.slots.textable import MOBILE_PHONES, has_mobile, textable
from service.domain.delivery.status import ReminderState
from service.domain.go_live.go_live import LONGEST_OVERRUN
from service.domain.go_live.preview import GroupInStep, PreviewGroup
from service.flow.office.preview_go_live import GoLivePreviewStore, Sample

_HAD_TRIAL: Final = exists().where(
    reminders.c.permit_id == permits.c.id,
    reminders.c.expires_on == slots.c.expires_on,
    reminders.c.step == slots.c.step,
    reminders.c.state != ReminderState.DUE,
)
"""Whether a trial has sent or ended the permit's reminder of this step."""

_COUNT_COLUMNS: Final = (
    permits.c.language,
    func.count().label("permits"),
    func.sum(case((textable(), 1), else_=0)).label("textable"),
    func.min(case((textable(), cast(permits.c.id, String)))).label("sample"),
    func.min(permits.c.tail).label("tail"),
)


class SqlGoLivePreviewStore(GoLivePreviewStore):
    """Counts permits by slot and language; writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def permits_in_step(
        self,
        authority: str,
        rule_codes: Sequence[str],
        since: datetime,
        until: datetime,
    ) -> list[GroupInStep]:
        """Groups in a step that is current at `since` or falls due before `until`."""
        wanted = (
            select(slots, *_COUNT_COLUMNS)
            .join_from(slots, permits, same_group(permits.c, slots.c))
            .outerjoin(EXCLUDING_STEPS, IS_SLOT_WITH_EXCLUDING_STEPS)
            .where(
                _of_rules(slots.c, authority, rule_codes),
                slots.c.until_at > since,
                slots.c.due_at < until,
                IS_REMINDED,
                ~_HAD_TRIAL,
                ~had_excluding_text(),
            )
            .group_by(*slots.primary_key, permits.c.language)
            .order_by(slots.c.due_at, slots.c.rule)
        )
        async with self._database.read() as connection:
            steps = await bind_excluding_steps(connection, rule_codes)
            rows = (await connection.execute(wanted, steps)).all()
        return [GroupInStep(_preview_group(row), slot_of(row)) for row in rows]

    async def permits_past_steps(
        self, authority: str, rule_codes: Sequence[str], now: datetime
    ) -> list[PreviewGroup]:
        """Groups whose last step is over, and whose expiry is not long ago."""
        past = (
            select(*SLOT_GROUP_COLUMNS, slots.c.rule)
            .where(
                _of_rules(slots.c, authority, rule_codes),
                slots.c.due_at <= now,
                slots.c.expires_on > now.date() - LONGEST_OVERRUN,
            )
            .group_by(*SLOT_GROUP_COLUMNS, slots.c.rule)
            .having(func.max(slots.c.until_at) <= now)
            .subquery()
        )
        wanted = (
            select(past, *_COUNT_COLUMNS)
            .join_from(past, permits, same_group(permits.c, past.c))
            .where(IS_REMINDED)
            .group_by(*past.c, permits.c.language)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).all()
        return [_preview_group(row) for row in rows]

    async def count_without_mobile(
        self, authority: str, rule_codes: Sequence[str], today: date
    ) -> int:
        """How many permits that have not expired have no mobile phone."""
        wanted = select(func.count()).where(
            _of_rules(permits.c, authority, rule_codes),
            permits.c.expires_on >= today,
            IS_REMINDED,
            ~has_mobile(),
        )
        async with self._database.read() as connection:
            return int((await connection.execute(wanted)).scalar_one())

    async def read_sample(self, permit_id: str) -> Sample:
        """The number tail and the masked phone of a permit, for the sample text."""
        wanted = (
            select(permits.c.tail, recipients.c.masked)
            .where(permits.c.id == permit_id, *MOBILE_PHONES)
            .order_by(permit_recipients.c.position)
            .limit(1)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(wanted)).one()
        return Sample(row.tail, row.masked)


def _of_rules(
    columns: Any,  # noqa: ANN401 - a ColumnCollection
    authority: str,
    codes: Sequence[str],
) -> ColumnElement[bool]:
    return and_(columns.authority == authority, columns.rule.in_(codes))


def _preview_group(row: Row[Any]) -> PreviewGroup:
    return PreviewGroup(
        rule=row.rule,
        series=row.series,
        authority=row.authority,
        expires_on=row.expires_on,
        language=row.language,
        permits=row.permits,
        textable=row.textable,
        sample_permit_id=row.sample,
        sample_number_tail=row.tail,
    )
