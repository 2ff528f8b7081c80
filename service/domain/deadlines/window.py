"""The window of one expiry date: its opening and its closing."""

from dataclasses import dataclass
from datetime import date

from service.domain.calendars.calendar import DAY, Calendar
from service.domain.deadlines.edge import Edge, compute_closing, compute_opening
from service.domain.law.authority import UnqualifiedDays
from service.domain.law.rule import Version


@dataclass(frozen=True, slots=True)
class Window:
    """The days in which a renewal may be applied for.

    `closes_on` is the safe reading, which texts announce; `closes_on_lenient` is the
    latest day that the law may mean. Both edges are computed on the pessimistic
    calendar. `provisional`: a notice of holidays still to come may move one of these
    days. `closing_may_move`: it may move `closes_on`, to a later day; so texts name a
    rounder, earlier one (see `announced_closing`).
    """

    expires_on: date
    opens_on: date | None
    closes_on: date
    closes_on_lenient: date
    provisional: bool
    closing_may_move: bool = False

    def announced_closing(self, today: date) -> date:
        """The last day to apply as a text of `today` names it, never after `closes_on`.

        A closing that may move is rounded to the last day of the third of a month
        before it: the 10th, the 20th, or the end of a month. Where that day is past, or
        before the opening, `closes_on` itself is named.
        """
        if not self.closing_may_move:
            return self.closes_on
        rounded = _end_of_third(self.closes_on)
        earliest = max(today, self.opens_on or today)
        return rounded if rounded >= earliest else self.closes_on


def compute_window(
    version: Version,
    expires_on: date,
    calendar: Calendar,
    *,
    unqualified_days: UnqualifiedDays = "safe",
    margin_working_days: int = 0,
) -> tuple[Window, list[Edge]]:
    """Compute the window of one expiry date, and its edges for the explanation.

    `calendar` is that of the rule; `unqualified_days` and `margin_working_days` are
    settings of the office (see `Authority`). Raises `InvalidError` for an expiry
    outside the calendar.
    """
    calendar.certain_workdays.refuse_outside("expires_on", expires_on)
    end = version.counts_from_day(expires_on)
    closes = compute_closing(
        version.closes, end, calendar, unqualified_days, margin_working_days
    )
    edges = [closes]
    if version.opens is not None:
        edges.insert(0, compute_opening(version.opens, end, calendar, unqualified_days))
    found = Window(
        expires_on=end,
        opens_on=edges[0].safe_on if version.opens else None,
        closes_on=closes.safe_on,
        closes_on_lenient=closes.rolled_lenient_on,
        provisional=not all(edge.final for edge in edges),
        closing_may_move=closes.may_move,
    )
    return found, edges


def _end_of_third(day: date) -> date:
    """The last 10th, 20th or end of a month that is not after `day`."""
    if (day + DAY).day == 1:
        return day
    thirds = (day.day // 10) * 10
    return day.replace(day=min(thirds, 20)) if thirds else day - day.day * DAY
