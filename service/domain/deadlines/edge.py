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
    `may_move`: a notice still to come may move `safe_on`, because it is another day on
    the optimistic calendar than on the pessimistic one; `final`: neither it nor
    `rolled_lenient_on` can move.
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
    may_move: bool
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
    days, other_days = calendar.possible_workdays, calendar.certain_workdays
    if period.direction == "after":
        days, other_days = other_days, days
    strict, lenient = count_readings(period, expires_on, days, in_working_days=works)
    safe = calendar.certain_workdays.on_or_after(lenient)
    _, earliest = count_readings(period, expires_on, other_days, in_working_days=works)
    safe_at_best = calendar.possible_workdays.on_or_after(earliest)
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
        may_move=safe != safe_at_best,
        final=safe == safe_at_best,
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
    days, other_days = calendar.certain_workdays, calendar.possible_workdays
    if period.direction == "after":
        days, other_days = other_days, days
    strict, lenient = count_readings(period, expires_on, days, in_working_days=works)
    safe = _move_earlier(strict, calendar.certain_workdays, margin_working_days)
    rolled_lenient = calendar.certain_workdays.on_or_before(lenient)
    latest, latest_lenient = count_readings(
        period, expires_on, other_days, in_working_days=works
    )
    may_move = safe != _move_earlier(
        latest, calendar.possible_workdays, margin_working_days
    )
    lenient_may_move = rolled_lenient != calendar.possible_workdays.on_or_before(
        latest_lenient
    )
    return Edge(
        kind="closes",
        period=period,
        expires_on=expires_on,
        in_working_days=works,
        workdays=days,
        strict_on=strict,
        lenient_on=lenient,
        safe_on=safe,
        rolled_lenient_on=rolled_lenient,
        may_move=may_move,
        final=not may_move and not lenient_may_move,
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


def _move_earlier(day: date, workdays: WorkingDays, margin: int) -> date:
    """Move a closing to a working day, then earlier by a margin in working days."""
    moved = workdays.on_or_before(day)
    return workdays.back(moved, margin) if margin else moved


def _in_working_days(
    period: Period, unqualified_days: Literal["working", "calendar"]
) -> bool:
    kind = unqualified_days if period.kind == "unqualified" else period.kind
    return kind == "working"
