"""The window of one expiry date: both edges."""

from dataclasses import dataclass
from datetime import date

from service.domain.calendars.calendar import Calendar
from service.domain.deadlines.edge import Edge, closing, opening
from service.domain.law.authority import Bare
from service.domain.law.rule import Version


@dataclass(frozen=True, slots=True)
class Window:
    """The edges of the time in which a renewal may be applied for.

    `closes_on` is the safe reading people are told, `closes_on_lenient` the outer
    one. `provisional` says that a year without published holidays was reached, so
    that both are computed on the pessimistic calendar and told without a day.
    """

    expires_on: date
    opens_on: date | None
    closes_on: date
    closes_on_lenient: date
    provisional: bool


def window(
    version: Version,
    expires_on: date,
    calendar: Calendar,
    *,
    bare: Bare = "safe",
    margin: int = 0,
) -> tuple[Window, list[Edge]]:
    """Compute the window of one expiry date, and its edges for the trace.

    `calendar` is the law's; `bare` and `margin` are the office's reading of a bare 日
    and its working days of caution. Raises `InvalidError` for an expiry outside the
    calendar.
    """
    calendar.surely.refuse_outside("expires_on", expires_on)
    end = version.counted_from(expires_on)
    closes = closing(version.closes, end, calendar, bare, margin)
    edges = [closes]
    if version.opens is not None:
        edges.insert(0, opening(version.opens, end, calendar, bare))
    found = Window(
        expires_on=end,
        opens_on=edges[0].told if version.opens else None,
        closes_on=closes.told,
        closes_on_lenient=closes.outer,
        provisional=not all(edge.final for edge in edges),
    )
    return found, edges
