"""The weekly report and counts: what was sent, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from service.domain.errors import InvalidError, Mistake
from service.domain.law.authority import Authority
from service.domain.reports.period import ReportPeriod, between, week_of
from service.domain.reports.tally import Span, Tally
from service.domain.reports.weekly import Report, build
from service.flow.ports import CountStore, LawStore

By = Literal["rule", "authority", "day", "week"]

MOST = 1000
"""So many days or weeks can be counted one by one."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CountRow:
    """The counts of one value: a rule, an authority, a day or a week."""

    of: str
    tally: Tally
    holders: int | None

    def told(self) -> dict[str, str | int]:
        """The row under its public names; holders only where they were counted."""
        told: dict[str, str | int] = {
            "of": self.of,
            "reminders": self.tally.reminded,
            "messages": self.tally.messages,
            "delivered": self.tally.delivered,
            "failed": self.tally.failed,
            "pending": self.tally.pending,
            "segments": self.tally.segments,
        }
        return told if self.holders is None else told | {"holders": self.holders}


def columns_of(rows: Sequence[CountRow]) -> list[str]:
    """The public names of some rows' columns, also where there are no rows."""
    first = rows[0] if rows else CountRow("", Tally(), None)
    return list(first.told())


async def report(
    period: ReportPeriod,
    office: Authority,
    as_of: datetime,
    laws: LawStore,
    store: CountStore,
) -> Report:
    """The report of an office and all below it."""
    law = await laws.law()
    names = {code: rule.name for code, rule in law.rules.items()}
    figures = await store.figures(
        period, as_of, office.name, names, law.below(office.code)
    )
    return build(figures)


async def counts(
    days: ReportPeriod,
    by: By,
    as_of: datetime,
    offices: Sequence[str],
    store: CountStore,
) -> list[CountRow]:
    """Counts of whole local days for some offices.

    Holders can be counted in all and by time only: one may hold several types.
    Raises `InvalidError` for more days or weeks than `MOST`.
    """
    spans = _spans(days, by)
    column = "authority" if by == "authority" else "rule"
    tallies, holders = await store.counts(spans, column, as_of, offices)
    if by in ("day", "week"):
        return _by_time(spans, tallies, holders)
    return [CountRow(of, tally, None) for (_, of), tally in sorted(tallies.items())]


def _by_time(
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


def _spans(whole: ReportPeriod, by: By) -> list[Span]:
    if by not in ("day", "week"):
        return [Span(whole.label, whole.starts_at, whole.ends_at)]
    last_of_most = whole.first_on + MOST * (_DAY if by == "day" else 7 * _DAY) - _DAY
    if whole.last_on > last_of_most:
        expected = f"a day not after {last_of_most}: {MOST} {by}s"
        raise InvalidError("counts", [Mistake("to", str(whole.last_on), expected)])
    spans, day = [], whole.first_on
    while day <= whole.last_on:
        one = between(day, day, whole.zone)
        label, last = str(day), one
        if by == "week":
            week = week_of(one.starts_at, whole.zone)
            label, last = (
                week.label,
                between(day, min(week.last_on, whole.last_on), whole.zone),
            )
        spans.append(Span(label, one.starts_at, last.ends_at))
        day = last.last_on + _DAY
    return spans
