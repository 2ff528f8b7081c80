"""The weekly report, and counts of what was sent by rule, authority, day or week."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from service.domain.calendars.calendar import DAY
from service.domain.errors import InvalidError, Mistake
from service.domain.law.authority import Authority
from service.domain.law.rule import BilingualText
from service.domain.reports.period import ReportPeriod, period_between, week_of
from service.domain.reports.tally import Span, Tally
from service.domain.reports.weekly import Report, ReportFigures, build_report
from service.flow.ports import Clock, LawStore

GroupBy = Literal["rule", "authority", "day", "week"]

MAX_PERIODS = 1000
"""Most days or weeks of one request."""


class CountStore(Protocol):
    """Counts reminders and messages."""

    async def known_until(self, now: datetime) -> datetime:
        """The instant until which this store knows what happened: `now`, or before."""

    async def report_figures(
        self,
        period: ReportPeriod,
        as_of: datetime,
        authority: BilingualText,
        names: Mapping[str, BilingualText],
        offices: Sequence[str] | None,
    ) -> ReportFigures:
        """Count the figures of a report; `names` has the permit types by rule code."""

    async def tallies(
        self,
        spans: Sequence[Span],
        by: str,
        offices: Sequence[str] | None,
    ) -> tuple[dict[tuple[str, str], Tally], dict[str, int]]:
        """Tallies by (span, rule or authority), and the holders of each span."""


class ReportFormatter(Protocol):
    """Formats a report."""

    def as_text(self, report: Report) -> str:
        """Headlines in both languages, the table, and the notes."""

    def as_json(self, report: Report) -> bytes:
        """The figures as JSON."""

    def as_csv(self, report: Report) -> str:
        """The table as CSV."""

    def rows_as_csv(
        self, rows: Sequence[Mapping[str, object]], columns: Sequence[str]
    ) -> str:
        """Rows of these columns, under their header even where there is none."""


@dataclass(frozen=True, slots=True)
class CountRow:
    """The counts of one value: a rule, an authority, a day or a week."""

    key: str
    tally: Tally
    holders: int | None

    def public_fields(self) -> dict[str, str | int]:
        """The fields of the public JSON; `holders` only if they were counted."""
        fields: dict[str, str | int] = {
            "of": self.key,
            "reminders": self.tally.reminded,
            "messages": self.tally.messages,
            "delivered": self.tally.delivered,
            "failed": self.tally.failed,
            "pending": self.tally.pending,
            "segments": self.tally.segments,
        }
        if self.holders is not None:
            fields["holders"] = self.holders
        return fields


def columns_of(rows: Sequence[CountRow]) -> list[str]:
    """The public names of the columns, even if there are no rows."""
    first = rows[0] if rows else CountRow("", Tally(), None)
    return list(first.public_fields())


async def make_report(
    period: ReportPeriod,
    office: Authority,
    law_store: LawStore,
    store: CountStore,
    clock: Clock,
    *,
    as_of: datetime | None = None,
) -> Report:
    """Make the report of an office and of all authorities below it.

    It is as of the end of the period once that is over, so that an issue never
    changes, and as of now before; or as of `as_of`. Raises `InvalidError` if that lies
    in the future.
    """
    law, now = await law_store.current_law(), await store.known_until(clock.now())
    if as_of is not None and as_of > now:
        expected = f"an instant not after {now.isoformat(timespec='seconds')}"
        raise InvalidError("report", [Mistake("as_of", as_of.isoformat(), expected)])
    as_of = as_of or min(period.ends_at, now)
    names = {code: rule.name for code, rule in law.rules.items()}
    figures = await store.report_figures(
        period, as_of, office.name, names, law.subtree(office.code)
    )
    return build_report(figures)


async def list_counts(
    days: ReportPeriod,
    by: GroupBy,
    as_of: datetime,
    offices: Sequence[str],
    store: CountStore,
) -> list[CountRow]:
    """Count reminders and messages of whole local days, for some authorities.

    Holders are counted only by day or week, because one holder may have permits of
    several types. Raises `InvalidError` for more than `MAX_PERIODS` days or weeks.
    """
    spans = _spans(days, by, as_of)
    column = "authority" if by == "authority" else "rule"
    tallies, holders = await store.tallies(spans, column, offices)
    if by in ("day", "week"):
        return _rows_by_time(spans, tallies, holders)
    return [CountRow(of, tally, None) for (_, of), tally in sorted(tallies.items())]


def _rows_by_time(
    spans: Sequence[Span],
    tallies: Mapping[tuple[str, str], Tally],
    holders: Mapping[str, int],
) -> list[CountRow]:
    rows = []
    for span in spans:
        of_span = [
            tally for (label, _), tally in tallies.items() if label == span.label
        ]
        total = sum(of_span, Tally())
        rows.append(CountRow(span.label, total, holders.get(span.label, 0)))
    return rows


def _spans(whole: ReportPeriod, by: GroupBy, as_of: datetime) -> list[Span]:
    if by not in ("day", "week"):
        return [Span(whole.label, whole.starts_at, whole.ends_at, as_of)]
    longest = MAX_PERIODS * (DAY if by == "day" else 7 * DAY)
    if whole.last_on >= whole.first_on + longest:
        latest = whole.first_on + longest - DAY
        expected = f"a day not after {latest}: {MAX_PERIODS} {by}s"
        raise InvalidError("counts", [Mistake("to", str(whole.last_on), expected)])
    spans, day = [], whole.first_on
    while day <= whole.last_on:
        span, label = period_between(day, day, whole.zone), str(day)
        if by == "week":
            week = week_of(span.starts_at, whole.zone)
            label, last_on = week.label, min(week.last_on, whole.last_on)
            span = period_between(day, last_on, whole.zone)
        spans.append(Span(label, span.starts_at, span.ends_at, as_of))
        day = span.last_on + DAY
    return spans
