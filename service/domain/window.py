"""The window of one expiry date: both edges, and the reasoning in plain English."""

from collections.abc import Iterator, Sequence
from datetime import date

from service.domain.calendar import Calendar, made_up
from service.domain.edge import Bare, Edge, closing, opening, read
from service.domain.rule import Version
from service.domain.schedule import Window


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


def explain(edges: Sequence[Edge], calendar: Calendar) -> Iterator[str]:
    """Say line by line how the edges came about."""
    for edge in edges:
        yield from _read(edge, calendar)
        yield from _skipped(edge, calendar)
        yield from _moved(edge, calendar)
    if not all(edge.final for edge in edges):
        known = f"{calendar.code} is published until {calendar.covered_until}"
        yield f"provisional: {known}; later days are counted on the safe side"


def _read(edge: Edge, calendar: Calendar) -> Iterator[str]:
    days = f"strict {edge.strict}, lenient {edge.lenient}"
    one = edge.strict == edge.lenient
    yield f"{edge.word} {edge.period}: {edge.strict if one else days}"
    if edge.period.kind == "unqualified":
        before = edge.word == "closes"
        index = calendar.surely if before else calendar.possibly
        strict, lenient = read(edge.period, edge.expires_on, index, works=True)
        plain = edge.period.reckoned_from(edge.expires_on)
        yield (
            f"{edge.word}: the law says only days; as working days strict {strict}, "
            f"lenient {lenient}, as calendar days {plain}; "
            f"read as {'working' if edge.works else 'calendar'} days"
        )


def _skipped(edge: Edge, calendar: Calendar) -> Iterator[str]:
    if not edge.works:
        return
    first, last = sorted((edge.strict, edge.expires_on))
    if off := calendar.days_off(first, last, edge.days):
        yield f"{edge.word}: not counted besides weekends: {'; '.join(off)}"
    if worked := made_up(first, last, edge.days):
        yield f"{edge.word}: counted as make-up workdays: {', '.join(map(str, worked))}"


def _moved(edge: Edge, calendar: Calendar) -> Iterator[str]:
    if edge.word == "opens":
        yield from _move("opens", edge.lenient, edge.told, calendar)
        return
    rolled = calendar.surely.on_or_before(edge.strict)
    yield from _move("closes", edge.strict, rolled, calendar)
    if edge.strict != edge.lenient:
        yield from _move("closes, lenient", edge.lenient, edge.outer, calendar)
    if edge.told != rolled:
        yield f"closes: told {edge.told}, by the office's own margin"


def _move(what: str, day: date, to: date, calendar: Calendar) -> Iterator[str]:
    if day != to:
        name = calendar.names.get(day, f"a {day:%A}")
        where = "earlier" if to < day else "later"
        yield f"{what}: {day} is no working day ({name}), moved {where} to {to}"
