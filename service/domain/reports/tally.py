"""Counts of messages and reminders, by permit type and in all."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from service.domain.law.rule import BilingualText


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts of one span.

    `reminded` counts reminders on the day their first message was accepted,
    `messages` SMS the provider accepted, under the type of their first reminder;
    `delivered` and `failed` are what became of those messages by now, `segments`
    what they are billed as.
    """

    reminded: int = 0
    messages: int = 0
    delivered: int = 0
    failed: int = 0
    segments: int = 0

    @property
    def pending(self) -> int:
        """Messages without a final receipt."""
        return self.messages - self.delivered - self.failed

    @property
    def delivery_rate(self) -> Decimal | None:
        """Delivered of all messages, in per cent."""
        return percent(self.delivered, self.messages)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            reminded=self.reminded + other.reminded,
            messages=self.messages + other.messages,
            delivered=self.delivered + other.delivered,
            failed=self.failed + other.failed,
            segments=self.segments + other.segments,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled stretch of time, half-open: what a tally is of."""

    label: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRow:
    """One permit type: this period, the one before, since 1 January, since the start.

    The year is that of the period's last day; all four end with the period.
    """

    rule: str
    name: BilingualText
    this: Tally = Tally()
    previous: Tally = Tally()
    year: Tally = Tally()
    total: Tally = Tally()

    @property
    def change(self) -> int:
        """Messages more (or fewer, below zero) than in the period before."""
        return self.this.messages - self.previous.messages


def sum_rows(lines: Iterable[TypeRow]) -> TypeRow:
    """Make the line under the table."""
    sums = TypeRow(rule="", name=BilingualText("合计", "Total"))
    for line in lines:
        sums = replace(
            sums,
            this=sums.this + line.this,
            previous=sums.previous + line.previous,
            year=sums.year + line.year,
            total=sums.total + line.total,
        )
    return sums


def percent(part: int, whole: int) -> Decimal | None:
    """Give a share in per cent, two decimals, halves away from zero; None of none."""
    if not whole:
        return None
    return (Decimal(100 * part) / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)
