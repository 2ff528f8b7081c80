"""One edge of a window, counted on the safe side.

No statute says how "N 个工作日前" is counted backwards. With E the expiry, the
lenient reading is the latest day D with at least N working days in (D, E], the
strict one leaves E out as well. Closings are told by the strict one and moved to an
earlier working day, openings by the lenient one and moved to a later working day.
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
    """An edge and how it came about.

    `strict` and `lenient` are the readings as counted on `days`, `told` and `outer`
    the safe and the lenient one on working days. `works`: its days are working days.
    `final`: every day that mattered is published.
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
    """Date the first day to apply: never earlier than the law may mean."""
    works = _in_working_days(
        period, "calendar" if unqualified_days == "safe" else unqualified_days
    )
    days = (
        calendar.possible_workdays
        if period.direction == "before"
        else calendar.certain_workdays
    )
    strict, lenient = count_readings(period, expires_on, days, in_working_days=works)
    told = calendar.certain_workdays.on_or_after(lenient)
    return Edge(
        kind="opens",
        period=period,
        expires_on=expires_on,
        in_working_days=works,
        workdays=days,
        strict_on=strict,
        lenient_on=lenient,
        safe_on=told,
        rolled_lenient_on=told,
        final=calendar.covers(max(expires_on, told) if works else told),
    )


def compute_closing(
    period: Period,
    expires_on: date,
    calendar: Calendar,
    unqualified_days: UnqualifiedDays,
    margin_working_days: int = 0,
) -> Edge:
    """Date the last day to apply: never later than the law may mean.

    `margin` working days move the day told earlier still.
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
    told = calendar.certain_workdays.on_or_before(strict)
    return Edge(
        kind="closes",
        period=period,
        expires_on=expires_on,
        in_working_days=works,
        workdays=days,
        strict_on=strict,
        lenient_on=lenient,
        safe_on=calendar.certain_workdays.back(told, margin_working_days)
        if margin_working_days
        else told,
        rolled_lenient_on=calendar.certain_workdays.on_or_before(lenient),
        final=calendar.covers(max(expires_on, lenient) if works else lenient),
    )


def count_readings(
    period: Period, expires_on: date, workdays: WorkingDays, *, in_working_days: bool
) -> tuple[date, date]:
    """Count the strict and the lenient reading; all but working days have one."""
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
