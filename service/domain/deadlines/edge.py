"""One edge of a window, counted on the safe side.

No statute says how "N 个工作日前" is counted backwards. Let E be the expiry: the
lenient reading is the latest day D with at least N working days in (D, E]; the strict
reading does not count E either. A closing takes the strict reading, moved to an earlier
working day; an opening takes the lenient one, moved to a later working day.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from service.domain.calendars.calendar import DAY, Calendar
from service.domain.calendars.working_days import WorkingDays
from service.domain.law.authority import UnqualifiedDays
from service.domain.law.period import Period


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge, and the steps of its computation.

    `strict_on` and `lenient_on` are the two readings as counted on `workdays`;
    `safe_on` is the day to announce and `rolled_lenient_on` the lenient reading, both
    moved to a working day. `in_working_days`: the period counts working days.
    `final`: every day that the result depends on is published.
    """

    kind: Literal["opens", "closes"]
    period: Period
    expires_on: date
    in_working_days: bool
    workdays: WorkingDays
    strict_on: date
    lenient_on: date
    safe_on: date
    rolled_lenient_on: date
    final: bool


def compute_opening(
    period: Period,
    expires_on: date,
    calendar: Calendar,
    unqualified_days: UnqualifiedDays,
) -> Edge:
    """Compute the first day to apply: never earlier than the law may mean."""
    works = _in_working_days(
        period, "calendar" if unqualified_days == "safe" else unqualified_days
    )
    days = (
        calendar.possible_workdays
        if period.direction == "before"
        else calendar.certain_workdays
    )
    strict, lenient = count_readings(period, expires_on, days, in_working_days=works)
    safe = calendar.certain_workdays.on_or_after(lenient)
    return Edge(
        kind="opens",
        period=period,
        expires_on=expires_on,
        in_working_days=works,
        workdays=days,
        strict_on=strict,
        lenient_on=lenient,
        safe_on=safe,
        rolled_lenient_on=safe,
        final=calendar.covers(max(expires_on, safe) if works else safe),
    )


def compute_closing(
    period: Period,
    expires_on: date,
    calendar: Calendar,
    unqualified_days: UnqualifiedDays,
    margin_working_days: int = 0,
) -> Edge:
    """Compute the last day to apply: never later than the law may mean.

    The safe day is moved earlier by `margin_working_days`.
    """
    works = _in_working_days(
        period, "working" if unqualified_days == "safe" else unqualified_days
    )
    days = (
        calendar.certain_workdays
        if period.direction == "before"
        else calendar.possible_workdays
    )
    strict, lenient = count_readings(period, expires_on, days, in_working_days=works)
    safe = calendar.certain_workdays.on_or_before(strict)
    return Edge(
        kind="closes",
        period=period,
        expires_on=expires_on,
        in_working_days=works,
        workdays=days,
        strict_on=strict,
        lenient_on=lenient,
        safe_on=calendar.certain_workdays.back(safe, margin_working_days)
        if margin_working_days
        else safe,
        rolled_lenient_on=calendar.certain_workdays.on_or_before(lenient),
        final=calendar.covers(max(expires_on, lenient) if works else lenient),
    )


def count_readings(
    period: Period, expires_on: date, workdays: WorkingDays, *, in_working_days: bool
) -> tuple[date, date]:
    """Count the strict and the lenient reading; they differ only in working days."""
    if not in_working_days:
        day = period.shift(expires_on)
        return day, day
    if period.direction == "after":
        day = workdays.forward(expires_on, period.amount)
        return day, day
    strict = workdays.back(expires_on, period.amount) - DAY
    return strict, workdays.back(expires_on + DAY, period.amount) - DAY


def _in_working_days(
    period: Period, unqualified_days: Literal["working", "calendar"]
) -> bool:
    kind = unqualified_days if period.kind == "unqualified" else period.kind
    return kind == "working"
