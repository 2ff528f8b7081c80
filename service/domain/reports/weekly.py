"""The weekly report: the counts of a period, by permit type and in total.

It has four units, which are never mixed: reminders (件), messages (条), billed segments
and permits. Totals are sums of the type rows, so the two cannot differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal

from service.domain.law.rule import BilingualText
from service.domain.reports.period import ReportPeriod, next_period
from service.domain.reports.tally import TypeRow, percent, sum_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigures:
    """What a store counts for a report, as of an instant.

    `lines` has one row per permit type in service. `not_reminded` counts the reminders
    that ended unsent in the period, by reason; `waiting` those still open, which a
    later issue counts; `before_start` those whose step had passed before the type went
    live. `permits_reminded` counts the permits reminded of at least once since the
    start, `filed_after_reminding` those of them whose holder applied afterwards.
    `forecast` is the number of reminders that fall due in the following period.
    `first_issue`: nothing was sent before the period. `simulated`: the messages went to
    the sandbox.
    """

    period: ReportPeriod
    as_of: datetime
    authority: BilingualText
    lines: tuple[TypeRow, ...]
    not_reminded: Mapping[str, int]
    waiting: int = 0
    before_start: int = 0
    permits_reminded: int = 0
    filed_after_reminding: int = 0
    forecast: int | None = None
    first_issue: bool = False
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(ReportFigures):
    """Figures ready to print: rows by rule code, reasons by count, with their sums.

    `sums` is the row under the table; `as_of` is in the time zone of the office.
    """

    next_period: ReportPeriod
    sums: TypeRow

    @property
    def due(self) -> int:
        """Reminders of the period: sent, or ended unsent with a reason."""
        return self.sums.this.reminded + self.unsent

    @property
    def unsent(self) -> int:
        """Reminders of the period that ended without a message."""
        return sum(self.not_reminded.values())

    @property
    def types(self) -> int:
        """Permit types with at least one message since the start."""
        return sum(line.total.messages > 0 for line in self.lines)

    @property
    def reminded_rate(self) -> Decimal | None:
        """Sent reminders of all that were due, in per cent."""
        return percent(self.sums.this.reminded, self.due)

    @property
    def growth(self) -> Decimal | None:
        """Change of messages against the period before, in per cent."""
        return percent(self.sums.change, self.sums.previous.messages)

    @property
    def filed_rate(self) -> Decimal | None:
        """Permits applied for after a reminder, of those reminded of, in per cent."""
        return percent(self.filed_after_reminding, self.permits_reminded)


def build_report(figures: ReportFigures) -> Report:
    """Sort the figures, leave out reasons without a reminder, and add the sums."""
    reasons = sorted(figures.not_reminded.items(), key=lambda one: (-one[1], one[0]))
    ordered = replace(
        figures,
        as_of=figures.as_of.astimezone(figures.period.zone),
        lines=tuple(sorted(figures.lines, key=lambda line: line.rule)),
        not_reminded={reason: count for reason, count in reasons if count},
    )
    return Report(
        **{one.name: getattr(ordered, one.name) for one in fields(ordered)},
        next_period=next_period(figures.period),
        sums=sum_rows(figures.lines),
    )
