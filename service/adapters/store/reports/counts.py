"""The figures of a report, and counts by type, authority, day or week."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import messages, permits, reminders, slots
from service.adapters.store.reports.tallies import holders, is_in_offices, tallies
from service.adapters.store.slots.due_counts import is_due_between, select_due_counts
from service.domain.delivery.status import NEVER_ACCEPTED, NOT_ENDED, ReminderState
from service.domain.law.rule import BilingualText
from service.domain.reminders.reasons import BEFORE_START, OVERTAKEN
from service.domain.reports.period import ReportPeriod, next_period, previous_period
from service.domain.reports.tally import Span, Tally, TypeRow
from service.domain.reports.weekly import ReportFigures
from service.flow.reports.weekly import CountStore

_ONE_MICROSECOND = timedelta(microseconds=1)
"""Added to `as_of`, which counts itself: a span excludes its end."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Start of running totals: before anything was sent."""


class SqlCountStore(CountStore):
    """Counts the ledger at each call; nothing is counted in advance."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report_figures(
        self,
        period: ReportPeriod,
        as_of: datetime,
        authority: BilingualText,
        names: Mapping[str, BilingualText],
        offices: Sequence[str] | None,
    ) -> ReportFigures:
        """The figures of a report; `names` are the permit types by code."""
        async with self._database.read() as connection:
            spans = _spans(period)
            counted = await tallies(connection, spans, "rule", as_of, offices)
            after = Span(
                "", period.starts_at, min(period.ends_at, as_of + _ONE_MICROSECOND)
            )
            return ReportFigures(
                period=period,
                as_of=as_of,
                authority=authority,
                lines=_lines(counted, names),
                not_reminded=await _not_reminded(connection, after, offices),
                waiting=await _waiting(connection, after, offices),
                before_start=await _before_start(connection, after, offices),
                permits_reminded=await _count_permits_reminded(
                    connection, after, offices, filed=False
                ),
                filed_after_reminding=await _count_permits_reminded(
                    connection, after, offices, filed=True
                ),
                forecast=await _forecast(connection, next_period(period), offices),
                first_issue=not any(
                    tally.messages and label == "before"
                    for (label, _), tally in counted.items()
                ),
                simulated=await _simulated(connection, offices),
            )

    async def tallies(
        self,
        spans: Sequence[Span],
        by: str,
        as_of: datetime,
        offices: Sequence[str] | None,
    ) -> tuple[dict[tuple[str, str], Tally], dict[str, int]]:
        """Tallies by (span, rule or authority), and the holders of each span."""
        async with self._database.read() as connection:
            counted = await tallies(connection, spans, by, as_of, offices)
            return counted, await holders(connection, spans, as_of, offices)


def _spans(period: ReportPeriod) -> list[Span]:
    before = previous_period(period)
    new_year = datetime.combine(
        date(period.last_on.year, 1, 1), time(), period.zone
    ).astimezone(UTC)
    return [
        Span("this", period.starts_at, period.ends_at),
        Span("previous", before.starts_at, before.ends_at),
        Span("year", new_year, period.ends_at),
        Span("total", _EPOCH, period.ends_at),
        Span("before", _EPOCH, period.starts_at),
    ]


def _lines(
    counted: Mapping[tuple[str, str], Tally], names: Mapping[str, BilingualText]
) -> tuple[TypeRow, ...]:
    none = Tally()
    return tuple(
        TypeRow(
            rule=code,
            name=name,
            this=counted.get(("this", code), none),
            previous=counted.get(("previous", code), none),
            year=counted.get(("year", code), none),
            total=counted.get(("total", code), none),
        )
        for code, name in names.items()
        if any(key == code for _, key in counted)
    )


async def _not_reminded(
    connection: AsyncConnection, span: Span, offices: Sequence[str] | None
) -> dict[str, int]:
    """Reminders that ended in the span without an accepted message, by reason."""
    counted = (
        select(reminders.c.state, reminders.c.reason, func.count().label("number"))
        .where(
            reminders.c.state.in_([*NEVER_ACCEPTED, ReminderState.FAILED]),
            reminders.c.sent_at.is_(None),
            reminders.c.reason != BEFORE_START,
            reminders.c.state_at >= span.starts_at,
            reminders.c.state_at < span.ends_at,
            is_in_offices(reminders.c.authority, offices),
        )
        .group_by(reminders.c.state, reminders.c.reason)
    )
    by_reason = Counter[str]()
    for row in await connection.execute(counted):
        by_reason[_REASON_OF_STATE.get(row.state, row.reason)] += row.number
    return dict(by_reason)


_REASON_OF_STATE: Mapping[str, str] = {
    ReminderState.SUPERSEDED: OVERTAKEN,
    ReminderState.FAILED: "refused",
}
"""States whose stored reasons are too many for a report: each counts as one reason."""


async def _waiting(
    connection: AsyncConnection, span: Span, offices: Sequence[str] | None
) -> int:
    counted = select(func.count()).where(
        reminders.c.state.in_(NOT_ENDED),
        reminders.c.due_at < span.ends_at,
        is_in_offices(reminders.c.authority, offices),
    )
    return int((await connection.execute(counted)).scalar_one())


async def _before_start(
    connection: AsyncConnection, span: Span, offices: Sequence[str] | None
) -> int:
    counted = select(func.count()).where(
        reminders.c.reason == BEFORE_START,
        reminders.c.state_at >= span.starts_at,
        reminders.c.state_at < span.ends_at,
        is_in_offices(reminders.c.authority, offices),
    )
    return int((await connection.execute(counted)).scalar_one())


async def _count_permits_reminded(
    connection: AsyncConnection,
    span: Span,
    offices: Sequence[str] | None,
    *,
    filed: bool,
) -> int:
    """Permits reminded before the span's end; with `filed` only those renewed since.

    A reminder is sent only while no renewal is filed, so a filed one came later.
    """
    counted = (
        select(func.count(reminders.c.permit_id.distinct()))
        .join_from(reminders, permits, permits.c.id == reminders.c.permit_id)
        .where(
            reminders.c.sent_at < span.ends_at,
            is_in_offices(reminders.c.authority, offices),
        )
    )
    if filed:
        counted = counted.where(
            or_(
                permits.c.renewal_filed_on.is_not(None),
                permits.c.replaced.is_(True),
                permits.c.expires_on > reminders.c.expires_on,
            )
        )
    return int((await connection.execute(counted)).scalar_one())


async def _forecast(
    connection: AsyncConnection, period: ReportPeriod, offices: Sequence[str] | None
) -> int:
    """Reminders of slots that fall due in a coming period."""
    span = is_due_between(period.starts_at, period.ends_at)
    found = await connection.execute(
        select_due_counts(span, is_in_offices(slots.c.authority, offices))
    )
    return sum(row.reminders for row in found)


async def _simulated(
    connection: AsyncConnection, offices: Sequence[str] | None
) -> bool:
    """Whether any message went to the sandbox."""
    sandboxed = exists().where(
        messages.c.provider == "sandbox", is_in_offices(messages.c.authority, offices)
    )
    return bool((await connection.execute(select(sandboxed))).scalar())
