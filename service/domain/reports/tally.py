"""Counts of messages and reminders, by permit type and in total."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from service.domain.law.rule import BilingualText


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts of one span of time.

    `reminded` counts reminders, on the day on which their first message was POSTed.
    `messages` counts accepted SMS on the day of their POST, under the type of their
    first reminder; of these, `delivered` and `failed` are known to have ended so, and
    `segments` is what they are billed as.
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
        """Delivered messages of all messages, in per cent."""
        return percent(self.delivered, self.messages)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            reminded=self.reminded + other.reminded,
            messages=self.messages + other.messages,
            delivered=self.delivered + other.delivered,
            failed=self.failed + other.failed,
            segments=self.segments + other.segments,
        )

    def __sub__(self, other: "Tally") -> "Tally":
        return Tally(
            reminded=self.reminded - other.reminded,
            messages=self.messages - other.messages,
            delivered=self.delivered - other.delivered,
            failed=self.failed - other.failed,
            segments=self.segments - other.segments,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled, half-open span of time, over which a tally counts.

    Only what was known by `known_by` counts.
    """

    label: str
    starts_at: datetime
    ends_at: datetime
    known_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRow:
    """Tallies of one permit type: this period, the one before, the year, all time.

    The year begins on 1 January of the year of the period's last day. All but
    `previous` end with the period. `previous` counts what was known when the period
    began, as its own report did. `restated` is what became known since then of all
    time before the period: `total` is that of the report before, plus `restated`, plus
    `this`. It is negative where what counted as failed was delivered after all.
    """

    rule: str
    name: BilingualText
    this: Tally = Tally()
    previous: Tally = Tally()
    year: Tally = Tally()
    total: Tally = Tally()
    restated: Tally = Tally()

    @property
    def change(self) -> int:
        """How many more messages than in the period before; negative if fewer."""
        return self.this.messages - self.previous.messages


def sum_rows(rows: Iterable[TypeRow]) -> TypeRow:
    """Add up rows into the last row of the table."""
    sums = TypeRow(rule="", name=BilingualText("合计", "Total"))
    for row in rows:
        sums = replace(
            sums,
            this=sums.this + row.this,
            previous=sums.previous + row.previous,
            year=sums.year + row.year,
            total=sums.total + row.total,
            restated=sums.restated + row.restated,
        )
    return sums


def percent(part: int, whole: int) -> Decimal | None:
    """A share in per cent: two decimals, halves away from zero; None if whole is 0."""
    if not whole:
        return None
    return (Decimal(100 * part) / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)
