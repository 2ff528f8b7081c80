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
from service.domain.law.authority import Bare
from service.domain.law.period import Period


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge and how it came about.

    `strict` and `lenient` are the readings as counted on `days`, `told` and `outer`
    the safe and the lenient one on working days. `works`: its days are working days.
    `final`: every day that mattered is published.
    """

    word: Literal["opens", "closes"]
    period: Period
    expires_on: date
    works: bool
    days: WorkingDays
    strict: date
    lenient: date
    told: date
    outer: date
    final: bool


def opening(period: Period, expires_on: date, calendar: Calendar, bare: Bare) -> Edge:
    """Date the first day to apply: never earlier than the law may mean."""
    works = _works(period, "calendar" if bare == "safe" else bare)
    days = calendar.possibly if period.direction == "before" else calendar.surely
    strict, lenient = read(period, expires_on, days, works=works)
    told = calendar.surely.on_or_after(lenient)
    return Edge(
        word="opens",
        period=period,
        expires_on=expires_on,
        works=works,
        days=days,
        strict=strict,
        lenient=lenient,
        told=told,
        outer=told,
        final=calendar.covers(max(expires_on, told) if works else told),
    )


def closing(
    period: Period, expires_on: date, calendar: Calendar, bare: Bare, margin: int = 0
) -> Edge:
    """Date the last day to apply: never later than the law may mean.

    `margin` working days move the day told earlier still.
    """
    works = _works(period, "working" if bare == "safe" else bare)
    days = calendar.surely if period.direction == "before" else calendar.possibly
    strict, lenient = read(period, expires_on, days, works=works)
    told = calendar.surely.on_or_before(strict)
    return Edge(
        word="closes",
        period=period,
        expires_on=expires_on,
        works=works,
        days=days,
        strict=strict,
        lenient=lenient,
        told=calendar.surely.back(told, margin) if margin else told,
        outer=calendar.surely.on_or_before(lenient),
        final=calendar.covers(max(expires_on, lenient) if works else lenient),
    )


def read(
    period: Period, expires_on: date, days: WorkingDays, *, works: bool
) -> tuple[date, date]:
    """Count the strict and the lenient reading; all but working days have one."""
    if not works:
        day = period.reckoned_from(expires_on)
        return day, day
    if period.direction == "after":
        day = days.forward(expires_on, period.amount)
        return day, day
    strict = days.back(expires_on, period.amount) - DAY
    return strict, days.back(expires_on + DAY, period.amount) - DAY


def _works(period: Period, bare: Literal["working", "calendar"]) -> bool:
    kind = bare if period.kind == "unqualified" else period.kind
    return kind == "working"
