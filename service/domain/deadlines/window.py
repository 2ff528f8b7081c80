"""The window of one expiry date: its opening and its closing."""

from dataclasses import dataclass
from datetime import date

from service.domain.calendars.calendar import Calendar
from service.domain.deadlines.edge import Edge, compute_closing, compute_opening
from service.domain.law.authority import UnqualifiedDays
from service.domain.law.rule import Version


@dataclass(frozen=True, slots=True)
class Window:
    """The days in which a renewal may be applied for.

    `closes_on` is the safe reading, which texts announce; `closes_on_lenient` is the
    latest day that the law may mean. `provisional`: a day counted is in a year without
    published holidays, so that both edges are computed on the pessimistic calendar and
    texts name no exact day.
    """

    expires_on: date
    opens_on: date | None
    closes_on: date
    closes_on_lenient: date
    provisional: bool


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
    )
    return found, edges
