"""The figures of a report, and counts by type, authority, day or week."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects.replay import known_until
from service.adapters.store.db.schema import messages, permits, reminders, slots
from service.adapters.store.reports.reminder_ends import count_ends
from service.adapters.store.reports.tallies import holders, is_in_offices, tallies
from service.adapters.store.sending.claim.own_phone import IS_TO_HOLDER
from service.adapters.store.slots.due_counts import count_due, is_due_between
from service.domain.law.rule import BilingualText
from service.domain.reports.period import ReportPeriod, next_period, previous_period
from service.domain.reports.tally import Span, Tally, TypeRow
from service.domain.reports.weekly import ReportFigures
from service.flow.reports.weekly import CountStore

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Start of running totals: before anything was sent."""


class SqlCountStore(CountStore):
    """Counts the ledger at each call; nothing is counted in advance."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known_until(self, now: datetime) -> datetime:
        """Now, or what a replica has replayed."""
        async with self._database.read() as connection:
            return await known_until(connection, now)

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
            spans = _spans(period, as_of)
            counted = await tallies(connection, spans, "rule", offices)
            ended = await count_ends(connection, spans[0], offices)
            return ReportFigures(
                period=period,
                as_of=as_of,
                authority=authority,
                lines=_lines(counted, names),
                not_reminded=ended.not_reminded,
                waiting=ended.waiting,
                before_start=ended.before_start,
                permits_reminded=await _count_permits_reminded(
                    connection, spans[0], offices, filed=False
                ),
                filed_after_reminding=await _count_permits_reminded(
                    connection, spans[0], offices, filed=True
                ),
                forecast=await _forecast(
                    connection, next_period(period), as_of, offices
                ),
                first_issue=not any(
                    tally.messages and label == "before"
                    for (label, _), tally in counted.items()
                ),
                simulated=await _simulated(connection, as_of, offices),
            )

    async def tallies(
        self,
        spans: Sequence[Span],
        by: str,
        offices: Sequence[str] | None,
    ) -> tuple[dict[tuple[str, str], Tally], dict[str, int]]:
        """Tallies by (span, rule or authority), and the holders of each span."""
        async with self._database.read() as connection:
            counted = await tallies(connection, spans, by, offices)
            return counted, await holders(connection, spans, offices)


def _spans(period: ReportPeriod, as_of: datetime) -> list[Span]:
    """The spans of a report; the period itself is the first.

    What the issue before had counted is counted as it did, at the period's start.
    """
    before, start = previous_period(period), period.starts_at
    then = min(start, as_of)
    new_year = datetime.combine(
        date(period.last_on.year, 1, 1), time(), period.zone
    ).astimezone(UTC)
    return [
        Span("this", start, period.ends_at, as_of),
        Span("previous", before.starts_at, before.ends_at, then),
        Span("year", new_year, period.ends_at, as_of),
        Span("total", _EPOCH, period.ends_at, as_of),
        Span("before", _EPOCH, start, then),
    ]


def _lines(
    counted: Mapping[tuple[str, str], Tally], names: Mapping[str, BilingualText]
) -> tuple[TypeRow, ...]:
    return tuple(
        _line(code, name, defaultdict(Tally, _by_label(counted, code)))
        for code, name in names.items()
        if any(key == code for _, key in counted)
    )


def _by_label(counted: Mapping[tuple[str, str], Tally], rule: str) -> dict[str, Tally]:
    return {label: tally for (label, code), tally in counted.items() if code == rule}


def _line(rule: str, name: BilingualText, tallies_of: Mapping[str, Tally]) -> TypeRow:
    this, total = tallies_of["this"], tallies_of["total"]
    return TypeRow(
        rule=rule,
        name=name,
        this=this,
        previous=tallies_of["previous"],
        year=tallies_of["year"],
        total=total,
        restated=total - tallies_of["before"] - this,
    )


async def _count_permits_reminded(
    connection: AsyncConnection,
    span: Span,
    offices: Sequence[str] | None,
    *,
    filed: bool,
) -> int:
    """Permits reminded before the span's end; with `filed` only those renewed by now.

    A reminder is sent only while no renewal is filed, so a filed one came later.
    """
    counted = (
        select(func.count(reminders.c.permit_id.distinct()))
        .join_from(reminders, permits, permits.c.id == reminders.c.permit_id)
        .where(
            reminders.c.posted_at < span.ends_at,
            reminders.c.sent_at <= span.known_by,
            is_in_offices(reminders.c.authority, offices),
        )
    )
    if filed:
        counted = counted.where(
            or_(
                permits.c.renewal_filed_on.is_not(None),
                permits.c.replaced.is_(True),
                permits.c.expires_on > reminders.c.expires_on,
                permits.c.expires_on.is_(None),
            )
        )
    return int((await connection.execute(counted)).scalar_one())


async def _forecast(
    connection: AsyncConnection,
    period: ReportPeriod,
    as_of: datetime,
    offices: Sequence[str] | None,
) -> int:
    """Reminders of slots that fall due in a coming period."""
    found = await count_due(
        connection,
        is_due_between(period.starts_at, period.ends_at),
        is_in_offices(slots.c.authority, offices),
        as_of=as_of,
        with_sent=True,
    )
    return sum(one.reminders for one in found)


async def _simulated(
    connection: AsyncConnection, as_of: datetime, offices: Sequence[str] | None
) -> bool:
    """Whether any message had gone to the sandbox by an instant."""
    sandboxed = exists().where(
        messages.c.provider == "sandbox",
        IS_TO_HOLDER,
        messages.c.claimed_at <= as_of,
        is_in_offices(messages.c.authority, offices),
    )
    return bool((await connection.execute(select(sandboxed))).scalar())
