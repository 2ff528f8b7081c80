"""Permits and their reminders as lists and look-ups show them."""

from collections.abc import Collection, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import (
    permit_recipients,
    permits,
    recipients,
    reminders,
    renewals,
    versions,
)
from service.adapters.store.permits.permit_rows import NO_CONTACTS, permit_revision
from service.adapters.store.permits.recipients import recipients_of
from service.domain.delivery.status import CLAIMABLE
from service.domain.permits.phone import PhoneLine, choose_texted
from service.flow.permits.find import (
    PermitReader,
    PermitReminderView,
    PermitView,
    PhoneView,
    RenewalView,
)

_VERSION = (
    select(versions.c.id)
    .where(versions.c.series == permits.c.series, versions.c.state == "active")
    .order_by(versions.c.batch.desc())
    .limit(1)
    .scalar_subquery()
)
"""The version that dates a permit: the latest active revision of its series."""


_DISTRICT_DIGITS: Final = 6
"""Of a whole code; fewer are those of a province or a prefecture."""


class SqlPermitReader(PermitReader):
    """Reads permits with their masked phones and their reminders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(
        self, authority: str, rule: str, number_key: str
    ) -> PermitView | None:
        """One permit by its number key."""
        found = await self._load(
            and_(
                permits.c.authority == authority,
                permits.c.rule == rule,
                permits.c.number_key == number_key,
            )
        )
        return next(iter(found), None)

    async def page(
        self,
        authority: str | None,
        rule: str | None,
        after: str | None,
        limit: int,
        *,
        district: str | None = None,
    ) -> list[PermitView]:
        """The permits that follow the id `after`, in the order of their ids."""
        wanted: list[ColumnElement[bool]] = [true()]
        if authority is not None:
            wanted.append(permits.c.authority == authority)
        if rule is not None:
            wanted.append(permits.c.rule == rule)
        if after is not None:
            wanted.append(permits.c.id > after)
        if district is not None:
            # From the index alone: a province has more permits than can be sorted.
            first, last = (district.ljust(_DISTRICT_DIGITS, digit) for digit in "09")
            found = select(permits.c.id).where(
                *wanted, permits.c.district.between(first, last)
            )
            wanted = [permits.c.id.in_(found.order_by(permits.c.id).limit(limit))]
        return await self._load(and_(*wanted), limit)

    async def find_by_number(self, number_keys: Collection[str]) -> list[PermitView]:
        """Every permit with one of these number keys, of any rule and authority."""
        return await self._load(permits.c.number_key.in_(number_keys))

    async def _load(
        self, where: ColumnElement[bool], limit: int | None = None
    ) -> list[PermitView]:
        wanted = (
            select(permits, _VERSION.label("version"))
            .where(where)
            .order_by(permits.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).all()
            ids = [row.id for row in rows]
            phones = await _phones(connection, ids)
            contacts = await recipients_of(connection, ids)
            reminder_views = await _reminders(connection, ids)
            renewal_views = await _renewals(connection, ids)
        return [
            _permit(
                row,
                phones.get(row.id, ()),
                reminder_views.get(row.id, ()),
                renewal_views.get(row.id, ()),
                permit_revision(row, contacts.get(row.id, NO_CONTACTS)),
            )
            for row in rows
        ]


async def _phones(
    connection: AsyncConnection, ids: Sequence[str]
) -> dict[str, tuple[PhoneView, ...]]:
    names = "masked", "line", "unreachable_at", "opted_out_at"
    phone = [recipients.c[name] for name in names]
    rows = await connection.execute(
        select(permit_recipients.c.permit_id, permit_recipients.c.role, *phone)
        .join_from(permit_recipients, recipients)
        .where(permit_recipients.c.permit_id.in_(ids))
        .order_by(permit_recipients.c.permit_id, permit_recipients.c.position)
    )
    return {
        permit_id: _phone_views([*found])
        for permit_id, found in groupby(rows, attrgetter("permit_id"))
    }


def _phone_views(rows: Sequence[Any]) -> tuple[PhoneView, ...]:
    chosen = choose_texted(rows)
    texted = chosen if chosen and chosen.opted_out_at is None else None
    return tuple(
        PhoneView(
            phone=row.masked,
            line=PhoneLine(row.line),
            role=row.role,
            is_texted=row is texted,
        )
        for row in rows
    )


async def _reminders(
    connection: AsyncConnection, ids: Sequence[str]
) -> dict[str, tuple[PermitReminderView, ...]]:
    found: dict[str, tuple[PermitReminderView, ...]] = {}
    rows = await connection.execute(
        select(reminders)
        .where(reminders.c.permit_id.in_(ids))
        .order_by(reminders.c.due_at)
    )
    for row in rows:
        before = found.get(row.permit_id, ())
        found[row.permit_id] = (*before, _reminder(row))
    return found


async def _renewals(
    connection: AsyncConnection, ids: Sequence[str]
) -> dict[str, tuple[RenewalView, ...]]:
    found: dict[str, tuple[RenewalView, ...]] = {}
    rows = await connection.execute(
        select(renewals, permits.c.shown_number)
        .outerjoin_from(renewals, permits, renewals.c.renewed_by == permits.c.id)
        .where(renewals.c.permit_id.in_(ids))
        .order_by(renewals.c.expires_on)
    )
    for row in rows:
        view = RenewalView(
            expires_on=row.expires_on,
            filed_on=row.filed_on,
            renewed_on=row.renewed_on,
            renewed_until=row.renewed_until,
            renewed_by=row.shown_number,
            step=row.step,
            sent_at=row.posted_at,
            days=row.days,
        )
        found[row.permit_id] = (*found.get(row.permit_id, ()), view)
    return found


def _permit(
    row: Row[Any],
    phones: tuple[PhoneView, ...],
    reminder_views: tuple[PermitReminderView, ...],
    renewal_views: tuple[RenewalView, ...],
    revision: str,
) -> PermitView:
    return PermitView(
        id=row.id,
        authority=row.authority,
        rule=row.rule,
        number=row.shown_number,
        holder=row.holder,
        holder_code=row.holder_code,
        phones=phones,
        language=row.language,
        issued_on=row.issued_on,
        expires_on=row.expires_on,
        status=row.status,
        status_reason=row.status_reason,
        renewal_filed_on=row.renewal_filed_on,
        replaced=row.replaced,
        district=row.district,
        version=row.version,
        reminders=reminder_views,
        revision=revision,
        renewals=renewal_views,
    )


def _reminder(row: Row[Any]) -> PermitReminderView:
    return PermitReminderView(
        step=row.step,
        expires_on=row.expires_on,
        due_at=row.due_at,
        state=row.state,
        reason=row.reason,
        hold_reason=row.hold_reason,
        next_at=row.next_at if row.state in CLAIMABLE else None,
        sent_at=row.sent_at,
    )
